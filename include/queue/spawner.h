/* spawner - the loop of lspawn and rspawn (queue-and-delivery sections 10.1, 10.2 and 12).
 * Reads delivery commands, opens and checks the message, starts one child per delivery with the
 * message on descriptor 0 and a pipe on 1 and 2, collects what the child says and answers with one
 * report per command.  How a child is started and how its end reads is the applet's business. */
#ifndef QUEUE_SPAWNER_H
#define QUEUE_SPAWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum { SPAWNER_SLOTS = 500 };	/* announced to send at the start */

/* One command; the views are valid during the call only, and each has a NUL behind its bytes. */
struct spawner_job {
	struct str id;		/* "split/inode", relative to mess */
	struct str sender;
	struct str qqeh;	/* header lines to put before the message */
	struct str envh;	/* header lines that became variables around start() */
	struct str recipient;
	size_t at;		/* position of the last @ in recipient */
	struct str others;	/* more recipients in the same domain, each with its NUL (groups) */
	size_t count;		/* recipients in all */
	int mess;		/* the open message, at its start */
	off_t size;
	bool shared;		/* what it leaves on the queue's file system need not be synced (journal_share) */
};

struct workers;
struct spawner {
	/* Start the child: mess as its descriptor 0, report as 1 and 2.  Its pid, or -1 with e filled;
	 * 0: no child is needed, the delivery is reported as one that exited 0 without output. */
	pid_t (*start)(const struct spawner_job *job, int report, void *arg, struct err *e);
	/* Append the report for recipient i of a child that ended: status as from waitpid, all it said.  First byte K, Z, D. */
	void (*report)(int status, struct str said, size_t i, struct buf *report, void *arg);
	void *arg;
	/* Children that outlive their delivery (workers.h), opened and closed by spawner_run; NULL: none. */
	struct workers *workers;
	/* Commands that arrive together and differ only in the recipient's local part are one delivery. */
	bool groups;
	size_t output_max;	/* bytes of a child's output kept; 0: 128 KiB, the rest is dropped */
	uid_t owner;		/* message files must belong to this user */
};

/* Enter QUEUEDIR/mess and leave QUEUEDIR in the environment as an absolute path. */
int spawner_enter(struct err *e);
/* Serve commands from descriptor in until it ends or nobody reads out any more, then wait for the
 * children.  0, or -1 when writing to out fails.  Uses SIGCHLD and ignores SIGPIPE meanwhile. */
int spawner_run(const struct spawner *s, int in, int out, struct err *e);

/* Give a job to a worker, rather to one that had this kind last: its pid, -1 with e. */
pid_t spawner_hand_over(struct workers *w, const struct spawner_job *job, uint32_t kind, int report, struct err *e);
/* In the worker: the job a text describes (views into it), the message on descriptor 0, the report on 1 and 2,
 * MESSID and the header variables in the environment.  -1: the text is none. */
int spawner_unpack(struct str text, const int *fds, int n, struct spawner_job *job);

/* The variables made of header lines: folded lines joined, names upper-cased with - as _, names that
 * steer programs (PATH, LD_*, SHELL, IFS, HOME, USER and the like) and malformed ones left out.
 * Appends "NAME=value" and a NUL each to text; returns how many. */
size_t spawner_variables(struct str headers, struct buf *text);
/* K, Z or D by text and status code, such as spawner_say(b, 'Z', "Out of memory", "4.3.0"):
 * "ZOut of memory. (#4.3.0)\n". */
void spawner_say(struct buf *report, char letter, const char *text, const char *status);

#endif
