/* store - the SQL database, at the level of prepared statements.  A connection belongs to the process that opened it. */
#ifndef VDOMAIN_STORE_H
#define VDOMAIN_STORE_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/str.h"

#define S(id, sql) STMT_##id,
enum stmt {
#include "vdomain/stmt.def"
	STMT_COUNT
};
#undef S

struct store_place {
	const char *server;	/* a host name, or the path of a socket */
	const char *user, *password, *database;
	const char *library;	/* of the client: file or name */
	unsigned timeout_s;	/* for connecting and for each answer */
};

/* A value for a statement: text, or a number when text.p is NULL. */
struct store_value {
	struct str text;
	long long number;
};

struct store;
/* Load the client library, so that processes forked later have it: 0, or -1 with e. */
int store_load(const char *library, struct err *e);
/* NULL with e. */
struct store *store_open(const struct store_place *p, struct err *e);
void store_close(struct store *s);
/* Run a statement with n values and call row for each row of the answer, columns as text (p NULL: SQL's NULL); a non-zero
 * return of row ends it.  table is a plain name, NULL when the statement names its own.  0, or -1 with e. */
int store_run(struct store *s, enum stmt id, const char *table, const struct store_value *values, unsigned n,
	int (*row)(void *ctx, const struct str *columns, unsigned n), void *ctx, struct err *e);
/* Whether the last failure was that the table is missing. */
bool store_lacks_table(const struct store *s);

#endif
