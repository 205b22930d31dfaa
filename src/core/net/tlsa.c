/* tlsa - see tlsa.h. */
#include "core/net/tlsa.h"

bool tlsa_usable(const struct dns_tlsa *r)
{
	return (r->usage == 2 || r->usage == 3) && r->selector <= 1 && r->match <= 2;
}

bool tlsa_match(const struct dns_tlsa *r, const struct tls *t)
{
	enum { CHAIN = 20 };
	unsigned i = r->usage == 2 ? 1 : 0, end = r->usage == 2 ? CHAIN : 1;
	struct buf data = BUF_INIT;
	bool same = false;

	if (!tlsa_usable(r))
		return false;
	for (; i < end && !same && tls_peer_tlsa(t, i, r->selector, r->match, &data); i++)
		same = str_eq(buf_str(&data), r->data);
	buf_free(&data);
	return same;
}

void tlsa_hex(struct buf *b, const struct dns_tlsa *r)
{
	for (size_t i = 0; i < r->data.n; i++)
		buf_fmt(b, "%02x", (unsigned char)r->data.p[i]);
}

void tlsa_fmt(struct buf *b, const struct dns_tlsa *r)
{
	buf_fmt(b, "%u %u %u ", r->usage, r->selector, r->match);
	tlsa_hex(b, r);
}

void tlsa_name(struct buf *b, struct str host, unsigned port)
{
	buf_fmt(b, "_%u._tcp.", port);
	buf_add(b, host);
}
