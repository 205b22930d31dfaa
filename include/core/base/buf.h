/* buf - bytes we own and grow.  Never NULL, always NUL-terminated after the n bytes.
 * Start with BUF_INIT, end with buf_free; growing never fails (see mem.h). */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stdarg.h>

#include "core/base/str.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;	/* 0: p is the shared empty string, not ours to write */
};

extern char buf_empty[1];
#define BUF_INIT {buf_empty, 0, 0}

void buf_init(struct buf *b);
void buf_free(struct buf *b);			/* back to BUF_INIT */
void buf_clear(struct buf *b);			/* n = 0, memory kept */
void buf_trunc(struct buf *b, size_t n);	/* keep the first n bytes */
char *buf_grow(struct buf *b, size_t extra);	/* room for extra more bytes; returns the end */
void buf_advance(struct buf *b, size_t n);	/* n bytes were written at the end by the caller */
void buf_drop(struct buf *b, size_t n);		/* remove the first n bytes */

void buf_put(struct buf *b, const void *p, size_t n);
void buf_add(struct buf *b, struct str s);
void buf_adds(struct buf *b, const char *z);
void buf_addc(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_set(struct buf *b, struct str s);	/* replace the content; s may point into b */
void buf_lower(struct buf *b);			/* ASCII, in place */

struct str buf_str(const struct buf *b);	/* a view, valid until the next change */
char *buf_take(struct buf *b);			/* the NUL-terminated bytes; caller mem_frees */

#endif
