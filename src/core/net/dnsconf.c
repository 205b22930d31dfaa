/* dnsconf - see dnsconf.h. */
#include "core/net/dnsconf.h"

#include <net/if.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

enum { PORT = 53, FILE_MAX = 16 << 20, REWRITTEN_MAX = 4096 };

/* ---- files kept in memory ---- */

struct kept {
	const char *fn;
	struct stat st;
	bool known;
	struct buf text;
};

static struct kept resolv = {.fn = "/etc/resolv.conf", .text = BUF_INIT};
static struct kept hosts = {.fn = "/etc/hosts", .text = BUF_INIT};
static struct kept rewrite = {.text = BUF_INIT};

static bool unchanged(const struct kept *k, const struct stat *st)
{
	return k->known && k->st.st_ino == st->st_ino && k->st.st_dev == st->st_dev && k->st.st_size == st->st_size &&
		k->st.st_mtim.tv_sec == st->st_mtim.tv_sec && k->st.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

/* The text of a file; empty when it cannot be read, *there says whether it can. */
static struct str text(struct kept *k, bool *there)
{
	struct stat st;

	*there = file_stat(k->fn, &st) == 0 && S_ISREG(st.st_mode);
	if (*there && !unchanged(k, &st)) {
		buf_clear(&k->text);
		k->st = st;
		k->known = file_slurp(k->fn, &k->text, FILE_MAX) == 0;
		*there = k->known;
	}
	return *there ? buf_str(&k->text) : STR("");
}

/* ---- servers ---- */

static bool scoped(struct str address, struct ip *ip)
{
	struct str interface = address;
	char name[IF_NAMESIZE];

	address = str_cut(&interface, '%');
	if (!ip_scan(address, ip))
		return false;
	if (!interface.p)
		return true;
	if (!interface.n || interface.n >= sizeof name)
		return false;
	memcpy(name, interface.p, interface.n);
	name[interface.n] = 0;
	ip->scope = if_nametoindex(name);
	return ip->scope != 0;
}

bool dnsconf_server(struct str word, struct sock_end *at)
{
	size_t colon = str_rchr(word, ':');
	struct sock_end r = {.port = PORT};
	uint64_t port;

	if (scoped(word, &r.ip)) {
		*at = r;
		return true;
	}
	if (colon == word.n || !num_parse(str_from(word, colon + 1), 65535, &port) ||
			!scoped(str_to(word, colon), &r.ip))
		return false;
	r.port = (unsigned)port;
	*at = r;
	return true;
}

static void options(struct str rest, struct dnsconf_resolv *r)
{
	for (struct str w; (w = str_word(&rest)).n; )
		r->trust |= str_eq(w, STR("trust-ad"));
}

void dnsconf_resolv(struct str rest, struct dnsconf_resolv *r)
{
	while (rest.p) {
		struct str line = str_trim(str_cut(&rest, '\n')), word = str_word(&line), w;
		struct sock_end at;

		if (str_eq(word, STR("nameserver")) && dnsconf_server(str_word(&line), &at) &&
				r->servers.n < DNSCONF_SERVERS) {
			at.port = PORT;
			vec_push(&r->servers, at);
		} else if (str_eq(word, STR("search")) || str_eq(word, STR("domain"))) {
			vec_clear(&r->search);	/* the last line counts */
			while ((w = str_word(&line)).n && r->search.n < DNSCONF_SEARCH)
				vec_push(&r->search, w);
		} else if (str_eq(word, STR("options"))) {
			options(line, r);
		}
	}
}

void dnsconf_resolv_free(struct dnsconf_resolv *r)
{
	vec_free(&r->servers);
	vec_free(&r->search);
}

static bool on_this_machine(const struct ip *ip)
{
	static const struct ip one6 = {{[15] = 1}, 0};

	return ip_same(ip, &one6) || (ip_is4(ip) && ip->a[12] == 127);
}

static void from_words(struct str words, struct dnsconf *c)
{
	struct sock_end at;

	for (struct str w; (w = str_word(&words)).n; )
		if (c->servers.n < DNSCONF_SERVERS && dnsconf_server(w, &at))
			vec_push(&c->servers, at);
}

static void from_resolv(struct dnsconf *c)
{
	struct dnsconf_resolv r = {{0}};
	bool there;

	dnsconf_resolv(text(&resolv, &there), &r);
	for (size_t i = 0; i < r.servers.n; i++)
		vec_push(&c->servers, r.servers.p[i]);
	c->believe = r.trust;
	dnsconf_resolv_free(&r);
}

void dnsconf_load(struct dnsconf *c)
{
	bool local = true;

	*c = (struct dnsconf){.believe = false};
	from_words(str_z(conf_env(CONF_DNS_SERVERS)), c);
	if (!c->servers.n)
		from_words(str_z(conf_env(CONF_DNSCACHEIP)), c);
	if (!c->servers.n)
		from_resolv(c);
	if (!c->servers.n)
		from_words(STR("127.0.0.1"), c);
	for (size_t i = 0; i < c->servers.n; i++)
		local = local && on_this_machine(&c->servers.p[i].ip);
	c->believe = c->believe || local;
}

void dnsconf_free(struct dnsconf *c)
{
	vec_free(&c->servers);
}

/* ---- /etc/hosts ---- */

bool dnsconf_hosts_line(struct str line, struct str name, struct ip *ip)
{
	line = str_trim(str_to(line, str_chr(line, '#')));
	struct str address = str_word(&line);

	for (struct str w; (w = str_word(&line)).n; )
		if (str_ieq(w, name))
			return scoped(address, ip);
	return false;
}

bool dnsconf_hosts(struct str name, struct ip_list *ips)
{
	size_t before = ips->v.n;
	struct ip ip;
	bool there;

	for (struct str rest = text(&hosts, &there); rest.p; )
		if (dnsconf_hosts_line(str_cut(&rest, '\n'), name, &ip) && !ip_listed(ips, &ip))
			vec_push(&ips->v, ip);
	/* RFC 6761 section 6.3: these are never asked of servers */
	if (ips->v.n == before && (str_ieq(name, STR("localhost")) || str_iends(name, STR(".localhost")))) {
		if (ip_scan(STR("127.0.0.1"), &ip))
			vec_push(&ips->v, ip);
		if (ip_scan(STR("::1"), &ip))
			vec_push(&ips->v, ip);
	}
	return ips->v.n > before;
}

/* ---- short names ---- */

/* "?:.domain", "?:+.one+.two": names without a dot get the domains. */
static void add_domain(struct buf *rules, struct str domain, bool many)
{
	while (str_starts(domain, STR(".")))
		domain = str_from(domain, 1);
	buf_adds(rules, many ? "+." : ".");
	buf_add(rules, domain);
}

static void domain_rules(struct buf *rules, const struct dnsconf_resolv *r)
{
	if (r->search.n)
		buf_adds(rules, "?:");
	for (size_t i = 0; i < r->search.n; i++)
		add_domain(rules, r->search.p[i], r->search.n > 1);
	buf_adds(rules, "\n*.:\n");
}

bool dnsconf_rules(struct buf *rules)
{
	const char *local = conf_env(CONF_LOCALDOMAIN), *fn = conf_env(CONF_DNSREWRITEFILE);
	struct dnsconf_resolv r = {{0}};
	char host[256];
	bool there;

	buf_clear(rules);
	rewrite.fn = fn && *fn ? fn : "/etc/dnsrewrite";	/* another file is another inode */
	struct str written = text(&rewrite, &there);

	if (there) {
		buf_add(rules, written);
		return true;
	}
	if (local) {
		struct str rest = str_z(local);

		for (struct str w; (w = str_word(&rest)).n && r.search.n < DNSCONF_SEARCH; )
			vec_push(&r.search, w);
	} else {
		dnsconf_resolv(text(&resolv, &there), &r);
		proc_hostname(host, sizeof host);
		struct str domain = str_z(host);

		str_cut(&domain, '.');
		if (!r.search.n && domain.p && domain.n)
			vec_push(&r.search, domain);
	}
	domain_rules(rules, &r);
	dnsconf_resolv_free(&r);
	return false;
}

static bool plain(struct str s)
{
	return str_chr(s, '.') == s.n && str_chr(s, '[') == s.n && str_chr(s, ']') == s.n;
}

/* Whether the rule's left side fits; *keep: how much of the name stays in front of the new text. */
static bool fits(char kind, struct str end, struct str name, size_t *keep)
{
	if (kind == '=') {
		*keep = 0;
		return str_ieq(name, end);
	}
	if (!str_iends(name, end))
		return false;
	*keep = kind == '-' ? 0 : name.n - end.n;
	return kind == '*' || kind == '-' || (kind == '?' && plain(str_to(name, *keep)));
}

void dnsconf_rewrite(struct str rules, struct buf *name)
{
	size_t keep;

	while (rules.p) {
		struct str with = str_rtrim(str_cut(&rules, '\n'));
		char kind = with.n ? with.p[0] : '#';
		struct str end;

		with = str_from(with, 1);
		end = str_cut(&with, ':');
		if (with.p && name->n < REWRITTEN_MAX && fits(kind, end, buf_str(name), &keep)) {
			buf_trunc(name, keep);
			buf_add(name, with);
		}
	}
}
