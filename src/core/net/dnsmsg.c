/* dnsmsg - see dnsmsg.h.  Names are compared as they are on the wire, in lower case. */
#include "core/net/dnsmsg.h"

#include <string.h>

#include "core/base/num.h"

enum {
	HEADER = 12,
	CLASS_IN = 1,
	LABEL_MAX = 63,
	JUMPS_MAX = 64,		/* pointers in one name */
	FIXED = 10,		/* type, class, time to live, length */
	TTL_MAX = 0x7fffffff,	/* RFC 2181 section 8 */
	QR = 0x80, OPCODE = 0x78, RD = 1,	/* byte 2 */
	AD = 0x20, RCODE = 15,	/* byte 3 */
	FORMERR = 1, NXDOMAIN = 3, NOTIMP = 4,
};

/* A name without compression, lower case, with the final empty label. */
struct wire {
	unsigned char b[DNSMSG_NAME];
	size_t n;
};

struct record {
	struct wire name;
	unsigned type;
	uint32_t ttl;
	size_t at, n;		/* the data */
};

struct reader {
	const unsigned char *p;
	size_t n, pos;
};

void dns_answer_free(struct dns_answer *a)
{
	vec_free(&a->ips);
	vec_free(&a->mxs);
	vec_free(&a->texts);
	vec_free(&a->tlsas);
	arena_free(&a->mem);
}

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(struct buf *b, unsigned n)
{
	buf_addc(b, (char)(n >> 8));
	buf_addc(b, (char)n);
}

/* ---- names ---- */

static bool add_label(struct wire *w, const unsigned char *p, size_t n)
{
	if (n > LABEL_MAX || w->n + n + 1 > sizeof w->b)
		return false;
	w->b[w->n++] = (unsigned char)n;
	for (size_t i = 0; i < n; i++)
		w->b[w->n++] = (unsigned char)chr_lower((char)p[i]);
	return true;
}

/* The byte that the text begins with, \X and \DDD being one; how much was read, 0: none. */
static size_t one_byte(struct str s, unsigned char *c)
{
	unsigned n = 0;

	if (s.n && s.p[0] != '\\') {
		*c = (unsigned char)s.p[0];
		return 1;
	}
	if (s.n < 2)
		return 0;
	*c = (unsigned char)s.p[1];
	if (!chr_digit(s.p[1]))
		return 2;
	for (size_t i = 1; i < 4; i++) {
		if (i >= s.n || !chr_digit(s.p[i]))
			return 0;
		n = n * 10 + (unsigned)(s.p[i] - '0');
	}
	*c = (unsigned char)n;
	return n < 256 ? 4 : 0;
}

/* Text to wire; one final dot is allowed, a dot alone is the root. */
static bool wire_of(struct str s, struct wire *w)
{
	unsigned char label[LABEL_MAX];
	size_t n = 0;

	w->n = 0;
	if (!s.n)
		return false;
	if (str_eq(s, STR(".")))
		s.n = 0;
	while (s.n) {
		if (s.p[0] == '.') {
			if (!n || !add_label(w, label, n))
				return false;
			n = 0;
			s = str_from(s, 1);
			continue;
		}
		size_t used = n < LABEL_MAX ? one_byte(s, &label[n]) : 0;

		if (!used)
			return false;
		n++;
		s = str_from(s, used);
	}
	return (!n || add_label(w, label, n)) && add_label(w, NULL, 0);
}

static struct str text_of(const struct wire *w, struct arena *mem)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; w->b[i]; i += (size_t)w->b[i] + 1) {
		if (i)
			buf_addc(&b, '.');
		for (size_t k = 1; k <= w->b[i]; k++) {
			unsigned char c = w->b[i + k];

			if (c == '.' || c == '\\')
				buf_fmt(&b, "\\%c", c);
			else if (c <= ' ' || c >= 127)
				buf_fmt(&b, "\\%03d", c);
			else
				buf_addc(&b, (char)c);
		}
	}
	struct str s = arena_str(mem, buf_str(&b));

	buf_free(&b);
	return s;
}

static bool same(const struct wire *a, const struct wire *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

/* The name at pos, which moves behind it.  Every pointer must lead to before the part it ends, and there are few:
 * no circles, no long ways. */
static bool read_name(const struct reader *r, size_t *pos, struct wire *w)
{
	size_t at = *pos, limit = at;
	int jumps = 0;

	w->n = 0;
	for (;;) {
		if (at >= r->n)
			return false;
		unsigned c = r->p[at];

		if (c >= 0xc0) {
			if (at + 1 >= r->n || jumps == JUMPS_MAX)
				return false;
			if (!jumps++)
				*pos = at + 2;
			at = get16(r->p + at) & 0x3fff;
			if (at >= limit)
				return false;
			limit = at;
			continue;
		}
		if (c > LABEL_MAX || r->n - at - 1 < c || !add_label(w, r->p + at + 1, c))
			return false;
		at += c + 1;
		if (c)
			continue;
		if (!jumps)
			*pos = at;
		return true;
	}
}

bool dnsmsg_ask(struct buf *out, unsigned id, struct str name, unsigned type, bool edns)
{
	static const char opt[] = {0, 0, 41, DNSMSG_UDP >> 8, (char)(DNSMSG_UDP & 255), 0, 0, 0, 0, 0, 0};
	struct wire w;

	if (!wire_of(name, &w))
		return false;
	put16(out, id);
	buf_addc(out, RD);
	buf_addc(out, AD);
	put16(out, 1);
	put16(out, 0);
	put16(out, 0);
	put16(out, edns);
	buf_put(out, w.b, w.n);
	put16(out, type);
	put16(out, CLASS_IN);
	if (edns)
		buf_put(out, opt, sizeof opt);
	return true;
}

/* ---- records ---- */

static bool read_record(struct reader *r, struct record *rec, bool *internet)
{
	if (!read_name(r, &r->pos, &rec->name) || r->n - r->pos < FIXED)
		return false;
	const unsigned char *p = r->p + r->pos;

	rec->type = get16(p);
	*internet = get16(p + 2) == CLASS_IN;
	rec->ttl = get32(p + 4);
	if (rec->ttl > TTL_MAX)
		rec->ttl = 0;
	rec->n = get16(p + 8);
	rec->at = r->pos + FIXED;
	if (r->n - rec->at < rec->n)
		return false;
	r->pos = rec->at + rec->n;
	return true;
}

/* The name in the data of a record, skip bytes into it; it must end within the data. */
static bool data_name(const struct reader *r, const struct record *rec, size_t skip, struct wire *w)
{
	size_t pos = rec->at + skip;

	return rec->n > skip && read_name(r, &pos, w) && pos <= rec->at + rec->n;
}

/* The strings of a TXT record joined. */
static bool take_text(const unsigned char *p, size_t n, struct dns_answer *a)
{
	struct buf b = BUF_INIT;
	bool whole = true;

	while (n && (whole = p[0] < n)) {
		buf_put(&b, p + 1, p[0]);
		n -= p[0] + 1u;
		p += p[0] + 1u;
	}
	if (whole)
		vec_push(&a->texts, arena_str(&a->mem, buf_str(&b)));
	buf_free(&b);
	return whole;
}

static bool take_ip(const unsigned char *p, size_t n, size_t want, struct dns_answer *a)
{
	struct ip ip = {.a = {[10] = 0xff, [11] = 0xff}};

	if (n != want)
		return false;
	memcpy(ip.a + sizeof ip.a - want, p, want);
	vec_push(&a->ips, ip);
	return true;
}

static bool take_tlsa(const unsigned char *p, const struct record *rec, struct dns_answer *a)
{
	if (rec->n < 4)
		return false;
	struct str data = arena_str(&a->mem, str_make((const char *)p + 3, rec->n - 3));

	vec_push(&a->tlsas, ((struct dns_tlsa){p[0], p[1], p[2], data, rec->ttl}));
	return true;
}

static bool take(const struct reader *r, const struct record *rec, struct dns_answer *a)
{
	const unsigned char *p = r->p + rec->at;
	struct wire w;

	switch (rec->type) {
	case DNS_A:
		return take_ip(p, rec->n, 4, a);
	case DNS_AAAA:
		return take_ip(p, rec->n, 16, a);
	case DNS_TXT:
		return take_text(p, rec->n, a);
	case DNS_TLSA:
		return take_tlsa(p, rec, a);
	case DNS_MX:
		if (!data_name(r, rec, 2, &w))
			return false;
		vec_push(&a->mxs, ((struct dns_mx){get16(p), text_of(&w, &a->mem)}));
		return true;
	default:
		if (!data_name(r, rec, 0, &w))
			return false;
		vec_push(&a->texts, text_of(&w, &a->mem));
		return true;
	}
}

/* What is read off a message before anything of it is believed. */
struct message {
	struct reader r;
	VEC(struct record) answers;
	bool soa;		/* the authority section says how long "there is none" holds */
};

/* The header and the one question must be ours. */
static bool read_head(struct reader *r, const struct wire *name, unsigned type)
{
	struct wire asked;

	if (r->n < HEADER || !(r->p[2] & QR) || r->p[2] & OPCODE || get16(r->p + 4) != 1)
		return false;
	r->pos = HEADER;
	if (!read_name(r, &r->pos, &asked) || r->n - r->pos < 4 || !same(&asked, name))
		return false;
	bool ours = get16(r->p + r->pos) == type && get16(r->p + r->pos + 2) == CLASS_IN;

	r->pos += 4;
	return ours;
}

static bool read_sections(struct message *m, unsigned type)
{
	unsigned answers = get16(m->r.p + 6), authority = get16(m->r.p + 8);
	struct record rec;
	bool internet;

	for (unsigned i = 0; i < answers; i++) {
		if (!read_record(&m->r, &rec, &internet))
			return false;
		if (internet && (rec.type == type || rec.type == DNS_CNAME) && m->answers.n < DNSMSG_RECORDS)
			vec_push(&m->answers, rec);
	}
	/* a damaged authority section is no reason to refuse the answer */
	for (unsigned i = 0; i < authority && !m->soa && read_record(&m->r, &rec, &internet); i++)
		m->soa = rec.type == DNS_SOA;
	return true;
}

static void shorten(struct dns_answer *a, uint32_t ttl)
{
	if (ttl < a->ttl)
		a->ttl = ttl;
}

static const struct record *alias(const struct message *m, const struct wire *name)
{
	for (size_t i = 0; i < m->answers.n; i++)
		if (m->answers.p[i].type == DNS_CNAME && same(&m->answers.p[i].name, name))
			return &m->answers.p[i];
	return NULL;
}

/* Replace name by the end of its chain: the number of steps, -1 damaged or endless. */
static int follow(const struct message *m, struct wire *name, uint32_t *ttl)
{
	const struct record *rec;
	int steps = 0;

	while ((rec = alias(m, name))) {
		if (++steps > DNSMSG_CHAIN || !data_name(&m->r, rec, 0, name))
			return -1;
		if (rec->ttl < *ttl)
			*ttl = rec->ttl;
	}
	return steps;
}

/* The records of the end: how many, -1 when one is damaged. */
static int collect(const struct message *m, const struct wire *name, unsigned type, struct dns_answer *a)
{
	int found = 0;

	for (size_t i = 0; i < m->answers.n; i++) {
		const struct record *rec = &m->answers.p[i];

		if (rec->type != type || !same(&rec->name, name))
			continue;
		if (!take(&m->r, rec, a))
			return -1;
		shorten(a, rec->ttl);
		found++;
	}
	return found;
}

/* As many as there were before. */
static void undo(struct dns_answer *a, const struct dns_answer *before)
{
	a->ips.n = before->ips.n;
	a->mxs.n = before->mxs.n;
	a->texts.n = before->texts.n;
	a->tlsas.n = before->tlsas.n;
	a->ttl = before->ttl;
}

static enum dns_status judge(struct message *m, struct wire *name, unsigned type, struct dns_answer *a,
	struct dnsmsg_end *end)
{
	const struct dns_answer before = *a;
	unsigned rcode = m->r.p[3] & RCODE;
	uint32_t ttl = UINT32_MAX;

	end->edns_refused = rcode == FORMERR || rcode == NOTIMP;
	if ((rcode && rcode != NXDOMAIN) || !read_sections(m, type))
		return DNS_SOFT;
	int steps = type == DNS_CNAME ? 0 : follow(m, name, &ttl);
	int found = steps < 0 ? -1 : collect(m, name, type, a);

	if (found < 0) {
		undo(a, &before);
		return DNS_SOFT;
	}
	end->name = text_of(name, &a->mem);
	end->ad = m->r.p[3] & AD;
	shorten(a, ttl);
	if (found)
		return DNS_FOUND;
	end->again = steps && !rcode && !m->soa;
	return rcode ? DNS_NONAME : DNS_NODATA;
}

enum dns_status dnsmsg_read(struct str msg, struct str name, unsigned type, struct dns_answer *a,
	struct dnsmsg_end *end)
{
	struct message m = {.r = {(const unsigned char *)msg.p, msg.n, 0}};
	enum dns_status s = DNS_SOFT;
	struct wire w;

	*end = (struct dnsmsg_end){.again = false};
	if (!wire_of(name, &w))
		return DNS_NONAME;
	if (read_head(&m.r, &w, type))
		s = judge(&m, &w, type, a, end);
	else if (msg.n >= HEADER && m.r.p[2] & QR && !get16(m.r.p + 4))	/* a refusal without the question */
		end->edns_refused = (m.r.p[3] & RCODE) == FORMERR || (m.r.p[3] & RCODE) == NOTIMP;
	vec_free(&m.answers);
	return s;
}
