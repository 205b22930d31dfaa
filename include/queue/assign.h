/* assign - from the local part of an address to the account that owns it: users/cdb, then the
 * accounts of the machine (qmail-users(5), queue-and-delivery sections 13.1 to 13.3). */
#ifndef QUEUE_ASSIGN_H
#define QUEUE_ASSIGN_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Exit codes of getpw and lspawn's child, which errors of this file carry as e->code. */
enum {
	ASSIGN_NFS = 115,	/* a home directory cannot be looked at now */
	ASSIGN_NO_ALIAS = 116,
	ASSIGN_CDB = 117,	/* users/cdb is unreadable or damaged */
	ASSIGN_SYSTEM = 118,	/* the account file is unreadable */
};

struct user {
	struct buf text;	/* owns the six fields, each with its NUL */
	const char *name, *home, *dash, *ext;
	uid_t uid;
	gid_t gid;
};
#define USER_INIT {BUF_INIT, NULL, NULL, NULL, NULL, 0, 0}
void user_free(struct user *u);

/* Split u->text, "user NUL uid NUL gid NUL home NUL dash NUL ext", perhaps with a last NUL. */
int user_parse(struct user *u, struct err *e);
/* ASSIGNDIR joined with name replaces *path. */
int assign_path(const char *name, struct buf *path, struct err *e);
/* Look local up in the database fn: 1 found, 0 nobody there or no such file, -1. */
int assign_cdb(const char *fn, struct str local, struct user *u, struct err *e);
/* The machine's accounts, then alias; in a single-user instance without alias the caller itself.
 * 0, or -1. */
int assign_getpw(struct str local, struct user *u, struct err *e);

/* Text of the assign file to records of an open database; a format error names its line. */
int assign_compile(struct str text, int fd, struct err *e);

#endif
