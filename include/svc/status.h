/* status - the 21 bytes in supervise/status that tell how a service is (supervise(8)). */
#ifndef SVC_STATUS_H
#define SVC_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { STATUS_SIZE = 21, STATUS_CLASSIC_SIZE = 18 };

struct status {
	time_t since;		/* last change of state */
	uint32_t nsec;
	uint32_t pid;		/* of the service when up, of its supervise when not */
	bool paused;
	char want;		/* 'u', 'd', 0: run once */
	int16_t wait;		/* > 0: sleeping that many seconds before the start, < 0: waiting for another service */
	bool up;
};

void status_pack(const struct status *s, unsigned char out[STATUS_SIZE]);
/* From n bytes: 21, or the 18 of the classic supervise, where a pid of 0 means down.  False: bad format. */
bool status_unpack(struct status *s, const unsigned char *p, size_t n);
/* Whole seconds between the last change and now, never negative. */
unsigned long status_seconds(const struct status *s, time_t now);

#endif
