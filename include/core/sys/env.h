/* env - the process environment.  Reading it is conf's business (lint keeps it so). */
#ifndef CORE_SYS_ENV_H
#define CORE_SYS_ENV_H

#include "core/base/str.h"
#include "core/base/vec.h"

const char *env_get(const char *name);		/* for room conf only */
/* The same; when it is not there, *file is what NAME_FILE says, NULL nothing. */
const char *env_find(const char *name, const char **file);
void env_put(const char *name, const char *value);
void env_put_str(const char *name, struct str value);	/* bytes after a NUL are cut */
void env_unset(const char *name);
void env_clear(void);
char *const *env_all(void);		/* "NAME=value" each, NULL-terminated; valid until the next change */

/* A copy of the whole environment, to undo what a rule or a message changed. */
struct buf;
struct env_copy;
struct env_copy *env_save(void);
/* May be called any number of times.  Values that have not changed meanwhile stay where they are. */
void env_restore(const struct env_copy *c);
/* The same without a copy of the strings, which a child then shares with its parent; c must stay. */
void env_share(const struct env_copy *c);
/* What is different now, appended to out, to be repeated elsewhere by env_repeat. */
void env_changes(const struct env_copy *c, struct buf *out);
void env_repeat(struct str changes);
void env_copy_free(struct env_copy *c);

/* Put n variables "NAME=value" over the environment for a moment (around a fork) and take them off
 * again; no copies, so the strings must stay until then.  The layer's array is reused. */
struct env_layer {
	char **saved;	/* the environment below */
	VEC(char *) list;
};
void env_lay(struct env_layer *l, char *const *vars, size_t n);
void env_lift(struct env_layer *l);
void env_layer_free(struct env_layer *l);

#endif
