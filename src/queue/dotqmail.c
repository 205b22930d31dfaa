/* dotqmail - .qmail files; see dotqmail.h. */
#include "queue/dotqmail.h"

#include <errno.h>
#include <string.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"

enum {
	PATRN = 002,		/* mode bits that must be clear: others may not write */
	SIZE_MAX_BYTES = 16 << 20,	/* a larger .qmail file is refused */
};

static struct str ltrim(struct str s)
{
	while (s.n && chr_blank(s.p[0]))
		s = str_from(s, 1);
	return s;
}

/* The next line without trailing blanks. */
static struct str cut_line(struct dotqmail *d)
{
	struct str line = str_cut(&d->rest, '\n');

	while (line.n && chr_blank(line.p[line.n - 1]))
		line.n--;
	return line;
}

/* "?label command" */
static void parse_jump(struct str s, struct dot_line *out)
{
	out->label = str_word(&s);
	*out = (struct dot_line){DOT_JUMP, ltrim(s), out->label};
}

/* true when the line is an instruction */
static bool parse(struct str line, struct dot_line *out)
{
	struct str arg = str_from(line, 1);

	*out = (struct dot_line){DOT_FORWARD, line, {NULL, 0}};
	switch (line.p[0]) {
	case '#':
	case ':':
		return false;
	case '.':
	case '/':
		out->kind = str_ends(line, STR("/")) ? DOT_MAILDIR : DOT_MBOX;
		return true;
	case '|':
		*out = (struct dot_line){DOT_PROGRAM, ltrim(arg), {NULL, 0}};
		return true;
	case '?':
		parse_jump(arg, out);
		return true;
	case '%':
		*out = (struct dot_line){DOT_ENVDIR, ltrim(arg), {NULL, 0}};
		return true;
	case '+':
		out->kind = DOT_LIST;
		return str_eq(arg, STR("list"));
	case '&':
		out->text = arg;
	}
	out->text = ltrim(out->text);
	return true;
}

int dotqmail_next(struct dotqmail *d, struct dot_line *line, struct err *e)
{
	while (d->rest.p) {
		struct str s = cut_line(d);

		if (!s.n && !d->begun)
			return err_temp(e, 0, "the first line of the .qmail file is blank (#4.2.1)");
		d->begun = true;
		if (!s.n || !parse(s, line))
			continue;
		if (memchr(s.p, 0, s.n))
			return err_temp(e, 0, "there is a zero byte in the .qmail file (#4.2.1)");
		if (!line->text.n && line->kind != DOT_LIST && line->kind != DOT_JUMP)
			return err_temp(e, 0, "a line of the .qmail file names nothing after its %c (#4.2.1)", s.p[0]);
		return 1;
	}
	return 0;
}

void dotqmail_jump(struct dotqmail *d, struct str label)
{
	while (d->rest.p) {
		struct str s = cut_line(d);

		if (s.n < 2 || s.p[0] != ':')
			continue;
		s = str_from(s, 1);
		if (str_eq(str_word(&s), label))
			return;
	}
}

bool dotqmail_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!chr_alnum(s.p[i]) && !chr_blank(s.p[i]) && (!s.p[i] || !strchr("_@%+=:,./-", s.p[i])))
			return false;
	return s.n > 0;
}

/* ext as file names carry it: lower case, dots as colons. */
static void safe_ext(struct buf *b, struct str ext)
{
	buf_set(b, ext);
	buf_lower(b);
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] == '.')
			b->p[i] = ':';
}

/* 1 read, 0 not there or no regular file, -1 */
static int read_file(const char *fn, struct dotfile *f, struct err *e)
{
	int fd = file_open(fn, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0), r = 0;
	struct stat st;

	if (fd < 0) {
		if (err_temporary(errno))
			return err_temp(e, errno, "unable to open %s (#4.3.0)", fn);
		return 0;
	}
	if (file_fstat(fd, &st) < 0) {
		r = err_temp(e, errno, "unable to stat %s (#4.3.0)", fn);
	} else if (S_ISREG(st.st_mode)) {
		r = 1;
		f->forward_only = st.st_mode & 0100;
		if (st.st_mode & PATRN)
			r = err_temp(e, 0, "others may write to %s (#4.7.0)", fn);
		else if (file_slurp_fd(fd, &f->text, SIZE_MAX_BYTES) < 0)
			r = err_temp(e, errno, "unable to read %s (#4.3.0)", fn);
	}
	fd_close(fd);
	return r;
}

/* .qmail DASH PREFIX default, for every prefix that ends behind a '-', the longest first, and none. */
static int find_default(struct buf *fn, size_t stem, struct str safe, struct str ext, struct dotfile *f,
	struct err *e)
{
	for (size_t i = safe.n + 1; i-- > 0; ) {
		if (i > 0 && safe.p[i - 1] != '-')
			continue;
		buf_trunc(fn, stem);
		buf_add(fn, str_to(safe, i));
		buf_adds(fn, "default");
		int r = read_file(fn->p, f, e);

		if (r == 1)
			f->dflt = str_from(ext, i);
		if (r)
			return r;
	}
	return 0;
}

int dotfile_find(struct str dash, struct str ext, struct dotfile *f, struct err *e)
{
	struct buf fn = BUF_INIT, safe = BUF_INIT;
	const struct str dflt = STR("default");

	f->dflt = (struct str){NULL, 0};
	safe_ext(&safe, ext);
	buf_adds(&fn, ".qmail");
	buf_add(&fn, dash);
	size_t stem = fn.n;

	buf_add(&fn, buf_str(&safe));
	int r = read_file(fn.p, f, e);

	if (r == 1 && str_ends(buf_str(&safe), dflt))
		f->dflt = str_from(ext, ext.n - dflt.n);
	if (r == 0)
		r = find_default(&fn, stem, buf_str(&safe), ext, f, e);
	buf_free(&fn);
	buf_free(&safe);
	return r;
}

/* 1 there, 0 not, -1 */
static int exists(const char *fn, struct err *e)
{
	struct stat st;

	if (file_stat(fn, &st) == 0)
		return 1;
	return err_temporary(errno) ? err_temp(e, errno, "unable to look for %s (#4.3.0)", fn) : 0;
}

int dotfile_owner(struct str dash, struct str ext, struct str sender, const char *local, const char *host,
	struct buf *out, struct err *e)
{
	struct buf fn = BUF_INIT, safe = BUF_INIT;
	int owner = 0, verp = 0;

	safe_ext(&safe, ext);
	buf_fmt(&fn, ".qmail%.*s%s-owner", STR_FMT(dash), safe.p);
	if (sender.n && !str_eq(sender, STR("#@[]")))
		owner = exists(fn.p, e);
	if (owner == 1) {
		buf_adds(&fn, "-default");
		verp = exists(fn.p, e);
	}
	if (verp == 1)
		buf_fmt(out, "%s-owner-@%s-@[]", local, host);
	else if (owner == 1)
		buf_fmt(out, "%s-owner@%s", local, host);
	else
		buf_add(out, sender);
	buf_free(&fn);
	buf_free(&safe);
	return owner < 0 || verp < 0 ? -1 : 0;
}
