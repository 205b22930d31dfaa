/* access - who may connect: a rules file, compiled (cdb) or as text, and the search in it (network reference
 * section 2).  Small files are kept in memory, so that a search costs one look at the file's date.  A file that is being
 * written when it is looked at refuses nobody: what was read before counts until the new one is whole. */
#ifndef CORE_NET_ACCESS_H
#define CORE_NET_ACCESS_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct access;
/* Nothing is read before the first access_refresh; fn stays the caller's.  may_lack: no file allows everybody. */
struct access *access_open(const char *fn, bool may_lack);
void access_close(struct access *a);
/* Read the file if it is not the one read before.  0; 1: the file is damaged or wrong, e says how, and what was read
 * before still counts; -1: there is nothing to go by. */
int access_refresh(struct access *a, struct err *e);

/* Whom we ask about.  ip is text, dotted for IPv4; info and host are NULL when unknown. */
struct access_who {
	const char *ip, *info, *host;
};
/* The first record in the order of the reference: 1 with *key and *data replaced, 0 none (allowed), -1 e.  An open
 * but never refreshed file has no records. */
int access_find(struct access *a, const struct access_who *who, struct buf *key, struct buf *data, struct err *e);

/* Change the environment as a record says.  false: denied; then only what stands before that counts.  *per_ip is set when the
 * record has MAXPERIP. */
bool access_apply(struct str data, long *per_ip);

#endif
