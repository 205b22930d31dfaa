/* tree - keep a set of children running, pass signals on, stop them in order, leave nobody behind.
 * Correct as process 1: reaps every orphan. */
#ifndef CORE_APP_TREE_H
#define CORE_APP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/sys/fd.h"

struct service {
	const char *name;	/* for messages */
	pid_t (*start)(struct service *s, struct err *e);
	const void *arg;
	bool rest;		/* not to be started; one that runs is left alone */
	int stage;		/* stopped in descending order: 2 before 1 before 0 */
	pid_t pid;		/* 0: not running */
	long long due;		/* when it may be started, clock_mono_ms */
	long long since;	/* when it was started */
};

struct tree {
	struct service *services;
	size_t n;
	const char *program;	/* "qscheduler": lines "info: qscheduler: pid P, NAME started" on stdout's log; NULL quiet */
	bool pass_signals;	/* HUP ALRM INT USR1 USR2 go to every child; otherwise INT ends like TERM */
	struct pollfd *fds;	/* what else ends the waiting: then idle is called */
	size_t nfds;
	long stop_ms;		/* after TERM: how long children may take before KILL; 0: for ever */
	void (*idle)(void *arg);	/* called once a second, after every child's end and for fds; may be NULL */
	void *idle_arg;
	bool (*done)(void *arg);	/* true: stop as if TERM had come; may be NULL */
};

/* Run until TERM (or done); the exit code: 0, 111 when a child had to be killed. */
int tree_run(struct tree *t);
/* Signals a tree waits for must be blocked before the first child starts. */
void tree_block_signals(void);
/* TERM, and after wait_ms KILL, to every child of this process, known or adopted; returns when none is left,
 * or a second later: what the kernel holds on to is not to be waited for. */
void tree_end_all(long wait_ms);

#endif
