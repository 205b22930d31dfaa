/* multipipe - a supervised service in every subdirectory, each fed a copy of the input.  Run as a logger that
 * feeds several.  Bounded memory; a reader that stands still holds the others up for five seconds once, and
 * only it loses lines.  At the end of the input every service may read what is left. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "svc/fan.h"
#include "svc/halt.h"
#include "svc/report.h"
#include "svc/scandir.h"

enum { RESCAN_MS = 5000, RESTART_MS = 1000, STOP_MS = 10000, SERVICES_MAX = 200 };
enum { READ_END, WRITE_END };

struct service {
	char *name;
	int pipe[2];
	pid_t pid;
	long long due;
	bool seen, over;
	struct fan_reader reader;
};

static struct fan fan;
static VEC(struct service) services;
static int wake[2];
static volatile sig_atomic_t ending;	/* asked once, or again: do not wait for anybody */
static volatile sig_atomic_t rescan;
enum { SOON = 1, NOW };

static void on_signal(int sig)
{
	int num = errno;

	if (sig == SIGHUP)
		rescan = 1;
	else if (sig != SIGCHLD)
		ending = ending ? NOW : SOON;
	fd_write(wake[WRITE_END], "", 1);
	errno = num;
}

static struct service *find(const char *name)
{
	for (size_t i = 0; i < services.n; i++)
		if (strcmp(services.p[i].name, name) == 0)
			return &services.p[i];
	return NULL;
}

static void add(const char *name, long long now)
{
	struct service s = {.seen = true};

	if (services.n >= SERVICES_MAX || fd_pipe(s.pipe) < 0) {
		log_warn("unable to start %s: %s", name, services.n < SERVICES_MAX ? log_errno(errno) :
			"too many services");
		return;
	}
	fd_nonblock(s.pipe[WRITE_END], true);
	fan_join(&fan, &s.reader, now);
	s.name = mem_copy(name, strlen(name));
	vec_push(&services, s);
}

static void start(struct service *s, long long now)
{
	char *argv[] = {(char[]){"supervise"}, s->name, NULL};
	struct err e = {0};

	s->due = now + RESTART_MS;
	s->pid = run_start(argv, &(struct run){.fds = (int[]){s->pipe[READ_END], 1, 2}, .nfds = 3}, &e);
	if (s->pid < 0) {
		log_warn("unable to start %s: %s", s->name, log_err(&e));
		s->pid = 0;
	}
}

static void forget(struct service *s)
{
	fd_close(s->pipe[READ_END]);
	fd_close(s->pipe[WRITE_END]);
	mem_free(s->name);
	*s = services.p[--services.n];
}

/* New directories get a service, the service of one that is gone is stopped. */
static void scan(long long now)
{
	struct service_names names = {{0}};
	struct err e = {0};

	if (scandir_list(".", false, &names, &e) < 0) {
		log_warn("%s", log_err(&e));
		return;
	}
	for (size_t i = 0; i < services.n; i++)
		services.p[i].seen = false;
	for (size_t i = 0; i < names.list.n; i++) {
		struct service *s = find(names.list.p[i]);

		if (s)
			s->seen = true;
		else if (strcmp(names.list.p[i], "supervise") != 0)
			add(names.list.p[i], now);
	}
	for (size_t i = 0; i < services.n; i++)
		if (!services.p[i].seen && services.p[i].pid)
			halt_send(services.p[i].name, services.p[i].pid, STR("dx"));
	scandir_free(&names);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = proc_wait(-1, &status, true)) > 0)
		for (size_t i = 0; i < services.n; i++)
			if (services.p[i].pid == pid) {
				services.p[i].pid = 0;
				services.p[i].over = !proc_crashed(status) && (proc_code(status) == 0 || proc_code(status) == 100);
			}
}

static void keep(long long now)
{
	for (size_t i = services.n; i-- > 0; ) {
		struct service *s = &services.p[i];

		if (!s->pid && !s->seen)
			forget(s);
		else if (!s->pid && !s->over && s->due <= now)
			start(s, now);
	}
}

/* ---- bytes ---- */

static size_t room(void)
{
	const struct fan_reader *readers[SERVICES_MAX];

	for (size_t i = 0; i < services.n; i++)
		readers[i] = &services.p[i].reader;
	return fan_room(&fan, readers, services.n);
}

/* False at the end of the input. */
static bool take_input(size_t n)
{
	char block[FAN_SIZE];
	ssize_t r = fd_read(0, block, n);

	if (r < 0 && errno == EAGAIN)
		return true;
	if (r < 0)
		log_warn("unable to read: %s", log_errno(errno));
	if (r > 0)
		fan_put(&fan, str_make(block, (size_t)r));
	return r > 0;
}

static void feed(struct service *s, long long now)
{
	struct fan_reader *r = &s->reader;

	if (r->slow && fan_resume(&fan, r, now)) {
		log_warn("%s reads again, %llu bytes are lost to it", s->name, (unsigned long long)r->lost);
		if (r->last != '\n' && fd_write(s->pipe[WRITE_END], "\n", 1) == 1)
			r->last = '\n';
	}
	struct str next = fan_next(&fan, r);
	ssize_t n = next.n ? fd_write(s->pipe[WRITE_END], next.p, next.n) : 0;

	fan_took(&fan, r, n > 0 ? (size_t)n : 0, now);
}

static void give_up(long long now, bool needed)
{
	for (size_t i = 0; needed && i < services.n; i++)
		if (fan_give_up(&fan, &services.p[i].reader, now))
			log_warn("%s does not read: it will lose lines", services.p[i].name);
}

/* Whether every reader that reads has got everything. */
static bool drained(void)
{
	for (size_t i = 0; i < services.n; i++)
		if (!services.p[i].reader.slow && fan_next(&fan, &services.p[i].reader).n)
			return false;
	return true;
}

/* Milliseconds until something is due. */
static int patience(long long now, long long next)
{
	for (size_t i = 0; i < services.n; i++)
		if (!services.p[i].pid && !services.p[i].over && services.p[i].due < next)
			next = services.p[i].due;
	return next > now ? (int)(next - now) : 0;
}

/* One turn: wait, move bytes.  False when there is nothing left to do. */
static bool turn(bool *input, long long next_scan)
{
	struct pollfd p[SERVICES_MAX + 2];
	size_t n = services.n, space = room();
	long long now = clock_mono_ms();
	bool full = space == 0 || !*input;
	char drain[64];

	p[0] = (struct pollfd){wake[READ_END], POLLIN, 0};
	p[1] = (struct pollfd){*input && space ? 0 : -1, POLLIN, 0};
	for (size_t i = 0; i < n; i++) {
		struct fan_reader *r = &services.p[i].reader;

		p[i + 2] = (struct pollfd){r->slow || fan_next(&fan, r).n ? services.p[i].pipe[WRITE_END] : -1, POLLOUT, 0};
	}
	if (fd_poll(p, n + 2, patience(now, full ? now + 200 : next_scan)) < 0)
		return true;
	now = clock_mono_ms();
	if (p[0].revents)
		fd_read(wake[READ_END], drain, sizeof drain);
	for (size_t i = 0; i < n; i++)
		if (p[i + 2].revents)
			feed(&services.p[i], now);
	if (p[1].revents)
		*input = take_input(space);
	give_up(now, full);
	return *input || !drained();
}

/* ---- the end ---- */

/* Wait until all supervises have ended, or for STOP_MS. */
static bool gone(void)
{
	long long end = clock_mono_ms() + STOP_MS;

	for (;;) {
		bool running = false;
		char drain[64];

		reap();
		for (size_t i = 0; i < services.n; i++)
			running = running || services.p[i].pid;
		long left = (long)(end - clock_mono_ms());

		if (!running || left <= 0 || ending == NOW)
			return !running;
		if (fd_wait(wake[READ_END], POLLIN, (int)left) > 0)
			fd_read(wake[READ_END], drain, sizeof drain);
	}
}

/* After the last byte a service that is up ends by itself; nobody is started again. */
static void tell(bool at_once)
{
	for (size_t i = 0; i < services.n; i++) {
		struct service *s = &services.p[i];
		struct report r;

		fd_close(s->pipe[WRITE_END]);
		s->pipe[WRITE_END] = -1;
		report_read(s->name, &r);
		if (s->pid)
			halt_send(s->name, s->pid, !at_once && !r.trouble.class && r.status.up ? STR("ox") : STR("dx"));
	}
}

static int end(void)
{
	tell(ending);
	if (!gone()) {
		tell(true);
		if (!gone())
			log_warn("services still run");
	}
	while (services.n)
		forget(&services.p[services.n - 1]);
	vec_free(&services);
	return 0;
}

static int multipipe_main(int argc, char **argv)
{
	long long next_scan = 0;
	bool input = true;

	if (argc > 2)
		die_usage();
	if (argc > 1 && file_chdir(argv[1]) < 0)
		die(111, "unable to chdir to %s: %s", argv[1], log_errno(errno));
	if (fd_pipe(wake) < 0)
		die(111, "unable to create pipe: %s", log_errno(errno));
	fd_nonblock(wake[READ_END], true);
	fd_nonblock(wake[WRITE_END], true);
	sig_ignore(SIGPIPE);
	static const int caught[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD};

	for (unsigned i = 0; i < sizeof caught / sizeof *caught; i++)
		sig_catch(caught[i], on_signal);
	do {
		long long now = clock_mono_ms();

		reap();
		if (now >= next_scan || rescan) {
			rescan = 0;
			scan(now);
			next_scan = now + RESCAN_MS;
		}
		keep(now);
	} while (turn(&input, next_scan) && !ending);
	return end();
}

APPLET(multipipe) = {
	.name = "multipipe", .family = "svc",
	.brief = "feed several supervised services a copy of the input",
	.args = "[dir]", .role = AS_CALLER, .main = multipipe_main,
};
