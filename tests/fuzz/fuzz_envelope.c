/* fuzz_envelope - any bytes as a todo file, as lines of a log, and as bytes of the trigger's kind of
 * records.  Checks on the way: a file that is understood has a sender, what is written from it is
 * understood again and gives the same, and every view of a log line lies inside it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "queue/note.h"
#include "queue/qlog.h"
#include "queue/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct buf *b, char letter, struct str s)
{
	buf_addc(b, letter);
	buf_add(b, s);
	buf_addc(b, 0);
}

static void same(struct str a, struct str b)
{
	if ((a.p == NULL) != (b.p == NULL) || !str_eq(a, b))
		abort();
}

static void compare(const struct envelope *v, const struct envelope *w)
{
	same(v->sender, w->sender);
	same(v->extra, w->extra);
	same(v->headers, w->headers);
	same(v->params, w->params);
	if (v->rcpts.n != w->rcpts.n || v->uid != w->uid || v->pid != w->pid)
		abort();
	for (size_t i = 0; i < v->rcpts.n; i++)
		same(v->rcpts.p[i], w->rcpts.p[i]), same(envelope_dsn(v, i), envelope_dsn(w, i));
}

/* The notes of an info file: each state lies where a mark would go. */
static void as_notes(const struct envelope *v)
{
	struct notes n = {{0}};

	notes_take(v, 0, &n);
	for (size_t i = 0; i < n.v.n; i++)
		if (n.v.p[i].at <= 0 || (size_t)n.v.p[i].at >= v->whole.n || v->whole.p[n.v.p[i].at] != n.v.p[i].state ||
			v->whole.p[n.v.p[i].at - 1] != 'y')
			abort();
	vec_free(&n.v);
}

static void as_envelope(struct str text)
{
	struct buf b = BUF_INIT;
	struct envelope v, w;
	struct err e;

	if (envelope_parse(text, &v, &e) < 0)
		return;
	if (!v.sender.p)
		abort();
	buf_fmt(&b, "u%llu", (unsigned long long)v.uid);
	buf_addc(&b, 0);
	buf_fmt(&b, "p%llu", (unsigned long long)v.pid);
	buf_addc(&b, 0);
	add(&b, 'F', v.sender);
	if (v.params.p)
		add(&b, 'x', v.params);
	for (size_t i = 0; i < v.rcpts.n; i++) {
		add(&b, 'T', v.rcpts.p[i]);
		if (envelope_dsn(&v, i).n)
			add(&b, 'y', envelope_dsn(&v, i));
	}
	if (v.extra.p)
		add(&b, 'e', v.extra);
	if (v.headers.p)
		add(&b, 'h', v.headers);
	if (envelope_parse(buf_str(&b), &w, &e) < 0)
		abort();
	compare(&v, &w);
	as_notes(&v);
	envelope_free(&v);
	envelope_free(&w);
	buf_free(&b);
}

/* Rewriting without any control file: never fails, and strip undoes nothing that was not there. */
static void as_rcpt(struct str text)
{
	struct rewrite r = REWRITE_INIT;
	struct buf out = BUF_INIT;

	rewrite_rcpt(&r, text, &out);
	if (str_rchr(buf_str(&out), '@') == out.n)
		abort();
	same(rewrite_strip(&r, buf_str(&out)), buf_str(&out));
	buf_free(&out);
}

static void inside(struct str part, struct str line)
{
	if (part.n && (part.p < line.p || part.p + part.n > line.p + line.n))
		abort();
}

static void as_log(struct str text)
{
	while (text.p) {
		struct str line = str_cut(&text, '\n');
		struct qlog_line q;
		struct buf b = BUF_INIT;

		qlog_parse(line, &q);
		inside(q.qident, line);
		inside(q.sender, line);
		inside(q.rcpt, line);
		inside(q.text, line);
		inside(q.queue, line);
		qlog_safe(&b, line);
		for (size_t i = 0; i < b.n; i++)
			if (b.p[i] < 33 || b.p[i] > 126 || b.p[i] == '%')
				abort();
		buf_free(&b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};

	as_envelope(text);
	as_rcpt(text);
	as_log(text);
	return 0;
}
