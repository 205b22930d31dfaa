/* tally - how many recipients wait, by their domain and the age of their messages. */
#ifndef QUEUE_TALLY_H
#define QUEUE_TALLY_H

#include "core/base/buf.h"

enum { TALLY_AGES = 9, TALLY_DOMAINS = 65536 };	/* more domains than that are counted together */

extern const int tally_minutes[TALLY_AGES - 1];	/* upper bounds of all but the last age */

struct tally_row {
	char *domain;	/* owned, lower case */
	unsigned long n, by_age[TALLY_AGES];
};
struct tally {
	struct tally_row *rows;
	size_t size, used;	/* a hash table */
	struct tally_row total, others;
};

void tally_add(struct tally *t, struct str domain, long age);
/* The rows, most recipients first, as a table or as one JSON object per line.  The table is gone then. */
void tally_show(struct tally *t, bool json, struct buf *b);

#endif
