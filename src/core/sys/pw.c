/* pw - accounts; see pw.h. */
#include "core/sys/pw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/num.h"
#include "core/sys/file.h"

enum { FILE_MAX = 64 << 20 };

static bool keep(char *to, size_t room, struct str s)
{
	if (s.n >= room)
		return false;
	memcpy(to, s.p, s.n);
	to[s.n] = 0;
	return true;
}

#ifdef NSS
#include <grp.h>
#include <pwd.h>

static int fill(const struct passwd *p, struct pw *out)
{
	if (!p)
		return errno == 0 || errno == ENOENT || errno == ESRCH ? 0 : -1;
	out->uid = p->pw_uid;
	out->gid = p->pw_gid;
	return keep(out->name, sizeof out->name, str_z(p->pw_name)) &&
		keep(out->home, sizeof out->home, str_z(p->pw_dir));
}

int pw_name(struct str name, struct pw *out)
{
	char z[sizeof out->name];

	if (!keep(z, sizeof z, name))
		return 0;
	errno = 0;
	return fill(getpwnam(z), out);
}

int pw_uid(uid_t uid, struct pw *out)
{
	errno = 0;
	return fill(getpwuid(uid), out);
}

int pw_group(struct str name, gid_t *gid)
{
	char z[64];

	if (!keep(z, sizeof z, name))
		return 0;
	errno = 0;
	struct group *g = getgrnam(z);

	if (!g)
		return errno == 0 || errno == ENOENT || errno == ESRCH ? 0 : -1;
	*gid = g->gr_gid;
	return 1;
}

int pw_groups(struct str name, gid_t own, gid_t *out, int max)
{
	char z[64];
	int n = max;

	if (!keep(z, sizeof z, name))
		return -1;
	return getgrouplist(z, own, out, &n) < 0 ? max : n;
}
#else

/* name:password:uid:gid:gecos:home:shell */
static bool parse(struct str line, struct pw *out)
{
	uint64_t uid, gid;
	struct str f[6];

	for (int i = 0; i < 6; i++) {
		if (!line.p)
			return false;
		f[i] = str_cut(&line, ':');
	}
	if (!num_parse(f[2], 0xfffffffe, &uid) || !num_parse(f[3], 0xfffffffe, &gid))
		return false;
	out->uid = (uid_t)uid;
	out->gid = (gid_t)gid;
	return keep(out->name, sizeof out->name, f[0]) && keep(out->home, sizeof out->home, f[5]);
}

static int find(struct str name, uid_t uid, struct pw *out)
{
	struct buf b = BUF_INIT;
	int r = 0;

	if (file_slurp("/etc/passwd", &b, FILE_MAX) < 0)
		r = errno == ENOENT ? 0 : -1;
	else
		for (struct str rest = buf_str(&b); rest.p && !r; ) {
			struct str line = str_cut(&rest, '\n');
			struct pw p;

			if (name.p && !(str_starts(line, name) && line.n > name.n && line.p[name.n] == ':'))
				continue;
			if (parse(line, &p) && (name.p || p.uid == uid)) {
				*out = p;
				r = 1;
			}
		}
	buf_free(&b);
	return r;
}

int pw_name(struct str name, struct pw *out)
{
	return name.n ? find(name, 0, out) : 0;
}

int pw_uid(uid_t uid, struct pw *out)
{
	return find((struct str){NULL, 0}, uid, out);
}

/* Call with every line of /etc/group: name:password:gid:member,member */
static int groups(int (*each)(struct str name, gid_t gid, struct str members, void *arg), void *arg)
{
	struct buf b = BUF_INIT;
	int r = 0;

	if (file_slurp("/etc/group", &b, FILE_MAX) < 0)
		r = errno == ENOENT ? 0 : -1;
	else
		for (struct str rest = buf_str(&b); rest.p && !r; ) {
			struct str line = str_cut(&rest, '\n');
			struct str name = str_cut(&line, ':');
			uint64_t gid;

			if (!line.p)
				continue;
			str_cut(&line, ':');
			if (line.p && num_parse(str_cut(&line, ':'), 0xfffffffe, &gid))
				r = each(name, (gid_t)gid, line, arg);
		}
	buf_free(&b);
	return r;
}

struct want {
	struct str name;
	gid_t *out;
	int n, max;
};

static int is_named(struct str name, gid_t gid, struct str members, void *arg)
{
	struct want *w = arg;

	(void)members;
	if (!str_eq(name, w->name))
		return 0;
	*w->out = gid;
	return 1;
}

int pw_group(struct str name, gid_t *gid)
{
	struct want w = {.name = name, .out = gid};

	return groups(is_named, &w);
}

static int has_member(struct str name, gid_t gid, struct str members, void *arg)
{
	struct want *w = arg;

	(void)name;
	while (members.p && w->n < w->max)
		if (str_eq(str_cut(&members, ','), w->name) && gid != w->out[0])
			w->out[w->n++] = gid;
	return 0;
}

int pw_groups(struct str name, gid_t own, gid_t *out, int max)
{
	struct want w = {.name = name, .out = out, .n = 1, .max = max};

	out[0] = own;
	return groups(has_member, &w) < 0 ? -1 : w.n;
}
#endif

int pw_account(const char *name, struct pw *out, struct err *e)
{
	int r = pw_name(str_z(name), out);

	if (r < 0)
		return err_temp(e, errno, "unable to read the account file");
	return r == 0 ? err_temp(e, 0, "unknown account %s", name) : 0;
}
