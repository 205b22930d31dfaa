/* arrivals - how the preprocessor gets to know of new messages: by its trigger and message queue, and by a look into
 * todo and the journal when those may not have told all.  No message is overlooked beyond the next of these looks, but
 * one may be found twice.  Works in the queue's directory; one per process.  Only preprocess.c and arrivals.c include this. */
#ifndef QUEUE_ARRIVALS_H
#define QUEUE_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "queue/layout.h"

enum { SLEEP_SYSFAIL = 123 /* seconds before a message that could not be handled is looked at again */ };

/* How a message was found. */
enum way { SCANNED, MQUEUE, FIFO };

struct arrivals {
	const struct layout *lay;
	const char *mqueue;		/* name of a message queue that announces messages as the trigger does, NULL none */
	bool adopt;			/* as in preprocess.h */
	bool (*known)(uint64_t id);	/* a scan passes it over */
	void (*say)(const char *level, const struct err *e);
};

/* Read the interval between scans, again after SIGHUP. */
void arrivals_settings(void);
/* Open the trigger; a scan is due.  *a stays in use.  -1: errno. */
int arrivals_open(const struct arrivals *a);
int arrivals_fd(void);		/* of the trigger */
int arrivals_mqueue(void);	/* -1 none */
/* Read what the trigger (pulled) or the message queue (told) has brought. */
void arrivals_take(bool pulled, bool told);
/* Milliseconds until the next scan.  It is made now when it is due and nothing waits; ending: no more scans. */
int arrivals_plan(bool ending);
/* A message failed: scan in SLEEP_SYSFAIL seconds at the latest. */
void arrivals_again(void);

void arrivals_add(uint64_t id);
/* The first of those that wait to be handled; it waits until arrivals_drop.  false: there is none. */
bool arrivals_first(uint64_t *id, enum way *way);
void arrivals_drop(void);
bool arrivals_waiting(void);
/* None waits, and no scan is due. */
bool arrivals_idle(void);

#endif
