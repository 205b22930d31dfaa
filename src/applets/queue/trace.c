/* trace - follow one message through the logs, across queues, to its bounces and copies. Run by
 * administrators on the logs of qmail-send and qmail-smtpd: the input, files, or directories of multilog.
 * Logs are read once, from the oldest line to the newest, and only what is followed is remembered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"
#include "core/sys/out.h"
#include "queue/follow.h"
#include "queue/qlog.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static int json;
static long wanted_qp;
static struct follow follow = {.before = BUF_INIT};
static struct out out;
static unsigned long shown;

static const struct opt opts[] = {
	FLAG('j', "json", &json, "one JSON object per line"),
	NUM('p', "qp", &wanted_qp, "QP", "the message with this qp number"),
	OPTS_END
};

static void show(struct str whole)
{
	size_t n = follow_stamp(whole);
	struct buf b = BUF_INIT, line = BUF_INIT;

	shown++;
	if (!json) {
		out_add(&out, whole);
		out_addc(&out, '\n');
		return;
	}
	qlog_json(str_from(whole, n), &line);
	buf_addc(&b, '{');
	if (n) {
		json_pair(&b, "time", str_to(whole, n - 1));
		buf_addc(&b, ',');
	}
	buf_add(&b, str_from(buf_str(&line), 1));
	out_add(&out, buf_str(&b));
	buf_free(&b);
	buf_free(&line);
}

static void line(struct str whole)
{
	bool mine = follow_line(&follow, str_from(whole, follow_stamp(whole)));

	if (mine && follow.with_before)
		show(buf_str(&follow.before));
	if (mine)
		show(whole);
	follow_keep(&follow, mine ? STR("") : whole);
}

static void read_log(int fd, const char *name)
{
	static char space[65536];
	struct buf text = BUF_INIT;
	struct in in;
	int r;

	in_init(&in, fd, space, sizeof space);
	while ((r = in_line(&in, &text, '\n', LINE_MAX_BYTES)) == 1 || (r == 0 && text.n)) {
		if (text.p[text.n - 1] == '\n')
			buf_trunc(&text, text.n - 1);
		line(buf_str(&text));
		buf_clear(&text);
	}
	if (r < 0)
		die(111, "unable to read %s: %s", name, log_errno(errno));
	buf_free(&text);
}

static void read_file(const char *name)
{
	int fd = file_open(name, O_RDONLY, 0);

	if (fd < 0)
		die(111, "unable to open %s: %s", name, log_errno(errno));
	read_log(fd, name);
	fd_close(fd);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Old logs by their stamps, then current: "@" comes before it. */
static void read_dir(const char *name)
{
	VEC(char *) names = {0};
	struct dir d;
	const char *entry;

	if (dir_open(&d, name) < 0)
		die(111, "unable to read %s: %s", name, log_errno(errno));
	while (dir_next(&d, &entry) > 0)
		if (entry[0] == '@' || strcmp(entry, "current") == 0) {
			struct buf b = BUF_INIT;

			buf_fmt(&b, "%s/%s", name, entry);
			vec_push(&names, buf_take(&b));
		}
	dir_close(&d);
	if (names.n)
		qsort(names.p, names.n, sizeof *names.p, by_name);
	for (size_t i = 0; i < names.n; i++)
		read_file(names.p[i]);
	vec_free(&names);
}

/* 17, queue1/17, or a text that a line has: an address. */
static void set_target(const char *arg)
{
	struct str s = str_z(arg);
	size_t slash = str_rchr(s, '/');

	if (num_parse(s, UINT64_MAX, &follow.id))
		return;
	if (slash < s.n && num_parse(str_from(s, slash + 1), UINT64_MAX, &follow.id)) {
		follow.queue = str_to(s, slash);
		return;
	}
	follow.text = s;
	if (!s.n)
		die_usage();
}

static int trace_main(int argc, char **argv)
{
	static char space[65536];
	struct stat st;
	int i = 1;

	if (wanted_qp > 0)
		follow.qp = (uint64_t)wanted_qp;
	else if (argc > 1)
		set_target(argv[i++]);
	else
		die_usage();
	out_init(&out, 1, space, sizeof space);
	if (i == argc)
		read_log(0, "input");
	for (; i < argc; i++)
		if (file_stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			read_dir(argv[i]);
		else
			read_file(argv[i]);
	if (out_flush(&out) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	follow_free(&follow);
	return shown ? 0 : 1;
}

APPLET(trace) = {
	.name = "trace", .family = "queue",
	.brief = "follow one message through the logs",
	.args = "[[queue/]id|text] [file|directory ...]", .opts = opts, .role = AS_CALLER, .main = trace_main,
};
