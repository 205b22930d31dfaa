/* qfrontend - pass messages through the filters a site has put into a directory or a list, into the queue.
 * Run in place of queue.  A filter that fails in the middle of a message keeps it out of the queue, even
 * when those behind it were content with what they got. */
#include <errno.h>
#include <stdlib.h>

#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/app/log.h"
#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/conf/control.h"
#include "core/sys/env.h"
#include "core/sys/file.h"

static const char place[] = "/usr/libexec/indimail/qfilters/";

static struct words filters = WORDS_INIT;

static void add(struct str path)
{
	vec_push(&filters.argv, arena_z(&filters.mem, path));
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(str_z(*(char *const *)a), str_z(*(char *const *)b));
}

/* Every regular file of the directory, in order. */
static void from_directory(void)
{
	struct buf path = BUF_INIT;
	const char *name;
	struct stat st;
	struct dir d;
	int r = 0;

	control_path("filters.d", &path);
	size_t base = path.n;

	if (dir_open(&d, path.p) < 0) {
		if (errno != ENOENT)
			die(55, "unable to read %s: %s", path.p, log_errno(errno));
		buf_free(&path);
		return;
	}
	while ((r = dir_next(&d, &name)) > 0) {
		buf_trunc(&path, base);
		buf_fmt(&path, "/%s", name);
		if (file_stat(path.p, &st) == 0 && S_ISREG(st.st_mode))
			add(buf_str(&path));
	}
	if (r < 0)
		die(55, "unable to read %s: %s", path.p, log_errno(errno));
	dir_close(&d);
	if (filters.argv.n)
		qsort(filters.argv.p, filters.argv.n, sizeof *filters.argv.p, by_name);
	buf_free(&path);
}

/* The names in the control file, below the place of filters unless they say where they are. */
static void from_list(void)
{
	struct list l = LIST_INIT;
	struct buf path = BUF_INIT;
	struct err e = {0};

	if (conf_list(CONF_QFILTERS, &l, &e) < 0)
		die(55, "%s", log_err(&e));
	for (size_t i = 0; i < l.lines.n; i++) {
		buf_clear(&path);
		if (l.lines.p[i].p[0] != '/')
			buf_adds(&path, place);
		buf_add(&path, l.lines.p[i]);
		add(buf_str(&path));
	}
	buf_free(&path);
	list_free(&l);
}

static void by_qfilter(void)
{
	static char between[] = "--";
	struct words w = WORDS_INIT;

	vec_push(&w.argv, (char[]){"qmail-qfilter"});
	for (size_t i = 0; i < filters.argv.n; i++) {
		if (i)
			vec_push(&w.argv, between);
		vec_push(&w.argv, filters.argv.p[i]);
	}
	front_next((char **)(size_t)words_end(&w));
}

/* A path as the shell takes it. */
static void shell_word(struct buf *b, const char *path)
{
	buf_addc(b, '\'');
	for (; *path; path++)
		if (*path == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *path);
	buf_addc(b, '\'');
}

/* The filters joined by pipes.  A shell knows how the last of them ended only, so each tells on descriptor
 * 3, with its place: the first that failed or told nothing decides.  141 is one whose reader had enough,
 * which alone is a failure, too. */
static void pipeline(struct buf *b)
{
	struct buf places = BUF_INIT;

	buf_adds(b, "exec 4>&1; all=$({ ");
	for (size_t i = 0; i < filters.argv.n; i++) {
		buf_adds(b, i ? " | { " : "{ ");
		shell_word(b, filters.argv.p[i]);
		buf_fmt(b, "%s 3>&- 4>&-; echo %zu:$? >&3; }", i + 1 < filters.argv.n ? "" : " >&4", i);
		buf_fmt(&places, " %zu", i);
	}
	buf_fmt(b, "; } 3>&1) || exit 71; end=0; for i in%s; do r=; "
		"for one in $all; do case $one in $i:*) r=${one#*:};; esac; done; "
		"case $r in 0) ;; 141) end=71;; *) exit ${r:-71};; esac; done; exit $end", places.p);
	buf_free(&places);
}

static void by_multi(void)
{
	struct buf command = BUF_INIT;

	if (filters.argv.n == 1) {
		buf_adds(&command, "exec ");
		shell_word(&command, filters.argv.p[0]);
	} else if (filters.argv.n) {
		pipeline(&command);
	}
	if (command.n)
		env_put("FILTERARGS", command.p);
	front_next((char *[]){(char[]){"qmail-multi"}, NULL});
}

static int qfrontend_main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		die_usage();
	front_start();
	env_unset("SPAMFILTER");
	env_unset("FILTERARGS");
	from_directory();
	if (!filters.argv.n)
		from_list();
	if (filters.argv.n && conf_set(CONF_USE_QMAILQFILTER))
		by_qfilter();
	by_multi();
	return 120;
}

APPLET(qfrontend) = {
	.name = "qfrontend", .family = "queue",
	.brief = "pass messages through a site's filters into the queue",
	.args = "", .role = AS_CALLER, .main = qfrontend_main,
};
