/* conf - every setting of the platform, from one table (conf.def).
 * Order everywhere: environment, control file, default.  For any variable NAME, NAME_FILE may name a
 * file whose first line is the value.  getenv appears nowhere else. */
#ifndef CORE_CONF_CONF_H
#define CORE_CONF_CONF_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/conf/control.h"

enum conf_type {
	T_LINE,		/* one line of text */
	T_INT,		/* decimal number */
	T_LIST,		/* lines */
	T_MAP,		/* key:value lines */
	T_RAW,		/* a whole file */
	T_ON,		/* switch: set and not empty */
	T_SET,		/* switch: presence counts */
};

enum {
	F_ME = 1,	/* falls back to control/me */
	F_RULES = 2,	/* envrules may change it */
	F_CDB = 4,	/* only a compiled .cdb is read */
	F_REQUIRED = 8,	/* a site cannot run without it */
	F_NAMED = 16,	/* the variable names another file instead of carrying the value */
};

#define C(id, type, env, file, dflt, flags, readers, text) CONF_##id,
enum conf_id {
#include "core/conf/conf.def"
	CONF_COUNT
};
#undef C

struct conf_row {
	const char *id;
	enum conf_type type;
	const char *env;	/* variable, or NULL */
	const char *file;	/* control file, or NULL */
	const char *dflt;	/* default as text, or NULL */
	unsigned flags;
	const char *readers;	/* applets that use it */
	const char *text;	/* one sentence */
};
extern const struct conf_row conf_rows[CONF_COUNT];

/* The variable's value (or the first line of NAME_FILE), NULL when unset.  Valid until the environment changes. */
const char *conf_env(enum conf_id id);
bool conf_on(enum conf_id id);		/* T_ON: set and not empty */
bool conf_set(enum conf_id id);		/* T_SET: present */
/* A switch with a default: set and empty is off, set to anything is on, unset is the default. */
bool conf_enabled(enum conf_id id);

/* Environment, control file, me when F_ME, default: 1 found, 0 nothing, -1 error. */
int conf_line(enum conf_id id, struct buf *out, struct err *e);
int conf_int(enum conf_id id, long *out, struct err *e);	/* *out is always set when >= 0 */
/* Environment (blank-separated when it carries the value; a file name with F_NAMED), control file. */
int conf_list(enum conf_id id, struct list *l, struct err *e);
int conf_table(enum conf_id id, struct table *t, struct err *e);	/* keyed when the row is T_MAP */
int conf_raw(enum conf_id id, struct buf *out, struct err *e);

/* A variable that belongs to no row: message headers as variables, names given by the user. */
const char *conf_getenv(const char *name);

const char *conf_controldir(void);	/* CONTROLDIR, absolute or as set */
const char *conf_home(void);		/* /var/indimail: parent of queue and alias */

#endif
