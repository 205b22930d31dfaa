/* variables - writing a directory of variables, as envdir(8) reads it, and its text form NAME=value.
 * Every file is replaced whole; names and values that envdir could not give back are refused. */
#ifndef SVC_VARIABLES_H
#define SVC_VARIABLES_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum { VARIABLES_VALUE_MAX = 255, VARIABLES_TEXT_MAX = 1 << 20 };

/* Who new files belong to. */
struct variables_owner {
	bool change;		/* false: whoever writes them */
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/* Not empty, no dot in front, no slash, =, blank or control byte. */
bool variables_name(struct str name);
bool variables_exists(const char *dir, const char *name);
/* The value and a newline; an empty value is a lone newline; newlines inside become NULs.  0 or -1. */
int variables_set(const char *dir, const char *name, struct str value, const struct variables_owner *o,
	struct err *e);
/* An empty file: envdir removes the variable from the environment. */
int variables_unset(const char *dir, const char *name, const struct variables_owner *o, struct err *e);
int variables_remove(const char *dir, const char *name, struct err *e);

/* Append all of them, sorted: NAME=value, NAME="" for an empty value, NAME= for one that is unset. */
int variables_export(const char *dir, struct buf *text, struct err *e);
/* Set and unset what such a text says; existing ones only with replace.  Comments and blank lines are
 * skipped. */
int variables_import(const char *dir, struct str text, bool replace, const struct variables_owner *o,
	struct err *e);
/* The same with replace; what the text does not name is removed. */
int variables_restore(const char *dir, struct str text, const struct variables_owner *o, struct err *e);
/* Import the text in file fn. */
int variables_read(const char *dir, const char *fn, bool replace, const struct variables_owner *o,
	struct err *e);
/* Restore dir/.variables. */
int variables_go_back(const char *dir, const struct variables_owner *o, struct err *e);
/* Write dir/.variables. */
int variables_save(const char *dir, const struct variables_owner *o, struct err *e);

#endif
