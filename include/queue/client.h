/* client - hand a message to the queue, whatever the queue is here: the program in QMAILQUEUE,
 * our own queue written in this process, or the intake socket when we may not write it
 * (DESIGN section 3).  One client serves any number of messages, one after another.
 *
 *	struct client *c = client_new();
 *	if (client_open(c, &e) < 0) ...		temporary failure, text in e
 *	client_put(c, bytes, n);		the message; failures stick until client_close
 *	client_from(c, sender);			after the message
 *	client_to(c, rcpt);			once per recipient
 *	const char *why = client_close(c);	"" queued; else "D..." permanent or "Z..." temporary,
 *						the reply text with its (#x.y.z)
 *	client_qp(c);				the number for "qp" in logs
 *	client_free(c);
 */
#ifndef QUEUE_CLIENT_H
#define QUEUE_CLIENT_H

#include "core/base/err.h"
#include "core/base/str.h"

struct client;

/* How a queue program is started (argv[0] searched on PATH); unset: exec.  main sets it, so that our own
 * programs need no exec. */
extern void (*client_exec)(char *const argv[]);

struct client *client_new(void);
void client_free(struct client *c);
/* There will be only one more message. */
void client_last(struct client *c);
int client_open(struct client *c, struct err *e);
void client_put(struct client *c, const void *p, size_t n);
void client_adds(struct client *c, const char *z);
void client_from(struct client *c, struct str sender);
void client_to(struct client *c, struct str rcpt);
/* Delivery status parameters (core/smtp/dsn.h), of the message right after client_from, of a recipient right after
 * client_to; nothing happens when text is empty, or the queue program could not take them. */
void client_params(struct client *c, struct str text);
/* The message must not be queued: the next client_close abandons it. */
void client_fail(struct client *c);
/* Valid until the next call on c. */
const char *client_close(struct client *c);
unsigned long client_qp(const struct client *c);

/* The text for an exit code of the queue-program interface (section 6.2): "" for 0, else D... or Z... */
const char *client_explain(int code);

#endif
