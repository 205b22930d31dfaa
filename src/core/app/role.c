/* role - accounts of the roles; see role.h. */
#include "core/app/role.h"

#include "core/sys/proc.h"
#include "core/sys/pw.h"

static const struct {
	const char *account;
	const char *group;	/* NULL: the account's own */
} roles[ROLE_COUNT] = {
	[AS_QUEUE] = {"qmailq", "qmail"},
	[AS_SEND] = {"qmails", "qmail"},
	[AS_REMOTE] = {"qmailr", "qmail"},
	[AS_DAEMON] = {"qmaild", NULL},
	[AS_LOG] = {"qmaill", NULL},
	[AS_GETPW] = {"qmailp", NULL},
	[AS_ALIAS] = {"alias", NULL},
	[AS_SCAN] = {"qscand", NULL},
};

/* Is this user one of the platform's accounts? */
static bool is_account(uid_t uid)
{
	struct pw p;

	for (int i = 0; i < ROLE_COUNT; i++)
		if (roles[i].account && pw_name(str_z(roles[i].account), &p) == 1 && p.uid == uid)
			return true;
	return false;
}

/* A daemon that has taken on its role is not root any more, and still no single user; root that cannot become anybody
 * else is one. */
bool role_single(void)
{
	static uid_t asked = (uid_t)-1;
	static bool single;
	uid_t uid = proc_euid();

	if (uid != asked)
		single = uid == 0 ? proc_lone_root() : !is_account(uid);
	asked = uid;
	return single;
}

const char *role_account(enum role role)
{
	return roles[role].account;
}

int role_ids(enum role role, uid_t *uid, gid_t *gid, struct err *e)
{
	struct pw p;

	if (role_single() || role == AS_CALLER || role == AS_ROOT) {
		*uid = proc_euid();
		*gid = proc_egid();
		return 0;
	}
	int r = pw_name(str_z(roles[role].account), &p);

	if (r == 0)
		return err_temp(e, 0, "no account %s on this machine", roles[role].account);
	if (r < 0)
		return err_temp(e, 0, "unable to read the account file");
	if (roles[role].group) {
		r = pw_group(str_z(roles[role].group), &p.gid);
		if (r <= 0)
			return err_temp(e, 0, "no group %s on this machine", roles[role].group);
	}
	*uid = p.uid;
	*gid = p.gid;
	return 0;
}

int role_group(struct err *e)
{
	uid_t queue;
	gid_t gid;

	if (role_single() || proc_euid() != 0)
		return 0;
	return role_ids(AS_QUEUE, &queue, &gid, e) < 0 ? -1 : proc_become(0, gid, &gid, 1, e);
}

int role_take(enum role role, struct err *e)
{
	enum { GROUPS = 64 };
	gid_t groups[GROUPS], gid;
	uid_t uid;

	if (role == AS_CALLER || role == AS_ROOT || role_single() || proc_euid() != 0)
		return 0;	/* only root can take on a role */
	if (role_ids(role, &uid, &gid, e) < 0)
		return -1;
	int n = pw_groups(str_z(roles[role].account), gid, groups, GROUPS);

	if (n < 0)
		return err_temp(e, 0, "unable to read the group file");
	return proc_become(uid, gid, groups, (size_t)n, e);
}
