/* dns - c-ares behind a small door; see dns.h. */
#include "core/net/dns.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"

enum {
	TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_MX = 15, TYPE_TXT = 16, CLASS_IN = 1,
	HEADER = 12,		/* bytes before the question */
	TRY_MS = 3000, TRIES = 2,
	UDP_SIZE = 1232,	/* EDNS size that needs no fragments */
	CHAIN_MAX = 10,
	TEXT_MAX = 65535,
};

struct dns {
	ares_channel channel;
	int limit_ms;
	unsigned open;		/* questions under way */
};

/* What a callback needs; lives in the answer's arena. */
struct question {
	struct dns *d;
	struct dns_answer *a;
	int type;
};

void dns_answer_free(struct dns_answer *a)
{
	vec_free(&a->ips);
	vec_free(&a->mxs);
	vec_free(&a->texts);
	arena_free(&a->mem);
}

struct dns *dns_open(int limit_ms, struct err *e)
{
	struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS, .timeout = TRY_MS, .tries = TRIES,
		.ednspsz = UDP_SIZE};
	const char *servers = conf_env(CONF_DNS_SERVERS);
	struct dns *d = mem_alloc(sizeof *d);
	struct buf list = BUF_INIT;
	int r = ares_library_init(ARES_LIB_INIT_ALL);

	d->limit_ms = limit_ms;
	if (r == ARES_SUCCESS)
		r = ares_init_options(&d->channel, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
			ARES_OPT_EDNSPSZ | ARES_OPT_NOROTATE);
	if (r != ARES_SUCCESS)
		goto failed;
	for (struct str rest = str_z(servers), w; (w = str_word(&rest)).n; buf_add(&list, w))
		if (list.n)
			buf_addc(&list, ',');
	r = list.n ? ares_set_servers_ports_csv(d->channel, list.p) : ARES_SUCCESS;
	buf_free(&list);
	if (r == ARES_SUCCESS)
		return d;
	ares_destroy(d->channel);
failed:
	mem_free(d);
	err_temp(e, 0, "unable to use the domain name system: %s", ares_strerror(r));
	return NULL;
}

void dns_close(struct dns *d)
{
	if (!d)
		return;
	ares_destroy(d->channel);
	ares_library_cleanup();
	mem_free(d);
}

static enum dns_status status_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return DNS_FOUND;
	case ARES_ENODATA:
		return DNS_NODATA;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
		return DNS_NONAME;
	default:
		return DNS_SOFT;
	}
}

/* Questions of one answer are merged: anything found counts, then doubt, then no data. */
static void merge(struct dns_answer *a, enum dns_status s)
{
	static const int weight[] = {[DNS_FOUND] = 3, [DNS_SOFT] = 2, [DNS_NODATA] = 1, [DNS_NONAME] = 0};

	if (weight[s] > weight[a->status])
		a->status = s;
}

static struct question *begin(struct dns *d, struct dns_answer *a, int type)
{
	struct question *q = arena_alloc(&a->mem, sizeof *q);

	*q = (struct question){d, a, type};
	if (a->open++ == 0)
		a->status = DNS_NONAME;
	d->open++;
	return q;
}

static void done(struct question *q, enum dns_status s)
{
	merge(q->a, s);
	q->a->open--;
	q->d->open--;
}

/* A domain name at p within the message: in the arena, lower case; *used bytes were read. */
static bool get_name(struct dns_answer *a, const unsigned char *p, struct str msg, struct str *name, long *used)
{
	char *z;

	if (p >= (const unsigned char *)msg.p + msg.n ||
			ares_expand_name(p, (const unsigned char *)msg.p, (int)msg.n, &z, used) != ARES_SUCCESS)
		return false;
	*name = arena_str(&a->mem, str_z(z));
	ares_free_string(z);
	for (size_t i = 0; i < name->n; i++)
		((char *)(size_t)name->p)[i] = chr_lower(name->p[i]);
	if (str_ends(*name, STR(".")))
		name->n--;
	return true;
}

/* The strings of a TXT record joined. */
static struct str join(struct dns_answer *a, const unsigned char *p, size_t n)
{
	struct buf b = BUF_INIT;

	while (n > 1 && b.n < TEXT_MAX) {
		size_t len = p[0] < n - 1 ? p[0] : n - 1;

		buf_put(&b, p + 1, len);
		p += len + 1;
		n -= len + 1;
	}
	struct str s = arena_str(&a->mem, buf_str(&b));

	buf_free(&b);
	return s;
}

static bool take_record(struct dns_answer *a, int type, struct str msg, const unsigned char *data, size_t n)
{
	struct str name;
	long used;

	if (type == TYPE_TXT) {
		vec_push(&a->texts, join(a, data, n));
		return true;
	}
	if (type == TYPE_MX) {
		if (n < 3 || !get_name(a, data + 2, msg, &name, &used))
			return false;
		vec_push(&a->mxs, ((struct dns_mx){(unsigned)data[0] << 8 | data[1], name}));
		return true;
	}
	if (!get_name(a, data, msg, &name, &used))
		return false;
	vec_push(&a->texts, name);
	return true;
}

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Take the records of the type asked for out of a message: how many, -1 when it is damaged. */
static int take_message(struct question *q, struct str msg)
{
	const unsigned char *start = (const unsigned char *)msg.p, *p = start + HEADER, *end = start + msg.n;
	unsigned questions, answers;
	struct str name;
	long used;
	int found = 0;

	if (msg.n < HEADER)
		return -1;
	questions = get16(start + 4);
	answers = get16(start + 6);
	while (questions--) {
		if (!get_name(q->a, p, msg, &name, &used) || end - p < used + 4)
			return -1;
		p += used + 4;
	}
	while (answers--) {
		if (!get_name(q->a, p, msg, &name, &used) || end - p < used + 10)
			return -1;
		p += used;
		size_t n = get16(p + 8);
		int type = (int)get16(p), class = (int)get16(p + 2);

		p += 10;
		if (n > (size_t)(end - p))
			return -1;
		if (type == q->type && class == CLASS_IN) {
			if (!take_record(q->a, type, msg, p, n))
				return -1;
			found++;
		}
		p += n;
	}
	return found;
}

static void got_message(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct question *q = arg;
	enum dns_status s = status_of(status);

	(void)timeouts;
	if (s == DNS_FOUND) {
		int found = take_message(q, str_make((const char *)p, (size_t)n));

		s = found > 0 ? DNS_FOUND : found == 0 ? DNS_NODATA : DNS_SOFT;
	}
	done(q, s);
}

static void got_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct question *q = arg;
	enum dns_status s = status_of(status);
	struct ip ip;

	(void)timeouts;
	if (s == DNS_FOUND) {
		s = DNS_NODATA;
		for (struct ares_addrinfo_node *n = info->nodes; n; n = n->ai_next)
			if (ip_from(n->ai_addr, &ip)) {
				vec_push(&q->a->ips, ip);
				s = DNS_FOUND;
			}
	}
	if (info)
		ares_freeaddrinfo(info);
	done(q, s);
}

/* Whether name can be asked for: 1..253 bytes, no NUL, a blank or control byte. */
static bool askable(struct str name)
{
	if (!name.n || name.n > 253)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127)
			return false;
	return true;
}

static void ask(struct dns *d, struct str name, struct dns_answer *a, int type)
{
	struct question *q = begin(d, a, type);

	if (!askable(name))
		done(q, DNS_NONAME);
	else
		ares_query(d->channel, arena_z(&a->mem, name), CLASS_IN, type, got_message, q);
}

void dns_ask_mx(struct dns *d, struct str name, struct dns_answer *a)
{
	ask(d, name, a, TYPE_MX);
}

void dns_ask_txt(struct dns *d, struct str name, struct dns_answer *a)
{
	ask(d, name, a, TYPE_TXT);
}

void dns_ask_cname(struct dns *d, struct str name, struct dns_answer *a)
{
	ask(d, name, a, TYPE_CNAME);
}

static void ask_family(struct dns *d, struct str name, struct dns_answer *a, int family)
{
	struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = family,
		.ai_socktype = SOCK_STREAM};
	struct question *q = begin(d, a, 0);

	if (!askable(name))
		done(q, DNS_NONAME);
	else
		ares_getaddrinfo(d->channel, arena_z(&a->mem, name), NULL, &hints, got_addresses, q);
}

void dns_ask_ip(struct dns *d, struct str name, struct dns_answer *a)
{
	ask_family(d, name, a, AF_INET);
	ask_family(d, name, a, AF_INET6);
}

void dns_ask_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a)
{
	struct buf b = BUF_INIT;

	if (ip_is4(ip)) {
		buf_fmt(&b, "%d.%d.%d.%d.in-addr.arpa", ip->a[15], ip->a[14], ip->a[13], ip->a[12]);
	} else {
		for (int i = 16; i-- > 0; )
			buf_fmt(&b, "%x.%x.", ip->a[i] & 15, ip->a[i] >> 4);
		buf_adds(&b, "ip6.arpa");
	}
	ask(d, buf_str(&b), a, TYPE_PTR);
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
	if (d->open)
		ares_cancel(d->channel);
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

	for (int i = 0; i < CHAIN_MAX; i++) {
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
