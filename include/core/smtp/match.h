/* match - is an address on one of the lists badmailfrom, badrcptto, goodrcptto and their kin?
 * Policy reference 2.2: compiled list (.cdb), then text (whole address or @host; regular expressions with
 * QREGEX), then the companion file of patterns, where the last matching line decides. */
#ifndef CORE_SMTP_MATCH_H
#define CORE_SMTP_MATCH_H

#include "core/conf/conf.h"

struct match {
	struct table list;
	struct list patterns;
	const char *file;	/* name of the list, for its .cdb */
	bool regex;
	bool names;	/* the caller's: file names, where a line may also be the ending (.exe) */
};

#define MATCH_INIT {.list = TABLE_INIT, .patterns = LIST_INIT}

/* Read both files; match_close always. */
int match_open(struct match *m, enum conf_id list, enum conf_id patterns, struct err *e);
void match_close(struct match *m);
/* 1 listed, 0 not, -1 unreadable. */
int match_find(const struct match *m, struct str addr, struct err *e);

#endif
