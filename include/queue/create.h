/* create - the directories and files a queue consists of (section 5): made when missing, with their
 * owners and modes; what is there is brought to the right owner and mode. */
#ifndef QUEUE_CREATE_H
#define QUEUE_CREATE_H

#include <sys/types.h>

#include "core/base/err.h"
#include "queue/layout.h"

struct queue_owners {
	uid_t queue, send, remote;	/* qmailq, qmails, qmailr */
	gid_t group;			/* qmail */
	bool change;			/* we are root: set them */
};

/* What a queue consists of: name relative to it, owner, mode.  Directories unless a kind is given. */
struct queue_entry {
	const char *name;
	char owner;		/* q, s, r */
	char kind;		/* 0 directory, 'p' split directory, 't' split with BIGTODO, 'f' file, 'F' FIFO */
	mode_t mode;
};
extern const struct queue_entry queue_entries[];
extern const size_t queue_entries_count;

uid_t queue_owner_uid(const struct queue_owners *o, char owner);
/* Make fn what the entry says; what is there gets its owner and mode. */
int queue_make(const char *fn, const struct queue_entry *q, const struct queue_owners *o, struct err *e);
/* Is the entry split in this layout? */
bool queue_entry_split(const struct queue_entry *q, const struct layout *l);
/* Make the place of the journal that the queues under base have in common. */
int queue_create_journal(const char *base, const struct queue_owners *o, struct err *e);
/* Make dir a usable queue. */
int queue_create(const char *dir, const struct layout *l, const struct queue_owners *o, struct err *e);

#endif
