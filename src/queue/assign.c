/* assign - who owns an address; see assign.h. */
#include "queue/assign.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/cdb.h"
#include "core/conf/conf.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"

enum { NAME_MAX_LEN = 32, FIELDS = 6 };	/* account names must be shorter than 32 bytes */

void user_free(struct user *u)
{
	buf_free(&u->text);
}

int user_parse(struct user *u, struct err *e)
{
	struct str rest = buf_str(&u->text), f[FIELDS];
	uint64_t uid, gid;

	for (int i = 0; i < FIELDS; i++) {
		if (!rest.p)
			return err_code(e, ASSIGN_CDB, 0, "a user record has too few fields");
		f[i] = str_cut(&rest, 0);
	}
	if (!num_parse(f[1], 0xfffffffe, &uid) || !num_parse(f[2], 0xfffffffe, &gid))
		return err_code(e, ASSIGN_CDB, 0, "a user record has no numeric uid and gid");
	u->name = f[0].p;
	u->uid = (uid_t)uid;
	u->gid = (gid_t)gid;
	u->home = f[3].p;
	u->dash = f[4].p;
	u->ext = f[5].p;
	return 0;
}

int assign_path(const char *name, struct buf *path, struct err *e)
{
	if (conf_line(CONF_ASSIGNDIR, path, e) < 0)
		return -1;
	buf_fmt(path, "/%s", name);
	return 0;
}

/* Wildcards: the key shortened byte by byte where some wildcard may end. */
static int find_wildcard(struct cdb *c, struct str key, struct str local, struct buf *data, struct err *e)
{
	struct buf ends = BUF_INIT;
	int r = cdb_find(c, STR(""), &ends, e);

	for (size_t n = key.n; r >= 0 && n > 0; n--) {
		if (n > 1 && str_chr(buf_str(&ends), key.p[n - 1]) == ends.n)
			continue;
		r = cdb_find(c, str_to(key, n), data, e);
		if (r == 1) {
			buf_add(data, str_from(local, n - 1));
			break;
		}
	}
	buf_free(&ends);
	return r < 0 ? -1 : r;
}

int assign_cdb(const char *fn, struct str local, struct user *u, struct err *e)
{
	struct buf key = BUF_INIT, data = BUF_INIT;
	struct cdb c;
	int r = cdb_open(&c, fn, e);

	if (r <= 0)
		goto out;
	buf_addc(&key, '!');
	buf_add(&key, local);
	buf_lower(&key);
	buf_addc(&key, 0);
	r = cdb_find(&c, buf_str(&key), &data, e);
	if (r == 0)
		r = find_wildcard(&c, str_to(buf_str(&key), key.n - 1), local, &data, e);
	cdb_close(&c);
	if (r == 1) {
		buf_set(&u->text, buf_str(&data));
		if (user_parse(u, e) < 0)
			r = -1;
	}
out:
	if (r < 0 && e)
		e->code = ASSIGN_CDB;
	buf_free(&key);
	buf_free(&data);
	return r;
}

/* Is there such an account, not root, with a home of its own? 1, 0, -1 */
static int own_home(struct str name, struct pw *p, struct err *e)
{
	struct buf lower = BUF_INIT;
	struct stat st;

	if (!name.n || name.n >= NAME_MAX_LEN)
		return 0;
	buf_set(&lower, name);
	buf_lower(&lower);
	int r = pw_name(buf_str(&lower), p);

	buf_free(&lower);
	if (r < 0)
		return err_code(e, ASSIGN_SYSTEM, errno, "unable to read the account file");
	if (r == 0 || p->uid == 0)
		return 0;
	if (file_stat(p->home, &st) == 0)
		return st.st_uid == p->uid;
	if (err_temporary(errno))
		return err_code(e, ASSIGN_NFS, errno, "unable to look at %s", p->home);
	return 0;
}

static int fill(struct user *u, const struct pw *p, const char *dash, struct str ext, struct err *e)
{
	buf_clear(&u->text);
	buf_fmt(&u->text, "%s%c%lu%c%lu%c%s%c%s%c%.*s%c", p->name, 0, (unsigned long)p->uid, 0,
		(unsigned long)p->gid, 0, p->home, 0, dash, 0, STR_FMT(ext), 0);
	return user_parse(u, e);
}

static int fall_back(struct str local, struct user *u, struct err *e)
{
	struct pw p;
	int r = pw_name(STR("alias"), &p);

	if (r < 0)
		return err_code(e, ASSIGN_SYSTEM, errno, "unable to read the account file");
	if (r == 0) {
		if (proc_euid() == 0 && !proc_lone_root())
			return err_code(e, ASSIGN_NO_ALIAS, 0, "no account alias on this machine");
		p = (struct pw){.uid = proc_euid(), .gid = proc_egid(), .name = "alias"};
		struct buf home = BUF_INIT;

		buf_fmt(&home, "%s/alias", conf_home());
		strncpy(p.home, home.p, sizeof p.home - 1);
		buf_free(&home);
	}
	return fill(u, &p, "-", local, e);
}

int assign_getpw(struct str local, struct user *u, struct err *e)
{
	struct pw p;

	for (size_t n = local.n; n > 0; n--) {
		if (n < local.n && local.p[n] != '-')
			continue;
		int r = own_home(str_to(local, n), &p, e);

		if (r < 0)
			return -1;
		if (r == 1)
			return fill(u, &p, n < local.n ? "-" : "", str_from(local, n + 1), e);
	}
	return fall_back(local, u, e);
}

struct compile {
	struct cdb_make make;
	struct buf key, data, ends;
};

/* "=local:" or "+prefix:" and six more fields, each followed by ':'. */
static int compile_line(struct compile *c, struct str line, size_t number, struct err *e)
{
	bool exact = line.n && line.p[0] == '=';
	struct str rest = str_from(line, 1), key = str_cut(&rest, ':');

	if (!line.n || (!exact && line.p[0] != '+'))
		return err_perm(e, 0, "line %zu begins with neither = nor +", number);
	buf_set(&c->key, STR("!"));
	buf_add(&c->key, key);
	buf_lower(&c->key);
	if (exact)
		buf_addc(&c->key, 0);
	else if (key.n && str_chr(buf_str(&c->ends), c->key.p[c->key.n - 1]) == c->ends.n)
		buf_addc(&c->ends, c->key.p[c->key.n - 1]);
	buf_clear(&c->data);
	for (int i = 0; i < FIELDS; i++) {
		size_t colon = rest.p ? str_chr(rest, ':') : 0;

		if (!rest.p || colon == rest.n)
			return err_perm(e, 0, "line %zu has fewer than seven colons", number);
		if (i)
			buf_addc(&c->data, 0);
		buf_add(&c->data, str_cut(&rest, ':'));
	}
	return cdb_make_add(&c->make, buf_str(&c->key), buf_str(&c->data), e);
}

static int compile_lines(struct compile *c, struct str text, struct err *e)
{
	size_t number = 1;

	if (memchr(text.p, 0, text.n))
		return err_perm(e, 0, "there is a zero byte in the file");
	for (struct str rest = text; rest.p; number++) {
		struct str line = str_cut(&rest, '\n');

		if (line.n && line.p[0] == '.')
			return cdb_make_add(&c->make, STR(""), buf_str(&c->ends), e);
		/* what follows the last newline is no line */
		if (rest.p && compile_line(c, line, number, e) < 0)
			return -1;
	}
	return err_perm(e, 0, "the final line that begins with a dot is missing");
}

int assign_compile(struct str text, int fd, struct err *e)
{
	struct compile c = {.key = BUF_INIT, .data = BUF_INIT, .ends = BUF_INIT};
	struct err ignore;
	int r = -1;

	if (cdb_make_begin(&c.make, fd) < 0)
		return err_temp(e, errno, "unable to write the database");
	r = compile_lines(&c, text, e);
	if (cdb_make_end(&c.make, r < 0 ? &ignore : e) < 0)
		r = -1;
	buf_free(&c.key);
	buf_free(&c.data);
	buf_free(&c.ends);
	return r;
}
