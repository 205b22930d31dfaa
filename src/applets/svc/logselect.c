/* logselect - print the lines of a log directory that fall into a period.  Run by xargs behind tcpserver, which hands
 * it the words of whoever connects: a directory below the current one and two moments, all of them untrusted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/mem.h"
#include "core/base/tai.h"
#include "core/base/vec.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"
#include "core/sys/out.h"

enum { FILES_MAX = 10000 };

struct names {
	VEC(char *) list;
};

struct moment {
	int64_t sec;
	uint32_t nsec;
};

/* A label, or a file whose time of change counts. */
static struct moment moment(const char *word)
{
	struct moment m;
	struct stat st;

	if (tai_parse(str_z(word), &m.sec, &m.nsec))
		return m;
	if (file_stat(word, &st) < 0)
		die(111, "unable to stat %s: %s", word, log_errno(errno));
	return (struct moment){st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec};
}

static bool before(const struct moment *a, const struct moment *b)
{
	return a->sec != b->sec ? a->sec < b->sec : a->nsec < b->nsec;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *dir, struct names *names)
{
	const char *name;
	struct dir d;
	int r;

	if (dir_open(&d, dir) < 0)
		die(111, "unable to open directory %s: %s", dir, log_errno(errno));
	while ((r = dir_next(&d, &name)) > 0)
		if (name[0] == '@') {
			if (names->list.n == FILES_MAX)
				die(100, "examined too many files.");
			vec_push(&names->list, mem_copy(name, strlen(name)));
		}
	if (r < 0)
		die(111, "unable to read directory %s: %s", dir, log_errno(errno));
	dir_close(&d);
	if (names->list.n)
		qsort(names->list.p, names->list.n, sizeof *names->list.p, compare);
	vec_push(&names->list, mem_copy("current", 7));
}

struct period {
	struct moment start, stop;
};

/* A line without a label is printed. */
static bool wanted(const struct period *p, struct str line)
{
	struct moment m;

	return !tai_parse(line, &m.sec, &m.nsec) || (!before(&m, &p->start) && before(&m, &p->stop));
}

/* Line after line; of a very long one the first piece decides. */
static void select_lines(struct in *in, const struct period *p, struct out *out, const char *name)
{
	struct buf line = BUF_INIT;
	bool goes_on = false, print = false;
	int r;

	do {
		buf_clear(&line);
		r = in_line(in, &line, '\n', 1 << 16);
		if (r < 0 && errno != EMSGSIZE)
			die(111, "unable to read %s: %s", name, log_errno(errno));
		if (line.n && !goes_on)
			print = wanted(p, buf_str(&line));
		if (line.n && print)
			out_add(out, buf_str(&line));
		goes_on = line.n && r != 1;
	} while (r != 0 && !out->failed);
	buf_free(&line);
}

static void print_file(const char *dir, const char *name, const struct period *p, struct out *out)
{
	static char space[32768];
	struct buf fn = BUF_INIT;
	struct in in;
	int fd;

	buf_fmt(&fn, "%s/%s", dir, name);
	fd = file_open(fn.p, O_RDONLY | O_NONBLOCK, 0);
	/* it may have been rotated away meanwhile */
	if (fd < 0 && errno != ENOENT)
		die(111, "unable to open %s: %s", fn.p, log_errno(errno));
	if (fd >= 0) {
		in_init(&in, fd, space, sizeof space);
		select_lines(&in, p, out, fn.p);
		fd_close(fd);
	}
	buf_free(&fn);
}

static int logselect_main(int argc, char **argv)
{
	static char room[65536];
	struct names names = {0};
	struct period p;
	struct out out;

	if (argc != 4)
		die(111, "usage: logselect dir start stop");
	if (strchr(argv[1], '/') || strcmp(argv[1], "..") == 0 || !*argv[1])
		die(111, "dir must not have '/' in it.");
	p = (struct period){moment(argv[2]), moment(argv[3])};
	list(argv[1], &names);
	out_init(&out, 1, room, sizeof room);
	for (size_t i = 0; i < names.list.n; i++) {
		print_file(argv[1], names.list.p[i], &p, &out);
		mem_free(names.list.p[i]);
	}
	vec_free(&names.list);
	if (out_flush(&out) < 0)
		die(111, "unable to write output: %s", log_errno(errno));
	return 0;
}

APPLET(logselect) = {
	.name = "logselect", .family = "svc",
	.brief = "print the lines of a log that fall into a period",
	.args = "dir start stop", .role = AS_CALLER, .main = logselect_main,
};
