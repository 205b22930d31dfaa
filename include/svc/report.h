/* report - how a service is, in the words of svstat(1): one line of text, or an object of JSON. */
#ifndef SVC_REPORT_H
#define SVC_REPORT_H

#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "svc/status.h"

struct report {
	struct err trouble;	/* class ERR_NONE: status and lost are known */
	int code;		/* svstat's exit code */
	struct status status;
	bool down_file;		/* "down" is there: the service is not started by itself */
	bool lost;		/* up, but no process has the recorded pid */
};

/* 0 up, 1 down or waiting, 2 no supervise, 3 paused, 4 down but wanted up, 5 up but wanted down, 100 status
 * file of no known form, 111 anything else. */
enum {
	REPORT_UP, REPORT_DOWN, REPORT_NO_SUPERVISE, REPORT_PAUSED, REPORT_WANT_UP, REPORT_WANT_DOWN,
	REPORT_BAD = 100, REPORT_SYSTEM = 111
};

/* Look at the service in dir.  Never fails: trouble is part of the report. */
void report_read(const char *dir, struct report *r);
/* "up", "down", "wait"; of a report without trouble. */
const char *report_state(const struct report *r);
/* Seconds until a service that waited for another one is started. */
long report_remaining(const struct report *r, time_t now);
/* Append "DIR: up 7 seconds pid 4711 \n"; with trouble "DIR: supervise not running\n". */
void report_text(const struct report *r, const char *dir, time_t now, struct buf *out);
/* Append an object, as the manual describes it; name is what the service is called in its directory. */
void report_json(const struct report *r, const char *dir, struct str name, time_t now, struct buf *out);
/* "supervise not running", "unable to chdir: No such file or directory". */
void report_trouble(const struct report *r, struct buf *out);

#endif
