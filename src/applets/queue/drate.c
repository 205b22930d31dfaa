/* drate - show and change how many messages per second the domains of a queue may get.
 * Run by administrators; works on the files that send asks before a delivery (queue/rate.h).  Promises that a file is
 * changed under its lock and as a whole, and that aliases stay links. */
#include <errno.h>
#include <stdlib.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/rate.h"

static const char *domain_word, *expr_word, *dir_word, *alias_word;
static int collapse, reset, show, list, test, force, utc, drop;
static long times;
static struct buf dir = BUF_INIT, domain = BUF_INIT, fn = BUF_INIT;
static struct err e;

static const struct opt opts[] = {
	TEXT('d', NULL, &domain_word, "domain", "the domain (of an address, too), or .global"),
	TEXT('r', NULL, &expr_word, "expr", "set deliveries per second; with + or - in front: append"),
	FLAG('c', NULL, &collapse, "make the expression one number"),
	FLAG('R', NULL, &reset, "set the counters back"),
	TEXT('D', NULL, &dir_word, "dir", "directory, instead of ratelimit"),
	FLAG('s', NULL, &show, "show the definition (default)"),
	FLAG('l', NULL, &list, "list all definitions; with -s: show them"),
	FLAG('t', NULL, &test, "count a delivery as if it happened, if it may"),
	NUM('C', NULL, &times, "n", "with -t: n deliveries"),
	FLAG('f', NULL, &force, "with -t: count in any case; with -U: nothing to delete is no error"),
	FLAG('u', NULL, &utc, "times in UTC"),
	TEXT('a', NULL, &alias_word, "alias", "another name for the domain"),
	FLAG('U', NULL, &drop, "delete the definition and its aliases"),
	OPTS_END
};

/* Below slowq of the collection of queues, unless -D or RATELIMIT_DIR is absolute. */
static void find_dir(void)
{
	struct buf base = BUF_INIT;
	struct stat st;

	if (conf_line(CONF_QUEUE_BASE, &base, &e) < 0)
		die_err(&e);
	buf_adds(&base, "/slowq");
	if (dir_word && *dir_word == '/')
		buf_adds(&dir, dir_word);
	else if (dir_word)
		buf_fmt(&dir, "%s/%s", base.p, dir_word);
	else if (!rate_dir(base.p, &dir))
		buf_fmt(&dir, "%s/ratelimit", base.p);
	buf_free(&base);
	if (file_stat(dir.p, &st) < 0)
		die(111, "unable to open %s: %s", dir.p, log_errno(errno));
	if (st.st_uid != proc_euid())
		die(111, "%s belongs to another user", dir.p);
}

/* The part after @ in small letters, as a file's name. */
static void name_of(const char *word, struct buf *name)
{
	size_t at = str_rchr(str_z(word), '@');

	buf_set(name, word[at] ? str_from(str_z(word), at + 1) : str_z(word));
	buf_lower(name);
	if (!rate_name_good(buf_str(name)))
		die(100, "not a domain: %s", word);
}

static void owned(void)
{
	struct stat st;

	if (file_lstat(fn.p, &st) == 0 && st.st_uid != proc_euid())
		die(111, "%s belongs to another user", fn.p);
}

/* ---- what is shown ---------------------------------------------------------------------------- */

static void add_date(struct buf *b, const char *label, time_t t)
{
	buf_adds(b, label);
	if (utc) {
		date_utc(b, t);
		buf_adds(b, " +0000");
	} else {
		date_local(b, t);
	}
	buf_addc(b, '\n');
}

static void add_rate(struct buf *b, const struct rate *r)
{
	struct rate copy = *r;
	time_t now = clock_now();
	long interval;

	if (conf_int(CONF_RATELIMIT_INTERVAL, &interval, &e) < 0)
		die_err(&e);
	copy.last = now;	/* only a delivery sets counters back */
	struct rate_verdict v = rate_judge(&copy, now, interval);

	buf_fmt(b, "Conf   Rate: %s (%.10f)\nEmail Count: %llu\n", r->expr.p, r->value, (unsigned long long)r->count);
	add_date(b, "Start  Time: ", r->start);
	add_date(b, r->count ? "LastUpdated: " : "End    Time: ", r->last);
	add_date(b, "CurrentTime: ", now);
	buf_fmt(b, "CurrentRate: %.10f", v.current);
	if (v.wait)
		buf_fmt(b, " High; need %ld secs\n", v.seconds);
	else if (r->count && r->value > 0)
		buf_fmt(b, " OK since %ld secs\n", v.seconds);
	else
		buf_adds(b, " OK\n");
}

static void add_file(struct buf *b)
{
	struct rate r = RATE_INIT;

	owned();
	if (rate_read(fn.p, &r, &e) < 0)
		die_err(&e);
	add_rate(b, &r);
	rate_free(&r);
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(str_z(*(char *const *)a), str_z(*(char *const *)b));
}

typedef VEC(char *) names;

/* Every name in the directory that could be a domain's, sorted. */
static void read_names(names *v)
{
	struct dir d;
	const char *name;
	int r = 1;

	if (dir_open(&d, dir.p) < 0)
		die(111, "unable to open %s: %s", dir.p, log_errno(errno));
	while ((r = dir_next(&d, &name)) > 0)
		if (rate_name_good(str_z(name)))
			vec_push(v, mem_copy(name, str_z(name).n));
	if (r < 0)
		die(111, "unable to read %s: %s", dir.p, log_errno(errno));
	dir_close(&d);
	if (v->n)
		qsort(v->p, v->n, sizeof *v->p, by_name);
}

/* What the link NAME in the directory leads to; false when it is none. */
static bool link_of(const char *name, struct buf *target)
{
	struct buf path = BUF_INIT;

	buf_fmt(&path, "%s/%s", dir.p, name);
	bool r = file_readlink(path.p, target) == 0;

	buf_free(&path);
	return r;
}

static int list_all(void)
{
	struct buf out = BUF_INIT, target = BUF_INIT;
	names v = {0};

	read_names(&v);
	for (size_t i = 0; i < v.n; i++) {
		bool alias = link_of(v.p[i], &target);

		buf_fmt(&out, "%s%s%s\n", v.p[i], alias ? " -> " : "", alias ? target.p : "");
		if (show && !alias) {
			buf_clear(&fn);
			buf_fmt(&fn, "%s/%s", dir.p, v.p[i]);
			add_file(&out);
		}
		mem_free(v.p[i]);
	}
	vec_free(&v);
	buf_free(&target);
	return say(&out);
}

/* ---- what is changed -------------------------------------------------------------------------- */

static void set_expr(struct rate *r)
{
	if (expr_word && *expr_word != '+' && *expr_word != '-')
		buf_clear(&r->expr);
	if (expr_word)
		buf_adds(&r->expr, expr_word);
	if (!rate_eval(buf_str(&r->expr), &r->value))
		die(100, "unintelligible rate expression: %s", r->expr.p);
	if (collapse) {
		double before = r->value;

		buf_clear(&r->expr);
		buf_fmt(&r->expr, "%.10f", before);
		if (!rate_eval(buf_str(&r->expr), &r->value) || (before < 0) != (r->value < 0) || (before > 0) != (r->value > 0))
			die(100, "too close to zero for one number: %g", before);
	}
}

static void change(void)
{
	struct rate_file f;

	if (rate_open(&f, fn.p, expr_word != NULL, &e) < 0)
		die_err(&e);
	if (expr_word || collapse)
		set_expr(&f.rate);
	if (reset || !f.rate.start) {
		f.rate.count = 0;
		f.rate.start = f.rate.last = clock_now();
	}
	if (rate_write(&f, &e) < 0)
		die_err(&e);
	rate_close(&f);
}

static void simulate(bool *exceeded)
{
	struct rate_file f;
	long interval;

	if (conf_int(CONF_RATELIMIT_INTERVAL, &interval, &e) < 0 || rate_open(&f, fn.p, false, &e) < 0)
		die_err(&e);
	for (long i = 0; i < times && (force || !*exceeded); i++) {
		time_t now = clock_now();

		if (rate_judge(&f.rate, now, interval).wait)
			*exceeded = true;
		if (force || !*exceeded)
			rate_count(&f.rate, now);
	}
	if (rate_write(&f, &e) < 0)
		die_err(&e);
	rate_close(&f);
}

static void make_alias(void)
{
	struct buf name = BUF_INIT, path = BUF_INIT, target = BUF_INIT;

	name_of(alias_word, &name);
	buf_fmt(&path, "%s/%s", dir.p, name.p);
	if (!file_exists(fn.p))
		die(111, "unable to open %s: %s", fn.p, log_errno(ENOENT));
	if (str_eq(buf_str(&name), buf_str(&domain)))
		die(100, "%s cannot be its own alias", name.p);
	bool there = file_readlink(path.p, &target) == 0 && str_eq(buf_str(&target), buf_str(&domain));

	if (!there && file_symlink(domain.p, path.p) < 0)
		die(111, "unable to link %s: %s", path.p, log_errno(errno));
	if (file_sync_dir(dir.p) < 0)
		die(111, "unable to sync %s: %s", dir.p, log_errno(errno));
	buf_clear(&target);
	buf_fmt(&target, "Linked %s to %s\n", name.p, domain.p);
	if (say(&target))
		proc_exit(111);
	buf_free(&name);
	buf_free(&path);
}

static void remove_name(const char *name)
{
	struct buf path = BUF_INIT;

	buf_fmt(&path, "%s/%s", dir.p, name);
	if (file_unlink(path.p) < 0 && !(force && errno == ENOENT))
		die(111, "unable to unlink %s: %s", path.p, log_errno(errno));
	buf_free(&path);
}

/* Aliases first, so that none is left behind without its domain. */
static void delete(void)
{
	struct buf target = BUF_INIT;
	names v = {0};

	read_names(&v);
	for (size_t i = 0; i < v.n; i++) {
		if (link_of(v.p[i], &target) && str_eq(buf_str(&target), buf_str(&domain)))
			remove_name(v.p[i]);
		mem_free(v.p[i]);
	}
	remove_name(domain.p);
	if (file_sync_dir(dir.p) < 0)
		die(111, "unable to sync %s: %s", dir.p, log_errno(errno));
	vec_free(&v);
	buf_free(&target);
}

static void check_words(void)
{
	bool changes = expr_word || collapse || reset || alias_word;
	double v;

	if (list ? domain_word || changes || test || drop : !domain_word)
		die_usage();
	if ((drop && (changes || test || show)) || (test && changes) || (force && !test && !drop) || (times && !test))
		die_usage();
	if (times < 0)
		die(100, "-C needs a number above 0");
	if (!times)
		times = 1;
	/* before anything is touched */
	if (expr_word && !rate_eval(str_z(expr_word), &v))
		die(100, "unintelligible rate expression: %s", expr_word);
}

static int drate_main(int argc, char **argv)
{
	struct buf out = BUF_INIT;
	bool exceeded = false;

	(void)argv;
	if (argc > 1)
		die_usage();
	check_words();
	find_dir();
	if (list)
		return list_all();
	name_of(domain_word, &domain);
	buf_fmt(&fn, "%s/%s", dir.p, domain.p);
	owned();
	if (drop) {
		delete();
		return 0;
	}
	if (rate_path(dir.p, buf_str(&domain), &fn, &e) < 0)
		die_err(&e);
	owned();
	if (expr_word || collapse || reset)
		change();
	if (test)
		simulate(&exceeded);
	if (alias_word)
		make_alias();
	if (show || test || !(expr_word || collapse || reset || alias_word))
		add_file(&out);
	return say(&out) || exceeded ? 111 : 0;
}

APPLET(drate) = {
	.name = "drate", .family = "queue",
	.brief = "how many messages domains may get per second",
	.args = "", .opts = opts, .role = AS_SEND, .main = drate_main,
};
