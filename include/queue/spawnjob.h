/* spawnjob - a delivery command as the spawner's loop sees it: its fields, its message, its variables.  Only spawner.c and
 * spawnjob.c include this. */
#ifndef QUEUE_SPAWNJOB_H
#define QUEUE_SPAWNJOB_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/sys/env.h"
#include "queue/spawner.h"

enum { SPAWNJOB_FIELDS = 5 };	/* each ended by a NUL */

/* The fields of a command without its slot. */
void spawnjob_split(struct str text, struct spawner_job *job);
/* The id may be the name of a message's file. */
bool spawnjob_valid(const struct spawner_job *job);
/* Open the message, in the directory mess: NULL, or what is wrong with it, *status then holds the code. */
const char *spawnjob_open(struct spawner_job *job, uid_t owner, const char **status);

/* MESSID and the variables made of header lines over the environment, until env_lift of the layer. */
struct spawnjob_env {
	struct buf vars;
	VEC(char *) list;
	struct env_layer layer;
};
void spawnjob_lay(struct spawnjob_env *env, const struct spawner_job *job);
void spawnjob_env_free(struct spawnjob_env *env);

#endif
