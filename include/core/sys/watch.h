/* watch - be told what happens to files and directories (inotify(7)). */
#ifndef CORE_SYS_WATCH_H
#define CORE_SYS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

enum watch_kind {
	WATCH_CREATED, WATCH_DELETED, WATCH_OPENED, WATCH_CLOSED,
	WATCH_MOVED_FROM, WATCH_MOVED_TO,	/* the two halves of a rename share the cookie */
	WATCH_ENDED,		/* what was watched is gone, and so is the watch */
	WATCH_LOST,		/* too many events: some are missing; no id */
};

struct watch_event {
	int id;			/* as watch_add gave it */
	enum watch_kind kind;
	bool dir;		/* it happened to a directory */
	uint32_t cookie;
	struct str name;	/* within the directory watched; empty: what is watched itself */
};

/* A descriptor to poll and read from; -1 with errno. */
int watch_open(void);
/* Watch a file or directory; its id (the same again for the same file), -1 with errno. */
int watch_add(int fd, const char *fn);
/* Wait for events and call each for all that are there: 0, -1 with errno (EINTR is returned). */
int watch_read(int fd, void (*each)(const struct watch_event *ev, void *arg), void *arg);

#endif
