/* fuzz_address - any bytes as an address list.  Checks on the way: what is written back parses to the same
 * mailboxes; no line end but folding comes out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mail/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each(void *ctx, struct addr *a)
{
	struct buf *found = ctx;

	if (a->at > a->text.n || memchr(a->text.p, 0, a->text.n) || memchr(a->text.p, '\n', a->text.n))
		abort();
	buf_add(found, buf_str(&a->text));
	buf_addc(found, 0);
	buf_fmt(found, "%zu", a->at);
}

static void folded(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] == '\r' || !b->p[i] || (b->p[i] == '\n' && !(i + 2 < b->n && b->p[i + 1] == ' ')))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = BUF_INIT, again = BUF_INIT, found = BUF_INIT, same = BUF_INIT;
	struct str text = {(const char *)data, size};
	struct addr a = ADDR_INIT;
	struct err e;

	if (addr_list(text, each, &found, &out, &e) == 0) {
		folded(&out);
		if (addr_list(buf_str(&out), each, &same, &again, &e) < 0)
			abort();
		if (!str_eq(buf_str(&found), buf_str(&same)))
			abort();
	}
	if (addr_word(text, &a, &e) == 0 && a.at > a.text.n)
		abort();
	addr_free(&a);
	buf_free(&out);
	buf_free(&again);
	buf_free(&found);
	buf_free(&same);
	return 0;
}
