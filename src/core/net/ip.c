/* ip - addresses; see ip.h. */
#include "core/net/ip.h"

#include <arpa/inet.h>
#include <errno.h>
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

bool ip_scan(struct str s, struct ip *ip)
{
	struct ip r = {0};
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

bool ip_is4(const struct ip *ip)
{
	return memcmp(ip->a, mapped, sizeof mapped) == 0;
}

bool ip_any(const struct ip *ip)
{
	static const unsigned char zero[16];

	return memcmp(ip->a, zero, 16) == 0 || (ip_is4(ip) && memcmp(ip->a + 12, zero, 4) == 0);
}

bool ip_same(const struct ip *a, const struct ip *b)
{
	return memcmp(a->a, b->a, sizeof a->a) == 0;
}

void ip_fmt6(struct buf *b, const struct ip *ip)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(AF_INET6, ip->a, text, sizeof text))
		buf_adds(b, text);
}

void ip_fmt(struct buf *b, const struct ip *ip)
{
	if (ip_is4(ip))
		buf_fmt(b, "%d.%d.%d.%d", ip->a[12], ip->a[13], ip->a[14], ip->a[15]);
	else
		ip_fmt6(b, ip);
}

const char *ip_text(const struct ip *ip, char text[IP_TEXT])
{
	struct buf b = BUF_INIT;

	ip_fmt(&b, ip);
	memcpy(text, b.p, b.n + 1);
	buf_free(&b);
	return text;
}

bool ip_literal(struct str s, struct ip *ip)
{
	struct ip r;

	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = str_make(s.p + 1, s.n - 2);
	bool tagged = str_istarts(s, STR("IPv6:"));

	if (!ip_scan(tagged ? str_from(s, 5) : s, &r) || (tagged && str_chr(s, '[') < s.n))
		return false;
	*ip = r;
	return true;
}

bool ip_from(const struct sockaddr *sa, struct ip *ip)
{
	struct ip r = {0};

	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		memcpy(r.a, &in6->sin6_addr, 16);
		r.scope = in6->sin6_scope_id;
	} else if (sa->sa_family == AF_INET) {
		memcpy(r.a, mapped, sizeof mapped);
		memcpy(r.a + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else {
		return false;
	}
	*ip = r;
	return true;
}

bool ip_listed(const struct ip_list *l, const struct ip *ip)
{
	for (size_t i = 0; i < l->v.n; i++)
		if (ip_same(&l->v.p[i], ip))
			return true;
	return false;
}

static int add_interfaces(struct ip_list *own, struct err *e)
{
	static const struct ip any = {{0}, 0}, any4 = {{[10] = 255, [11] = 255}, 0};
	struct ifaddrs *all;
	struct ip ip;

	if (getifaddrs(&all) < 0)
		return err_temp(e, errno, "unable to list the addresses of this host");
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && ip_from(i->ifa_addr, &ip))
			vec_push(&own->v, ip);
	freeifaddrs(all);
	vec_push(&own->v, any);
	vec_push(&own->v, any4);
	return 0;
}

static void drop(struct ip_list *own, const struct ip *ip)
{
	for (size_t i = own->v.n; i-- > 0; )
		if (ip_same(&own->v.p[i], ip))
			own->v.p[i] = own->v.p[--own->v.n];
}

int ip_own_all(struct ip_list *own, struct err *e)
{
	struct list more = LIST_INIT, not = LIST_INIT;
	struct ip ip;
	int r = -1;

	vec_clear(&own->v);
	if (add_interfaces(own, e) < 0 || conf_list(CONF_MOREIPME, &more, e) < 0 || conf_list(CONF_NOTIPME, &not, e) < 0)
		goto out;
	for (size_t i = 0; i < more.lines.n; i++)
		if (ip_scan(more.lines.p[i], &ip))
			vec_push(&own->v, ip);
	for (size_t i = 0; i < not.lines.n; i++)
		if (ip_scan(not.lines.p[i], &ip))
			drop(own, &ip);
	r = 0;
out:
	list_free(&more);
	list_free(&not);
	return r;
}

bool ip_own(struct str text)
{
	struct ip_list own = {{0}};
	struct ip ip;

	if (str_istarts(text, STR("IPv6:")))
		text = str_from(text, 5);
	bool hit = ip_scan(text, &ip) && ip_own_all(&own, NULL) == 0 && ip_listed(&own, &ip);

	vec_free(&own.v);
	return hit;
}
