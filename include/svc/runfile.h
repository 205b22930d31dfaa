/* runfile - run scripts that need no shell: comments, "exec 2>&1", and one "exec PROGRAM WORD..." at the end.
 * What the shell would do with anything else is the shell's business: such a script is not plain. */
#ifndef SVC_RUNFILE_H
#define SVC_RUNFILE_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/base/vec.h"

struct runfile_fd {
	int to, from;	/* to becomes a copy of from; -1: is closed */
};

struct runfile {
	struct arena arena;
	VEC(char *) argv;		/* NULL-terminated */
	VEC(struct runfile_fd) fds;	/* in this order */
};

/* Whether text is a plain script for sh: words of harmless characters, quoted text, $NAME and ${NAME}, redirections of
 * descriptors to descriptors.  variable gives the value of a name, or NULL.  Free r with runfile_free in any case. */
bool runfile_plain(struct runfile *r, struct str text, const char *(*variable)(const char *name));
void runfile_free(struct runfile *r);

#endif
