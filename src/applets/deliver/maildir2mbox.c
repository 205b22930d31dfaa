/* maildir2mbox - move the messages of a Maildir to the end of an mbox.  Run by users before an mbox
 * reader; takes MAILDIR, MAIL and MAILTMP from the environment.
 * Promises: a message leaves the Maildir only after the new mbox is complete and on disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/mail/mbox.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/delivery.h"

enum { BLOCK = 65536 };

struct message {
	time_t time;
	const char *name;
};

struct messages {
	VEC(struct message) list;
	struct arena mem;
};

static const char *required(const char *name)
{
	const char *v = conf_getenv(name);

	if (!v || !*v)
		die(111, "variable %s is not set", name);
	return v;
}

/* Messages of one part that were complete before the scan began. */
static void scan(struct messages *m, const char *maildir, const char *part, time_t begin)
{
	struct buf path = BUF_INIT;
	struct stat st;
	struct dir d;
	const char *name;
	int r;

	buf_fmt(&path, "%s/%s", maildir, part);
	if (dir_open(&d, path.p) < 0)
		die(111, "unable to open %s: %s", path.p, log_errno(errno));
	buf_addc(&path, '/');
	size_t stem = path.n;

	while ((r = dir_next(&d, &name)) > 0) {
		buf_trunc(&path, stem);
		buf_adds(&path, name);
		if (name[0] == '.' || file_stat(path.p, &st) < 0 || !S_ISREG(st.st_mode) || st.st_mtime >= begin)
			continue;
		struct message one = {st.st_mtime, arena_z(&m->mem, buf_str(&path))};

		vec_push(&m->list, one);
	}
	if (r < 0)
		die(111, "unable to read %s: %s", path.p, log_errno(errno));
	dir_close(&d);
	buf_free(&path);
}

static int by_time(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The sender in a Return-Path line that begins the message. */
static void begin_message(struct out *out, struct str first, time_t t)
{
	const struct str field = STR("Return-Path: <");
	struct buf sender = BUF_INIT, line = BUF_INIT;
	struct str s = str_rtrim(str_to(first, str_chr(first, '\n')));

	if (str_istarts(s, field) && str_ends(s, STR(">")))
		buf_add(&sender, str_make(s.p + field.n, s.n - field.n - 1));
	delivery_from_line(&line, sender.p, t);
	out_add(out, buf_str(&line));
	buf_free(&sender);
	buf_free(&line);
}

static void append(struct out *out, const struct message *m)
{
	struct mbox_quote q = {.out = out};
	char block[BLOCK];
	int fd = file_open(m->name, O_RDONLY, 0);
	ssize_t r;

	if (fd < 0)
		die(111, "unable to open %s: %s", m->name, log_errno(errno));
	for (bool first = true; (r = fd_read(fd, block, sizeof block)) > 0 || first; first = false) {
		struct str part = {block, r > 0 ? (size_t)r : 0};

		if (first)
			begin_message(out, part, m->time);
		mbox_quote(&q, part);
	}
	if (r < 0)
		die(111, "unable to read %s: %s", m->name, log_errno(errno));
	mbox_quote_end(&q);
	fd_close(fd);
}

static void copy_old(struct out *out, const char *mbox)
{
	char block[BLOCK];
	int fd = file_open(mbox, O_RDONLY, 0);
	ssize_t r;

	if (fd < 0)
		die(111, "unable to read %s: %s", mbox, log_errno(errno));
	while ((r = fd_read(fd, block, sizeof block)) > 0)
		out_put(out, block, (size_t)r);
	if (r < 0)
		die(111, "unable to read %s: %s", mbox, log_errno(errno));
	fd_close(fd);
}

static void write_mbox(const struct messages *m, const char *mbox, const char *tmp)
{
	char space[BLOCK];
	struct out out;
	int fd = file_open(tmp, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		die(111, "unable to create %s: %s", tmp, log_errno(errno));
	out_init(&out, fd, space, sizeof space);
	copy_old(&out, mbox);
	for (size_t i = 0; i < m->list.n; i++)
		append(&out, &m->list.p[i]);
	if (out_flush(&out) < 0 || file_sync(fd) < 0 || fd_close(fd) < 0)
		die(111, "unable to write %s: %s", tmp, log_errno(errno));
	if (file_rename(tmp, mbox) < 0)
		die(111, "unable to move %s to %s: %s", tmp, mbox, log_errno(errno));
	struct buf dir = BUF_INIT;

	buf_set(&dir, str_to(str_z(mbox), str_rchr(str_z(mbox), '/')));
	if (file_sync_dir(dir.n == strlen(mbox) ? "." : dir.n ? dir.p : "/") < 0)
		die(111, "unable to sync the directory of %s: %s", mbox, log_errno(errno));
	buf_free(&dir);
}

static int maildir2mbox_main(int argc, char **argv)
{
	const char *maildir = required("MAILDIR"), *mbox = required("MAIL"), *tmp = required("MAILTMP");
	struct messages m = {0};
	time_t begin = clock_now();
	struct err e = {0};

	(void)argv;
	if (argc != 1)
		die_usage();
	file_umask(077);
	if (mbox_open(mbox, &e) < 0)
		die_err(&e);
	scan(&m, maildir, "new", begin);
	scan(&m, maildir, "cur", begin);
	if (m.list.n) {
		qsort(m.list.p, m.list.n, sizeof *m.list.p, by_time);
		write_mbox(&m, mbox, tmp);
	}
	for (size_t i = 0; i < m.list.n; i++)
		if (file_unlink(m.list.p[i].name) < 0)
			log_warn("unable to remove %s: %s", m.list.p[i].name, log_errno(errno));
	vec_free(&m.list);
	arena_free(&m.mem);
	return 0;
}

APPLET(maildir2mbox) = {
	.name = "maildir2mbox", .family = "deliver",
	.brief = "move the messages of a Maildir into an mbox",
	.args = "", .role = AS_CALLER, .main = maildir2mbox_main,
};
