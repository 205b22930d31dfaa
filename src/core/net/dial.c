/* dial - connect by name; see dial.h. */
#include "core/net/dial.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/net/dns.h"

enum { DNS_MS = 60000 };

struct candidate {
	struct sock_end at;
	int num;		/* errno of the last attempt */
};

struct list {
	VEC(struct candidate) v;
};

static void add(struct list *l, const struct dial *d, struct ip ip, unsigned port)
{
	struct candidate c = {{ip, port}, 0};

	if (d->only4 && !ip_is4(&ip))
		return;
	/* an address of ours goes with one family only */
	if (d->bound && !ip_any(&d->from.ip) && ip_is4(&d->from.ip) != ip_is4(&ip))
		return;
	/* fe80::/10 says nothing without an interface */
	if (!c.at.ip.scope && ip.a[0] == 0xfe && (ip.a[1] & 0xc0) == 0x80)
		c.at.ip.scope = d->scope;
	vec_push(&l->v, c);
}

static bool here(const char *host)
{
	return !*host || strcmp(host, "0") == 0;
}

/* This machine: IPv6 first, but not every machine has it, and not every server. */
static void add_here(struct list *l, const struct dial *d, unsigned port)
{
	struct ip ip = {0};

	ip_scan(STR("::1"), &ip);
	add(l, d, ip, port);
	ip_scan(STR("127.0.0.1"), &ip);
	add(l, d, ip, port);
}

static int look_up(struct list *l, const struct dial *d, unsigned port, struct err *e)
{
	struct dns_answer a = {0};
	struct dns *dns = dns_open(DNS_MS, e);

	if (!dns)
		return -1;
	enum dns_status found = dns_ip(dns, str_z(d->host), &a);

	for (size_t i = 0; found == DNS_FOUND && i < a.ips.n; i++)
		add(l, d, a.ips.p[i], port);
	dns_answer_free(&a);
	dns_close(dns);
	if (found == DNS_SOFT)
		return err_temp(e, 0, "temporarily unable to figure out IP address for %s", d->host);
	return l->v.n ? 0 : err_temp(e, 0, "no IP address for %s", d->host);
}

static int find(struct list *l, const struct dial *d, struct err *e)
{
	unsigned port;
	struct ip ip;

	if (!sock_port(str_z(d->port), &port))
		return err_temp(e, 0, "unable to figure out port number for %s", d->port);
	if (here(d->host))
		add_here(l, d, port);
	else if (ip_scan(str_z(d->host), &ip))
		add(l, d, ip, port);
	else
		return look_up(l, d, port, e);
	return l->v.n ? 0 : err_temp(e, 0, "no IP address for %s", d->host);
}

enum { LAST = 1, AGAIN = 2 };

static void tell(const struct dial *d, const struct candidate *c)
{
	if (d->failed)
		d->failed(&c->at, c->num);
}

/* One round through the addresses, AGAIN: those that timed out; a descriptor, or -1. */
static int round_of(struct list *l, const struct dial *d, int ms, unsigned which, struct sock_end *peer)
{
	for (size_t i = 0; i < l->v.n; i++) {
		struct candidate *c = &l->v.p[i];

		if (which & AGAIN && c->num != ETIMEDOUT)
			continue;
		int fd = sock_connect(&c->at, d->bound ? &d->from : NULL, ms);

		if (fd >= 0) {
			*peer = c->at;
			return fd;
		}
		c->num = errno;
		if ((which & LAST || c->num != ETIMEDOUT) && !here(d->host))
			tell(d, c);
	}
	return -1;
}

static int rounds(struct list *l, const struct dial *d, struct sock_end *peer)
{
	/* with a single address there is nothing to hurry for */
	if (l->v.n == 1 || d->second_ms <= 0)
		return round_of(l, d, d->first_ms + d->second_ms, LAST, peer);
	int fd = round_of(l, d, d->first_ms, 0, peer);

	return fd >= 0 ? fd : round_of(l, d, d->second_ms, LAST | AGAIN, peer);
}

int dial(const struct dial *d, struct sock_end *peer, struct err *e)
{
	char text[IP_TEXT];
	struct list l = {0};
	int fd = -1;

	if (find(&l, d, e) < 0)
		goto out;
	fd = rounds(&l, d, peer);
	if (fd < 0 && here(d->host))
		tell(d, &l.v.p[0]);
	if (fd < 0 && d->failed)
		err_temp(e, 0, "%s", "");
	else if (fd < 0)
		err_temp(e, l.v.p[0].num, "unable to connect to %s port %u", ip_text(&l.v.p[0].at.ip, text),
			l.v.p[0].at.port);
out:
	vec_free(&l.v);
	return fd;
}

uint32_t dial_interface(const char *name)
{
	return if_nametoindex(name);
}
