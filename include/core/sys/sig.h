/* sig - signals.  Handlers set flags; the loops look at them.  What is already as wanted costs no system call. */
#ifndef CORE_SYS_SIG_H
#define CORE_SYS_SIG_H

#include <signal.h>

void sig_catch(int sig, void (*handler)(int));	/* system calls are interrupted, not restarted */
void sig_ignore(int sig);
void sig_default(int sig);
void sig_block(int sig);
void sig_unblock(int sig);
/* Around a fork: signals wait, so that none meets our handlers in the child, which takes them with sig_reset. */
void sig_hold(void);
void sig_release(void);				/* as before sig_hold */
void sig_reset(void);				/* all default, none blocked: a fresh program */
/* Foreign code runs in this process from now on and may change signals too: nothing is taken for granted any more. */
void sig_unsure(void);
/* Wait for one of n blocked signals: its number, 0 after ms milliseconds. */
int sig_wait(const int *sigs, int n, long ms);
/* A descriptor that is readable while one of n blocked signals waits for sig_wait; close-on-exec, -1 with errno. */
int sig_fd(const int *sigs, int n);
/* From now on each of n signals writes its number, a byte, into a pipe; the end to read is returned (not
 * blocking), -1 with errno.  So fd_poll waits for signals and input alike, and none is missed in between.
 * Once per process. */
int sig_pipe(const int *sigs, int n);

#endif
