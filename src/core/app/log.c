/* log - messages on descriptor 2; see log.h. */
#include "core/app/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

static const char *program = "indimail";

const char *log_program(void)
{
	return program;
}

void log_set_program(const char *name)
{
	program = name;
}

static void put(const char *head, const char *fmt, va_list ap)
{
	char line[4096];
	int n = snprintf(line, sizeof line, "%s", head);

	n += vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	for (int i = 0; i < n; i++)
		if (((unsigned char)line[i] < 32 && line[i] != '\t') || line[i] == 127)
			line[i] = '?';
	line[n++] = '\n';
	fd_write_all(2, line, (size_t)n);
}

void log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("", fmt, ap);
	va_end(ap);
}

void log_list(const char *fmt, va_list ap)
{
	put("", fmt, ap);
}

void log_warn(const char *fmt, ...)
{
	char head[128];
	va_list ap;

	snprintf(head, sizeof head, "%s: warning: ", program);
	va_start(ap, fmt);
	put(head, fmt, ap);
	va_end(ap);
}

void die(int code, const char *fmt, ...)
{
	char head[128];
	va_list ap;

	snprintf(head, sizeof head, "%s: fatal: ", program);
	va_start(ap, fmt);
	put(head, fmt, ap);
	va_end(ap);
	proc_exit(code);
}

const char *log_errno(int num)
{
	return strerror(num);
}

const char *log_err(const struct err *e)
{
	static char text[400];

	snprintf(text, sizeof text, "%s%s%s", e->text, e->num ? ": " : "", e->num ? strerror(e->num) : "");
	return text;
}

void die_err(const struct err *e)
{
	die(e->code ? e->code : err_exit(e), "%s", log_err(e));
}

void die_usage(void)
{
	applet_usage(applet_now, 2);
	proc_exit(100);
}
