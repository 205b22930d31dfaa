/* wrap - a program between whose descriptors and the outside this process does something, such as TLS.  It is
 * forked at once, before this process learns any secret, but runs only when it is let go. */
#ifndef CORE_APP_WRAP_H
#define CORE_APP_WRAP_H

#include <stdbool.h>
#include <sys/types.h>

struct wrap {
	bool errors_too;	/* the caller's: descriptor 2 of the program is its wfd */
	pid_t pid;
	int from, to;		/* what it writes and what it reads, ours to close */
	int gate;
};

/* Fork; the program will be run as run_chain does, with pipes on its descriptors rfd and wfd (0 and 1, or 6
 * and 7) and without close_fds of ours, which end with -1 (NULL: none).  Ends the process with 111 on
 * failure. */
void wrap_start(struct wrap *w, char *const argv[], int rfd, int wfd, const int *close_fds);
/* Let it run, with a variable NAME=value more (NULL: none). */
void wrap_go(struct wrap *w, const char *variable);
/* Whether an errno says that the other side has gone without a word: that is its business, and the program
 * learns of it. */
bool wrap_gone(int num);
/* Close what is still open of the pipes and wait for the program: its exit code, 111 when it crashed.  A
 * program that was not let go ends without having run. */
int wrap_wait(struct wrap *w);

#endif
