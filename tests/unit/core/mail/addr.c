/* addr - address lists against tests/data/addresses.txt, words of the command line, big input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/mail/addr.h"
#include "core/sys/file.h"

static const char *data_dir;

static struct str value(void *ctx, enum addr_default which)
{
	(void)ctx;
	return which == ADDR_HOST ? STR("default.host") : which == ADDR_PLUS ? STR("plus.domain") :
		STR("default.domain");
}

static void each(void *ctx, struct addr *a)
{
	struct buf *found = ctx;

	addr_complete(a, value, NULL);
	if (!a->text.n)
		return;
	if (found->n)
		buf_addc(found, ' ');
	for (size_t i = 0; i < a->text.n; i++)
		buf_addc(found, a->text.p[i] == ' ' ? '_' : a->text.p[i]);
}

static void unescape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
		}
		buf_addc(b, c);
	}
}

static void check_line(struct str line)
{
	struct buf in = BUF_INIT, want = BUF_INIT, out = BUF_INIT, found = BUF_INIT;
	struct err e = {0};
	struct str rest = line;

	unescape(&in, str_cut(&rest, '\t'));
	unescape(&want, str_cut(&rest, '\t'));
	int r = addr_list(buf_str(&in), each, &found, &out, &e);

	if (strcmp(want.p, "!") == 0) {
		if (r == 0)
			fail_msg("accepted: %s", in.p);
		assert_int_equal(e.class, ERR_PERM);
		assert_true(e.text[0] != 0);
	} else {
		if (r < 0)
			fail_msg("refused (%s): %s", e.text, in.p);
		assert_string_equal(out.n ? out.p + (out.p[0] == ' ') : "", want.p);
		if (!str_eq(buf_str(&found), rest))
			fail_msg("%s: mailboxes %s", in.p, found.p);
	}
	buf_free(&in);
	buf_free(&want);
	buf_free(&out);
	buf_free(&found);
}

static void vectors(void **state)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	unsigned count = 0;

	(void)state;
	buf_fmt(&fn, "%s/addresses.txt", data_dir);
	assert_int_equal(file_slurp(fn.p, &text, 1 << 20), 0);
	for (struct str rest = buf_str(&text); rest.p && rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		/* "#@[]" is an address */
		if (str_starts(line, STR("# ")))
			continue;
		check_line(line);
		count++;
	}
	assert_true(count > 60);
	buf_free(&fn);
	buf_free(&text);
}

static void word(const char *in, const char *want, size_t at)
{
	struct addr a = ADDR_INIT;
	struct err e = {0};
	int r = addr_word(str_z(in), &a, &e);

	if (!want) {
		assert_int_equal(r, -1);
	} else {
		assert_int_equal(r, 0);
		assert_string_equal(a.text.p, want);
		assert_int_equal(a.at, at);
	}
	addr_free(&a);
}

static void words(void **state)
{
	(void)state;
	word("a@b", "a@b", 1);
	word("", "", 0);
	word("<>", "", 0);
	word("<a@b>", "a@b", 1);
	word("\"a b\"@c", "a b@c", 3);
	word("a b@c", "a b@c", 3);
	word("a,b@c", "a,b@c", 3);
	word("a@b@c", "a@b@c", 3);
	word("@r:a@b", "a@b", 1);
	word("a@b.", "a@b", 1);
	word("a@", "a", 1);
	word("@a", "a", 1);
	/* what looks like a list is one odd address */
	word("<a@b>, <c@d>", "<a@b>, <c@d>", 9);
	word("\"a", "\"a", 2);
	word("@", NULL, 0);
	word("a\nb@c", NULL, 0);
}

static void names(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	addr_phrase(&b, STR("Joe Blow"));
	buf_addc(&b, '|');
	addr_phrase(&b, STR("J. \"B\""));
	buf_addc(&b, '|');
	addr_phrase(&b, STR(""));
	buf_addc(&b, '|');
	addr_comment(&b, STR("a (b) \\\n"));
	assert_string_equal(b.p, "Joe Blow|\"J. \\\"B\\\"\"|\"\"|(a \\(b\\) \\\\_)");
	buf_free(&b);
}

static void count(void *ctx, struct addr *a)
{
	(void)a;
	++*(size_t *)ctx;
}

/* A megabyte of anything takes a moment, not minutes. */
static void big(void **state)
{
	static const char *const parts[] = {"a ", "a,", "(x)", "@a,", "a:;", "<a>", ".", "\"q\"", "a@b.c, ", "(", "<", "@"};

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct buf in = BUF_INIT, out = BUF_INIT;
		struct err e;
		size_t n = 0;

		while (in.n < 1 << 20)
			buf_adds(&in, parts[i]);
		addr_list(buf_str(&in), count, &n, &out, &e);
		buf_free(&in);
		buf_free(&out);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(words),
		cmocka_unit_test(names),
		cmocka_unit_test(big),
	};

	data_dir = argc > 1 ? argv[1] : "tests/data";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
