/* ismaildup - run a program unless the same message has been here already.  Run from .qmail with the message
 * on fd 0.  A message counts as seen only after its program has been content with it, so that one which is
 * deferred is not lost when it comes again; trouble with the record costs a duplicate, never a message. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/md5.h"
#include "core/base/num.h"
#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/mail/head.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"

enum { HEAD_MAX = 1 << 20, RECORD_MAX = 1 << 20 };	/* bytes looked at and kept */

/* Fields that differ from one copy to the next. */
static bool travels(struct str name)
{
	return str_ieq(name, STR("Received")) || str_ieq(name, STR("Delivered-To")) ||
		str_ieq(name, STR("X-Delivered-To"));
}

/* The fingerprint of what stays the same in the header of the message. */
static int of_head(struct buf *hex)
{
	struct buf text = BUF_INIT;
	struct head_field f;
	struct err e = {0};
	struct md5 m;
	size_t end;

	md5_start(&m);
	int r = head_read(0, HEAD_MAX, &text, &end), more;

	if (r == 0) {
		struct str head = str_to(buf_str(&text), end);

		while ((more = head_next(&head, &f, &e)) > 0)
			if (!travels(f.name))
				md5_feed(&m, f.all);
		if (more < 0)	/* not as it should be: all of the rest counts */
			md5_feed(&m, head);
		md5_hex(&m, hex);
	} else {
		log_warn("unable to read the message: %s", log_errno(errno));
	}
	buf_free(&text);
	return r;
}

/* Digest everything from a descriptor. */
static int digest(int fd, struct md5 *m)
{
	char block[8192];
	ssize_t n;

	while ((n = fd_read(fd, block, sizeof block)) > 0)
		md5_feed(m, str_make(block, (size_t)n));
	return n < 0 ? -1 : 0;
}

/* The fingerprint of what a program makes of the message. */
static int of_output(const char *command, struct buf *hex)
{
	struct words w = WORDS_INIT;
	struct err e = {0};
	struct md5 m;
	int p[2], r = -1;

	md5_start(&m);
	if (!words_add(&w, str_z(command)) || !w.argv.n || fd_pipe(p) < 0) {
		log_warn("unable to run ELIMINATE_DUPS_ARGS");
		words_free(&w);
		return -1;
	}
	pid_t pid = run_start(words_end(&w), &(struct run){.fds = (int[]){0, p[1], 2}, .nfds = 3,
		.keep_role = true}, &e);

	fd_close(p[1]);
	if (pid > 0) {
		r = digest(p[0], &m);
		fd_close(p[0]);
		p[0] = -1;
		r = run_wait(pid) == 0 ? r : -1;
	}
	fd_close(p[0]);
	if (r < 0)
		log_warn("%s failed", w.argv.p[0]);
	else
		md5_hex(&m, hex);
	words_free(&w);
	return r;
}

static long interval(void)
{
	long n = 900;

	if (conf_int(CONF_DUPLICATE_INTERVAL, &n, NULL) != 1)
		conf_int(CONF_ELIMINATE_DUPS_INT, &n, NULL);
	return n;
}

/* Lock the directory, which goes on until the end of this process. */
static int take_turn(const char *dir)
{
	int fd = file_open(dir, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0 || lock_exclusive(fd) < 0) {
		log_warn("unable to lock %s: %s", dir, log_errno(errno));
		fd_close(fd);
		return -1;
	}
	return fd;
}

/* The lines "TIME MD5" that still count are put into keep; is hex among them? */
static bool seen(const char *fn, struct str hex, struct buf *keep)
{
	struct buf text = BUF_INIT;
	uint64_t now = (uint64_t)clock_now(), t;
	long span = interval();
	bool found = false;

	if (file_slurp(fn, &text, 2 * RECORD_MAX) < 0 && errno != ENOENT)
		log_warn("unable to read %s: %s", fn, log_errno(errno));
	struct str rest = str_from(buf_str(&text), text.n > RECORD_MAX ? text.n - RECORD_MAX : 0);

	while (rest.n) {
		struct str line = str_cut(&rest, '\n');
		size_t n = num_scan(line, &t);

		if (!n || line.n != n + 1 + hex.n || span <= 0 || t > now || now - t >= (uint64_t)span)
			continue;
		found = found || str_eq(str_from(line, n + 1), hex);
		buf_fmt(keep, "%.*s\n", STR_FMT(line));
	}
	buf_free(&text);
	return found;
}

static void note(const char *fn, struct str hex, struct buf *keep)
{
	struct err e = {0};

	buf_fmt(keep, "%llu %.*s\n", (unsigned long long)clock_now(), STR_FMT(hex));
	if (file_replace(fn, buf_str(keep), 0600, &e) < 0)
		log_warn("%s", log_err(&e));
}

static int fingerprint(struct buf *hex)
{
	const char *command = conf_env(CONF_ELIMINATE_DUPS_ARGS);

	return command && *command ? of_output(command, hex) : of_head(hex);
}

static int ismaildup_main(int argc, char **argv)
{
	struct buf fn = BUF_INIT, hex = BUF_INIT, keep = BUF_INIT;

	if (argc < 3)
		die_usage();
	if (fd_seek(0, 0) < 0)
		die(111, "unable to rewind the message: %s", log_errno(errno));
	bool known = fingerprint(&hex) == 0 && take_turn(argv[1]) >= 0;

	buf_fmt(&fn, "%s/dupmd5", argv[1]);
	if (known && seen(fn.p, buf_str(&hex), &keep)) {
		log_line("ismaildup: duplicate");
		return 0;
	}
	int code = run_ask(argv + 2);

	if (known && (code == 0 || code == 99))
		note(fn.p, buf_str(&hex), &keep);
	return code;
}

APPLET(ismaildup) = {
	.name = "ismaildup", .family = "deliver",
	.brief = "run a program unless the message is a duplicate",
	.args = "directory program [argument ...]", .role = AS_CALLER, .main = ismaildup_main,
};
