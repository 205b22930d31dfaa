/* dns - c-ares moves the bytes, asks again and falls back to TCP; what is asked and believed is dnsmsg's; see
 * dns.h. */
#include "core/net/dns.h"

#include <ares.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

#include "core/base/mem.h"
#include "core/net/dnsconf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/rand.h"

enum { TRY_MS = 3000, TRIES = 2 };

struct dns {
	ares_channel channel;
	struct dnsconf conf;
	int limit_ms;
	unsigned open;		/* questions under way */
	bool closing;
};

/* What a callback needs; lives in the answer's arena. */
struct question {
	struct dns *d;
	struct dns_answer *a;
	struct str name;
	unsigned type;
	int steps;		/* aliases followed by asking again */
	bool edns;
};

static int use_servers(struct dns *d)
{
	struct ares_addr_port_node nodes[DNSCONF_SERVERS];
	size_t n = d->conf.servers.n;

	memset(nodes, 0, sizeof nodes);
	for (size_t i = 0; i < n; i++) {
		const struct sock_end *at = &d->conf.servers.p[i];

		nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
		nodes[i].udp_port = nodes[i].tcp_port = (int)at->port;
		nodes[i].family = ip_is4(&at->ip) ? AF_INET : AF_INET6;
		if (ip_is4(&at->ip))
			memcpy(&nodes[i].addr.addr4, at->ip.a + 12, 4);
		else
			memcpy(&nodes[i].addr.addr6, at->ip.a, 16);
	}
	return ares_set_servers_ports(d->channel, nodes);
}

/* c-ares knows no interfaces: link-local servers get theirs when it connects. */
static int connect_scoped(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t n, void *arg)
{
	const struct dns *d = arg;
	struct ip ip;

	if (ip_from(to, &ip))
		for (size_t i = 0; i < d->conf.servers.n; i++)
			if (ip_same(&ip, &d->conf.servers.p[i].ip))
				return sock_connect_scoped(fd, to, n, d->conf.servers.p[i].ip.scope);
	return sock_connect_scoped(fd, to, n, 0);
}

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
	(void)arg;
	return sock_plain(family, type, protocol);
}

static int close_socket(ares_socket_t fd, void *arg)
{
	(void)arg;
	return fd_close(fd);
}

static ares_ssize_t receive(ares_socket_t fd, void *p, size_t n, int flags, struct sockaddr *from,
	ares_socklen_t *len, void *arg)
{
	(void)arg;
	return sock_receive(fd, p, n, flags, from, len);
}

static ares_ssize_t send_parts(ares_socket_t fd, const struct iovec *v, int n, void *arg)
{
	(void)arg;
	return fd_write_parts(fd, v, n);
}

/* Everything is said here: c-ares reads no file. */
static int open_channel(struct dns *d)
{
	static const struct ares_socket_functions functions = {open_socket, close_socket, connect_scoped, receive,
		send_parts};
	static char lookups[] = "b";
	struct in_addr dummy = {0};
	struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
		.timeout = d->limit_ms < TRY_MS ? d->limit_ms : TRY_MS, .tries = TRIES, .ndots = 1,
		.ednspsz = DNSMSG_UDP, .lookups = lookups, .servers = &dummy, .nservers = 1};
	int r = ares_init_options(&d->channel, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		ARES_OPT_NDOTS | ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
		ARES_OPT_SORTLIST | ARES_OPT_NOROTATE);

	if (r != ARES_SUCCESS)
		return r;
	for (size_t i = 0; i < d->conf.servers.n; i++)
		if (d->conf.servers.p[i].ip.scope)
			ares_set_socket_functions(d->channel, &functions, d);
	r = use_servers(d);
	if (r != ARES_SUCCESS)
		ares_destroy(d->channel);
	return r;
}

struct dns *dns_open(int limit_ms, struct err *e)
{
	struct dns *d = mem_alloc(sizeof *d);
	int r = ares_library_init(ARES_LIB_INIT_ALL);

	d->limit_ms = limit_ms;
	dnsconf_load(&d->conf);
	if (r == ARES_SUCCESS)
		r = open_channel(d);
	if (r == ARES_SUCCESS)
		return d;
	dnsconf_free(&d->conf);
	mem_free(d);
	err_temp(e, 0, "unable to use the domain name system: %s", ares_strerror(r));
	return NULL;
}

void dns_close(struct dns *d)
{
	if (!d)
		return;
	d->closing = true;
	ares_destroy(d->channel);
	ares_library_cleanup();
	dnsconf_free(&d->conf);
	mem_free(d);
}

void dns_prepare(void)
{
	struct dnsconf c;

	dnsconf_load(&c);
	dnsconf_free(&c);
}

/* Questions of one answer are merged: anything found counts, then doubt, then no data. */
static void merge(struct dns_answer *a, enum dns_status s)
{
	static const int weight[] = {[DNS_FOUND] = 3, [DNS_SOFT] = 2, [DNS_NODATA] = 1, [DNS_NONAME] = 0};

	if (weight[s] > weight[a->status])
		a->status = s;
}

static struct question *begin(struct dns *d, struct dns_answer *a, struct str name, unsigned type)
{
	struct question *q = arena_alloc(&a->mem, sizeof *q);

	*q = (struct question){.d = d, .a = a, .name = arena_str(&a->mem, name), .type = type, .edns = true};
	if (a->open++ == 0) {
		a->status = DNS_NONAME;
		a->secure = true;
		a->ttl = UINT32_MAX;
	}
	d->open++;
	return q;
}

/* IPv4 before IPv6, whichever answer came first. */
static void sort_families(struct dns_answer *a)
{
	struct ip *sorted = arena_alloc(&a->mem, a->ips.n * sizeof *sorted);
	size_t n = 0;

	for (int four = 1; four >= 0; four--)
		for (size_t i = 0; i < a->ips.n; i++)
			if (ip_is4(&a->ips.p[i]) == four)
				sorted[n++] = a->ips.p[i];
	memcpy(a->ips.p, sorted, n * sizeof *sorted);
}

static void done(struct question *q, enum dns_status s, bool secure)
{
	struct dns_answer *a = q->a;

	merge(a, s);
	a->secure &= secure && q->d->conf.believe;
	q->d->open--;
	if (--a->open == 0 && a->ips.n > 1)
		sort_families(a);
}

static void ask(struct question *q);

/* Ask once more: without EDNS, or for the end of a chain that the server did not follow. */
static bool again(struct question *q, const struct dnsmsg_end *end)
{
	if (end->edns_refused && q->edns) {
		q->edns = false;
	} else if (end->again && q->steps++ < DNSMSG_CHAIN) {
		q->name = end->name;
		q->a->secure &= end->ad;
	} else {
		return false;
	}
	ask(q);
	return true;
}

static void got_message(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct question *q = arg;
	struct dnsmsg_end end = {.again = false};
	enum dns_status s = DNS_SOFT;

	(void)timeouts;
	if (status == ARES_SUCCESS)
		s = dnsmsg_read(str_make((const char *)p, (size_t)n), q->name, q->type, q->a, &end);
	/* steps used up: a circle over several answers */
	if (q->d->closing || !again(q, &end))
		done(q, end.again ? DNS_SOFT : s, end.ad);
}

static void ask(struct question *q)
{
	struct buf b = BUF_INIT;

	if (dnsmsg_ask(&b, rand_below(0x10000), q->name, q->type, q->edns))
		ares_send(q->d->channel, (unsigned char *)b.p, (int)b.n, got_message, q);
	else
		done(q, DNS_NONAME, false);
	buf_free(&b);
}

/* Whether name can be asked for: no blank or control byte. */
static bool askable(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127)
			return false;
	return true;
}

static void ask_type(struct dns *d, struct str name, struct dns_answer *a, unsigned type)
{
	struct question *q = begin(d, a, name, type);

	if (!askable(name))
		done(q, DNS_NONAME, false);
	else
		ask(q);
}

void dns_ask_mx(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_type(d, name, a, DNS_MX);
}

void dns_ask_txt(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_type(d, name, a, DNS_TXT);
}

void dns_ask_cname(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_type(d, name, a, DNS_CNAME);
}

void dns_ask_ns(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_type(d, name, a, DNS_NS);
}

void dns_ask_tlsa(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_type(d, name, a, DNS_TLSA);
}

void dns_ask_ip4(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_type(d, name, a, DNS_A);
}

void dns_ask_ip(struct dns *d, struct str name, struct dns_answer *a)
{
	struct ip_list known = {{0}};
	struct ip ip;

	if (ip_scan(name, &ip))
		vec_push(&known.v, ip);
	if (known.v.n || dnsconf_hosts(name, &known)) {
		struct question *q = begin(d, a, name, 0);

		for (size_t i = 0; i < known.v.n; i++)
			vec_push(&a->ips, known.v.p[i]);
		done(q, DNS_FOUND, false);
	} else {
		ask_type(d, name, a, DNS_A);
		ask_type(d, name, a, DNS_AAAA);
	}
	vec_free(&known.v);
}

const char *dns_trouble(enum dns_status s, int *code)
{
	*code = s == DNS_SOFT ? 111 : 100;
	return s == DNS_SOFT ? "soft error" : "hard error";
}

void dns_reverse(struct buf *b, const struct ip *ip, struct str zone)
{
	if (ip_is4(ip)) {
		buf_fmt(b, "%d.%d.%d.%d.", ip->a[15], ip->a[14], ip->a[13], ip->a[12]);
	} else {
		for (int i = 16; i-- > 0; )
			buf_fmt(b, "%x.%x.", ip->a[i] & 15, ip->a[i] >> 4);
	}
	buf_add(b, zone);
}

void dns_ask_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a)
{
	struct buf b = BUF_INIT;

	dns_reverse(&b, ip, ip_is4(ip) ? STR("in-addr.arpa") : STR("ip6.arpa"));
	ask_type(d, buf_str(&b), a, DNS_PTR);
	buf_free(&b);
}

/* Milliseconds until c-ares wants to look at its timers, at most left. */
static int patience(struct dns *d, long long left)
{
	struct timeval t, max = {left / 1000, (left % 1000) * 1000};
	struct timeval *r = ares_timeout(d->channel, &max, &t);

	return (int)(r->tv_sec * 1000 + (r->tv_usec + 999) / 1000);
}

static void turn(struct dns *d, long long left)
{
	ares_socket_t socks[ARES_GETSOCK_MAXNUM];
	struct pollfd polls[ARES_GETSOCK_MAXNUM];
	/* unsigned: the library's own macros shift a one into the sign bit */
	unsigned bits = (unsigned)ares_getsock(d->channel, socks, ARES_GETSOCK_MAXNUM);
	size_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((bits >> i & 1 ? POLLIN : 0) |
			(bits >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));

		if (events)
			polls[n++] = (struct pollfd){socks[i], events, 0};
	}
	int ready = fd_poll(polls, n, patience(d, left));

	for (size_t i = 0; ready > 0 && i < n; i++)
		if (polls[i].revents)
			ares_process_fd(d->channel,
				polls[i].revents & ~POLLOUT ? polls[i].fd : ARES_SOCKET_BAD,
				polls[i].revents & POLLOUT ? polls[i].fd : ARES_SOCKET_BAD);
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void dns_wait(struct dns *d)
{
	long long end = clock_mono_ms() + d->limit_ms, left;

	while (d->open && (left = end - clock_mono_ms()) > 0)
		turn(d, left);
	d->closing = true;	/* nothing is asked again */
	if (d->open)
		ares_cancel(d->channel);
	d->closing = false;
}

enum dns_status dns_ip(struct dns *d, struct str name, struct dns_answer *a)
{
	dns_ask_ip(d, name, a);
	dns_wait(d);
	return a->status;
}

enum dns_status dns_mx(struct dns *d, struct str name, struct dns_answer *a)
{
	dns_ask_mx(d, name, a);
	dns_wait(d);
	return a->status;
}

enum dns_status dns_txt(struct dns *d, struct str name, struct dns_answer *a)
{
	dns_ask_txt(d, name, a);
	dns_wait(d);
	return a->status;
}

enum dns_status dns_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a)
{
	dns_ask_ptr(d, ip, a);
	dns_wait(d);
	return a->status;
}

enum dns_status dns_canonical(struct dns *d, struct buf *name)
{
	enum dns_status result = DNS_NODATA;

	for (int i = 0; i < DNSMSG_CHAIN; i++) {
		struct dns_answer a = {0};

		dns_ask_cname(d, buf_str(name), &a);
		dns_wait(d);
		if (a.status == DNS_FOUND) {
			buf_set(name, a.texts.p[0]);
			result = DNS_FOUND;
		}
		enum dns_status s = a.status;

		dns_answer_free(&a);
		if (s == DNS_SOFT)
			return DNS_SOFT;
		if (s != DNS_FOUND)
			return result;
	}
	return DNS_SOFT;
}

/* Found, or at least known to exist, counts more than what was learnt before. */
static void prefer(struct dns_answer *best, struct dns_answer *a)
{
	bool better = a->status == DNS_FOUND || a->status == DNS_SOFT || best->status == DNS_NONAME;
	struct dns_answer worse = better ? *best : *a;

	if (better)
		*best = *a;
	dns_answer_free(&worse);
}

/* Try NAME.DOMAIN for every +.DOMAIN until one is found or in doubt; *full becomes the last name tried. */
static void try_domains(struct dns *d, struct str names, struct buf *full, struct dns_answer *a)
{
	struct str base = str_cut(&names, '+');

	for (int n = 0; n == 0 || names.p; n++) {
		struct str domain = names.p ? str_cut(&names, '+') : STR("");
		struct dns_answer one = {.status = DNS_NONAME};

		buf_set(full, base);
		buf_add(full, domain);
		dns_ip(d, buf_str(full), &one);
		prefer(a, &one);
		if (a->status == DNS_FOUND || a->status == DNS_SOFT)
			return;
	}
}

enum dns_status dns_ip_qualify(struct dns *d, struct str name, struct buf *full, struct dns_answer *a)
{
	struct buf rules = BUF_INIT, names = BUF_INIT, found = BUF_INIT;
	struct ip_list known = {{0}};
	struct ip ip;
	bool written = dnsconf_rules(&rules);

	buf_add(&names, name);
	a->status = DNS_NONAME;
	/* what is an address or in /etc/hosts as it stands is complete, unless somebody's own rules say more */
	if (written || !(ip_scan(name, &ip) || dnsconf_hosts(name, &known)))
		dnsconf_rewrite(buf_str(&rules), &names);
	try_domains(d, buf_str(&names), &found, a);
	if (!written && (a->status == DNS_NONAME || a->status == DNS_NODATA) && !str_eq(buf_str(&found), name))
		try_domains(d, name, &found, a);
	if (full && a->status == DNS_FOUND)
		buf_set(full, buf_str(&found));
	vec_free(&known.v);
	buf_free(&rules);
	buf_free(&names);
	buf_free(&found);
	return a->status;
}
