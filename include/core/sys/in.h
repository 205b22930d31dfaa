/* in - buffered input from a descriptor, or from anything with a read function (TLS, test memory).
 * The caller provides the buffer.  A timeout (milliseconds, -1 none) bounds each wait for bytes. */
#ifndef CORE_SYS_IN_H
#define CORE_SYS_IN_H

#include <sys/types.h>

#include "core/base/buf.h"

struct in {
	/* reads at most n bytes: count, 0 end, -1 errno (ETIMEDOUT after wait milliseconds) */
	ssize_t (*op)(struct in *in, char *p, size_t n);
	void *ctx;	/* for op */
	int fd;
	int timeout;
	int wait;		/* for op: how long this read may wait, of timeout */
	int timed;		/* the socket's own timeout, as far as set here */
	bool untimed;		/* it has none */
	char *buf;
	size_t size, pos, len;
	/* called when nothing has come for a second, when set; true: wait no longer, the read fails with ECANCELED.
	 * A socket with one belongs to this input: it gets a timeout of its own. */
	bool (*idle)(void *arg);
	void *idle_arg;
	void (*before_wait)(void *arg);	/* called before a read that may block, when set: flush output here */
	void *wait_arg;
};

void in_init(struct in *in, int fd, char *buf, size_t size);
/* Input from memory, for tests and fuzzers. */
void in_init_mem(struct in *in, struct str s);
/* Make sure something is buffered: 1 yes, 0 end of input, -1 error (errno). */
int in_fill(struct in *in);
struct str in_peek(const struct in *in);		/* what is buffered now */
void in_skip(struct in *in, size_t n);			/* n <= in_peek().n */
void in_anew(struct in *in);				/* forget what is buffered: the descriptor is about to be another one */
int in_byte(struct in *in, char *c);			/* 1, 0, -1 */
/* Append up to and including sep to line.  1: complete; 0: the input ended first (line holds the
 * rest, perhaps nothing); -1: error; EMSGSIZE when more than max bytes came without sep. */
int in_line(struct in *in, struct buf *line, char sep, size_t max);

#endif
