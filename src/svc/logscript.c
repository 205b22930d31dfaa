/* logscript - lines meet actions; see logscript.h. */
#include "svc/logscript.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "svc/logmatch.h"

enum {
	SHOWN = 200,		/* bytes of a line that e shows */
	STATUS_SIZE = LOGSCRIPT_LINE + 1,
	SIZE_MIN = 4096, SIZE_MAX_BYTES = 16777215,
	KEEP_MIN = 2, KEEP = 10,
};

/* ---- the script */

static uint64_t number(const char *text)
{
	uint64_t n = 0;

	num_scan(str_z(text), &n);
	return n;
}

static uint64_t size_limit(const char *text)
{
	uint64_t n = number(text);

	return n == 0 ? 0 : n < SIZE_MIN ? SIZE_MIN : n > SIZE_MAX_BYTES ? SIZE_MAX_BYTES : n;
}

static void add(struct logscript *s, int kind, const char *text)
{
	struct logscript_action a = {.kind = kind, .text = text};

	if (kind == LOGSCRIPT_STATUS)
		a.status = mem_alloc(STATUS_SIZE);
	vec_push(&s->actions, a);
}

static int add_log(struct logscript *s, const char *name, const struct logdir_plan *plan, struct err *e)
{
	struct logdir *d = mem_alloc(sizeof *d);

	if (logdir_open(d, name, plan, s->host, e) < 0) {
		mem_free(d);
		return -1;
	}
	add(s, LOGSCRIPT_LOG, name);
	s->actions.p[s->actions.n - 1].dir = d;
	return 0;
}

static int word(struct logscript *s, const char *w, struct logdir_plan *plan, struct err *e)
{
	switch (*w) {
	case '+':
		add(s, LOGSCRIPT_SELECT, w + 1);
		break;
	case '-':
		add(s, LOGSCRIPT_DESELECT, w + 1);
		break;
	case 'e':
		add(s, LOGSCRIPT_SHOW, w);
		break;
	case '=':
		add(s, LOGSCRIPT_STATUS, w + 1);
		break;
	case 's':
		plan->size = size_limit(w + 1);
		break;
	case 'n':
		plan->keep = number(w + 1) > KEEP_MIN ? (unsigned long)number(w + 1) : KEEP_MIN;
		break;
	case '!':
		plan->command = w[1] ? w + 1 : NULL;
		break;
	case 'r':
		s->rotate_every = number(w + 1) > 1 ? (unsigned long)number(w + 1) : 1;
		break;
	case '.':
	case '/':
		return add_log(s, w, plan, e);
	}
	return 0;
}

int logscript_open(struct logscript *s, char *const words[], bool sync, const struct logdir_host *host, struct err *e)
{
	struct logdir_plan plan = {.keep = KEEP, .sync = sync};

	*s = (struct logscript){.host = host, .pen = TAI_PEN_INIT};
	out_init(&s->show, 2, s->room, sizeof s->room);
	s->stamped = words[0] && words[0][0] == 't';
	for (; *words; words++)
		if (word(s, *words, &plan, e) < 0) {
			logscript_close(s);
			return -1;
		}
	return 0;
}

/* ---- lines */

static void show(struct logscript *s)
{
	out_put(&s->show, s->line, s->n > SHOWN ? SHOWN : s->n);
	out_adds(&s->show, s->n > SHOWN ? "...\n" : "\n");
}

static void note_status(struct logscript *s, struct logscript_action *a)
{
	memset(a->status, '\n', STATUS_SIZE);
	memcpy(a->status, s->line, s->n);
	a->fresh = true;
}

/* The line, or as much of it as counts, is here. */
static void act(struct logscript *s)
{
	struct str line = str_make(s->line, s->n);
	bool selected = !s->suspended;

	s->acted = true;
	for (size_t i = 0; i < s->actions.n; i++) {
		struct logscript_action *a = &s->actions.p[i];

		a->chosen = false;
		if (!selected) {
			selected = a->kind == LOGSCRIPT_SELECT && logmatch(a->text, line);
			continue;
		}
		switch (a->kind) {
		case LOGSCRIPT_DESELECT:
			selected = !logmatch(a->text, line);
			break;
		case LOGSCRIPT_SHOW:
			show(s);
			break;
		case LOGSCRIPT_STATUS:
			note_status(s, a);
			break;
		case LOGSCRIPT_LOG:
			logdir_put(a->dir, line.p, line.n);
			a->chosen = true;
			break;
		default:
			break;
		}
	}
}

static void to_chosen(struct logscript *s, const char *p, size_t n)
{
	for (size_t i = 0; i < s->actions.n; i++)
		if (s->actions.p[i].chosen)
			logdir_put(s->actions.p[i].dir, p, n);
}

static void start(struct logscript *s)
{
	time_t sec;
	long usec;

	s->n = 0;
	s->started = true;
	s->acted = false;
	if (!s->stamped)
		return;
	clock_us(&sec, &usec);
	tai_label(&s->pen, s->line, sec, (uint32_t)usec * 1000 + 500);
	s->line[TAI_LABEL] = ' ';
	s->n = TAI_LABEL + 1;
}

static void end(struct logscript *s)
{
	if (!s->started)
		start(s);
	if (!s->acted)
		act(s);
	to_chosen(s, "\n", 1);
	s->started = false;
}

static void piece(struct logscript *s, struct str p)
{
	if (!s->started)
		start(s);
	if (!s->acted) {
		struct str head = str_to(p, sizeof s->line - s->n);

		memcpy(s->line + s->n, head.p, head.n);
		s->n += head.n;
		p = str_from(p, head.n);
		if (s->n == sizeof s->line)
			act(s);
	}
	if (p.n)
		to_chosen(s, p.p, p.n);
}

void logscript_feed(struct logscript *s, struct str in)
{
	while (in.n) {
		size_t i = str_chr(in, '\n');

		if (i)
			piece(s, str_to(in, i));
		if (i < in.n)
			end(s);
		in = str_from(in, i + 1);
	}
}

/* ---- writing */

static int put_status(const struct logscript_action *a)
{
	int fd = file_open(a->text, O_WRONLY | O_CREAT | O_NONBLOCK, 0600);

	if (fd < 0)
		return -1;
	int r = fd_write_all(fd, a->status, STATUS_SIZE), keep = errno;

	fd_close(fd);
	errno = keep;
	return r;
}

/* A status file is a courtesy: its trouble is said once and stops nothing; the next line tries again. */
static void write_status(struct logscript *s, struct logscript_action *a)
{
	struct buf b = BUF_INIT;
	int r = put_status(a);

	a->fresh = false;
	if (r < 0 && !a->ailing) {
		buf_fmt(&b, "unable to write %s", a->text);
		s->host->say(true, errno, b.p);
		buf_free(&b);
	}
	a->ailing = r < 0;
}

void logscript_flush(struct logscript *s)
{
	out_flush(&s->show);
	s->show.failed = 0;
	for (size_t i = 0; i < s->actions.n; i++) {
		if (s->actions.p[i].fresh)
			write_status(s, &s->actions.p[i]);
		if (s->actions.p[i].dir)
			logdir_flush(s->actions.p[i].dir);
	}
}

void logscript_rotate(struct logscript *s)
{
	for (size_t i = 0; i < s->actions.n; i++)
		if (s->actions.p[i].dir)
			logdir_rotate(s->actions.p[i].dir);
}

void logscript_tend(struct logscript *s)
{
	for (size_t i = 0; i < s->actions.n; i++)
		if (s->actions.p[i].dir)
			logdir_tend(s->actions.p[i].dir);
}

long logscript_wait(const struct logscript *s)
{
	long least = -1;

	for (size_t i = 0; i < s->actions.n; i++) {
		long ms = s->actions.p[i].dir ? logdir_wait(s->actions.p[i].dir) : -1;

		if (ms >= 0 && (least < 0 || ms < least))
			least = ms;
	}
	return least;
}

uint64_t logscript_close(struct logscript *s)
{
	uint64_t lost = 0;

	if (s->started)
		end(s);
	logscript_flush(s);
	for (size_t i = 0; i < s->actions.n; i++) {
		if (s->actions.p[i].dir)
			lost += logdir_close(s->actions.p[i].dir);
		mem_free(s->actions.p[i].dir);
		mem_free(s->actions.p[i].status);
	}
	vec_free(&s->actions);
	return lost;
}
