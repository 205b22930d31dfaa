/* ip - addresses; see ip.h. */
#include "core/net/ip6.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool scan4(struct str s, unsigned char *out)
{
	for (int i = 0; i < 4; i++) {
		uint64_t n;
		size_t used = num_scan(s, &n);

		if (!used || n > 255)
			return false;
		out[i] = (unsigned char)n;
		s = str_from(s, used);
		if (i < 3 && (!s.n || s.p[0] != '.'))
			return false;
		if (i < 3)
			s = str_from(s, 1);
	}
	return s.n == 0;
}

bool ip6_scan(struct str s, struct ip6 *ip)
{
	struct ip6 r = {0};
	char text[INET6_ADDRSTRLEN];

	if (s.n > 1 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = str_to(str_from(s, 1), s.n - 2);
	if (s.n >= sizeof text)
		return false;
	if (scan4(s, r.a + 12)) {
		memcpy(r.a, mapped, sizeof mapped);
		*ip = r;
		return true;
	}
	memcpy(text, s.p ? s.p : "", s.n);
	text[s.n] = 0;
	if (memchr(text, 0, s.n) || inet_pton(AF_INET6, text, r.a) != 1)
		return false;
	*ip = r;
	return true;
}

bool ip6_is4(const struct ip6 *ip)
{
	return memcmp(ip->a, mapped, sizeof mapped) == 0;
}

bool ip6_any(const struct ip6 *ip)
{
	static const unsigned char zero[16];

	return memcmp(ip->a, zero, 16) == 0 || (ip6_is4(ip) && memcmp(ip->a + 12, zero, 4) == 0);
}

bool ip6_same(const struct ip6 *a, const struct ip6 *b)
{
	return memcmp(a->a, b->a, sizeof a->a) == 0;
}

void ip6_fmt_long(struct buf *b, const struct ip6 *ip)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(AF_INET6, ip->a, text, sizeof text))
		buf_adds(b, text);
}

void ip6_fmt(struct buf *b, const struct ip6 *ip)
{
	if (ip6_is4(ip))
		buf_fmt(b, "%d.%d.%d.%d", ip->a[12], ip->a[13], ip->a[14], ip->a[15]);
	else
		ip6_fmt_long(b, ip);
}

static bool listed(enum conf_id id, const struct ip6 *ip)
{
	struct list l = LIST_INIT;
	bool hit = false;

	if (conf_list(id, &l, NULL) == 1)
		for (size_t i = 0; i < l.lines.n && !hit; i++) {
			struct ip6 other;

			hit = ip6_scan(l.lines.p[i], &other) && ip6_same(ip, &other);
		}
	list_free(&l);
	return hit;
}

static bool has_address(const struct sockaddr *sa, const struct ip6 *ip)
{
	if (sa && sa->sa_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, ip->a, 16) == 0;
	if (sa && sa->sa_family == AF_INET && ip6_is4(ip))
		return memcmp(&((const struct sockaddr_in *)(const void *)sa)->sin_addr, ip->a + 12, 4) == 0;
	return false;
}

bool ip6_own(struct str text)
{
	struct ip6 ip;
	struct ifaddrs *all, *i;
	bool hit;

	if (str_istarts(text, STR("IPv6:")))
		text = str_from(text, 5);
	if (!ip6_scan(text, &ip) || listed(CONF_NOTIPME, &ip))
		return false;
	hit = ip6_any(&ip) || listed(CONF_MOREIPME, &ip);
	if (hit || getifaddrs(&all) < 0)
		return hit;
	for (i = all; i && !hit; i = i->ifa_next)
		hit = has_address(i->ifa_addr, &ip);
	freeifaddrs(all);
	return hit;
}
