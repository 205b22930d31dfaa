/* serve - what a worker of a network server does with its jobs: a new connection runs a chain of our commands, a parked one
 * goes on with the last of them. */
#ifndef CORE_APP_SERVE_H
#define CORE_APP_SERVE_H

#include "core/sys/env.h"
#include "core/sys/workers.h"

enum { SERVE_WORDS = 64 };	/* of a chain that workers run */

struct serve {
	char *const *program;	/* APPLET_AGAIN throughout (run_again) */
	char *const *last;	/* its last command */
	int (*begin)(struct str arrival, int s);	/* let a new client in, onto descriptors 0 and 1: 0, or an exit code */
	const struct env_copy *env;	/* what the workers begin with */
};

/* The job that text and the connection s, which is closed, make up: its exit code.  In a worker. */
int serve_job(const struct serve *v, struct str text, int s);

#endif
