/* fuzz_dsn - a first line of parameters for delivery reports, a second line as an address, the rest as what a host said.
 * Checks on the way: what is understood is written so that it is understood again and means the same; fields and paragraphs of
 * a report hold no lines but their own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/smtp/dsn.h"
#include "queue/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parameters(char letter, struct str text)
{
	struct dsn d, again;
	struct buf b = BUF_INIT;

	if (dsn_read(&d, letter, text)) {
		dsn_write(&d, &b);
		if (!dsn_read(&again, letter, buf_str(&b)) || again.ret != d.ret || again.notify != d.notify ||
			!str_eq(again.envid, d.envid) || (again.orcpt.n == 0) != (d.orcpt.n == 0)) {
			if (b.n < DSN_ORCPT_MAX)	/* UTF-8 grows as ASCII */
				abort();
		}
		for (size_t i = 0; i < b.n; i++)
			if (b.p[i] < 32 || b.p[i] > 126)
				abort();
	}
	buf_free(&b);
}

static void fields(const struct outcome *o)
{
	struct buf b = BUF_INIT;

	outcome_fields(o, &b);
	if (!str_starts(buf_str(&b), STR("Final-")) && !str_starts(buf_str(&b), STR("Original-")))
		abort();
	for (struct str rest = buf_str(&b); rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		if (!line.n || line.n > 998 || line.p[0] < 'A' || line.p[0] > 'Z' || str_chr(line, ':') == line.n)
			abort();
		for (size_t i = 0; i < line.n; i++)
			if (line.p[i] < 32 || line.p[i] > 126)
				abort();
	}
	buf_free(&b);
}

static void paragraph(const struct outcome *o)
{
	struct buf b = BUF_INIT;

	outcome_paragraph(o->rcpt, o->text, &b);
	if (str_find(buf_str(&b), STR("\n\n")) != b.n - 2)
		abort();
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size}, first = str_cut(&rest, '\n'), second = str_cut(&rest, '\n');

	parameters('x', first);
	parameters('y', first);
	for (int action = OUTCOME_FAILED; action <= OUTCOME_RELAYED; action++) {
		struct outcome o = {.rcpt = second, .params = first, .text = rest, .action = (enum outcome_action)action};

		fields(&o);
		paragraph(&o);
	}
	return 0;
}
