/* spipe - supervised services in a pipeline: what each writes is read by the next.  Run in place of svscan;
 * keeps the supervises and the pipes between them, so that nothing is lost when one is started again. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "svc/halt.h"

enum { RESTART_MS = 1000, STOP_MS = 10000 };

struct stage {
	const char *dir;
	struct buf parent, name;
	int in, out;
	pid_t pid;
	bool over;		/* not to be started again */
	long long due;
};
static VEC(struct stage) stages;

static const int waited[] = {SIGTERM, SIGINT, SIGQUIT, SIGCHLD};
enum { WAITED = sizeof waited / sizeof *waited };

/* supervise takes the name of a directory in the current one. */
static void split(struct stage *s)
{
	struct str path = str_z(s->dir);

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	size_t slash = str_rchr(path, '/');

	buf_set(&s->parent, slash == path.n ? STR(".") : str_to(path, slash ? slash : 1));
	buf_set(&s->name, slash == path.n ? path : str_from(path, slash + 1));
	if (!s->name.n || s->name.p[0] == '.')
		die(100, "%s: the name of a service must not begin with a dot", s->dir);
}

static void connect(int argc, char **argv)
{
	int p[2], in = 0;

	for (int i = 1; i < argc; i++) {
		struct stage s = {.dir = argv[i], .parent = BUF_INIT, .name = BUF_INIT, .in = in, .out = 1};

		split(&s);
		if (i < argc - 1) {
			if (fd_pipe(p) < 0)
				die(111, "unable to create pipe: %s", log_errno(errno));
			s.out = p[1];
			in = p[0];
		}
		vec_push(&stages, s);
	}
}

static void start(struct stage *s)
{
	char *argv[] = {(char[]){"supervise"}, s->name.p, NULL};
	struct err e = {0};

	s->pid = run_start(argv, &(struct run){.fds = (int[]){s->in, s->out, 2}, .nfds = 3, .dir = s->parent.p}, &e);
	if (s->pid < 0) {
		log_warn("unable to start supervise %s: %s", s->dir, log_err(&e));
		s->pid = 0;
	}
	s->due = clock_mono_ms() + RESTART_MS;
}

/* Last to first: whoever writes has a reader. */
static void start_due(void)
{
	long long now = clock_mono_ms();

	for (size_t i = stages.n; i-- > 0; )
		if (!stages.p[i].pid && !stages.p[i].over && stages.p[i].due <= now)
			start(&stages.p[i]);
}

/* A supervise that was told to end, or says it never can run, has ended; any other is started again. */
static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = proc_wait(-1, &status, true)) > 0)
		for (size_t i = 0; i < stages.n; i++) {
			struct stage *s = &stages.p[i];

			if (s->pid != pid)
				continue;
			s->pid = 0;
			s->over = !proc_crashed(status) && (proc_code(status) == 0 || proc_code(status) == 100);
			if (!s->over)
				log_warn("supervise %s ended, starting it again", s->dir);
		}
}

static bool all_over(void)
{
	for (size_t i = 0; i < stages.n; i++)
		if (!stages.p[i].over)
			return false;
	return true;
}

static long next_ms(void)
{
	long long now = clock_mono_ms(), next = now + 3600000;

	for (size_t i = 0; i < stages.n; i++)
		if (!stages.p[i].pid && !stages.p[i].over && stages.p[i].due < next)
			next = stages.p[i].due;
	return next > now ? (long)(next - now) : 0;
}

/* One stage ends before the next is asked to; then the next one's input ends. */
static int stop(struct stage *s)
{
	long long end = clock_mono_ms() + STOP_MS;

	s->over = true;
	if (s->pid)
		halt_send(s->dir, s->pid, STR("dx"));
	while (s->pid && clock_mono_ms() < end) {
		sig_wait(&waited[WAITED - 1], 1, (long)(end - clock_mono_ms()));
		reap();
	}
	if (s->out > 2)
		fd_close(s->out);
	if (!s->pid)
		return 0;
	log_warn("supervise %s still runs", s->dir);
	return 111;
}

static int spipe_main(int argc, char **argv)
{
	int sig = 0, code = 0;

	if (argc < 2)
		die_usage();
	connect(argc, argv);
	for (int i = 0; i < WAITED; i++)
		sig_block(waited[i]);
	while (!all_over() && (sig == 0 || sig == SIGCHLD)) {
		start_due();
		sig = sig_wait(waited, WAITED, next_ms());
		reap();
	}
	for (size_t i = 0; i < stages.n; i++) {
		if (stop(&stages.p[i]))
			code = 111;
		buf_free(&stages.p[i].parent);
		buf_free(&stages.p[i].name);
	}
	vec_free(&stages);
	return code;
}

APPLET(spipe) = {
	.name = "spipe", .family = "svc",
	.brief = "run supervised services in a pipeline",
	.args = "dir ...", .role = AS_CALLER, .main = spipe_main,
};
