/* accounts - the users and groups of the platform; see accounts.h. */
#include "svc/accounts.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/sys/file.h"

enum { FILE_MAX = 64 << 20, ID_FIRST = 200, ID_LAST = 999 };

const struct account accounts[] = {
	{"indimail", "indimail", "/var/indimail", "mail"},
	{"alias", "nofiles", "/var/indimail/alias", NULL},
	{"qmaild", "nofiles", "/var/indimail", "qcerts"},
	{"qmaill", "nofiles", NULL, NULL},
	{"qmailp", "nofiles", "/var/indimail", NULL},
	{"qmailq", "qmail", "/var/indimail", NULL},
	{"qmailr", "qmail", "/var/indimail", "qcerts"},
	{"qmails", "qmail", "/var/indimail", NULL},
	{"qscand", "qscand", "/var/indimail/qscanq", "qmail"},
	{NULL, NULL, NULL, NULL}
};
const char *const accounts_groups[] = {"indimail", "qmail", "nofiles", "qscand", "qcerts", NULL};

struct files {
	struct buf passwd, group;	/* their text */
	struct buf passwd_fn, group_fn;
};

static int read_file(const char *root, const char *name, struct buf *fn, struct buf *text, struct err *e)
{
	buf_fmt(fn, "%s/etc/%s", root, name);
	if (file_slurp(fn->p, text, FILE_MAX) < 0 && errno != ENOENT)
		return err_temp(e, errno, "unable to read %s", fn->p);
	if (text->n && text->p[text->n - 1] != '\n')
		buf_addc(text, '\n');
	return 0;
}

static void files_free(struct files *f)
{
	buf_free(&f->passwd);
	buf_free(&f->group);
	buf_free(&f->passwd_fn);
	buf_free(&f->group_fn);
}

static int files_read(struct files *f, const char *root, struct err *e)
{
	*f = (struct files){BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
	return read_file(root, "passwd", &f->passwd_fn, &f->passwd, e) < 0 ? -1 :
		read_file(root, "group", &f->group_fn, &f->group, e);
}

static int files_write(const struct files *f, struct err *e)
{
	return file_replace(f->group_fn.p, buf_str(&f->group), 0644, e) < 0 ? -1 :
		file_replace(f->passwd_fn.p, buf_str(&f->passwd), 0644, e);
}

/* The line of a name: *at is where it starts in text. */
static bool find_line(struct str text, const char *name, struct str *line)
{
	while (text.p && text.n) {
		*line = str_cut(&text, '\n');
		if (str_eq(str_to(*line, str_chr(*line, ':')), str_z(name)))
			return true;
	}
	return false;
}

/* Field i of a line. */
static struct str field(struct str line, int i)
{
	while (i-- > 0 && line.p)
		str_cut(&line, ':');
	return line.p ? str_cut(&line, ':') : STR("");
}

static bool id_used(struct str text, uint64_t id)
{
	while (text.p && text.n) {
		struct str line = str_cut(&text, '\n');
		uint64_t n;

		if (num_parse(field(line, 2), UINT32_MAX, &n) && n == id)
			return true;
	}
	return false;
}

static uint64_t free_id(const struct files *f)
{
	uint64_t id = ID_LAST;

	while (id >= ID_FIRST && (id_used(buf_str(&f->passwd), id) || id_used(buf_str(&f->group), id)))
		id--;
	return id;
}

static int add_group(struct files *f, const char *name, struct err *e)
{
	struct str line;
	uint64_t id = free_id(f);

	if (find_line(buf_str(&f->group), name, &line))
		return 0;
	if (id < ID_FIRST)
		return err_perm(e, 0, "no number is left for group %s", name);
	buf_fmt(&f->group, "%s:x:%llu:\n", name, (unsigned long long)id);
	return 0;
}

/* Put user behind the members of a group, where there is such a group and it has not got him. */
static void add_member(struct files *f, const char *group, const char *user)
{
	struct buf text = BUF_INIT;
	struct str line, members, rest;

	if (!find_line(buf_str(&f->group), group, &line))
		return;
	members = field(line, 3);
	for (rest = members; rest.p && rest.n; )
		if (str_eq(str_cut(&rest, ','), str_z(user)))
			return;
	size_t end = (size_t)(line.p + line.n - f->group.p);

	buf_add(&text, str_to(buf_str(&f->group), end));
	buf_fmt(&text, "%s%s", members.n ? "," : "", user);
	buf_add(&text, str_from(buf_str(&f->group), end));
	buf_set(&f->group, buf_str(&text));
	buf_free(&text);
}

static int add_user(struct files *f, const struct account *a, const char *logdir, struct err *e)
{
	struct str line, group;
	uint64_t id = free_id(f);

	if (!find_line(buf_str(&f->passwd), a->user, &line)) {
		if (id < ID_FIRST)
			return err_perm(e, 0, "no number is left for user %s", a->user);
		find_line(buf_str(&f->group), a->group, &group);
		buf_fmt(&f->passwd, "%s:x:%llu:%.*s:indimail:%s:/sbin/nologin\n", a->user, (unsigned long long)id,
			STR_FMT(field(group, 2)), a->home ? a->home : logdir);
	}
	if (a->extra)
		add_member(f, a->extra, a->user);
	return 0;
}

int accounts_add(const char *root, const char *logdir, struct err *e)
{
	struct files f;
	int r = files_read(&f, root, e);

	for (int i = 0; r == 0 && accounts_groups[i]; i++)
		r = add_group(&f, accounts_groups[i], e);
	for (int i = 0; r == 0 && accounts[i].user; i++)
		r = add_user(&f, &accounts[i], logdir, e);
	if (r == 0)
		r = files_write(&f, e);
	files_free(&f);
	return r;
}

static bool is_user(struct str name)
{
	for (int i = 0; accounts[i].user; i++)
		if (str_eq(name, str_z(accounts[i].user)))
			return true;
	return false;
}

static bool is_group(struct str name)
{
	for (int i = 0; accounts_groups[i]; i++)
		if (str_eq(name, str_z(accounts_groups[i])))
			return true;
	return false;
}

static void drop_users(struct buf *passwd)
{
	struct buf text = BUF_INIT;

	for (struct str rest = buf_str(passwd); rest.p && rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		if (!is_user(field(line, 0)))
			buf_fmt(&text, "%.*s\n", STR_FMT(line));
	}
	buf_set(passwd, buf_str(&text));
	buf_free(&text);
}

/* Our groups, and our users as members of others. */
static void drop_groups(struct buf *group)
{
	struct buf text = BUF_INIT;

	for (struct str rest = buf_str(group); rest.p && rest.n; ) {
		struct str line = str_cut(&rest, '\n'), members = field(line, 3);
		bool first = true;

		if (is_group(field(line, 0)))
			continue;
		buf_add(&text, str_to(line, line.n - members.n));
		while (members.p && members.n) {
			struct str m = str_cut(&members, ',');

			if (is_user(m))
				continue;
			buf_fmt(&text, "%s%.*s", first ? "" : ",", STR_FMT(m));
			first = false;
		}
		buf_addc(&text, '\n');
	}
	buf_set(group, buf_str(&text));
	buf_free(&text);
}

int accounts_remove(const char *root, struct err *e)
{
	struct files f;
	int r = files_read(&f, root, e);

	if (r == 0) {
		drop_users(&f.passwd);
		drop_groups(&f.group);
		r = files_write(&f, e);
	}
	files_free(&f);
	return r;
}
