/* log - what applets say on descriptor 2, one whole line per write, control bytes escaped. */
#ifndef CORE_APP_LOG_H
#define CORE_APP_LOG_H

#include <stdarg.h>

#include "core/base/err.h"
#include "core/base/str.h"

/* The program's name in messages: the traditional one. */
const char *log_program(void);
void log_set_program(const char *name);

/* Write the text and a newline; bytes below 32 and 127 become ? (tabs stay). */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_list(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
/* "PROG: warning: text" */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "PROG: fatal: text" and the end of the process. */
void die(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
/* "PROG: fatal: text: strerror"; the exit code is e->code, else 100 or 111 by class. */
void die_err(const struct err *e) __attribute__((noreturn));
/* Usage on descriptor 2 and exit 100. */
void die_usage(void) __attribute__((noreturn));
/* e's sentence with ": strerror" when a system call failed; a static buffer. */
const char *log_err(const struct err *e);
const char *log_errno(int num);

#endif
