/* Unit tests of core/net/dnsconf: resolv.conf, hosts, server words, rewriting rules, who is asked. */
#include "core/net/dnsconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "core/sys/env.h"
#include "core/sys/file.h"
#include "../../scratch.h"

static void servers(void **state)
{
	static const struct {
		const char *word, *ip;
		unsigned port;
	} rows[] = {{"192.0.2.1", "192.0.2.1", 53}, {"192.0.2.1:5353", "192.0.2.1", 5353}, {"2001:db8::1", "2001:db8::1", 53},
		{"[2001:db8::1]:54", "2001:db8::1", 54}, {"::1%lo", "::1", 53}, {"[::1]", "::1", 53}};
	static const char *const bad[] = {"", "name", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:65536", "::1%", "::1%nowhere0",
		"::1%a-name-that-is-too-long-for-it", "[::1"};
	struct sock_end at;
	char text[IP_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(dnsconf_server(str_z(rows[i].word), &at));
		assert_string_equal(ip_text(&at.ip, text), rows[i].ip);
		assert_int_equal(at.port, rows[i].port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(dnsconf_server(str_z(bad[i]), &at));
}

static void resolv(void **state)
{
	static const char text[] = "# nameserver 192.0.2.9\n; domain x\nnameserver 192.0.2.1\n  nameserver\t2001:db8::1  \n"
		"nameserver nonsense\ndomain one.example\nsearch two.example three.example\noptions edns0 trust-ad\nnameserver";
	struct dnsconf_resolv r = {{0}};

	(void)state;
	dnsconf_resolv(str_z(text), &r);
	assert_int_equal(r.servers.n, 2);
	assert_int_equal(r.search.n, 2);
	assert_true(str_eq(r.search.p[1], STR("three.example")));
	assert_true(r.trust);
	dnsconf_resolv_free(&r);
	r = (struct dnsconf_resolv){.trust = false};
	dnsconf_resolv(STR(""), &r);
	assert_int_equal(r.servers.n + r.search.n + r.trust, 0);
	struct buf many = BUF_INIT;

	for (int i = 0; i < 100; i++)
		buf_adds(&many, "nameserver 192.0.2.1\n");
	dnsconf_resolv(buf_str(&many), &r);
	assert_int_equal(r.servers.n, DNSCONF_SERVERS);
	dnsconf_resolv_free(&r);
	buf_free(&many);
}

static void hosts_lines(void **state)
{
	struct ip ip;

	(void)state;
	assert_true(dnsconf_hosts_line(STR(" 192.0.2.1\tone Two.example # three"), STR("two.EXAMPLE"), &ip));
	assert_false(dnsconf_hosts_line(STR("192.0.2.1 one # three"), STR("three"), &ip));
	assert_false(dnsconf_hosts_line(STR("192.0.2.1 one"), STR("192.0.2.1"), &ip));
	assert_false(dnsconf_hosts_line(STR("nonsense one"), STR("one"), &ip));
	assert_false(dnsconf_hosts_line(STR(""), STR("one"), &ip));
}

static void rewriting(void **state)
{
	static const char rules[] = "# anything.local is me\n-.local:me\n=me:127.0.0.1\n*.a:.af.mil\n?:.heaven.af.mil\n*.:\nnot a rule\n=x\n";
	static const char *const rows[][2] = {{"me", "127.0.0.1"}, {"any.name.local", "127.0.0.1"}, {"any.name.a", "any.name.af.mil"},
		{"short", "short.heaven.af.mil"}, {"dotted.name", "dotted.name"}, {"final.", "final"}, {"[192]", "[192]"},
		{"x", "x.heaven.af.mil"}, {"ME", "127.0.0.1"}};
	struct buf name = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_set(&name, str_z(rows[i][0]));
		dnsconf_rewrite(str_z(rules), &name);
		assert_string_equal(name.p, rows[i][1]);
	}
	/* rules that make a name longer and longer have an end */
	struct buf many = BUF_INIT;

	for (int i = 0; i < 10000; i++)
		buf_adds(&many, "*:.longer\n");
	buf_set(&name, STR("x"));
	dnsconf_rewrite(buf_str(&many), &name);
	assert_true(name.n < 5000);
	buf_free(&many);
	buf_free(&name);
}

static void environment(void **state)
{
	struct buf rules = BUF_INIT;
	struct dnsconf c;

	(void)state;
	env_put("DNS_SERVERS", " 127.0.0.1:1 nonsense [::1]:2 ");
	env_put("DNSCACHEIP", "192.0.2.1");
	dnsconf_load(&c);
	assert_int_equal(c.servers.n, 2);
	assert_true(c.believe);
	dnsconf_free(&c);
	env_unset("DNS_SERVERS");
	dnsconf_load(&c);
	assert_int_equal(c.servers.n, 1);
	assert_false(c.believe);	/* the network lies between */
	dnsconf_free(&c);
	env_put("LOCALDOMAIN", "one.example .two.example");
	env_put("DNSREWRITEFILE", "no-such-file");
	assert_false(dnsconf_rules(&rules));
	assert_string_equal(rules.p, "?:+.one.example+.two.example\n*.:\n");
	env_put("LOCALDOMAIN", "");
	assert_false(dnsconf_rules(&rules));
	assert_string_equal(rules.p, "\n*.:\n");
	scratch_file("rules", "=a:b\n");
	env_put("DNSREWRITEFILE", "rules");
	assert_true(dnsconf_rules(&rules));
	assert_string_equal(rules.p, "=a:b\n");
	scratch_file("rules2", "=c:d\n");
	env_put("DNSREWRITEFILE", "rules2");
	assert_true(dnsconf_rules(&rules));
	assert_string_equal(rules.p, "=c:d\n");
	buf_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
		cmocka_unit_test(resolv),
		cmocka_unit_test(hosts_lines),
		cmocka_unit_test(rewriting),
		cmocka_unit_test(environment),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
