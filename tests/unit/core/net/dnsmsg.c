/* Unit tests of core/net/dnsmsg: questions as bytes, answers of every kind, answers that lie. */
#include "core/net/dnsmsg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void questions(void **state)
{
	static const char want[] = "\x12\x34\x01\x20\0\1\0\0\0\0\0\1\3www\7example\0\0\1\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0";
	struct buf b = BUF_INIT;

	(void)state;
	assert_true(dnsmsg_ask(&b, 0x1234, STR("WWW.example."), DNS_A, true));
	assert_int_equal(b.n, sizeof want - 1);
	assert_memory_equal(b.p, want, sizeof want - 1);
	buf_clear(&b);
	assert_true(dnsmsg_ask(&b, 1, STR("."), DNS_NS, false));
	assert_int_equal(b.n, 12 + 1 + 4);
	buf_clear(&b);
	assert_true(dnsmsg_ask(&b, 1, STR("a\\.b\\046\\c"), DNS_A, false));
	assert_memory_equal(b.p + 12, "\5a.b.c", 7);
	buf_free(&b);
}

static void no_names(void **state)
{
	static const char *const bad[] = {"", "..", ".a", "a..b", "a\\", "a\\25", "a\\256", "a\\2x5",
		"a234567890123456789012345678901234567890123456789012345678901234.b"};
	struct buf b = BUF_INIT, name = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(dnsmsg_ask(&b, 1, str_z(bad[i]), DNS_A, true));
	for (int i = 0; i < 126; i++)
		buf_adds(&name, "x.");
	assert_true(dnsmsg_ask(&b, 1, buf_str(&name), DNS_A, false));	/* 253 bytes on the wire */
	buf_clear(&b);
	buf_adds(&name, "yz.");
	assert_false(dnsmsg_ask(&b, 1, buf_str(&name), DNS_A, false));
	assert_int_equal(b.n, 0);
	buf_free(&b);
	buf_free(&name);
}

/* An answer to the question for "a.b": flags, rcode, then records. */
static void start(struct buf *b, unsigned type, unsigned flags, unsigned answers, unsigned authority)
{
	buf_clear(b);
	assert_true(dnsmsg_ask(b, 7, STR("a.b"), type, false));
	b->p[2] = (char)0x81;
	b->p[3] = (char)flags;
	b->p[7] = (char)answers;
	b->p[9] = (char)authority;
}

static void record(struct buf *b, struct str owner, unsigned type, unsigned ttl, struct str data)
{
	char head[10] = {(char)(type >> 8), (char)type, 0, 1, (char)(ttl >> 24), (char)(ttl >> 16), (char)(ttl >> 8),
		(char)ttl, (char)(data.n >> 8), (char)data.n};

	buf_add(b, owner);
	buf_put(b, head, sizeof head);
	buf_add(b, data);
}

static const struct str here = {"\xc0\x0c", 2}, other = {"\1c\1b\0", 5};

static enum dns_status read_it(const struct buf *b, unsigned type, struct dns_answer *a, struct dnsmsg_end *end)
{
	*a = (struct dns_answer){.ttl = UINT32_MAX};
	return dnsmsg_read(buf_str(b), STR("A.B"), type, a, end);
}

static void addresses(void **state)
{
	struct buf b = BUF_INIT;
	struct dnsmsg_end end;
	struct dns_answer a;
	char text[IP_TEXT];

	(void)state;
	start(&b, DNS_A, 0xa0, 3, 0);
	record(&b, here, DNS_A, 300, STR("\xc0\0\2\1"));
	record(&b, other, DNS_A, 5, STR("\xc0\0\2\x42"));
	record(&b, here, DNS_A, 200, STR("\xc0\0\2\2"));
	assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_FOUND);
	assert_int_equal(a.ips.n, 2);
	assert_string_equal(ip_text(&a.ips.p[0], text), "192.0.2.1");
	assert_string_equal(ip_text(&a.ips.p[1], text), "192.0.2.2");
	assert_int_equal(a.ttl, 200);
	assert_true(end.ad);
	dns_answer_free(&a);
	start(&b, DNS_AAAA, 0x80, 1, 0);
	record(&b, here, DNS_AAAA, 0x80000000u, STR("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"));
	assert_int_equal(read_it(&b, DNS_AAAA, &a, &end), DNS_FOUND);
	assert_string_equal(ip_text(&a.ips.p[0], text), "2001:db8::1");
	assert_int_equal(a.ttl, 0);	/* RFC 2181: the top bit means nothing */
	assert_false(end.ad);
	dns_answer_free(&a);
	buf_free(&b);
}

static void chains(void **state)
{
	struct buf b = BUF_INIT;
	struct dnsmsg_end end;
	struct dns_answer a;

	(void)state;
	start(&b, DNS_A, 0x80, 2, 0);
	record(&b, other, DNS_A, 300, STR("\xc0\0\2\1"));
	record(&b, here, DNS_CNAME, 100, other);
	assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_FOUND);
	assert_int_equal(a.ips.n, 1);
	assert_int_equal(a.ttl, 100);
	assert_true(str_eq(end.name, STR("c.b")));
	dns_answer_free(&a);
	/* nothing is said of the end, unless by an SOA record or NXDOMAIN */
	for (int soa = 0; soa < 2; soa++) {
		start(&b, DNS_A, 0x80, 1, (unsigned)soa);
		record(&b, here, DNS_CNAME, 100, other);
		if (soa)
			record(&b, here, DNS_SOA, 100, STR("\0\0"));
		assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_NODATA);
		assert_int_equal(end.again, !soa);
		dns_answer_free(&a);
	}
	start(&b, DNS_A, 0x83, 1, 0);
	record(&b, here, DNS_CNAME, 100, other);
	assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_NONAME);
	assert_false(end.again);
	dns_answer_free(&a);
	start(&b, DNS_A, 0x80, 2, 0);
	record(&b, here, DNS_CNAME, 100, other);
	record(&b, other, DNS_CNAME, 100, here);
	assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_SOFT);
	dns_answer_free(&a);
	/* asked for the alias itself: one step */
	start(&b, DNS_CNAME, 0x80, 2, 0);
	record(&b, here, DNS_CNAME, 100, other);
	record(&b, other, DNS_CNAME, 100, here);
	assert_int_equal(read_it(&b, DNS_CNAME, &a, &end), DNS_FOUND);
	assert_int_equal(a.texts.n, 1);
	assert_true(str_eq(a.texts.p[0], STR("c.b")));
	dns_answer_free(&a);
	buf_free(&b);
}

static void other_types(void **state)
{
	struct buf b = BUF_INIT;
	struct dnsmsg_end end;
	struct dns_answer a;

	(void)state;
	start(&b, DNS_TXT, 0x80, 3, 0);
	record(&b, here, DNS_TXT, 1, STR("\3one\0\4 two"));
	record(&b, here, DNS_TXT, 1, STR("\0"));
	record(&b, here, DNS_TXT, 1, STR(""));
	assert_int_equal(read_it(&b, DNS_TXT, &a, &end), DNS_FOUND);
	assert_int_equal(a.texts.n, 3);
	assert_true(str_eq(a.texts.p[0], STR("one two")));
	assert_int_equal(a.texts.p[2].n, 0);
	dns_answer_free(&a);
	start(&b, DNS_MX, 0x80, 2, 0);
	record(&b, here, DNS_MX, 1, STR("\1\2\2MX\xc0\x0c"));
	record(&b, here, DNS_MX, 1, STR("\0\0\0"));
	assert_int_equal(read_it(&b, DNS_MX, &a, &end), DNS_FOUND);
	assert_int_equal(a.mxs.p[0].pref, 258);
	assert_true(str_eq(a.mxs.p[0].host, STR("mx.a.b")));
	assert_int_equal(a.mxs.p[1].host.n, 0);
	dns_answer_free(&a);
	start(&b, DNS_TLSA, 0xa0, 1, 0);
	record(&b, here, DNS_TLSA, 77, STR("\3\1\2xyz"));
	assert_int_equal(read_it(&b, DNS_TLSA, &a, &end), DNS_FOUND);
	assert_int_equal(a.tlsas.p[0].usage, 3);
	assert_int_equal(a.tlsas.p[0].selector, 1);
	assert_int_equal(a.tlsas.p[0].match, 2);
	assert_int_equal(a.tlsas.p[0].ttl, 77);
	assert_true(str_eq(a.tlsas.p[0].data, STR("xyz")));
	dns_answer_free(&a);
	start(&b, DNS_PTR, 0x80, 1, 0);
	record(&b, here, DNS_PTR, 1, STR("\3a.\\\1 \2\x00\xff\0"));
	assert_int_equal(read_it(&b, DNS_PTR, &a, &end), DNS_FOUND);
	assert_true(str_eq(a.texts.p[0], STR("a\\.\\\\.\\032.\\000\\255")));
	dns_answer_free(&a);
	buf_free(&b);
}

static void refused(const struct buf *b, unsigned type)
{
	struct dnsmsg_end end;
	struct dns_answer a;

	assert_int_equal(read_it(b, type, &a, &end), DNS_SOFT);
	assert_int_equal(a.ips.n + a.texts.n + a.mxs.n + a.tlsas.n, 0);
	assert_false(end.ad);
	assert_int_equal(a.ttl, UINT32_MAX);
	dns_answer_free(&a);
}

static void failures(void **state)
{
	static const unsigned rcodes[] = {1, 2, 4, 5, 6, 15};
	struct buf b = BUF_INIT;
	struct dnsmsg_end end;
	struct dns_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
		start(&b, DNS_A, 0x80 | rcodes[i], 1, 0);
		record(&b, here, DNS_A, 1, STR("\1\2\3\4"));
		refused(&b, DNS_A);
		assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_SOFT);
		assert_int_equal(end.edns_refused, rcodes[i] == 1 || rcodes[i] == 4);
		dns_answer_free(&a);
	}
	start(&b, DNS_A, 0x83, 0, 0);
	assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_NONAME);
	dns_answer_free(&a);
	start(&b, DNS_A, 0x80, 0, 0);
	assert_int_equal(read_it(&b, DNS_A, &a, &end), DNS_NODATA);
	dns_answer_free(&a);
	buf_free(&b);
}

static void lies(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	/* every prefix of a good answer is refused */
	start(&b, DNS_A, 0x80, 2, 0);
	record(&b, here, DNS_A, 1, STR("\1\2\3\4"));
	record(&b, here, DNS_A, 1, STR("\1\2\3\5"));
	for (size_t n = b.n - 1; n > 0; n--) {
		buf_trunc(&b, n);
		refused(&b, DNS_A);
	}
	start(&b, DNS_A, 0x80, 1, 0);
	record(&b, here, DNS_A, 1, STR("\1\2\3\4"));
	b.p[2] = 1;	/* a question */
	refused(&b, DNS_A);
	b.p[2] = (char)0x89;	/* another operation */
	refused(&b, DNS_A);
	b.p[2] = (char)0x81;
	refused(&b, DNS_AAAA);	/* an answer to another question */
	b.p[5] = 2;
	refused(&b, DNS_A);
	b.p[5] = 1;
	b.p[13] = 'x';
	refused(&b, DNS_A);
	start(&b, DNS_A, 0x80, 1, 0);
	record(&b, STR("\xc0\x15"), DNS_A, 1, STR("\1\2\3\4"));	/* a name that points at itself */
	refused(&b, DNS_A);
	start(&b, DNS_A, 0x80, 1, 0);
	record(&b, STR("\xc0\xff"), DNS_A, 1, STR("\1\2\3\4"));	/* and behind the end */
	refused(&b, DNS_A);
	start(&b, DNS_MX, 0x80, 1, 0);
	record(&b, here, DNS_MX, 1, STR("\0\1\1x"));	/* a name that ends after its record */
	buf_adds(&b, "\0");
	refused(&b, DNS_MX);
	start(&b, DNS_TXT, 0x80, 2, 0);
	record(&b, here, DNS_TXT, 1, STR("\3one"));
	record(&b, here, DNS_TXT, 1, STR("\4two"));
	refused(&b, DNS_TXT);	/* the first one is given back, too */
	start(&b, DNS_TLSA, 0x80, 1, 0);
	record(&b, here, DNS_TLSA, 1, STR("\3\1\1"));
	refused(&b, DNS_TLSA);
	start(&b, DNS_A, 0x80, 1, 0);
	record(&b, here, DNS_A, 1, STR("\1\2\3"));
	refused(&b, DNS_A);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions),
		cmocka_unit_test(no_names),
		cmocka_unit_test(addresses),
		cmocka_unit_test(chains),
		cmocka_unit_test(other_types),
		cmocka_unit_test(failures),
		cmocka_unit_test(lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
