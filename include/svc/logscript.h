/* logscript - what multilog does with its lines: the actions of its command line, left to right (multilog(8)). */
#ifndef SVC_LOGSCRIPT_H
#define SVC_LOGSCRIPT_H

#include "core/base/tai.h"
#include "core/base/vec.h"
#include "core/sys/out.h"
#include "svc/logdir.h"

enum { LOGSCRIPT_LINE = 1000 };	/* so much of a line, stamp included, is matched and shown */

struct logscript_action {
	enum { LOGSCRIPT_SELECT, LOGSCRIPT_DESELECT, LOGSCRIPT_SHOW, LOGSCRIPT_STATUS, LOGSCRIPT_LOG } kind;
	const char *text;	/* pattern or file name */
	struct logdir *dir;
	bool chosen;		/* dir gets the rest of this line */
	char *status;		/* what the file is to hold */
	bool fresh;		/* and it does not yet */
	bool ailing;		/* it could not be written */
};

struct logscript {
	VEC(struct logscript_action) actions;
	const struct logdir_host *host;
	bool stamped;
	bool suspended;		/* lines start deselected */
	unsigned long rotate_every;	/* seconds, from the script; 0: never */
	/* the line now being read */
	char line[LOGSCRIPT_LINE];
	size_t n;
	bool started, acted;
	struct tai_pen pen;
	struct out show;
	char room[8192];
};

/* Read the script and open its directories; words that are no action are ignored.  The words must stay. */
int logscript_open(struct logscript *s, char *const words[], bool sync, const struct logdir_host *host, struct err *e);
/* Bytes that came in: any number of lines, the last perhaps incomplete. */
void logscript_feed(struct logscript *s, struct str in);
/* Write everything that is decided. */
void logscript_flush(struct logscript *s);
void logscript_rotate(struct logscript *s);
/* Look after processors (logdir_tend), and until when there is nothing to do but for SIGCHLD: milliseconds or -1. */
void logscript_tend(struct logscript *s);
long logscript_wait(const struct logscript *s);
/* End a partial line, write, wait for processors.  Returns how many bytes had to be dropped. */
uint64_t logscript_close(struct logscript *s);

#endif
