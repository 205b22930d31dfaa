/* reply - the server's side of the dialogue; see reply.h. */
#include "core/smtp/reply.h"

#include <stdarg.h>
#include <stdio.h>

struct str reply_code(int number, struct str text)
{
	size_t open = str_rchr(text, '#');
	struct str code = str_from(text, open + 1);
	int dots = 0;

	if (open == text.n || open == 0 || text.p[open - 1] != '(' || code.n < 6 || code.p[code.n - 1] != ')')
		return str_z(NULL);
	code.n--;
	for (size_t i = 0; i < code.n; i++) {
		if (code.p[i] == '.')
			dots++;
		else if (!chr_digit(code.p[i]))
			return str_z(NULL);
	}
	return dots == 2 && code.p[0] == '0' + number / 100 ? code : str_z(NULL);
}

static void put_text(struct reply *r, struct str text)
{
	struct buf clean = BUF_INIT;

	buf_add(&clean, text);
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] < 32 || clean.p[i] == 127)
			clean.p[i] = '?';
	out_add(r->out, buf_str(&clean));
	out_add(r->out, STR("\r\n"));
	buf_free(&clean);
}

void reply_line(struct reply *r, int number, const char *fallback, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct str code = reply_code(number, str_z(text));

	out_fmt(r->out, "%d ", number);
	if (r->enhanced && number / 100 != 3) {
		if (code.n)
			out_fmt(r->out, "%.*s ", STR_FMT(code));
		else if (fallback)
			out_fmt(r->out, "%s ", fallback);
		else
			out_fmt(r->out, "%d.0.0 ", number / 100);
	}
	put_text(r, str_z(text));
}

void reply_part(struct reply *r, int number, bool last, struct str text)
{
	out_fmt(r->out, "%d%c", number, last ? ' ' : '-');
	put_text(r, text);
}

void reply_queue(struct reply *r, const char *why)
{
	reply_line(r, *why == 'D' ? 554 : 451, NULL, "%s", *why ? why + 1 : why);
}
