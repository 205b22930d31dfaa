/* put - write one message into a queue this process may write: the four stages of
 * queue-and-delivery section 6.  Nothing is queued unless put_commit returns 0, and then it is
 * durable (USE_FSYNC, USE_SYNCDIR).  Errors carry the exit codes of the queue-program interface. */
#ifndef QUEUE_PUT_H
#define QUEUE_PUT_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/str.h"

struct put;

/* Who hands the message in, for the u record and the Received line. */
struct put_origin {
	uid_t uid;
	const char *ip;		/* address of the client it came from, NULL: a local user */
	pid_t pid;		/* the "qp" number */
};

/* Begin a message in the queue directory dir (NULL: queue_choose).  Reads the settings of section 6.4. */
struct put *put_open(const char *dir, const struct put_origin *o, struct err *e);
int put_data(struct put *p, const void *data, size_t n, struct err *e);
/* The message is complete; the envelope follows. */
int put_body_end(struct put *p, struct err *e);
int put_from(struct put *p, struct str sender, struct err *e);
int put_to(struct put *p, struct str rcpt, struct err *e);
/* Delivery status parameters (core/smtp/dsn.h): right after put_from those of the message (letter x), right after
 * put_to those of the recipient (y).  Not empty. */
int put_params(struct put *p, char letter, struct str text, struct err *e);
/* Queue it and wake todo-proc.  p is freed, whatever happens; on failure nothing is left behind. */
int put_commit(struct put *p, struct err *e);
/* Forget it; p is freed.  NULL is fine. */
void put_abort(struct put *p);

/* Put a message back into the queue dir as the journal has it, the records of its envelope and its text, in three steps:
 * stored under a new number without waiting for the disk; then, all being synced, released; or withdrawn. */
int put_store(const char *dir, struct str env, struct str body, uint64_t *id, struct err *e);
int put_release(const char *dir, uint64_t id, struct err *e);
void put_withdraw(const char *dir, uint64_t id);
/* The files in mess, intd and todo of a message that has none so far (loose.h), not waiting for the disk. */
int put_files(const char *dir, uint64_t id, struct str env, struct str body, struct err *e);

#endif
