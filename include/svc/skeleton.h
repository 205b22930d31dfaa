/* skeleton - the directory .svscan: svscan's own variables, scripts and logger (minisvc(8) --svscanlog). */
#ifndef SVC_SKELETON_H
#define SVC_SKELETON_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "svc/variables.h"

struct skeleton {
	const char *base;		/* the directory of services, where it is written */
	const char *servicedir;		/* the same as scripts know it */
	const char *destdir;		/* before every path that is written */
	const char *logdir, *sysconfdir;
	const char *generator;		/* for the comments of scripts */
	struct str command;		/* what makes it: for comments and .options */
	const char *initcmd, *scanint;	/* initcmd may be NULL */
	bool unshare, down, resolvconf;
	bool nooverwrite;		/* variables that exist stay */
	bool scripts_only;
	bool single;			/* the logger runs as the caller */
	struct variables_owner files;
};

/* Write all of it; whole files only.  0 or -1. */
int skeleton_make(const struct skeleton *k, struct err *e);

#endif
