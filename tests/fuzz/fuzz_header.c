/* fuzz_header - any bytes as a message whose header is completed.  Checks on the way: the header ends at the
 * same place however the bytes arrive; nothing but whole lines of header comes out; Bcc is gone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mail/compose.h"
#include "core/mail/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str value(void *ctx, enum addr_default which)
{
	(void)ctx;
	(void)which;
	return STR("host.example");
}

static size_t end(struct str text, size_t step)
{
	struct head_scan h = {0, 0};
	size_t have = 0;

	while (!head_scan(&h, str_to(text, have), have == text.n))
		have = have + step < text.n ? have + step : text.n;
	return h.line;
}

static void check(struct compose *c)
{
	struct str rest = buf_str(&c->fields);
	struct head_field f;
	struct err e;
	int r;

	if (!str_ends(rest, STR("\n")) && rest.n)
		abort();
	while ((r = head_next(&rest, &f, &e)) > 0)
		if (str_ieq(f.name, STR("Bcc")) || str_ieq(f.name, STR("Resent-Bcc")))
			abort();
	if (r < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct compose c;
	struct err e;
	size_t n = end(text, size + 1);

	if (n > size || n != end(text, 7))
		abort();
	compose_init(&c, value, NULL);
	if (compose_header(&c, str_to(text, n), &e) == 0)
		check(&c);
	compose_free(&c);
	return 0;
}
