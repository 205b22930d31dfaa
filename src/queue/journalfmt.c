/* journalfmt - heads and sums of the journal; see journalfmt.h.  Numbers are little-endian. */
#include "queue/journalfmt.h"

#include <string.h>

#include "core/base/crc32c.h"

static const char segment_magic[8] = "IMJSEG1\n", record_magic[4] = "IMJ1";

/* Offsets in a record's head. */
enum { TYPE = 4, SEQ = 8, OFF = 16, SUM = 20, ID = 24, WHEN = 32, ENV = 40, BODY = 44, CONTENT = 48 };
/* ... and in a segment's. */
enum { SALT = 8, SIZE = 16, SEGMENT_SUM = 20 };

static void put32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> 8 * i);
}

static uint32_t get32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

void journal_pos_pack(journal_pos pos, char p[8])
{
	put32(p, (uint32_t)pos);
	put32(p + 4, (uint32_t)(pos >> 32));
}

journal_pos journal_pos_unpack(const char *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

uint32_t journal_record_size(const struct journal_record *r)
{
	size_t n = JOURNAL_HEAD + r->env.n + r->body.n;

	return (uint32_t)((n + JOURNAL_HEAD - 1) / JOURNAL_HEAD * JOURNAL_HEAD);
}

/* A head's own sum is taken with zeros in its place. */
static uint32_t head_sum(const char head[JOURNAL_HEAD], uint64_t salt)
{
	char copy[JOURNAL_HEAD], key[8];

	memcpy(copy, head, sizeof copy);
	put32(copy + SUM, 0);
	journal_pos_pack(salt, key);
	return crc32c(crc32c(0, key, sizeof key), copy, sizeof copy);
}

static uint32_t content_sum(struct str env, struct str body, uint64_t salt)
{
	char key[8];

	journal_pos_pack(salt, key);
	return crc32c(crc32c(crc32c(0, key, sizeof key), env.p, env.n), body.p, body.n);
}

void journal_record_head(const struct journal_record *r, uint64_t salt, char head[JOURNAL_HEAD])
{
	memset(head, 0, JOURNAL_HEAD);
	memcpy(head, record_magic, sizeof record_magic);
	put32(head + TYPE, r->type);
	journal_pos_pack(JOURNAL_SEQ(r->pos), head + SEQ);
	put32(head + OFF, JOURNAL_OFF(r->pos));
	journal_pos_pack(r->id, head + ID);
	journal_pos_pack(r->when, head + WHEN);
	put32(head + ENV, (uint32_t)r->env.n);
	put32(head + BODY, (uint32_t)r->body.n);
	put32(head + CONTENT, content_sum(r->env, r->body, salt));
	put32(head + SUM, head_sum(head, salt));
}

bool journal_record_read(struct str segment, uint32_t off, uint64_t salt, struct journal_record *r)
{
	if (off > segment.n || segment.n - off < JOURNAL_HEAD)
		return false;
	const char *head = segment.p + off;
	uint64_t env = get32(head + ENV), body = get32(head + BODY);

	if (memcmp(head, record_magic, sizeof record_magic) != 0 || get32(head + OFF) != off ||
		get32(head + SUM) != head_sum(head, salt) || env + body > segment.n - off - JOURNAL_HEAD)
		return false;
	struct journal_record x = {.type = (enum journal_type)get32(head + TYPE),
		.pos = JOURNAL_POS(journal_pos_unpack(head + SEQ), off), .id = journal_pos_unpack(head + ID),
		.when = journal_pos_unpack(head + WHEN), .env = str_make(head + JOURNAL_HEAD, env)};

	x.body = str_make(head + JOURNAL_HEAD + env, body);
	if (get32(head + CONTENT) != content_sum(x.env, x.body, salt))
		return false;
	*r = x;
	return true;
}

void journal_segment_head(uint64_t salt, char head[JOURNAL_HEAD])
{
	memset(head, 0, JOURNAL_HEAD);
	memcpy(head, segment_magic, sizeof segment_magic);
	journal_pos_pack(salt, head + SALT);
	put32(head + SIZE, JOURNAL_SEGMENT);
	put32(head + SEGMENT_SUM, crc32c(0, head, SEGMENT_SUM));
}

bool journal_segment_salt(const char head[JOURNAL_HEAD], uint64_t *salt)
{
	if (memcmp(head, segment_magic, sizeof segment_magic) != 0 || get32(head + SIZE) != JOURNAL_SEGMENT ||
		get32(head + SEGMENT_SUM) != crc32c(0, head, SEGMENT_SUM))
		return false;
	*salt = journal_pos_unpack(head + SALT);
	return true;
}
