/* head - header fields; see head.h. */
#include "core/mail/head.h"

#include "core/sys/fd.h"

#include <string.h>

/* Does this line, without its end, belong to a header?  A continuation needs something to continue. */
static bool header_line(struct str line, bool first)
{
	if (!line.n)
		return false;
	if (chr_blank(line.p[0]))
		return !first;
	return str_chr(line, ':') < line.n || (first && str_starts(line, STR("From ")));
}

bool head_scan(struct head_scan *h, struct str text, bool end)
{
	while (h->line < text.n) {
		const char *nl = memchr(text.p + h->seen, '\n', text.n - h->seen);

		if (!nl && !end) {
			h->seen = text.n;
			return false;
		}
		size_t stop = nl ? (size_t)(nl - text.p) : text.n;

		if (!header_line(str_make(text.p + h->line, stop - h->line), h->line == 0))
			return true;
		h->line = h->seen = nl ? stop + 1 : stop;
	}
	return end;
}

int head_read(int fd, size_t max, struct buf *text, size_t *end)
{
	struct head_scan scan = {0};
	ssize_t n;

	do {
		n = fd_read(fd, buf_grow(text, 8192), 8192);
		if (n < 0)
			return -1;
		buf_advance(text, (size_t)n);
	} while (!head_scan(&scan, buf_str(text), n == 0 || text->n >= max));
	*end = scan.line;
	return 0;
}

size_t head_separator(struct str body)
{
	return str_starts(body, STR("\n")) ? 1 : str_starts(body, STR("\r\n")) ? 2 : 0;
}

/* Length of the field at the start of s: its line and the continuations. */
static size_t field_length(struct str s)
{
	size_t i = 0;

	do
		i += str_chr(str_from(s, i), '\n') + 1;
	while (i < s.n && chr_blank(s.p[i]));
	return i < s.n ? i : s.n;
}

static bool name_good(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 33 || (unsigned char)name.p[i] > 126)
			return false;
	return name.n > 0;
}

int head_next(struct str *rest, struct head_field *f, struct err *e)
{
	if (!rest->n)
		return 0;
	f->all = str_to(*rest, field_length(*rest));
	f->value = f->all;
	f->name = str_rtrim(str_cut(&f->value, ':'));
	if (!f->value.p || !name_good(f->name)) {
		struct str line = str_to(f->all, str_chr(f->all, '\n'));

		return err_perm(e, 0, "invalid header field: %.*s", (int)(line.n < 100 ? line.n : 100), line.p);
	}
	*rest = str_from(*rest, f->all.n);
	return 1;
}
