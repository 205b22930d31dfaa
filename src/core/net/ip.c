/* ip - addresses as values; see ip.h. */
#include "core/net/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "core/conf/conf.h"

bool ip_parse(struct str s, struct ip *out)
{
	char z[IP_TEXT];
	struct ip ip = {0};

	if (!s.n || s.n >= sizeof z || memchr(s.p, 0, s.n))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	ip.family = str_chr(s, ':') < s.n ? AF_INET6 : AF_INET;
	if (inet_pton(ip.family, z, ip.b) != 1)
		return false;
	*out = ip;
	return true;
}

bool ip_parse_literal(struct str s, struct ip *out)
{
	struct ip ip;

	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = str_make(s.p + 1, s.n - 2);
	bool tagged = str_istarts(s, STR("IPv6:"));

	if (!ip_parse(tagged ? str_from(s, 5) : s, &ip) || (tagged && ip.family != AF_INET6))
		return false;
	*out = ip;
	return true;
}

const char *ip_print(const struct ip *ip, char text[IP_TEXT])
{
	if (!ip->family || !inet_ntop(ip->family, ip->b, text, IP_TEXT))
		text[0] = 0;
	return text;
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool ip_within(const struct ip *a, const struct ip *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (a->family != b->family || bits > (a->family == AF_INET ? 32 : 128))
		return false;
	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return !rest || (a->b[bytes] ^ b->b[bytes]) >> (8 - rest) == 0;
}

void ip_unmap(struct ip *ip)
{
	static const unsigned char prefix[12] = {[10] = 255, [11] = 255};

	if (ip->family != AF_INET6 || memcmp(ip->b, prefix, sizeof prefix) != 0)
		return;
	ip->family = AF_INET;
	memmove(ip->b, ip->b + 12, 4);
	memset(ip->b + 4, 0, 12);
}

bool ip_is_any(const struct ip *ip)
{
	static const unsigned char zero[16];

	return memcmp(ip->b, zero, sizeof zero) == 0;
}

socklen_t ip_to_sockaddr(const struct ip *ip, unsigned port, struct sockaddr_storage *sa)
{
	memset(sa, 0, sizeof *sa);
	if (ip->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)sa;

		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		memcpy(&in->sin_addr, ip->b, 4);
		return sizeof *in;
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((uint16_t)port);
	memcpy(&in6->sin6_addr, ip->b, 16);
	return sizeof *in6;
}

bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *out, unsigned *port)
{
	struct ip ip = {.family = sa->sa_family};
	unsigned number;

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		memcpy(ip.b, &in->sin_addr, 4);
		number = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		memcpy(ip.b, &in6->sin6_addr, 16);
		number = ntohs(in6->sin6_port);
	} else {
		return false;
	}
	*out = ip;
	if (port)
		*port = number;
	return true;
}

bool ip_is_own(const struct ip_list *own, const struct ip *ip)
{
	if (ip_is_any(ip))
		return true;
	for (size_t i = 0; i < own->v.n; i++)
		if (ip_eq(&own->v.p[i], ip))
			return true;
	return false;
}

static int add_interfaces(struct ip_list *own, struct err *e)
{
	struct ifaddrs *first;
	struct ip ip;

	if (getifaddrs(&first) < 0)
		return err_temp(e, errno, "unable to list the addresses of this host");
	for (struct ifaddrs *i = first; i; i = i->ifa_next)
		if (i->ifa_addr && ip_from_sockaddr(i->ifa_addr, &ip, NULL))
			vec_push(&own->v, ip);
	freeifaddrs(first);
	return 0;
}

static void drop(struct ip_list *own, const struct ip *ip)
{
	for (size_t i = own->v.n; i-- > 0; )
		if (ip_eq(&own->v.p[i], ip))
			own->v.p[i] = own->v.p[--own->v.n];
}

int ip_own(struct ip_list *own, struct err *e)
{
	struct list more = LIST_INIT, not = LIST_INIT;
	struct ip ip;
	int r = -1;

	vec_clear(&own->v);
	if (add_interfaces(own, e) < 0 || conf_list(CONF_MOREIPME, &more, e) < 0 || conf_list(CONF_NOTIPME, &not, e) < 0)
		goto out;
	for (size_t i = 0; i < more.lines.n; i++)
		if (ip_parse(more.lines.p[i], &ip))
			vec_push(&own->v, ip);
	for (size_t i = 0; i < not.lines.n; i++)
		if (ip_parse(not.lines.p[i], &ip))
			drop(own, &ip);
	r = 0;
out:
	list_free(&more);
	list_free(&not);
	return r;
}
