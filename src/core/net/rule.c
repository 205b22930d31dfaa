/* rule - lines and records of access rules; see rule.h. */
#include "core/net/rule.h"

#include <string.h>

#include "core/base/num.h"

/* ---- the right side: what to do ---- */

/* VAR="value" or !VAR at the start of *rest, into the record. */
static bool parse_item(struct str *rest, struct buf *data)
{
	struct str s = *rest;

	if (s.n && s.p[0] == '!') {
		size_t end = str_chr(s, ',');
		struct str name = str_from(str_to(s, end), 1);

		buf_addc(data, '-');
		buf_add(data, name);
		buf_addc(data, 0);
		*rest = str_from(s, end);
		return name.n && str_chr(name, '=') == name.n;
	}
	size_t equals = str_chr(s, '=');

	if (equals == 0 || equals + 1 >= s.n)
		return false;
	struct str value = str_from(s, equals + 2);
	size_t end = str_chr(value, s.p[equals + 1]);

	if (end == value.n)
		return false;
	buf_addc(data, '+');
	buf_add(data, str_to(s, equals + 1));
	buf_add(data, str_to(value, end));
	buf_addc(data, 0);
	*rest = str_from(value, end + 1);
	return true;
}

static bool parse_instructions(struct str s, struct buf *data)
{
	if (str_starts(s, STR("deny"))) {
		buf_put(data, "D", 2);
		s = str_from(s, 4);
	} else {
		s = str_from(s, 5);	/* allow */
	}
	while (s.n) {
		if (s.p[0] != ',')
			return false;
		s = str_from(s, 1);
		if (!parse_item(&s, data))
			return false;
	}
	return true;
}

/* ---- the left side: whom it is about ---- */

void rule_network_key(struct buf *key, const struct ip *ip)
{
	static const char ones[] = "abcdefghijklmnopqrstuvwxyz123456";
	bool v4 = ip_is4(ip);
	unsigned char one = 96;

	buf_clear(key);
	buf_addc(key, v4 ? '_' : '^');
	for (unsigned i = v4 ? 96 : 0; i < 128; i++) {
		if (!(ip->a[i / 8] >> (7 - i % 8) & 1))
			buf_addc(key, '0');
		else
			buf_addc(key, v4 ? ones[i - 96] : (char)one++);
	}
}

void rule_expanded(struct buf *text, const struct ip *ip)
{
	buf_clear(text);
	for (int i = 0; i < 16; i += 2)
		buf_fmt(text, "%s%02x%02x", i ? ":" : "", ip->a[i], ip->a[i + 1]);
}

/* One to four decimal octets, the missing ones 0: "127.0". */
static bool short_ip4(struct str s, struct ip *ip)
{
	*ip = (struct ip){.a = {[10] = 255, [11] = 255}};
	if (s.n && s.p[s.n - 1] == '.')
		s = str_to(s, s.n - 1);
	for (int i = 12; s.p; i++) {
		uint64_t n;

		if (i == 16 || !num_parse(str_cut(&s, '.'), 255, &n))
			return false;
		ip->a[i] = (unsigned char)n;
	}
	return true;
}

struct target {
	int (*add)(void *ctx, struct str key, struct str data);
	void *ctx;
	struct str data;
};

static enum rule_line add(const struct target *t, struct str key)
{
	return t->add(t->ctx, key, t->data) < 0 ? RULE_FAILED : RULE_OK;
}

/* "10.0/8", "2001:db8::/32" */
static enum rule_line add_network(struct str address, size_t slash, const struct target *t)
{
	struct str base = str_to(address, slash);
	struct buf key = BUF_INIT;
	struct ip ip;
	uint64_t bits;

	if (!num_parse(str_from(address, slash + 1), 128, &bits))
		return RULE_BAD;
	bool colon = str_chr(base, ':') < base.n;

	if (colon ? !ip_scan(base, &ip) : (!short_ip4(base, &ip) || bits > 32))
		return RULE_BAD;
	if (colon && ip_is4(&ip) && bits >= 96)
		bits -= 96;	/* IPv4 written as IPv6 */
	else if (colon && ip_is4(&ip) && bits > 0)
		return RULE_BAD;
	rule_network_key(&key, &ip);
	/* no bits at all: everybody, as the empty address */
	enum rule_line r = add(t, bits ? str_to(buf_str(&key), bits + 1) : STR(""));

	buf_free(&key);
	return r;
}

/* "1.2.3.37-53": the number before the dash begins after the last dot, the one behind it ends at the next. */
static enum rule_line add_range(struct str address, size_t dash, const struct target *t)
{
	struct str before = str_to(address, dash), after = str_from(address, dash + 1);
	size_t left = str_rchr(before, '.'), right = str_chr(after, '.');
	enum rule_line r = RULE_OK;
	struct buf key = BUF_INIT;
	uint64_t low, high;

	left = left == before.n ? 0 : left + 1;
	if (!num_parse(str_from(before, left), UINT32_MAX, &low) || !num_parse(str_to(after, right), UINT32_MAX, &high))
		return RULE_BAD;
	if (str_chr(after, '-') < after.n)
		return RULE_BAD;
	for (; low <= high && low <= 255 && r == RULE_OK; low++) {
		buf_clear(&key);
		buf_add(&key, str_to(before, left));
		buf_fmt(&key, "%u", (unsigned)low);
		buf_add(&key, str_from(after, right));
		r = add(t, buf_str(&key));
	}
	buf_free(&key);
	return r;
}

/* An address becomes what the search will look for: IPv4 dotted; IPv6 stays when it is one of the two forms searched,
 * else it is compressed; behind a user only the expanded form is searched. */
static void normal_ip(struct buf *key, struct str text, bool with_user)
{
	struct buf form = BUF_INIT;
	struct ip ip;

	if (!ip_scan(text, &ip)) {
		buf_add(key, text);
		return;
	}
	rule_expanded(&form, &ip);
	if (ip_is4(&ip) || (!with_user && !str_eq(buf_str(&form), text))) {
		buf_clear(&form);
		ip_fmt(&form, &ip);
	}
	buf_add(key, buf_str(&form));
	buf_free(&form);
}

static enum rule_line add_address(struct str address, const struct target *t)
{
	size_t at = str_rchr(address, '@'), equals = str_chr(address, '=');
	size_t slash = str_chr(address, '/'), dash = str_chr(address, '-');
	bool plain = at == address.n && equals == address.n;
	struct buf key = BUF_INIT;

	if (plain && slash < address.n)
		return add_network(address, slash, t);
	if (plain && dash < address.n)
		return add_range(address, dash, t);
	if (plain) {
		normal_ip(&key, address, false);
	} else if (at < address.n) {
		buf_add(&key, str_to(address, at + 1));
		normal_ip(&key, str_from(address, at + 1), true);
	} else {
		buf_add(&key, address);
	}
	enum rule_line r = add(t, buf_str(&key));

	buf_free(&key);
	return r;
}

/* The colon that separates: the first with deny or allow behind it; line.n when there is none. */
static size_t find_colon(struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		struct str rest = str_from(line, i + 1);

		if (line.p[i] == ':' && (str_starts(rest, STR("deny")) || str_starts(rest, STR("allow"))))
			return i;
	}
	return line.n;
}

enum rule_line rule_parse(struct str line, int (*each)(void *ctx, struct str key, struct str data), void *ctx)
{
	struct buf data = BUF_INIT, address = BUF_INIT;
	enum rule_line r = RULE_BAD;

	line = str_rtrim(line);
	if (!line.n || line.p[0] == '#')
		return RULE_NONE;
	size_t colon = find_colon(line);

	if (str_chr(line, ':') == line.n)
		return RULE_NO_COLON;
	if (colon == line.n || str_chr(line, 0) < line.n)
		return RULE_BAD;
	buf_add(&address, str_to(line, colon));
	buf_lower(&address);
	if (parse_instructions(str_from(line, colon + 1), &data)) {
		struct target t = {each, ctx, buf_str(&data)};

		r = add_address(buf_str(&address), &t);
	}
	buf_free(&data);
	buf_free(&address);
	return r;
}

/* ---- records ---- */

bool rule_item(struct str *data, struct rule_item *item)
{
	for (;;) {
		size_t end = str_chr(*data, 0);
		struct str text = str_to(*data, end);

		if (end == data->n)
			return false;
		*data = str_from(*data, end + 1);
		if (!text.n)
			continue;
		*item = (struct rule_item){.kind = text.p[0], .value = str_from(text, 1)};
		if (item->kind == 'D')
			return true;
		item->name = str_cut(&item->value, '=');
		if (item->name.n && ((item->kind == '+' && item->value.p) || (item->kind == '-' && !item->value.p)))
			return true;
	}
}
