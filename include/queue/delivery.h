/* delivery - one local delivery: who gets what from whom, and what .qmail programs are told of it in
 * their environment (qmail-command(8), queue-and-delivery section 14.2). */
#ifndef QUEUE_DELIVERY_H
#define QUEUE_DELIVERY_H

#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct delivery {
	const char *user, *home, *local, *dash, *ext, *host, *sender, *dflt, *qqeh;	/* local's arguments */
	struct buf dtline, rpline;	/* "Delivered-To: ...\n", "Return-Path: <...>\n" */
};
#define DELIVERY_INIT {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, BUF_INIT, BUF_INIT}

/* Make dtline and rpline. */
void delivery_lines(struct delivery *d);
/* Append "From SENDER DATE\n", the line that begins a message in an mbox. */
void delivery_from_line(struct buf *b, const char *sender, time_t now);
/* Set the variables of section 14.2 except DEFAULT and NEWSENDER. */
void delivery_export(const struct delivery *d);
/* SANITIZE_ENV, when set: leave only the variables that may stay. */
void delivery_sanitize(void);
/* Whether the header that fd holds from its start on has more than max lines equal to dtline: 1, 0, -1. */
int delivery_loops(const struct delivery *d, int fd, long max, struct err *e);
/* May this sender reach a recipient who accepts only control/localdomains? 1, 0, -1 */
int delivery_sender_local(const struct delivery *d, struct err *e);

#endif
