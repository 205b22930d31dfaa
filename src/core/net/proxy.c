/* proxy - PROXY protocol headers; see proxy.h. */
#include "core/net/proxy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

/* ---- version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n" ---- */

static bool address(struct str word, bool v6, struct ip *ip)
{
	bool colon = str_chr(word, ':') < word.n;

	return colon == v6 && word.n && word.p[0] != '[' && ip_scan(word, ip);
}

static bool port(struct str word, unsigned *out)
{
	uint64_t n;

	if (word.n > 5 || !num_parse(word, 65535, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static enum proxy_status line(struct str s, struct proxy *p)
{
	struct proxy r = {.size = s.n};

	if (!str_ends(s, STR("\r\n")))
		return PROXY_BAD;
	s = str_from(str_to(s, s.n - 2), 6);
	struct str family = str_cut(&s, ' ');

	if (str_eq(family, STR("UNKNOWN"))) {
		*p = r;
		return PROXY_OK;
	}
	bool v6 = str_eq(family, STR("TCP6"));

	if (!v6 && !str_eq(family, STR("TCP4")))
		return PROXY_BAD;
	struct str from = str_cut(&s, ' '), to = str_cut(&s, ' '), from_port = str_cut(&s, ' ');

	if (!address(from, v6, &r.from.ip) || !address(to, v6, &r.to.ip) || !port(from_port, &r.from.port) ||
		!s.p || !port(s, &r.to.port))
		return PROXY_BAD;
	r.known = true;
	*p = r;
	return PROXY_OK;
}

/* ---- version 2 ---- */

static size_t length(struct str s)
{
	return 16 + (size_t)((unsigned char)s.p[14] << 8 | (unsigned char)s.p[15]);
}

static unsigned number(const char *p)
{
	return (unsigned)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

static void take4(struct ip *ip, const char *p)
{
	*ip = (struct ip){.a = {[10] = 255, [11] = 255}};
	memcpy(ip->a + 12, p, 4);
}

static enum proxy_status binary(struct str s, struct proxy *p)
{
	unsigned command = (unsigned char)s.p[12], family = (unsigned char)s.p[13];
	struct proxy r = {.size = length(s)};
	const char *at = s.p + 16;
	size_t room = r.size - 16;

	if (command != 0x20 && command != 0x21)
		return PROXY_BAD;
	if (family >> 4 > 3 || (family & 15) > 2)
		return PROXY_BAD;
	if (command == 0x21 && family == 0x11) {
		if (room < 12)
			return PROXY_BAD;
		take4(&r.from.ip, at);
		take4(&r.to.ip, at + 4);
		at += 8;
		r.known = true;
	} else if (command == 0x21 && family == 0x21) {
		if (room < 36)
			return PROXY_BAD;
		memcpy(r.from.ip.a, at, 16);
		memcpy(r.to.ip.a, at + 16, 16);
		at += 32;
		r.known = true;
	}
	if (r.known) {
		r.from.port = number(at);
		r.to.port = number(at + 2);
	}
	*p = r;
	return PROXY_OK;
}

/* ---- either ---- */

static bool begins(struct str s, struct str head)
{
	size_t n = s.n < head.n ? s.n : head.n;

	return str_eq(str_to(s, n), str_to(head, n));
}

enum proxy_status proxy_parse(struct str s, struct proxy *p)
{
	if (begins(s, STR("PROXY "))) {
		size_t end = str_chr(str_to(s, PROXY_LINE_MAX), '\n');

		if (end < s.n && end < PROXY_LINE_MAX)
			return line(str_to(s, end + 1), p);
		return s.n < PROXY_LINE_MAX ? PROXY_MORE : PROXY_BAD;
	}
	if (!begins(s, str_make(signature, sizeof signature)))
		return PROXY_BAD;
	if (s.n < 16)
		return PROXY_MORE;
	if (length(s) > PROXY_MAX)
		return PROXY_BAD;
	return s.n < length(s) ? PROXY_MORE : binary(s, p);
}

size_t proxy_part(struct str s)
{
	size_t n;

	if (begins(s, STR("PROXY "))) {
		n = str_chr(s, '\n') + 1;
	} else if (s.n < 16) {
		n = s.n;
	} else {
		n = length(s);
	}
	return n < s.n ? n : s.n;
}

/* What can be had now of a header of which *have bytes are read: the bytes wanted, no more. */
static ssize_t take(int fd, char *space, size_t have, size_t room)
{
	ssize_t n = recv(fd, space + have, room - have, MSG_PEEK);

	if (n <= 0) {
		errno = n == 0 ? EPROTO : errno;
		return -1;
	}
	size_t part = proxy_part(str_make(space, have + (size_t)n));

	return part > have ? fd_read(fd, space + have, part - have) : 0;
}

int proxy_read(int fd, int timeout_ms, struct proxy *p)
{
	long long end = clock_mono_ms() + timeout_ms;
	enum proxy_status status = PROXY_MORE;
	char space[PROXY_MAX];
	size_t have = 0;

	while (status == PROXY_MORE) {
		long long left = end - clock_mono_ms();
		int ready = left > 0 ? fd_wait(fd, POLLIN, (int)left) : 0;

		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready <= 0)
			return -1;
		ssize_t n = take(fd, space, have, sizeof space);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
		status = proxy_parse(str_make(space, have), p);
	}
	if (status == PROXY_OK)
		return 0;
	errno = EPROTO;
	return -1;
}

/* ---- who may send one ---- */

/* "192.0.2.1", "2001:db8::/32": the network and its bits of 128. */
static bool network(struct str word, struct ip *ip, unsigned *bits)
{
	struct str number = word, base = str_cut(&number, '/');
	uint64_t n = 128;

	if (!ip_scan(base, ip))
		return false;
	bool v4 = ip_is4(ip) && str_chr(base, ':') == base.n;

	if (number.p && !num_parse(number, v4 ? 32 : 128, &n))
		return false;
	*bits = (unsigned)(number.p && v4 ? n + 96 : n);
	return true;
}

static struct str next_word(struct str *list)
{
	size_t i = 0;

	while (list->n && (chr_blank(list->p[0]) || list->p[0] == ',' || list->p[0] == '\n'))
		*list = str_from(*list, 1);
	while (i < list->n && !chr_blank(list->p[i]) && list->p[i] != ',' && list->p[i] != '\n')
		i++;
	struct str word = str_to(*list, i);

	*list = str_from(*list, i);
	return word;
}

static bool inside(const struct ip *ip, const struct ip *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(ip->a, net->a, whole) == 0 &&
		(rest == 0 || (ip->a[whole] ^ net->a[whole]) >> (8 - rest) == 0);
}

bool proxy_listed(struct str list, const struct ip *ip)
{
	struct str word;
	struct ip net;
	unsigned bits;

	while ((word = next_word(&list)).n)
		if (network(word, &net, &bits) && inside(ip, &net, bits))
			return true;
	return false;
}

struct str proxy_list_wrong(struct str list)
{
	struct str word;
	struct ip net;
	unsigned bits;

	while ((word = next_word(&list)).n)
		if (!network(word, &net, &bits))
			break;
	return word;
}
