/* fan - one stream for many readers, through one ring of 8 KiB.  A reader that takes nothing for five seconds
 * while the others need the room loses whole lines until it takes some again; nobody else loses anything. */
#ifndef SVC_FAN_H
#define SVC_FAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

enum { FAN_SIZE = 8192, FAN_PATIENCE_MS = 5000 };

struct fan {
	char ring[FAN_SIZE];
	uint64_t head;		/* bytes that ever came in */
};

struct fan_reader {
	uint64_t pos;		/* bytes of the stream it has got or lost */
	uint64_t lost;
	long long stalled;	/* when it last took something, or had nothing to take */
	bool slow;		/* gets nothing for now */
	bool between;		/* the beginning of the present line is lost to it */
	char last;		/* the last byte it got */
};

/* Room for input that every reader which is not slow leaves. */
size_t fan_room(const struct fan *f, const struct fan_reader *const *readers, size_t n);
/* Bring in at most fan_room bytes. */
void fan_put(struct fan *f, struct str s);
/* A reader joins: it begins with the next line. */
void fan_join(const struct fan *f, struct fan_reader *r, long long now);
/* What to write to it next, empty when there is nothing. */
struct str fan_next(struct fan *f, struct fan_reader *r);
/* It took n bytes of that (0: it took nothing). */
void fan_took(const struct fan *f, struct fan_reader *r, size_t n, long long now);
/* Give it up for now when it holds the others up for too long: true when that happens. */
bool fan_give_up(const struct fan *f, struct fan_reader *r, long long now);
/* A slow reader takes input again: whether it has lost some.  When the last byte it got ends no line, the
 * caller has to end that before anything else. */
bool fan_resume(const struct fan *f, struct fan_reader *r, long long now);

#endif
