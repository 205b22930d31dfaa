/* Unit tests of core/base/transfer: what lines stand for, and what is no code. */
#include "core/base/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The lines of text, decoded. */
static void gives(enum transfer_kind kind, const char *text, const char *want)
{
	struct transfer t = {.kind = kind};
	struct buf out = BUF_INIT;

	for (struct str rest = str_z(text); rest.n; ) {
		size_t n = str_chr(rest, '\n') + 1;
		struct str line = str_to(rest, n);

		transfer_line(&t, line, &out);
		rest = str_from(rest, line.n);
	}
	assert_string_equal(out.p, want);
	buf_free(&out);
}

static void base64(void **state)
{
	(void)state;
	gives(TRANSFER_BASE64, "aGVsbG8=\n", "hello");
	gives(TRANSFER_BASE64, "aGVs\r\nbG8h\r\n", "hello!");
	gives(TRANSFER_BASE64, "a G!Vs\nb\nG8", "hel");
	gives(TRANSFER_BASE64, "aA==aA==\n", "hh");
	gives(TRANSFER_BASE64, "====\n", "");
	gives(TRANSFER_BASE64, "a=b=\n", "");
}

static void quoted(void **state)
{
	(void)state;
	gives(TRANSFER_QUOTED, "a=3Db \t\r\nc=\nd\n", "a=b\ncd\n");
	gives(TRANSFER_QUOTED, "=c3=BC=zz=4", "\xc3\xbc=zz=4");
	gives(TRANSFER_QUOTED, "=\n=\n", "");
}

static void uu(void **state)
{
	(void)state;
	gives(TRANSFER_UU, "%:&5L;&\\\n \n`\n", "hello");
	gives(TRANSFER_UU, "M\n", "");
	gives(TRANSFER_UU, "!", "");
}

static void plain(void **state)
{
	(void)state;
	gives(TRANSFER_PLAIN, "a=41\r\nb", "a=41\r\nb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64),
		cmocka_unit_test(quoted),
		cmocka_unit_test(uu),
		cmocka_unit_test(plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
