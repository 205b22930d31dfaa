/* qread - list the messages in the queues with their recipients (qmail-qread, mailq).
 * Run by administrators, for every queue.  A message whose first attempt is still ahead or under way is
 * in todo; the others have info, and a recipients file per channel. */
#include <errno.h>
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/envelope.h"
#include "queue/figures.h"
#include "queue/scan.h"

enum { FILE_MAX = 1 << 30, FLUSH_AT = 65536 };

struct counts {
	unsigned long local, remote, bounce, todo;
};

static int want_count, want_all, want_local, want_remote, want_todo, silent, want_load;
static struct counts total;
static struct buf out = BUF_INIT;

static const struct opt opts[] = {
	FLAG('c', NULL, &want_count, "count the messages"),
	FLAG('a', NULL, &want_all, "everything: -l -r -t"),
	FLAG('l', NULL, &want_local, "messages with local recipients"),
	FLAG('r', NULL, &want_remote, "messages with remote recipients"),
	FLAG('t', NULL, &want_todo, "messages not yet preprocessed"),
	FLAG('s', NULL, &silent, "do not list messages"),
	FLAG('i', NULL, &want_load, "how busy the queues of qscheduler -d are, and nothing else"),
	OPTS_END
};

/* The queue being read. */
struct reading {
	const char *dir;
	enum part base;		/* Q_INFO or Q_TODO: where messages are found */
	struct counts n;
};

static void flush(void)
{
	if (fd_write_all(1, out.p, out.n) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	buf_clear(&out);
}

/* Addresses come from outside: nothing in them may steer a terminal. */
static void add_address(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(&out, (unsigned char)s.p[i] < 32 || s.p[i] == 127 ? '_' : s.p[i]);
}

/* The path of a companion, in the same part as the file that was found. */
static void companion(const struct reading *r, const struct queue_file *f, enum part part, struct buf *fn)
{
	struct layout l = layout_conf();
	bool same = f->part != SCAN_FLAT;

	buf_clear(fn);
	buf_fmt(fn, "%s/%s/", r->dir, layout_names[part]);
	if (part != Q_BOUNCE && same)
		buf_fmt(fn, "%d/", f->part);
	else if (part != Q_BOUNCE && part != Q_TODO)
		buf_fmt(fn, "%llu/", (unsigned long long)(f->id % (uint64_t)l.split));
	buf_fmt(fn, "%s", f->name);
}

static void head_line(const struct reading *r, const struct queue_file *f, const struct envelope *v, bool bouncing)
{
	struct layout l = layout_conf();
	struct buf fn = BUF_INIT;
	struct stat base, mess;

	companion(r, f, Q_MESS, &fn);
	off_t size = file_stat(fn.p, &mess) == 0 ? mess.st_size : 0;

	date_utc(&out, file_stat(f->path, &base) == 0 ? base.st_mtime : 0);
	buf_fmt(&out, " GMT  %llu/#%llu  %lld  <", (unsigned long long)(f->part == SCAN_FLAT ?
		f->id % (uint64_t)l.split : (uint64_t)f->part), (unsigned long long)f->id, (long long)size);
	add_address(v->sender);
	buf_adds(&out, bouncing ? ">  bouncing\n" : "> \n");
	buf_free(&fn);
}

static void rcpt_line(const char *channel, bool finished, struct str rcpt)
{
	buf_fmt(&out, "%s\t%s\t", finished ? "  done" : "", channel);
	add_address(rcpt);
	buf_addc(&out, '\n');
}

/* Text of a recipients file; false when there is none (any more). */
static bool read_rcpts(const struct reading *r, const struct queue_file *f, enum part part, struct buf *text)
{
	struct buf fn = BUF_INIT;

	companion(r, f, part, &fn);
	bool there = file_slurp(fn.p, text, FILE_MAX) == 0;

	if (!there && errno != ENOENT)
		log_warn("unable to read %s: %s", fn.p, log_errno(errno));
	buf_free(&fn);
	return there;
}

static void list_rcpts(const char *channel, struct str text)
{
	struct str rcpt;
	int letter;

	while ((letter = envelope_next(&text, &rcpt)) > 0)
		rcpt_line(channel, letter == 'D', rcpt);
}

static void show_settled(struct reading *r, const struct queue_file *f, const struct envelope *v)
{
	struct buf local = BUF_INIT, remote = BUF_INIT, fn = BUF_INIT;
	bool on_local = read_rcpts(r, f, Q_LOCAL, &local), on_remote = read_rcpts(r, f, Q_REMOTE, &remote);

	companion(r, f, Q_BOUNCE, &fn);
	bool bouncing = file_exists(fn.p);

	r->n.local += on_local;
	r->n.remote += on_remote;
	r->n.bounce += bouncing;
	bool shown = (want_local && on_local) || (want_remote && on_remote) || (!on_local && !on_remote &&
		(want_local || want_remote));

	if (shown && !silent) {
		head_line(r, f, v, bouncing);
		if (want_local)
			list_rcpts("local", buf_str(&local));
		if (want_remote)
			list_rcpts("remote", buf_str(&remote));
	}
	buf_free(&local);
	buf_free(&remote);
	buf_free(&fn);
}

static void show_todo(struct reading *r, const struct queue_file *f, const struct envelope *v)
{
	r->n.todo++;
	if (silent || !want_todo)
		return;
	head_line(r, f, v, false);
	for (size_t i = 0; i < v->rcpts.n; i++)
		rcpt_line("todo", false, v->rcpts.p[i]);
}

static int message(const struct queue_file *f, void *arg)
{
	struct reading *r = arg;
	struct buf todo = BUF_INIT;
	struct envelope v;
	struct err e = {0};
	bool skip = f->id == 0;

	/* still in todo: what info holds is a beginning only */
	if (!skip && r->base == Q_INFO) {
		struct layout l = layout_conf();

		buf_fmt(&todo, "%s/", r->dir);
		layout_path(&l, Q_TODO, f->id, &todo);
		skip = file_exists(todo.p);
		buf_free(&todo);
	}
	if (skip)
		return 0;
	if (envelope_read(f->path, &v, &e) < 0) {
		if (e.num != ENOENT)
			log_warn("%s%s%s", log_err(&e), e.num ? "" : " ", e.num ? "" : f->path);
		return 0;
	}
	if (r->base == Q_TODO)
		show_todo(r, f, &v);
	else
		show_settled(r, f, &v);
	envelope_free(&v);
	if (out.n > FLUSH_AT)
		flush();
	return 0;
}

static void count_lines(const char *before, const struct counts *n)
{
	if (want_local)
		buf_fmt(&out, "%sMessages in local  queue: %lu\n", before, n->local);
	if (want_remote)
		buf_fmt(&out, "%sMessages in remote queue: %lu\n", before, n->remote);
	if (want_local || want_remote)
		buf_fmt(&out, "%sMessages in bounce queue: %lu\n", before, n->bounce);
	if (want_todo)
		buf_fmt(&out, "%sMessages in todo   queue: %lu\n", before, n->todo);
}

static int each(const char *dir, void *arg)
{
	struct reading r = {.dir = dir};
	struct err e = {0};

	(void)arg;
	buf_fmt(&out, "processing queue %s\n", dir);
	for (int i = 0; i < 2; i++) {
		r.base = i ? Q_TODO : Q_INFO;
		if ((i ? want_todo : want_local || want_remote) && queue_scan(dir, r.base, message, &r, &e) < 0)
			die_err(&e);
	}
	if (want_count)
		count_lines("", &r.n);
	total.local += r.n.local;
	total.remote += r.n.remote;
	total.bounce += r.n.bounce;
	total.todo += r.n.todo;
	buf_addc(&out, '\n');
	flush();
	return 0;
}

/* One line of the table; "+" is a queue at or above QUEUE_LOAD. */
static void load_line(const char *dir, long percent)
{
	struct figures f;
	char local[24], remote[24];

	if (figures_read(dir, &f) < 0) {
		buf_fmt(&out, "%-10s unknown: %s\n", layout_qname(dir), log_errno(errno));
		return;
	}
	snprintf(local, sizeof local, "%ld/%ld", (long)f.used[0], (long)f.max[0]);
	snprintf(remote, sizeof remote, "%ld/%ld", (long)f.used[1], (long)f.max[1]);
	buf_fmt(&out, "%-10s %-6s %-8s %-3s %s\n", layout_qname(dir), local, remote,
		figures_load(&f) >= 2UL * (unsigned long)percent ? "+" : "-", f.disabled ? "disabled" : "enabled");
}

static void load_table(void)
{
	struct buf base = BUF_INIT, dir = BUF_INIT;
	struct figures_all all;
	struct err e = {0};
	long start, percent;

	if (conf_line(CONF_QUEUE_BASE, &base, &e) < 0 || conf_int(CONF_QUEUE_START, &start, &e) < 0 ||
		conf_int(CONF_QUEUE_LOAD, &percent, &e) < 0)
		die_err(&e);
	if (figures_read_all(base.p, &all) < 0)
		die(111, "no figures of %s: %s", base.p, log_errno(errno));
	buf_adds(&out, "queue      local  Remote   +/- flag\n");
	for (long i = 0; i < all.conf && i < FIGURES_QUEUES_MAX; i++) {
		buf_clear(&dir);
		buf_fmt(&dir, "%s/queue%ld", base.p, start + i);
		load_line(dir.p, percent < 0 ? 0 : percent);
	}
	buf_fmt(&out, "%ld of %ld queues in use\n", (long)all.count, (long)all.conf);
	flush();
	buf_free(&base);
	buf_free(&dir);
}

static int qread_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (want_load) {
		load_table();
		return 0;
	}
	if (want_all)
		want_local = want_remote = want_todo = 1;
	if (!want_local && !want_remote && !want_todo)
		want_local = want_remote = 1;
	if (queue_look(each, NULL, &e) < 0)
		die_err(&e);
	if (want_count)
		count_lines("Total ", &total);
	flush();
	return 0;
}

APPLET(qread) = {
	.name = "qread", .aliases = "qmail-qread", .family = "queue",
	.brief = "list the messages in the queues",
	.args = "", .opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT, .main = qread_main,
};
