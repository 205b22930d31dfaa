/* linefilter - change how lines begin; see linefilter.h. */
#include "svc/linefilter.h"

#include <errno.h>
#include <string.h>

#include "core/sys/in.h"

struct filter {
	linefilter_begin *begin;
	void *arg;
	struct out out;
	char held[LINEFILTER_LOOK];	/* a beginning that was not long enough */
	size_t n;
	bool inside;			/* the beginning of this line is dealt with */
};

/* Show the beginning; false: more of it is wanted. */
static bool show(struct filter *f, struct str start, bool whole)
{
	ssize_t used = f->begin(f->arg, start, whole, &f->out);

	if (used < 0 && !whole)
		return false;
	out_add(&f->out, str_from(start, used > 0 ? (size_t)used : 0));
	f->inside = true;
	return true;
}

/* s is where a line begins or goes on to begin; returns how much of it has been taken. */
static size_t look(struct filter *f, struct str s)
{
	size_t room = sizeof f->held - f->n, n = str_chr(str_to(s, room), '\n');
	bool whole = n == room || n < s.n;
	struct str start = str_to(s, n);

	if (f->n || !whole) {
		memcpy(f->held + f->n, s.p, n);
		start = str_make(f->held, f->n + n);
	}
	f->n = show(f, start, whole) ? 0 : start.n;
	return n;
}

static void block(struct filter *f, struct str s)
{
	while (s.n && !f->out.failed) {
		if (!f->inside)
			s = str_from(s, look(f, s));
		if (!f->inside)
			return;
		size_t n = str_chr(s, '\n');
		bool ends = n < s.n;

		out_add(&f->out, str_to(s, n + ends));
		s = str_from(s, n + ends);
		f->inside = !ends;
	}
}

static void flush(void *arg)
{
	out_flush(arg);
}

int linefilter_run(linefilter_begin *b, void *arg, int read_code, int write_code, struct err *e)
{
	static char space[65536], room[65536];
	struct filter f = {.begin = b, .arg = arg};
	struct in in;
	int r;

	in_init(&in, 0, space, sizeof space);
	out_init(&f.out, 1, room, sizeof room);
	in.before_wait = flush;
	in.wait_arg = &f.out;
	while ((r = in_fill(&in)) > 0 && !f.out.failed) {
		block(&f, in_peek(&in));
		in_skip(&in, in_peek(&in).n);
	}
	int num = errno;

	if (f.n)
		show(&f, str_make(f.held, f.n), true);
	if (out_flush(&f.out) < 0)
		return err_code(e, write_code, errno, "unable to write output");
	return r < 0 ? err_code(e, read_code, num, "unable to read input") : 0;
}
