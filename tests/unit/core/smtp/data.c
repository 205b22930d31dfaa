/* The DATA reader: line ends, dots, limits, with the input cut at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "core/smtp/data.h"

/* Input in pieces of a given size. */
struct pieces {
	struct str rest;
	size_t size;
};

static ssize_t next_piece(struct in *in, char *p, size_t n)
{
	struct pieces *s = in->ctx;

	if (n > s->size)
		n = s->size;
	if (n > s->rest.n)
		n = s->rest.n;
	memcpy(p, s->rest.p, n);
	s->rest = str_from(s->rest, n);
	return (ssize_t)n;
}

static ssize_t times_out(struct in *in, char *p, size_t n)
{
	(void)in;
	(void)p;
	(void)n;
	errno = ETIMEDOUT;
	return -1;
}

static void keep(void *arg, const char *p, size_t n)
{
	buf_put(arg, p, n);
}

static void try(struct str wire, bool allow_lf, enum data_end end, struct str stored, struct str left)
{
	for (size_t size = 1; size <= wire.n + 1; size++) {
		char space[256];
		struct buf got = BUF_INIT;
		struct pieces src = {wire, size};
		struct data d = {.put = keep, .arg = &got, .allow_lf = allow_lf};
		struct in in;

		in_init(&in, -1, space, sizeof space);
		in.op = next_piece;
		in.ctx = &src;
		assert_int_equal(data_read(&d, &in), end);
		if (end == DATA_DONE) {
			assert_true(str_eq(buf_str(&got), stored));
			assert_int_equal(d.size, stored.n);
			/* what follows the final dot is untouched */
			assert_int_equal(in_peek(&in).n + src.rest.n, left.n);
		}
		buf_free(&got);
	}
}

#define DONE(wire, stored) try(STR(wire), false, DATA_DONE, STR(stored), STR(""))
#define BAD(wire, end) try(STR(wire), false, end, STR(""), STR(""))
#define LF(wire, stored) try(STR(wire), true, DATA_DONE, STR(stored), STR(""))

static void good(void **state)
{
	(void)state;
	DONE(".\r\n", "");
	DONE("a\r\n.\r\n", "a\n");
	DONE("..\r\n...\r\n.a\r\n.\r\n", ".\n..\na\n");
	DONE("\r\n\r\n.\r\n", "\n\n");
	DONE("a.\r\n.\r\n", "a.\n");
	DONE("nul \0 and \377\r\n.\r\n", "nul \0 and \377\n");
	try(STR("a\r\n.\r\nQUIT\r\n"), false, DATA_DONE, STR("a\n"), STR("QUIT\r\n"));
}

static void smuggling(void **state)
{
	(void)state;
	BAD("a\n.\n", DATA_BARE_LF);
	BAD("a\n.\r\n", DATA_BARE_LF);
	BAD("a\r\n.\n", DATA_BARE_LF);
	BAD("\n", DATA_BARE_LF);
	BAD("a\r.\r\n", DATA_BARE_CR);
	BAD("a\r\n.\r.\r\n", DATA_BARE_CR);
	BAD("a\r\r\n.\r\n", DATA_BARE_CR);
	BAD("a\r\n.\r\r\n", DATA_BARE_CR);
	BAD("\rx", DATA_BARE_CR);
}

static void allowed(void **state)
{
	(void)state;
	LF("a\n.\nb\r\n.\r\n", "a\n.\nb\n");
	LF("a\n.\r\nb\r\n.\r\n", "a\n.\nb\n");
	LF("a\r\n.\nb\r\n.\r\n", "a\n\nb\n");
	LF("a\n..b\n\r\n.\r\n", "a\n..b\n\n");
	try(STR("a\r.\r\n"), true, DATA_BARE_CR, STR(""), STR(""));
}

static void endings(void **state)
{
	struct data d = {.put = keep};
	struct buf got = BUF_INIT;
	char space[16];
	struct in in;

	(void)state;
	BAD("", DATA_EOF);
	BAD("a\r\n.\r", DATA_EOF);
	BAD("a\r\n.", DATA_EOF);
	BAD("a\r", DATA_EOF);
	d.arg = &got;
	in_init(&in, -1, space, sizeof space);
	in.op = times_out;
	assert_int_equal(data_read(&d, &in), DATA_ERROR);
	assert_int_equal(errno, ETIMEDOUT);
	buf_free(&got);
}

static struct data read_all(const char *wire, uint64_t limit, struct buf *got)
{
	struct data d = {.put = keep, .arg = got, .limit = limit};
	struct in in;

	in_init_mem(&in, str_z(wire));
	assert_int_equal(data_read(&d, &in), DATA_DONE);
	return d;
}

static void hops(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	assert_int_equal(read_all("Received: a\r\nRECEIVED:b\r\nDelivered-To: c\r\n\r\nReceived: d\r\n.\r\n", 0, &got).hops, 3);
	assert_int_equal(read_all("X-Received: a\r\n received: b\r\nReceive: c\r\nre\r\nceived\r\n.\r\n", 0, &got).hops, 0);
	buf_free(&got);
}

static void limit(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	assert_int_equal(read_all("12345\r\n.\r\n", 6, &got).size, 6);
	assert_string_equal(got.p, "12345\n");
	buf_clear(&got);
	assert_int_equal(read_all("12345\r\n67890\r\n.\r\n", 6, &got).size, 12);
	assert_true(got.n <= 6);
	buf_free(&got);
}

static void large(void **state)
{
	struct buf wire = BUF_INIT, got = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_adds(&wire, i % 3 ? "..text of a line\r\n" : "\r\n");
	buf_adds(&wire, ".\r\n");
	struct data d = read_all(wire.p, 0, &got);

	assert_int_equal(d.size, got.n);
	assert_int_equal(got.n, 33334 + 66666 * sizeof ".text of a line");
	buf_free(&wire);
	buf_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(smuggling), cmocka_unit_test(allowed),
		cmocka_unit_test(endings), cmocka_unit_test(hops), cmocka_unit_test(limit), cmocka_unit_test(large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
