/* removal - send and clean; see removal.h. */
#include "queue/removal.h"

#include "core/sys/fd.h"

enum { WISHES_MAX = 1024 };

/* Ask clean in this process. */
static void ask_here(const struct removal *r, struct str names, char *answers)
{
	while (names.n)
		*answers++ = r->here(str_cut(&names, 0));
}

void removal_here(const struct removal *r, struct sched *s)
{
	char answer;

	while (s->clean.n) {
		size_t n = str_chr(buf_str(&s->clean), 0) + 1;

		ask_here(r, str_to(buf_str(&s->clean), n), &answer);
		buf_drop(&s->clean, n);
		sched_cleaned(s, answer);
	}
}

/* Answers to what was asked before come first. */
static int ask(const struct removal *r, struct sched *s, struct str names, char *answers, size_t n)
{
	char c;

	if (fd_write_all(r->out, s->clean.p, s->clean.n) < 0 || fd_write_all(r->out, names.p, names.n) < 0)
		return -1;
	buf_clear(&s->clean);
	for (size_t before = s->cleaning.n - s->cleaning_at; before; before--) {
		if (fd_read(r->in, &c, 1) != 1)
			return -1;
		sched_cleaned(s, c);
	}
	for (size_t i = 0; i < n; i++)
		if (fd_read(r->in, &answers[i], 1) != 1)
			return -1;
	return 0;
}

int removal_now(const struct removal *r, struct sched *s, struct str names, char *answers, size_t n)
{
	if (r->here) {
		ask_here(r, names, answers);
		return 0;
	}
	fd_nonblock(r->out, false);
	fd_nonblock(r->in, false);
	int done = ask(r, s, names, answers, n);

	fd_nonblock(r->out, true);
	fd_nonblock(r->in, true);
	return done;
}

/* How many complete names are there, and their bytes? */
static size_t complete(const struct buf *wishes, size_t *end)
{
	size_t n = 0, len;

	for (*end = 0; n < WISHES_MAX; n++, *end += len) {
		len = str_chr(str_from(buf_str(wishes), *end), 0) + 1;
		if (*end + len > wishes->n)
			break;
	}
	return n;
}

int removal_wishes(const struct removal *r, struct sched *s, struct buf *wishes)
{
	char answers[WISHES_MAX];
	size_t n, end;

	while ((n = complete(wishes, &end)) > 0) {
		if (removal_now(r, s, str_to(buf_str(wishes), end), answers, n) < 0)
			return -1;
		if (fd_write_all(r->wish_out, answers, n) < 0)
			return 1;
		buf_drop(wishes, end);
	}
	return 0;
}
