/* hops - the addresses to try for a domain; see hops.h. */
#include "core/smtp/hops.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/sys/rand.h"

void hops_free(struct hops *h)
{
	vec_free(&h->v);
	arena_free(&h->mem);
}

/* An MX preference may say that the host speaks QMTP: 12801, 12817 ... 13041. */
static bool offers_qmtp(unsigned pref)
{
	return pref >= 12800 && pref <= 13055 && pref % 16 == 1;
}

static void add(struct hops *h, const struct ip *ip, unsigned pref, struct str host)
{
	if (h->v.n < HOPS_MAX)
		vec_push(&h->v, ((struct hop){*ip, pref, rand_below(UINT32_MAX), host, offers_qmtp(pref)}));
}

static int compare(const void *x, const void *y)
{
	const struct hop *a = x, *b = y;

	if (a->pref != b->pref)
		return a->pref < b->pref ? -1 : 1;
	return a->random < b->random ? -1 : a->random > b->random;
}

static enum hops_status sorted(struct hops *h)
{
	if (h->v.n)
		qsort(h->v.p, h->v.n, sizeof *h->v.p, compare);
	return h->v.n ? HOPS_FOUND : HOPS_NONE;
}

static bool take_literal(struct str name, struct hops *h)
{
	struct ip ip;

	if (!ip_literal(name, &ip) && !ip_scan(name, &ip))
		return false;
	add(h, &ip, 0, arena_str(&h->mem, name));
	return true;
}

/* The addresses of one host. */
static enum hops_status host(struct dns *d, struct str name, struct hops *h)
{
	struct dns_answer a = {0};
	struct str kept = arena_str(&h->mem, name);
	enum dns_status s = dns_ip(d, name, &a);

	for (size_t i = 0; i < a.ips.n; i++)
		add(h, &a.ips.p[i], 0, kept);
	dns_answer_free(&a);
	if (s == DNS_FOUND)
		return sorted(h);
	return s == DNS_SOFT ? HOPS_SOFT : s == DNS_NONAME ? HOPS_NONAME : HOPS_NONE;
}

enum hops_status hops_relay(struct dns *d, struct str name, struct hops *h)
{
	return take_literal(name, h) ? HOPS_FOUND : host(d, name, h);
}

static int by_pref(const void *x, const void *y)
{
	const struct dns_mx *a = x, *b = y;

	return a->pref < b->pref ? -1 : a->pref > b->pref;
}

/* The addresses of the exchangers, all asked for at once. */
static enum hops_status exchangers(struct dns *d, struct dns_answer *mx, struct hops *h)
{
	size_t n = mx->mxs.n < HOPS_MX ? mx->mxs.n : HOPS_MX;
	struct dns_answer *a = mem_alloc((n + 1) * sizeof *a);
	bool soft = false;

	qsort(mx->mxs.p, mx->mxs.n, sizeof *mx->mxs.p, by_pref);
	for (size_t i = 0; i < n; i++)
		dns_ask_ip(d, mx->mxs.p[i].host, &a[i]);
	dns_wait(d);
	for (size_t i = 0; i < n; i++) {
		struct str name = arena_str(&h->mem, mx->mxs.p[i].host);

		for (size_t k = 0; k < a[i].ips.n; k++)
			add(h, &a[i].ips.p[k], mx->mxs.p[i].pref, name);
		soft |= a[i].status == DNS_SOFT;
		dns_answer_free(&a[i]);
	}
	mem_free(a);
	return h->v.n ? sorted(h) : soft ? HOPS_SOFT : HOPS_NONE;
}

static enum hops_status find(struct dns *d, struct str name, struct hops *h)
{
	struct dns_answer mx = {0};
	enum hops_status r;

	switch (dns_mx(d, name, &mx)) {
	case DNS_SOFT:
		r = HOPS_SOFT;
		break;
	case DNS_FOUND:
		r = mx.mxs.n == 1 && !mx.mxs.p[0].host.n ? HOPS_NULL : exchangers(d, &mx, h);
		break;
	default:
		r = host(d, name, h);
		break;
	}
	dns_answer_free(&mx);
	return r;
}

enum hops_status hops_drop_own(struct hops *h, const struct ip_list *own)
{
	size_t i = 0;

	while (i < h->v.n && !ip_listed(own, &h->v.p[i].ip))
		i++;
	/* sorted: everything as good as the first of our own goes too */
	if (i < h->v.n)
		while (i > 0 && h->v.p[i - 1].pref == h->v.p[i].pref)
			i--;
	h->v.n = i;
	return i ? HOPS_FOUND : HOPS_LOOP;
}

enum hops_status hops_domain(struct dns *d, struct str name, const struct ip_list *own, struct hops *h)
{
	enum hops_status r = take_literal(name, h) ? HOPS_FOUND : find(d, name, h);

	return r == HOPS_FOUND && own ? hops_drop_own(h, own) : r;
}
