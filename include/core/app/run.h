/* run - start another program: one of ours in a forked child without exec, anything else by exec.
 * An applet's role is taken on in the child (role.h); REEXEC=1 makes ours exec /proc/self/exe too. */
#ifndef CORE_APP_RUN_H
#define CORE_APP_RUN_H

#include <sys/types.h>

#include "core/app/applet.h"
#include "core/base/err.h"

struct run {
	const int *fds;		/* child's descriptor i is fds[i]; -1 leaves it closed */
	int nfds;		/* everything from nfds on is closed in the child; 0: 0,1,2 as they are */
	int keep;		/* with nfds: this one, beyond them, stays open; 0 none */
	const char *dir;	/* chdir there first, NULL stay */
	bool keep_role;		/* do not take on the applet's role: the caller has seen to it */
	uid_t uid;		/* with set_ids: become these before running */
	gid_t gid;
	bool set_ids;
	bool new_session;
	bool close_marked;	/* descriptors marked close-on-exec are closed even when nothing is exec'd */
	bool die_with_parent;	/* TERM when the parent is gone */
	const char *file;	/* what is run when it is not argv[0]: the program then still sees argv[0] */
};

/* Fork and run argv; the child's pid, -1 on failure to fork.  Failure inside the child: exit 111, or
 * 120 when the program cannot be executed. */
pid_t run_start(char *const argv[], const struct run *r, struct err *e);
/* Put fds[i] on descriptor i (-1: close i), close everything from n on.  At most 16. */
int run_descriptors(const int *fds, int n);
/* Become argv: the current process runs it and exits.  Never returns. */
void run_become(char *const argv[]) __attribute__((noreturn));
/* Become the rest of a chain: what setuidgid, envdir and their like do with their operands.  A bare name is one of
 * our applets unless PATH leads to a foreign program of that name; "indimail NAME" is always ours.  Failure is exit 111
 * with the reason.  Never returns. */
void run_chain(char *const argv[]) __attribute__((noreturn));
/* Whether these words are one of our applets that may run again and again in one process (APPLET_AGAIN) and, when
 * its operands are a program (APPLET_CHAIN), whether that is one, too: the words of the last of them, else NULL. */
char *const *run_again(char *const argv[]);
/* run_chain for applets that are APPLET_AGAIN and APPLET_CHAIN: when run_again(argv) the program is run and its exit
 * code returned; otherwise it never returns. */
int run_chain_back(char *const argv[]);
/* The same with another PATH to look along (NULL: /bin:/usr/bin), whatever the environment has by now. */
void run_chain_along(const char *path, char *const argv[]) __attribute__((noreturn));
/* The same with file as the program, which sees argv[0] as its name. */
void run_chain_as(const char *file, char *const argv[]) __attribute__((noreturn));
/* The same, but always by exec: for a process that knows secrets the program may not see.  Never returns. */
void run_exec(char *const argv[]) __attribute__((noreturn));
/* The words from the applet's name on: those without "indimail" in front of it. */
char *const *run_named(char *const argv[]);
/* Whether run_chain would run these words as one of our applets. */
bool run_chain_ours(char *const argv[]);
/* The name of our binary's file: 0, or 1 when that file is gone and another may stand there; -1 with errno when it
 * cannot be known. */
int run_own_file(struct buf *fn);
/* Become one of our applets for long: when the binary's file has been replaced since, the new one is exec'd. */
void run_fresh(char *const argv[]) __attribute__((noreturn));
/* Whether there is such a program: one of ours or a file that can be run. */
bool run_known(const char *file);
/* Wait for a child: its exit code, or -1 when it crashed. */
int run_wait(pid_t pid);
/* A function of ours in a child that takes on a role and exits with what it returns; 111 with the reason when the role
 * cannot be had.  Signals and descriptors are as they were here.  The child's pid, -1 on failure to fork. */
pid_t run_as(enum role role, int (*f)(void *arg), void *arg, struct err *e);
/* The same, and wait: the exit code, or -1 when the child crashed.  Failure to fork ends the program with 111. */
int run_as_wait(enum role role, int (*f)(void *arg), void *arg);
/* Ask a program about the message: run argv on our descriptors, fd 0 rewound for it and for us, and
 * return its exit code; 111 when it cannot be run, crashed or there is nothing to rewind (after saying so). */
int run_ask(char *const argv[]);
/* The applet argv[0] means, or NULL when it must be exec'd. */
const struct applet *run_applet(const char *file);

#endif
