/* control - control files: one file of one name per setting, in CONTROLDIR (qmail-control(5)).
 * A name beginning with / or . is taken as it is.  A missing file is "absent", never an error;
 * an unreadable one is temporary. */
#ifndef CORE_CONF_CONTROL_H
#define CORE_CONF_CONTROL_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/map.h"
#include "core/base/vec.h"

/* Lines of a list file: right-trimmed, without empty lines and # comments. */
struct list {
	struct buf text;
	VEC(struct str) lines;
};
#define LIST_INIT {BUF_INIT, {0}}
void list_free(struct list *l);

/* A list as a look-up table, case ignored. */
struct table {
	struct list list;
	struct map map;
	bool present;	/* the file exists */
};
#define TABLE_INIT {LIST_INIT, {0}, false}
void table_free(struct table *t);
bool table_has(const struct table *t, struct str key);
/* Text after the first ':' of the line whose key this is. */
bool table_get(const struct table *t, struct str key, struct str *value);

/* The path of a control file; *path is replaced. */
void control_path(const char *name, struct buf *path);
/* 1 present, 0 absent, -1 unreadable.  The first line, right-trimmed. */
int control_line(const char *name, struct buf *line, struct err *e);
/* A decimal number; anything that does not start with a digit or sign counts as absent. */
int control_int(const char *name, long *n, struct err *e);
/* The number a word is, or that begins the file it names, from 1 to max: 0, or -1 and *n stays. */
int control_number(const char *word, uint64_t max, size_t *n);
int control_raw(const char *name, struct buf *text, struct err *e);
int control_list(const char *name, struct list *l, struct err *e);
/* As a set of whole lines, or (keyed) as key:value. */
int control_table(const char *name, bool keyed, struct table *t, struct err *e);
/* Split text into l->lines as control_list does. */
void list_parse(struct list *l);
/* Index the lines of t->list. */
void table_index(struct table *t, bool keyed);

#endif
