/* logdir - an automatically rotated directory of logs, as multilog(8) keeps it.
 *
 *	current		what is being written; mode 0744 when it ended well, 0644 in between
 *	@STAMP.s	an old log, complete and on the disk; STAMP is a TAI64N label without its "@"
 *	@STAMP.u	an old log whose end may be missing: a power cut or a kill, or its processor never finished
 *	previous	what a processor is reading; processed: what it writes, mode 0744 when that is complete
 *	state, newstate	what processors tell their successors
 *	lock		held for life
 *
 * Whatever moment the machine or the process stops at, the next logdir_open finds every line that was written once.
 * Trouble after the start (a full disk, no descriptors) is said once, waited out and tried again; nothing is dropped
 * unless the host gives up. */
#ifndef SVC_LOGDIR_H
#define SVC_LOGDIR_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "svc/logold.h"

/* What a directory needs from the program it is part of. */
struct logdir_host {
	/* A sentence for the administrator; num is an errno or 0. */
	void (*say)(bool warning, int num, const char *text);
	/* Wait so long, or until a signal.  False: the program has to end and has waited long enough. */
	bool (*pause)(long ms);
	/* Start command with fds as its descriptors 0 to 5 (-1: closed) in a session of its own; its pid or -1. */
	pid_t (*run)(const char *command, const int *fds, struct err *e);
};

struct logdir_plan {
	uint64_t size;		/* bytes of a log at most; 0: no limit */
	unsigned long keep;	/* logs at most, current included; at least 2 */
	const char *command;	/* the processor; NULL none */
	bool sync;		/* old logs are on the disk before they are called so */
};

struct logdir {
	const struct logdir_host *host;
	struct logdir_plan plan;
	char *name;
	int lock, fd;		/* fd: current */
	uint64_t bytes;		/* in current */
	uint64_t unstarted;	/* of these, not yet on their way to the disk */
	bool midline;		/* current does not end with a newline */
	bool wanted;		/* a rotation was asked for */
	bool stuck;		/* the host gave up on the processor: no more rotations */
	char *buf;		/* bytes on their way to current */
	size_t n;
	uint64_t lost;		/* bytes dropped after the host gave up */
	bool given_up;
	long long trouble;	/* since when, clock_mono_ms; 0: all is well */
	struct logold old;
	struct buf path[2];
	/* the processor */
	pid_t pid;		/* 0: not running */
	long long again;	/* when to start it again, clock_mono_ms; 0: not at all */
	bool ailing;		/* it failed on this log before */
	int processed, newstate;
};

/* Make the directory unless it is there, lock it, and clean up after a crash. */
int logdir_open(struct logdir *d, const char *name, const struct logdir_plan *plan, const struct logdir_host *host,
	struct err *e);
/* Add bytes to the log; they are written by the next logdir_flush at the latest. */
void logdir_put(struct logdir *d, const char *p, size_t n);
void logdir_flush(struct logdir *d);
/* Start a new log once the line is complete; an empty one goes on. */
void logdir_rotate(struct logdir *d);
/* Look after the processor: call it after SIGCHLD and when logdir_wait is over (milliseconds, -1: nothing to wait for). */
void logdir_tend(struct logdir *d);
long logdir_wait(const struct logdir *d);
/* Write what is left, wait for the processor, mark current as complete.  Returns how many bytes had to be dropped. */
uint64_t logdir_close(struct logdir *d);

#endif
