/* ids - users and groups by their words; see ids.h. */
#include "core/sys/ids.h"

#include "core/base/num.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"

enum { GROUPS = 64 };

struct ids {
	uid_t uid;
	gid_t groups[GROUPS];	/* the first one is the group */
	int n;
};

static int take_user(struct ids *ids, const char *user, struct err *e)
{
	struct pw p;
	uint64_t n;

	if (num_parse(str_z(user), UINT32_MAX - 1, &n)) {
		if (n)
			ids->uid = (uid_t)n;
		return 0;
	}
	if (pw_name(str_z(user), &p) != 1)
		return err_temp(e, 0, "unable to set uid: no user %s", user);
	ids->uid = p.uid;
	ids->n = pw_groups(str_z(user), p.gid, ids->groups, GROUPS);
	return ids->n < 1 ? err_temp(e, 0, "unable to set gid: no groups of %s", user) : 0;
}

static int add_groups(struct ids *ids, const char *groups, struct err *e)
{
	struct str rest = str_z(groups);

	while (rest.p) {
		struct str word = str_trim(str_cut(&rest, ','));
		uint64_t n;
		gid_t gid;

		if (num_parse(word, UINT32_MAX - 1, &n))
			gid = (gid_t)n;
		else if (pw_group(word, &gid) != 1)
			return err_temp(e, 0, "unable to set gid: no group %.*s", STR_FMT(word));
		if (ids->n == GROUPS)
			return err_temp(e, 0, "unable to set gid: more than %d groups", GROUPS);
		ids->groups[ids->n++] = gid;
	}
	return 0;
}

int ids_take(const char *user, const char *groups, struct err *e)
{
	struct ids ids = {.uid = proc_euid()};
	struct err why = {0};

	if ((user && take_user(&ids, user, e) < 0) || (groups && add_groups(&ids, groups, e) < 0))
		return -1;
	if (ids.n == 0)
		ids.groups[ids.n++] = proc_egid();
	if (proc_become(ids.uid, ids.groups[0], ids.groups, (size_t)ids.n, &why) < 0)
		return err_temp(e, why.num, "unable to set uid: %s", why.text);
	return 0;
}
