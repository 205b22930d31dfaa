/* pw2u - make users/assign lines from passwd lines.  Run by the administrator:
 *	pw2u < /etc/passwd > assign
 * Promises: complete output ends in the line ".", so that newu notices a truncated file. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/arena.h"
#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/file.h"
#include "core/sys/out.h"
#include "queue/assign.h"

enum homes { HOME_SKIP, HOME_STOP, HOME_ANY };
enum { INPUT_MAX = 256 << 20 };

static int slash, homes, upper, no_break;
static const char *break_text = "-";

static const struct opt opts[] = {
	FLAG('/', NULL, &slash, "use -/ in place of - as dash"),
	FLAGV('o', NULL, &homes, HOME_SKIP, "skip accounts whose home is missing or not theirs (the default)"),
	FLAGV('h', NULL, &homes, HOME_STOP, "stop when a home is missing"),
	FLAGV('H', NULL, &homes, HOME_ANY, "do not look at homes"),
	FLAG('u', NULL, &upper, "allow capitals in account names"),
	FLAGV('U', NULL, &upper, 0, "skip account names with capitals (the default)"),
	TEXT('c', NULL, &break_text, "char", "the character between name and extension"),
	FLAG('C', NULL, &no_break, "no extensions"),
	OPTS_END
};

struct account {
	struct str name, rest;	/* rest: "user:uid:gid:home" */
};

struct tables {
	struct table include, exclude, mailnames;
	struct list subusers;
	struct buf append;
};

static struct out out;

/* "=name:user:uid:gid:home:::" and the wildcard for its extensions. */
static void assign_name(const struct account *a, struct str name)
{
	out_fmt(&out, "=%.*s:%.*s:::\n", STR_FMT(name), STR_FMT(a->rest));
	if (!no_break)
		out_fmt(&out, "+%.*s%c:%.*s:%s::\n", STR_FMT(name), *break_text, STR_FMT(a->rest), slash ? "-/" : "-");
}

static void assign_account(const struct account *a, const struct tables *t)
{
	struct str names;

	if (!table_get(&t->mailnames, a->name, &names))
		names = a->name;
	while (names.p) {
		struct str name = str_cut(&names, ':');

		if (name.n)
			assign_name(a, name);
	}
	if (str_eq(a->name, STR("alias")))
		out_fmt(&out, "+:%.*s:%s::\n", STR_FMT(a->rest), slash ? "-/" : "-");
}

/* "sub:user:pre:" */
static void assign_sub(const struct account *a, struct str sub, struct str pre)
{
	const char *dash = slash ? "-/" : "-";

	out_fmt(&out, "=%.*s:%.*s:%s:%.*s:\n", STR_FMT(sub), STR_FMT(a->rest), dash, STR_FMT(pre));
	if (!no_break)
		out_fmt(&out, "+%.*s%c:%.*s:%s:%.*s-:\n", STR_FMT(sub), *break_text, STR_FMT(a->rest), dash, STR_FMT(pre));
}

static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

static bool home_fits(struct str home, uint64_t uid)
{
	struct buf z = BUF_INIT;
	struct stat st;

	if (homes == HOME_ANY)
		return true;
	buf_set(&z, home);
	int r = file_stat(z.p, &st);

	if (r < 0 && ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) || homes == HOME_STOP))
		die(111, "unable to look at home %s: %s", z.p, log_errno(errno));
	buf_free(&z);
	return r == 0 && st.st_uid == uid;
}

/* An account of a passwd line, when it may get mail: name:password:uid:gid:gecos:home:shell */
static bool read_account(struct str line, const struct tables *t, struct arena *mem, struct account *a)
{
	struct buf b = BUF_INIT;
	struct str f[6];
	uint64_t uid, gid;

	for (int i = 0; i < 6; i++) {
		if (!line.p)
			return false;
		f[i] = str_cut(&line, ':');
	}
	if (!f[0].n || !num_parse(f[2], 0xfffffffe, &uid) || !num_parse(f[3], 0xfffffffe, &gid) || uid == 0)
		return false;
	if ((!upper && has_upper(f[0])) || table_has(&t->exclude, f[0]) ||
		(t->include.present && !table_has(&t->include, f[0])) || !home_fits(f[5], uid))
		return false;
	buf_fmt(&b, "%.*s:%.*s:%.*s:%.*s", STR_FMT(f[0]), STR_FMT(f[2]), STR_FMT(f[3]), STR_FMT(f[5]));
	a->name = f[0];
	a->rest = arena_str(mem, buf_str(&b));
	buf_free(&b);
	return true;
}

static void read_table(const char *name, bool keyed, struct table *t)
{
	struct buf fn = BUF_INIT;
	struct err e = {0};

	if (assign_path(name, &fn, &e) < 0 || control_table(fn.p, keyed, t, &e) < 0)
		die(111, "%s", log_err(&e));
	buf_free(&fn);
}

static void read_tables(struct tables *t)
{
	struct buf fn = BUF_INIT;
	struct err e = {0};

	read_table("include", false, &t->include);
	read_table("exclude", false, &t->exclude);
	read_table("mailnames", true, &t->mailnames);
	if (assign_path("subusers", &fn, &e) < 0 || control_list(fn.p, &t->subusers, &e) < 0 ||
		assign_path("append", &fn, &e) < 0 || control_raw(fn.p, &t->append, &e) < 0)
		die(111, "%s", log_err(&e));
	buf_free(&fn);
}

static void tables_free(struct tables *t)
{
	table_free(&t->include);
	table_free(&t->exclude);
	table_free(&t->mailnames);
	list_free(&t->subusers);
	buf_free(&t->append);
}

struct accounts {
	VEC(struct account) list;
};

static const struct account *account_named(const struct accounts *all, struct str name)
{
	for (size_t i = 0; i < all->list.n; i++)
		if (str_eq(all->list.p[i].name, name))
			return &all->list.p[i];
	return NULL;
}

static void assign_subs(const struct accounts *all, const struct tables *t)
{
	for (size_t i = 0; i < t->subusers.lines.n; i++) {
		struct str rest = t->subusers.lines.p[i];
		struct str sub = str_cut(&rest, ':'), user = str_cut(&rest, ':'), pre = str_cut(&rest, ':');
		const struct account *a = account_named(all, user);

		if (!a)
			die(111, "subusers: no account %.*s", STR_FMT(user));
		assign_sub(a, sub, pre);
	}
}

static int pw2u_main(int argc, char **argv)
{
	struct tables t = {TABLE_INIT, TABLE_INIT, TABLE_INIT, LIST_INIT, BUF_INIT};
	struct accounts all = {0};
	struct account a;
	struct arena mem = {0};
	struct buf input = BUF_INIT;
	char space[8192];

	(void)argv;
	if (argc != 1 || !*break_text)
		die_usage();
	read_tables(&t);
	if (file_slurp_fd(0, &input, INPUT_MAX) < 0)
		die(111, "unable to read the input: %s", log_errno(errno));
	out_init(&out, 1, space, sizeof space);
	for (struct str rest = buf_str(&input); rest.p; )
		if (read_account(str_cut(&rest, '\n'), &t, &mem, &a)) {
			vec_push(&all.list, a);
			assign_account(&a, &t);
		}
	if (!account_named(&all, STR("alias")))
		die(111, "there is no account alias in the input");
	assign_subs(&all, &t);
	out_add(&out, buf_str(&t.append));
	if (out_adds(&out, ".\n") < 0 || out_flush(&out) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	vec_free(&all.list);
	arena_free(&mem);
	buf_free(&input);
	tables_free(&t);
	return 0;
}

APPLET(pw2u) = {
	.name = "pw2u", .aliases = "qmail-pw2u", .family = "deliver",
	.brief = "make users/assign lines from passwd lines",
	.args = "", .opts = opts, .role = AS_CALLER, .main = pw2u_main,
};
