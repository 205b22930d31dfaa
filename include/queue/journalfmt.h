/* journalfmt - the bytes of a queue's journal (indimail-journal(5)): segments of one size, a head, then records
 * at multiples of 64.  A record belongs where it lies: its head names its place, and its sums begin with the
 * segment's salt, which no sender of mail knows. */
#ifndef QUEUE_JOURNALFMT_H
#define QUEUE_JOURNALFMT_H

#include <stdint.h>

#include "core/base/str.h"

enum {
	JOURNAL_SEGMENT = 4 << 20,	/* bytes of a segment file */
	JOURNAL_HEAD = 64,		/* bytes of a head; records are padded to its multiples */
	JOURNAL_SPARE = 4096,		/* bytes at a segment's end that only checkpoints use */
};

enum journal_type {
	JOURNAL_MESSAGE = 1,		/* env: the queue's name, NUL, then as in todo; body: as in mess */
	JOURNAL_CHECKPOINT = 2,		/* id: the position from which on messages count; env: positions of those that do not */
};

/* A position: the sequence number of a segment's use, and the offset in it. */
typedef uint64_t journal_pos;
#define JOURNAL_POS(seq, off) ((journal_pos)(seq) << 32 | (uint32_t)(off))
#define JOURNAL_SEQ(pos) ((uint64_t)(pos) >> 32)
#define JOURNAL_OFF(pos) ((uint32_t)(pos))

struct journal_record {
	enum journal_type type;
	journal_pos pos;
	uint64_t id;
	uint64_t when;			/* seconds since 1970 */
	struct str env, body;
};

uint32_t journal_record_size(const struct journal_record *r);	/* head, content, padding */
void journal_record_head(const struct journal_record *r, uint64_t salt, char head[JOURNAL_HEAD]);
/* What lies at off of a whole segment: a record (views into it), or false. */
bool journal_record_read(struct str segment, uint32_t off, uint64_t salt, struct journal_record *r);

void journal_segment_head(uint64_t salt, char head[JOURNAL_HEAD]);
bool journal_segment_salt(const char head[JOURNAL_HEAD], uint64_t *salt);	/* false: no segment */

/* Positions in a checkpoint's env. */
void journal_pos_pack(journal_pos pos, char p[8]);
journal_pos journal_pos_unpack(const char *p);

#endif
