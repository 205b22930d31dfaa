/* applet - what a command is.  Each src/applets/FAMILY/NAME.c declares one:
 *	APPLET(clean) = { .name = "clean", .aliases = "qmail-clean", ... };
 * tools/mkapplets.c reads the declarations and writes the dispatch table. */
#ifndef CORE_APP_APPLET_H
#define CORE_APP_APPLET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/app/opt.h"
#include "core/base/buf.h"

/* Who a command runs as when root starts it; single-user instances are always the caller. */
enum role {
	AS_CALLER,	/* whoever started it */
	AS_ROOT,
	AS_QUEUE,	/* qmailq: owns the queue */
	AS_SEND,	/* qmails: schedules deliveries */
	AS_REMOTE,	/* qmailr: talks to other hosts */
	AS_DAEMON,	/* qmaild: network daemons */
	AS_LOG,		/* qmaill */
	AS_GETPW,	/* qmailp */
	AS_ALIAS,	/* alias */
	AS_SCAN,	/* qscand: looks for viruses */
	ROLE_COUNT
};

enum {
	APPLET_RAW = 1,		/* old grammar: argv untouched, only a lone --help is ours */
	APPLET_CLIENT = 2,	/* a local queue client: reads .defaultqueue at start */
	APPLET_AGAIN = 16,	/* main leaves nothing behind: one process may run it again and again */
	APPLET_CHAIN = 32,	/* the operands are a program that it becomes in the end */
	APPLET_SHORT = 8,	/* the short name is the one shown in ps and logs */
	APPLET_BY_FILE = 64,	/* stands for others: run under any name when the file exec'd has its name */
	APPLET_HIDDEN = 4,	/* an internal step, not linked into bin directories */
};

struct applet {
	const char *name;	/* short: "smtpd" */
	const char *aliases;	/* traditional, blank separated, the first is the one shown in logs; NULL none */
	const char *family;
	const char *brief;	/* one line, no capital, no dot */
	const char *args;	/* synopsis of the operands */
	const struct opt *opts;	/* NULL none */
	enum role role;
	unsigned flags;
	/* With APPLET_AGAIN, may be NULL: prepares what the runs have in common, for workers forked afterwards.  Returns a
	 * descriptor that they find at WORKERS_KEEP, 0 none.  May be called again, and does little when nothing has changed. */
	int (*warm)(void);
	int (*main)(int argc, char **argv);	/* argv[0] as called, options removed unless raw */
};

#define APPLET(id) const struct applet applet_##id

extern const struct applet *const applet_table[];	/* sorted by name, NULL-terminated */

/* A run that waits for a silent client may put itself aside, to be taken up again in another process: for those who run an
 * APPLET_AGAIN and say that they can do this. */
struct applet_park {
	bool allowed;		/* set by the one who runs it */
	bool resumed;		/* state is what an earlier run left: go on from there */
	bool late;		/* ... although nothing has come within patience_ms */
	long patience_ms;	/* set by the run, as the following: how long to wait for the client */
	struct buf farewell;	/* what to tell the client when there is no going on */
	struct buf state;
};
extern struct applet_park applet_park;
enum { APPLET_PARKED = 256 };	/* main's result: descriptor 0 is the client, applet_park tells the rest */

/* By short or traditional name, or by the name of the plugin that is one of ours elsewhere (qmail_smtpd.so); NULL when there
 * is none. */
const struct applet *applet_find(const char *name);
/* The traditional name: what ps and log lines show. */
const char *applet_title(const struct applet *a);
/* Call word(name, arg) for the name and every alias. */
void applet_names(const struct applet *a, void (*word)(const char *name, size_t n, void *arg), void *arg);

/* Run an applet in this process: title, options, main.  Returns its exit code. */
int applet_run(const struct applet *a, int argc, char **argv);
/* The applet running now, for messages and usage. */
extern const struct applet *applet_now;
void applet_usage(const struct applet *a, int fd);
/* The entry point of the binary. */
int applet_main(int argc, char **argv);

#endif
