/* admin - what the actions of minisvc(8) share: the wishes of the administrator, where services are, how to
 * talk and to run programs.  An action has the type admin_action: 0, or -1 with the reason in *e, or with an
 * empty *e when every reason has been told already. */
#ifndef SVC_ADMIN_H
#define SVC_ADMIN_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "svc/variables.h"

struct admin {
	/* options; texts are NULL or their default when not given */
	const char *servicedir, *service_name, *value, *destdir, *logdir, *initcmd, *scanint;
	const char *owner, *group, *mode, *envdir;
	const char *common_name, *certdir, *certfile, *capath, *postmaster;
	long validity_days;
	int unshare, down, nooverwrite, scripts_only, resolvconf, force, silent, nolog, update_certs;

	/* found by admin_start */
	struct buf plain;		/* the directory of services as scripts know it */
	struct buf base;		/* with destdir before it */
	struct variables_owner files;	/* of variable files */

	/* given by the command */
	struct str command;		/* how it was called */
	void (*say)(struct str text);	/* to the administrator, whole lines */
	void (*trouble)(const struct err *e);	/* one of several things failed, the others go on */
	bool (*known)(const char *program);
	bool (*run)(const char *const *words);	/* and wait; false when it failed */
	bool (*run_line)(struct str line);	/* a command line of the shell */
};

typedef int admin_action(struct admin *a, const char *arg, struct err *e);

/* Fill what is found; *e tells what is wrong with the options. */
int admin_start(struct admin *a, struct err *e);
void admin_free(struct admin *a);
/* Say a line. */
void admin_say(const struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Say a progress line: not when silent. */
void admin_progress(const struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Root may change what is at path, and who may write to the part of it that exists. */
bool admin_allowed(const char *path);
/* A line in services.log; false when it cannot be written, which is no reason to stop. */
bool admin_note(const struct admin *a);
/* The directory of configuration, as scripts know it. */
const char *admin_sysconfdir(void);

/* Do one thing for everything wanted; failures are told and counted, the others go on. */
typedef int admin_each(struct admin *a, const char *dir, const char *name, struct err *e);
/* For every blank-separated word DIR/NAME. */
int admin_each_word(struct admin *a, const char *words, admin_each *one);
/* For every service, .svscan and control/defaultqueue that has variables; dir is that of the variables. */
int admin_each_variables(struct admin *a, admin_each *one, struct err *e);
/* The directory of variables of --service-name, which must be there. */
int admin_variables(const struct admin *a, struct buf *dir, struct err *e);

#endif
