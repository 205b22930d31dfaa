/* Unit tests of core/net/proxy: headers of both versions, byte by byte, what is none, and who may send one. */
#include "core/net/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define TCP4 V2 "\x21\x11\0\x0c" "\xc0\0\2\1" "\xc0\0\2\2" "\xdc\4" "\0\x19"
#define TCP6 V2 "\x21\x21\0\x28" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2" \
	"\0\1\0\2" "\4\0\1x"

struct row {
	struct str text;
	const char *from, *to;	/* NULL: no addresses */
	unsigned from_port, to_port;
};

static const struct row good[] = {
	{STR("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n"), "192.0.2.1", "192.0.2.2", 56324, 25},
	{STR("PROXY TCP6 2001:db8::1 ::2 0 65535\r\n"), "2001:db8::1", "::2", 0, 65535},
	{STR("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n"), "192.0.2.1", "192.0.2.2", 1, 2},
	{STR("PROXY UNKNOWN\r\n"), NULL, NULL, 0, 0},
	{STR("PROXY UNKNOWN ffff::1 ffff::2 1 2 anything\r\n"), NULL, NULL, 0, 0},
	{STR(TCP4), "192.0.2.1", "192.0.2.2", 56324, 25},
	{STR(TCP6), "2001:db8::1", "2001:db8::2", 1, 2},
	{STR(V2 "\x20\0\0\0"), NULL, NULL, 0, 0},		/* LOCAL */
	{STR(V2 "\x20\x11\0\x0c" "123456789012"), NULL, NULL, 0, 0},	/* LOCAL, addresses do not count */
	{STR(V2 "\x21\0\0\3abc"), NULL, NULL, 0, 0},		/* unspecified */
	{STR(V2 "\x21\x31\0\0"), NULL, NULL, 0, 0},		/* a Unix socket */
	{STR(V2 "\x21\x12\0\x0c" "123456789012"), NULL, NULL, 0, 0},	/* UDP */
};

static const struct str bad[] = {
	STR("EHLO x\r\n"), STR("P\r"), STR("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\n"), STR("PROXY \r\n"),
	STR("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"), STR("PROXY TCP4 ::1 ::2 1 2\r\n"),
	STR("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"), STR("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"),
	STR("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), STR("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"),
	STR("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"), STR("PROXY TCP4 [192.0.2.1] 192.0.2.2 1 2\r\n"),
	STR("PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n"), STR("PROXY TCP4 192.0.2.1 192.0.2.2 000001 2\r\n"),
	STR("PROXY TCP6 [::1] ::2 1 2\r\n"), STR("\r\n\r\n\0\r\nQUIT\r"),
	STR(V2 "\x11\x11\0\x0c" "123456789012"), STR(V2 "\x22\x11\0\x0c" "123456789012"),
	STR(V2 "\x21\x41\0\x0c" "123456789012"), STR(V2 "\x21\x13\0\x0c" "123456789012"),
	STR(V2 "\x21\x11\0\x0b" "12345678901"), STR(V2 "\x21\x21\0\x0c" "123456789012"), STR(V2 "\x20\0\x10\1"),
};

static void headers(void **state)
{
	char text[IP_TEXT];
	struct proxy p;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct buf b = BUF_INIT;

		for (size_t n = 0; n < good[i].text.n; n++) {
			assert_int_equal(proxy_parse(str_to(good[i].text, n), &p), PROXY_MORE);
			assert_int_equal(proxy_part(str_to(good[i].text, n)), n);
		}
		buf_add(&b, good[i].text);
		buf_adds(&b, "EHLO x\r\n");
		assert_int_equal(proxy_parse(buf_str(&b), &p), PROXY_OK);
		assert_int_equal(p.size, good[i].text.n);
		assert_int_equal(proxy_part(buf_str(&b)), p.size);
		assert_int_equal(p.known, good[i].from != NULL);
		if (p.known) {
			assert_string_equal(ip_text(&p.from.ip, text), good[i].from);
			assert_string_equal(ip_text(&p.to.ip, text), good[i].to);
			assert_int_equal(p.from.port, good[i].from_port);
			assert_int_equal(p.to.port, good[i].to_port);
		}
		buf_free(&b);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(proxy_parse(bad[i], &p), PROXY_BAD);
}

static void longest(void **state)
{
	struct proxy p;
	char text[200];

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "PROXY UNKNOWN ", 14);
	assert_int_equal(proxy_parse(str_make(text, 106), &p), PROXY_MORE);
	assert_int_equal(proxy_parse(str_make(text, 107), &p), PROXY_BAD);
	memcpy(text + 105, "\r\n", 2);
	assert_int_equal(proxy_parse(str_make(text, 107), &p), PROXY_OK);
	memcpy(text + 105, "x\r\n", 3);
	assert_int_equal(proxy_parse(str_make(text, 108), &p), PROXY_BAD);
}

static void reading(void **state)
{
	struct proxy p;
	int pair[2];
	char rest[10];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(write(pair[0], good[i].text.p, good[i].text.n), (ssize_t)good[i].text.n);
		assert_int_equal(write(pair[0], "EHLO", 4), 4);
		assert_int_equal(proxy_read(pair[1], 5000, &p), 0);
		assert_int_equal(p.size, good[i].text.n);
		assert_int_equal(read(pair[1], rest, 10), 4);
		close(pair[0]);
		close(pair[1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(write(pair[0], bad[i].p, bad[i].n), (ssize_t)bad[i].n);
		assert_int_equal(proxy_read(pair[1], 5000, &p), -1);
		assert_int_equal(errno, EPROTO);
		close(pair[0]);
		close(pair[1]);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "PROXY ", 6), 6);
	assert_int_equal(proxy_read(pair[1], 50, &p), -1);
	assert_int_equal(errno, ETIMEDOUT);
	close(pair[0]);
	assert_int_equal(proxy_read(pair[1], 5000, &p), -1);
	assert_int_equal(errno, EPROTO);
	close(pair[1]);
}

static bool listed(const char *list, const char *ip_of)
{
	struct ip ip;

	assert_true(ip_scan(str_z(ip_of), &ip));
	return proxy_listed(str_z(list), &ip);
}

static void lists(void **state)
{
	(void)state;
	assert_true(listed("192.0.2.1", "192.0.2.1"));
	assert_false(listed("192.0.2.1", "192.0.2.2"));
	assert_true(listed(" 10.0.0.0/8,192.0.2.2/31 ", "192.0.2.3"));
	assert_true(listed("10.0.0.0/8\t192.0.2.2/31", "10.255.0.1"));
	assert_false(listed("10.0.0.0/8", "11.0.0.1"));
	assert_true(listed("2001:db8::/33", "2001:db8:7fff::"));
	assert_false(listed("2001:db8::/33", "2001:db8:8000::"));
	assert_true(listed("0.0.0.0/0", "1.2.3.4"));
	assert_false(listed("0.0.0.0/0", "::1"));
	assert_true(listed("::/0", "1.2.3.4"));
	assert_false(listed("", "1.2.3.4"));
	assert_false(listed("1.2.3.4/x 1.2.3.4/33 host", "1.2.3.4"));
	assert_int_equal(proxy_list_wrong(STR("1.2.3.4 ::1/128,10.0.0.0/8")).n, 0);
	assert_true(str_eq(proxy_list_wrong(STR("1.2.3.4 10.0.0.0/40 x")), STR("10.0.0.0/40")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(headers), cmocka_unit_test(longest), cmocka_unit_test(reading),
		cmocka_unit_test(lists)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
