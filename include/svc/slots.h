/* slots - the services of a svscan: what the directory held at the last scan, and the pipe and the two supervises each
 * of them has (svscan(8)). */
#ifndef SVC_SLOTS_H
#define SVC_SLOTS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/base/vec.h"

/* One supervise: of a service, or of its logger. */
struct keeper {
	pid_t pid;		/* 0: not running */
	long long due;		/* not started before, clock_mono_ms */
	bool wanted;		/* to be started when due */
};

struct slot {
	char *name;
	dev_t dev;
	ino_t ino;
	bool seen;		/* by the last scan */
	bool logged;		/* has a logger */
	bool down;		/* had a file "down" */
	bool told;		/* to end */
	int pipe[2];		/* from the service to its logger; -1 */
	struct keeper main, log;
};

struct slots {
	VEC(struct slot) list;
	long max;
	struct buf dir;		/* of the services, absolute; it is the current directory */
	void (*warn)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
};

/* Look at the directory: new services get a slot and are wanted, as are those whose supervises are not running; what is
 * gone and has ended loses its slot; a file "down" that has come or gone is told to its supervise. */
void slots_scan(struct slots *s);
/* A new slot, with a pipe when there is a logger; NULL after a warning.  Valid until the next one is added. */
struct slot *slots_add(struct slots *s, const char *name, const struct stat *st);
/* Whose supervise is this process?  NULL: nobody's. */
struct keeper *slots_keeper(const struct slots *s, pid_t pid, struct slot **slot);
/* Does any service's supervise run?  A logger's, of services or svscan's own? */
bool slots_running(const struct slots *s);
bool slots_logging(const struct slots *s, bool own);
/* Does a service that still runs wait for this one (await.h)? */
bool slots_needed(const struct slots *s, const struct slot *slot);

/* svscan's own logger, .svscan, is no service of the directory. */
bool slot_is_own(const struct slot *s);
/* Command bytes for the supervise of the service or its logger. */
void slot_tell(const struct slot *s, bool log, struct str bytes);
/* Has the logger's supervise heard that it is not to be started again? */
bool slot_is_last_run(const struct slot *s);

#endif
