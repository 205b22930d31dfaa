/* cdb - constant databases: the file format of every .cdb (ucspi-tcp reference section 2).
 * Little-endian 32-bit numbers; hash tables behind the records. */
#ifndef CORE_CONF_CDB_H
#define CORE_CONF_CDB_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"

struct cdb {
	int fd;
	const char *mem;	/* all its bytes, instead of fd */
	uint64_t size;
	/* where a search continues */
	uint32_t hash, table, slots, tried;
	struct str key;
};

/* 1 open, 0 no such file, -1 error. */
int cdb_open(struct cdb *c, const char *fn, struct err *e);
void cdb_close(struct cdb *c);
/* A database whose bytes are in memory; they stay the caller's. */
void cdb_memory(struct cdb *c, struct str bytes);
/* Whether the 256 tables lie inside the file: what is no cdb at all, or was cut short, is told apart. */
bool cdb_sound(struct cdb *c);
/* Data of the first record with this key replaces *data: 1, 0 not found, -1 unreadable or damaged. */
int cdb_find(struct cdb *c, struct str key, struct buf *data, struct err *e);
/* Data of the next record with the key of the last cdb_find; the key's bytes must still be there. */
int cdb_next(struct cdb *c, struct buf *data, struct err *e);

struct cdb_entry {
	uint32_t hash, pos;
};
struct cdb_make {
	int fd;
	uint32_t pos;
	struct buf pending;
	VEC(struct cdb_entry) entries[256];
};
/* Write to an open empty file; cdb_make_end writes the tables and syncs.  The caller renames. */
int cdb_make_begin(struct cdb_make *m, int fd);
int cdb_make_add(struct cdb_make *m, struct str key, struct str data, struct err *e);
int cdb_make_end(struct cdb_make *m, struct err *e);	/* frees m whatever happens */

uint32_t cdb_hash(struct str key);

#endif
