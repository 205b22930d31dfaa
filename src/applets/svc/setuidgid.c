/* setuidgid - run a program as another account.  Used by root in run scripts; anybody may ask for himself.
 * The groups of the caller are dropped, and there is no way back. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/sys/env.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"

enum { GROUPS_MAX = 1024 };

static int all_groups, set_env;
static const char *more_groups;

static const struct opt opts[] = {
	FLAG('s', NULL, &all_groups, "with all groups of the account"),
	TEXT('g', NULL, &more_groups, "GROUPS", "with these groups too, names or numbers, comma separated"),
	FLAG('e', NULL, &set_env, "set HOME, USER and LOGNAME"),
	OPTS_END
};

static VEC(gid_t) groups;

static void account_groups(const struct pw *p)
{
	vec_reserve(&groups, GROUPS_MAX);
	int n = pw_groups(str_z(p->name), p->gid, groups.p, GROUPS_MAX);

	if (n < 0)
		die(111, "unable to read the group file: %s", log_errno(errno));
	groups.n = (size_t)n;
}

static gid_t group_id(struct str name)
{
	uint64_t n;
	gid_t gid;

	if (num_parse(name, UINT32_MAX - 1, &n))
		return (gid_t)n;
	int r = pw_group(name, &gid);

	if (r < 0)
		die(111, "unable to read the group file: %s", log_errno(errno));
	if (r == 0)
		die(111, "unknown group %.*s", STR_FMT(name));
	return gid;
}

static void listed_groups(struct str list)
{
	while (list.p) {
		struct str name = str_cut(&list, ',');

		if (!name.n)
			continue;
		if (groups.n >= GROUPS_MAX)
			die(111, "too many groups");
		vec_push(&groups, group_id(name));
	}
}

static int setuidgid_main(int argc, char **argv)
{
	struct err e = {0};
	struct pw p;

	if (argc < 3)
		die_usage();
	if (pw_account(argv[1], &p, &e) < 0)
		die_err(&e);
	if (all_groups)
		account_groups(&p);
	else
		vec_push(&groups, p.gid);
	listed_groups(str_z(more_groups));
	if (proc_become(p.uid, p.gid, groups.p, groups.n, &e) < 0)
		die_err(&e);
	if (set_env) {
		env_put("HOME", p.home);
		env_put("USER", p.name);
		env_put("LOGNAME", p.name);
	}
	run_chain(argv + 2);
}

APPLET(setuidgid) = {
	.name = "setuidgid", .family = "svc",
	.brief = "run a program as another account",
	.args = "account child [argument ...]", .opts = opts, .role = AS_CALLER, .main = setuidgid_main,
};
