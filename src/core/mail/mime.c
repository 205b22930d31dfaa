/* mime - walk over the parts of a message; see mime.h. */
#include "core/mail/mime.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/transfer.h"
#include "core/mail/mimeparam.h"
#include "core/sys/in.h"

enum { LINE_MAX_ = 32768, HEADER_MAX = 1 << 17, BOUNDARY_MAX = 1000 };

enum where {
	HEADER,		/* of a part */
	CONTENT,	/* goes to the caller */
	BETWEEN,	/* before the first or behind the last part, or behind a uuencoded file */
};

struct mime {
	const struct mime_calls *calls;
	void *ctx;
	struct err *e;
	struct buf boundaries[MIME_DEPTH];
	size_t depth, parts;
	struct buf header, out;
	enum where where;
	bool open;		/* begin was called */
	struct transfer transfer;
	int failed;		/* what a call in the middle of a field returned */
};

/* Hand on what a line stands for. */
static int decode(struct mime *m, struct str line)
{
	buf_clear(&m->out);
	transfer_line(&m->transfer, line, &m->out);
	return m->out.n ? m->calls->data(m->ctx, buf_str(&m->out), m->e) : 0;
}

static int close_part(struct mime *m)
{
	if (!m->open)
		return 0;
	m->open = false;
	/* base64 whose last group has no end */
	if (m->transfer.kind == TRANSFER_BASE64 && decode(m, STR("=")) < 0)
		return -1;
	return m->calls->end(m->ctx, m->e);
}

static int open_part(struct mime *m, enum transfer_kind kind)
{
	if (close_part(m) < 0)
		return -1;
	if (++m->parts > MIME_PARTS)
		return err_perm(m->e, 0, "the message has more than %d parts", MIME_PARTS);
	m->transfer = (struct transfer){.kind = kind};
	m->where = CONTENT;
	m->open = true;
	return m->calls->begin(m->ctx, m->e);
}

/* Is this line a boundary of the given level?  1, or 2 when it is the last. */
static int boundary(const struct buf *b, struct str line)
{
	if (!str_starts(line, STR("--")) || !str_starts(str_from(line, 2), buf_str(b)))
		return 0;
	struct str rest = str_rtrim(str_from(line, 2 + b->n));

	return !rest.n ? 1 : str_eq(rest, STR("--")) ? 2 : 0;
}

/* 1: the line was one. */
static int try_boundaries(struct mime *m, struct str line)
{
	for (size_t i = m->depth; i-- > 0; ) {
		int hit = boundary(&m->boundaries[i], line);

		if (!hit)
			continue;
		m->depth = hit == 1 ? i + 1 : i;
		m->where = hit == 1 ? HEADER : BETWEEN;
		buf_clear(&m->header);
		return close_part(m) < 0 ? -1 : 1;
	}
	return 0;
}

static void set_boundary(void *ctx, struct str text)
{
	struct mime *m = ctx;
	struct buf *b = &m->boundaries[m->depth];

	if (!b->n && text.n && text.n <= BOUNDARY_MAX)
		buf_set(b, str_rtrim(text));
}

static void tell_name(void *ctx, struct str text)
{
	struct mime *m = ctx;

	if (!m->failed && text.n)
		m->failed = m->calls->name(m->ctx, text, m->e);
}

/* The next field of a header, with its continuations. */
static bool next_field(struct str *rest, struct str *name, struct str *value)
{
	size_t end = 0;

	if (!rest->n)
		return false;
	do
		end += str_chr(str_from(*rest, end), '\n') + 1;
	while (end < rest->n && chr_blank(rest->p[end]));
	struct str field = str_to(*rest, end < rest->n ? end : rest->n);

	*rest = str_from(*rest, field.n);
	*value = field;
	*name = str_trim(str_cut(value, ':'));
	if (!value->p)
		*value = STR("");
	return true;
}

static enum transfer_kind transfer_of(struct str value)
{
	struct str t = mimeparam_type(value);

	/* a uuencoded part is found by its first line, as in a text */
	return str_ieq(t, STR("base64")) ? TRANSFER_BASE64 : str_ieq(t, STR("quoted-printable")) ? TRANSFER_QUOTED :
		TRANSFER_PLAIN;
}

/* The header is complete: what comes next? */
static int header_done(struct mime *m)
{
	struct str rest = buf_str(&m->header), name, value, type = STR("text/plain");
	enum transfer_kind kind = TRANSFER_PLAIN;

	if (m->depth < MIME_DEPTH)
		buf_clear(&m->boundaries[m->depth]);
	while (next_field(&rest, &name, &value)) {
		if (str_ieq(name, STR("Content-Type"))) {
			type = mimeparam_type(value);
			if (m->depth < MIME_DEPTH)
				mimeparam_each(value, STR("boundary"), set_boundary, m);
			mimeparam_each(value, STR("name"), tell_name, m);
		} else if (str_ieq(name, STR("Content-Disposition"))) {
			mimeparam_each(value, STR("filename"), tell_name, m);
		} else if (str_ieq(name, STR("Content-Transfer-Encoding"))) {
			kind = transfer_of(value);
		}
	}
	if (m->failed)
		return -1;
	bool multipart = str_istarts(type, STR("multipart/"));

	if (multipart && m->depth == MIME_DEPTH)
		return err_perm(m->e, 0, "the message has more than %d levels", MIME_DEPTH);
	if (multipart && m->boundaries[m->depth].n) {
		m->depth++;
		m->where = BETWEEN;
		return 0;
	}
	bool message = str_ieq(type, STR("message/rfc822")) || str_ieq(type, STR("message/global"));

	buf_clear(&m->header);
	if (message && kind == TRANSFER_PLAIN) {
		if (++m->parts > MIME_PARTS)
			return err_perm(m->e, 0, "the message has more than %d parts", MIME_PARTS);
		m->where = HEADER;
		return 0;
	}
	return open_part(m, kind);
}

/* "begin 644 name" of a uuencoded file: its name, else nothing. */
static struct str uu_name(struct str line)
{
	size_t i = 6;

	if (!str_starts(line, STR("begin ")))
		return STR("");
	while (i < line.n && line.p[i] >= '0' && line.p[i] <= '7')
		i++;
	return i >= 9 && i < line.n && line.p[i] == ' ' ? str_trim(str_from(line, i)) : STR("");
}

static int content(struct mime *m, struct str line)
{
	struct str name = m->transfer.kind == TRANSFER_PLAIN ? uu_name(line) : STR("");

	if (name.n) {
		if (close_part(m) < 0 || m->calls->name(m->ctx, name, m->e) < 0)
			return -1;
		return open_part(m, TRANSFER_UU);
	}
	if (m->where == BETWEEN)
		return 0;
	if (m->transfer.kind == TRANSFER_UU && str_eq(str_rtrim(line), STR("end"))) {
		m->where = BETWEEN;
		m->transfer.kind = TRANSFER_PLAIN;
		return close_part(m);
	}
	return decode(m, line);
}

/* A line with its end, or a piece of one that is too long. */
static int take(struct mime *m, struct str line, bool fresh)
{
	int r = fresh ? try_boundaries(m, line) : 0;

	if (r)
		return r < 0 ? -1 : 0;
	if (m->where != HEADER)
		return content(m, line);
	bool blank = !str_rtrim(line).n, part = chr_blank(line.p[0]) || str_chr(line, ':') < line.n || !fresh;

	if (!blank && (part || str_starts(line, STR("From ")))) {
		if (m->header.n + line.n <= HEADER_MAX)
			buf_add(&m->header, line);
		return 0;
	}
	if (header_done(m) < 0)
		return -1;
	return blank || m->where == HEADER ? 0 : content(m, line);
}

static int lines(struct mime *m, struct in *in)
{
	struct buf line = BUF_INIT;
	bool fresh = true;
	int got, r = 0;

	do {
		buf_clear(&line);
		got = in_line(in, &line, '\n', LINE_MAX_);
		bool whole = got >= 0;

		if (got < 0 && errno != EMSGSIZE)
			r = err_temp(m->e, errno, "unable to read the message");
		else if (line.n)
			r = take(m, buf_str(&line), fresh);
		fresh = whole;
	} while (r == 0 && got != 0);
	if (r == 0 && m->where == HEADER)
		r = header_done(m);
	buf_free(&line);
	return r;
}

int mime_walk(int fd, const struct mime_calls *calls, void *ctx, struct err *e)
{
	struct mime *m = mem_alloc(sizeof *m);
	char block[8192];
	struct in in;

	m->calls = calls;
	m->ctx = ctx;
	m->e = e;
	buf_init(&m->header);
	buf_init(&m->out);
	for (size_t i = 0; i < MIME_DEPTH; i++)
		buf_init(&m->boundaries[i]);
	in_init(&in, fd, block, sizeof block);
	int r = lines(m, &in);

	if (r == 0)
		r = close_part(m);
	for (size_t i = 0; i < MIME_DEPTH; i++)
		buf_free(&m->boundaries[i]);
	buf_free(&m->header);
	buf_free(&m->out);
	mem_free(m);
	return r;
}
