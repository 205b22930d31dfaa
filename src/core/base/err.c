/* err - errors as values; see err.h. */
#include "core/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void fill(struct err *e, enum err_class class, int num, int code, const char *fmt, va_list ap)
{
	e->class = class;
	e->num = num;
	e->code = code;
	vsnprintf(e->text, sizeof e->text, fmt, ap);
}

int err_set(struct err *e, enum err_class class, int num, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	fill(e, class, num, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_code(struct err *e, int code, int num, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	fill(e, code >= 11 && code <= 40 ? ERR_PERM : ERR_TEMP, num, code, fmt, ap);
	va_end(ap);
	return -1;
}

int err_exit(const struct err *e)
{
	return e->class == ERR_PERM || e->class == ERR_USAGE ? 100 : 111;
}

int err_temporary(int num)
{
	switch (num) {
	case EINTR:
	case ENOMEM:
	case EAGAIN:
	case EDEADLK:
	case EBUSY:
	case EPERM:
	case EACCES:
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case ENFILE:
	case EMFILE:
	case ENOBUFS:
	case ESTALE:
	case EHOSTDOWN:
	case ETIMEDOUT:
	case ECONNREFUSED:
	case ECONNRESET:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
		return 1;
	default:
		return 0;
	}
}
