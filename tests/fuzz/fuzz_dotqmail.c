/* fuzz_dotqmail - any bytes as a .qmail file.  Checks on the way: every view lies inside the text, jumps
 * never go back, and what counts as a plain command has nothing that a shell would change. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "queue/dotqmail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct str part, struct str text)
{
	if (part.n && (part.p < text.p || part.p + part.n > text.p + text.n))
		abort();
	if (memchr(part.p ? part.p : "", '\n', part.n) || memchr(part.p ? part.p : "", 0, part.n))
		abort();
}

static void command(struct str s)
{
	if (!dotqmail_plain(s))
		return;
	for (size_t i = 0; i < s.n; i++)
		if (strchr("'\"\\$`;&|<>()*?[]~#!{}\n", s.p[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct dotqmail d = {.rest = text};
	struct dot_line line;
	struct err e;

	while (dotqmail_next(&d, &line, &e) > 0) {
		const char *before = d.rest.p;

		inside(line.text, text);
		inside(line.label, text);
		if (line.kind == DOT_PROGRAM || line.kind == DOT_JUMP)
			command(line.text);
		if (line.kind == DOT_JUMP && !line.text.n)
			dotqmail_jump(&d, line.label);
		if (d.rest.p && d.rest.p < before)
			abort();
	}
	return 0;
}
