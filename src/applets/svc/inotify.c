/* inotify - print what happens to files and directories, a line per event.  Used in scripts, or under
 * tcpserver, where the end of standard input ends it. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "core/sys/watch.h"

enum { SECONDS_MAX = 2000000 };

static int no_input;
static long timeout = -1;

static const struct opt opts[] = {
	FLAG('n', NULL, &no_input, "do not watch standard input"),
	NUM('d', NULL, &timeout, "SECONDS", "end when nothing happens for so long (1800), 0 never"),
	OPTS_END
};

struct watched {
	int id;
	const char *name;
};

static VEC(struct watched) list;
static size_t living;
static struct out out;
static char space[8192];

static void on_term(int sig)
{
	(void)sig;
	proc_exit(1);	/* every line is out by now or was not promised */
}

static const char *name_of(int id)
{
	for (size_t i = 0; i < list.n; i++)
		if (list.p[i].id == id)
			return list.p[i].name;
	return "?";
}

/* Names are others' business: a line stays a line. */
static void put_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		out_addc(&out, (unsigned char)s.p[i] < 32 || s.p[i] == 127 ? '?' : s.p[i]);
}

static void put_event(const struct watch_event *ev, const char *what)
{
	out_adds(&out, ev->dir ? "dir  " : "file ");
	put_name(str_z(name_of(ev->id)));
	if (ev->name.n) {
		out_addc(&out, '/');
		put_name(ev->name);
	}
	out_fmt(&out, " %s", what);
	if (ev->kind == WATCH_MOVED_FROM || ev->kind == WATCH_MOVED_TO)
		out_fmt(&out, "[%lu]", (unsigned long)ev->cookie);
	out_addc(&out, '\n');
}

static void event(const struct watch_event *ev, void *arg)
{
	static const char *const text[] = {
		[WATCH_CREATED] = "created", [WATCH_DELETED] = "deleted", [WATCH_OPENED] = "opened",
		[WATCH_CLOSED] = "closed", [WATCH_MOVED_FROM] = "oldname renamed",
		[WATCH_MOVED_TO] = "newname renamed",
	};

	(void)arg;
	if (ev->kind == WATCH_LOST) {
		log_warn("events came too fast, some are lost");
	} else if (ev->kind == WATCH_ENDED) {
		log_warn("%s is gone", name_of(ev->id));
		living--;
	} else {
		put_event(ev, text[ev->kind]);
	}
}

static void add(int fd, const char *fn)
{
	int id = watch_add(fd, fn);

	if (id < 0)
		die(111, "unable to watch %s: %s", fn, log_errno(errno));
	for (size_t i = 0; i < list.n; i++)
		if (list.p[i].id == id)
			return;
	vec_push(&list, ((struct watched){id, fn}));
	living++;
}

/* True: standard input has ended. */
static bool input_ended(void)
{
	char bytes[256];
	ssize_t r = fd_read(0, bytes, sizeof bytes);

	if (r < 0 && errno != EAGAIN)
		die(111, "unable to read: %s", log_errno(errno));
	return r == 0;
}

static int watch(int fd, int ms)
{
	struct pollfd p[2] = {{fd, POLLIN, 0}, {0, POLLIN, 0}};

	while (living) {
		int r = fd_poll(p, no_input ? 1 : 2, ms);

		if (r == 0)
			die(111, "nothing happened for %d seconds", ms / 1000);
		if (r < 0 && errno != EINTR)
			die(111, "unable to wait: %s", log_errno(errno));
		if (r > 0 && p[0].revents && watch_read(fd, event, NULL) < 0 && errno != EINTR)
			die(111, "unable to read events: %s", log_errno(errno));
		if (out_flush(&out) < 0)
			die(111, "unable to write: %s", log_errno(errno));
		if (r > 0 && !no_input && p[1].revents && input_ended()) {
			log_line("shutting down");
			return 0;
		}
	}
	die(111, "nothing is left to watch");
}

static int inotify_main(int argc, char **argv)
{
	struct err e = {0};

	if (argc < 2)
		die_usage();
	if (timeout < 0 && conf_int(CONF_DATA_TIMEOUT, &timeout, &e) < 0)
		die_err(&e);
	if (timeout < 0 || timeout > SECONDS_MAX)
		die(100, "a timeout is 0 to %d seconds", SECONDS_MAX);
	sig_catch(SIGTERM, on_term);
	out_init(&out, 1, space, sizeof space);
	int fd = watch_open();

	if (fd < 0)
		die(111, "unable to watch anything: %s", log_errno(errno));
	for (int i = 1; i < argc; i++)
		add(fd, argv[i]);
	return watch(fd, timeout ? (int)timeout * 1000 : -1);
}

APPLET(inotify) = {
	.name = "inotify", .family = "svc",
	.brief = "print what happens to files and directories",
	.args = "dir ...", .opts = opts, .role = AS_CALLER, .main = inotify_main,
};
