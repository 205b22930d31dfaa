/* proc - processes: fork, exec, wait, identity. */
#ifndef CORE_SYS_PROC_H
#define CORE_SYS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

pid_t proc_fork(void);
/* Run program argv[0], searched on PATH when it has no slash.  Returns only on failure. */
int proc_exec(char *const argv[]);
/* The same with a file name that differs from argv[0]. */
int proc_exec_file(const char *file, char *const argv[]);
/* The same along path (colons between directories, an empty one is the current one; NULL: /bin:/usr/bin).
 * A file that may not be run is remembered while the search goes on; no shell runs what the kernel refuses. */
int proc_exec_path(const char *path, const char *file, char *const argv[]);
/* Wait for one child: its pid, 0 when nohang and none has ended, -1 with errno. */
pid_t proc_wait(pid_t pid, int *status, bool nohang);
/* Any child that ended, stopped or went on, without waiting: its pid, 0 none, -1 no children. */
pid_t proc_wait_change(int *status);
/* A child that has ended, left to be waited for: its pid, 0 none. */
pid_t proc_peek(void);
bool proc_stopped(int status);			/* by the signal proc_stop_signal */
int proc_stop_signal(int status);
bool proc_continued(int status);
bool proc_crashed(int status);			/* killed by a signal */
int proc_code(int status);			/* exit code, meaningful unless crashed */
int proc_signal(int status);			/* the signal that killed it */
int proc_kill(pid_t pid, int sig);
int proc_kill_group(pid_t group, int sig);
/* A descriptor (pidfd) that becomes readable when the process ends, whoever its parent is; -1 with errno: ESRCH it is
 * gone.  Close-on-exec. */
int proc_watch(pid_t pid);
int proc_watched_kill(int fd, int sig);		/* never hits a later process of the same number */
/* When a process started, in clock ticks since the boot: 0, -1 when /proc does not tell. */
int proc_start_ticks(pid_t pid, uint64_t *ticks);
int proc_new_group(void);			/* lead a process group of our own */
void proc_exit(int code) __attribute__((noreturn));	/* without atexit handlers or stdio */
/* The name under which our program file was exec'd, whatever argv[0] says; empty when the kernel does not tell. */
const char *proc_file(void);
pid_t proc_pid(void);
pid_t proc_parent(void);
uid_t proc_uid(void);				/* real */
uid_t proc_euid(void);
gid_t proc_egid(void);

/* Root in name only: uid 0 of a user namespace without other users, or without the right to become another. */
bool proc_lone_root(void);

/* Become uid and gid with exactly these supplementary groups, for ever: the only function that
 * changes ids.  Proves that root cannot be regained. */
int proc_become(uid_t uid, gid_t gid, const gid_t *groups, size_t n, struct err *e);

/* Remember argv, so that proc_title can show another name in ps. */
void proc_title_init(int argc, char **argv);
/* The environment may be moved to make room: what points into it from before is void. */
void proc_title(const char *name, const char *detail);
/* Show these words in ps as exec would have left them; returns where the last one lies, to be written over
 * as long as its length stays.  NULL: the process was not started with room for them. */
char *proc_title_words(int argc, char *const argv[]);
/* Children of children come to us when their parents die (when we are not pid 1). */
void proc_adopt_orphans(bool on);
/* Die with SIGTERM when parent, which has just forked us, dies first; at once when it has died already. */
void proc_die_with_parent(pid_t parent);
int proc_new_session(void);
/* What is mounted from now on is seen by this process and its children only. */
int proc_own_mounts(void);
void proc_yield(void);				/* let others who are ready run first */
void proc_hostname(char *p, size_t n);
bool proc_boot(char *p, size_t n);		/* an id of this run of the machine, of 36 characters; false: unknown */

#endif
