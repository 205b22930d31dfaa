/* qlog - the log lines of the queue's daemons, written by typed functions (section 19).
 * Log tools parse them: the parser at the end of qlog.c reads back what these functions write. */
#ifndef QUEUE_QLOG_H
#define QUEUE_QLOG_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* q is the queue's name, "" leaves it out. */

/* Text from outside made safe: newline becomes /, bytes below 33, above 126 and % become _. */
void qlog_safe(struct buf *b, struct str s);

void qlog_new(struct buf *b, uint64_t id, const char *q);
void qlog_info(struct buf *b, uint64_t id, uint64_t bytes, struct str sender, uint64_t qp, uint64_t uid, const char *q);
/* One recipient as todo-proc classified it; mode: how the message was found, "" leaves it out. */
void qlog_rcpt(struct buf *b, bool remote, struct str sender, struct str rcpt, uint64_t id, uint64_t bytes,
	const char *q, const char *mode);
void qlog_start(struct buf *b, unsigned long delivery, const char *qident, uint64_t id, bool remote, struct str rcpt,
	const char *q);
/* letter is the report's first byte: K, Z or D. */
void qlog_report(struct buf *b, unsigned long delivery, const char *qident, char letter, struct str text, const char *q);
void qlog_mangled(struct buf *b, unsigned long delivery, const char *qident, const char *q);
void qlog_bounce(struct buf *b, uint64_t id, unsigned long qp, const char *q);
void qlog_discard(struct buf *b, const char *which, uint64_t id, const char *q);	/* "double", "triple" */
/* program NULL: the old line without it. */
void qlog_end(struct buf *b, uint64_t id, const char *program, const char *q);

/* What rate control says about a delivery (rate.h). */
struct rate_verdict;
void qlog_rate(struct buf *b, struct str domain, uint64_t id, const struct rate_verdict *v, const char *q);

struct qlog_status {
	int local, local_max, remote, remote_max;
	bool local_held, remote_held, exiting;
	bool rates;		/* rate control is active: delayed counts */
	size_t delayed;
};
void qlog_status(struct buf *b, const struct qlog_status *s, const char *q);

/* A control file could not be read again: "alert: PROGRAM: Q: unable to reread FILE" (section 19). */
void qlog_reread(struct buf *b, const char *program, const char *q, const struct err *e);
/* "alert: PROGRAM: Q: text", "warn: ...", "info: ..." */
void qlog_say(struct buf *b, const char *level, const char *program, const char *q, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* What log tools take from a line. */
enum qlog_event { QLOG_OTHER, QLOG_NEW, QLOG_INFO, QLOG_RCPT, QLOG_START, QLOG_REPORT, QLOG_BOUNCE, QLOG_END, QLOG_STATUS };
struct qlog_line {
	enum qlog_event event;
	uint64_t id, delivery, bytes, qp, uid;
	struct str qident, sender, rcpt, text, queue;
	char letter;		/* K, D, Z */
	bool remote;
};
/* Read one line without its newline; views into it, of JSON into a buffer that the next call uses again.
 *  Lines of older releases are understood too, and what qlog_json writes. */
void qlog_parse(struct str line, struct qlog_line *out);

/* ---- LOG_FORMAT=json, qlogjson.c ---- */
/* Append the same event as a JSON object and a newline; a line that is no event becomes {"event":"text","text":...}. */
void qlog_json(struct str line, struct buf *out);
/* Whether LOG_FORMAT asks for it. */
bool qlog_wants_json(void);
/* Write whole lines as LOG_FORMAT wants them, and clear b. */
void qlog_write(int fd, struct buf *b);
/* Read what qlog_json wrote; false: it is something else.  Texts are as the text line has them. */
bool qlog_parse_json(struct str line, struct qlog_line *out);

#endif
