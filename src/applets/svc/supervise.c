/* supervise - keep one service running: start it, start it again when it dies, never faster than once a second, and do
 * what svc says.  Run by svscan, as whoever svscan is.  Always listens to its control FIFO: no script, no fork that
 * fails and no awaited service holds it up.  A service whose supervise was killed is taken over by the next one. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/conf/envdir.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "svc/await.h"
#include "svc/keep.h"
#include "svc/script.h"
#include "svc/watched.h"

enum {
	SECOND_MS = 1000,
	TROUBLE_MS = 60000,	/* after a failed fork or init, and the longest an alert may hold up a start */
	FIRST_LOOK_MS = 2,	/* between the first two looks at an awaited service ... */
	LOOK_MS = 100,		/* ... and later */
	POLL_MS = 3600000,
	AWAITING = -2,		/* in the status: waiting for another service */
};

/* A script that runs beside the service. */
enum task { NO_TASK, INIT, SHUTDOWN, ALERT };

static struct watched w = {.watch = -1};
static struct {
	struct buf name;	/* in messages: NAME or NAME/log */
	struct buf dir;		/* what scripts are told */
	struct buf scandir;	/* where services stand that we may wait for */
	bool adopts;		/* sticky run: what it leaves behind is the service from then on */
	bool ready;		/* init has succeeded */
	bool start;		/* a start is due */
	bool slept;		/* the seconds in wait have passed */
	int look;		/* ms between the last two looks at the awaited service */
	bool restart;		/* it is being stopped to be started again */
	bool exiting;
	const char *how;	/* the second argument of run */
	long long due;		/* clock_mono_ms of the earliest start */
	long long started;
	enum task task;
	pid_t task_pid;
	long long task_end;	/* when to stop waiting for it */
	int run_errno;		/* why run cannot be run, said once */
} s = {.name = BUF_INIT, .dir = BUF_INIT, .scandir = BUF_INIT, .how = "auto startup"};

static int signals;	/* what has been caught is read from here */

#define warn(...) say("warning", __VA_ARGS__)
static void say(const char *kind, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const char *kind, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (conf_set(CONF_SILENT))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_line("%s: supervise: %s: %s", s.name.p, kind, text);
}

/* A status that cannot be written is no reason to stop. */
static void told(int r)
{
	if (r < 0)
		warn("unable to write supervise/status: %s", log_errno(errno));
}

/* ---- scripts ---- */

/* In a child. */
static void become_script(const char *fn, char *const argv[]) __attribute__((noreturn));
static void become_script(const char *fn, char *const argv[])
{
	script_become(fn, argv);
	log_line("%s: supervise: fatal: unable to start %s: %s", s.name.p, fn, log_errno(errno));
	proc_exit(111);
}

/* A signal for a child that is just beginning must not meet our handlers there: it waits for prepare_child. */
static pid_t fork_child(void)
{
	sig_block(SIGTERM);
	sig_block(SIGCHLD);
	pid_t pid = proc_fork();

	if (pid != 0) {
		sig_unblock(SIGTERM);
		sig_unblock(SIGCHLD);
	}
	return pid;
}

/* In the child of every script. */
static void prepare_child(pid_t supervise)
{
	char text[24];

	sig_reset();
	snprintf(text, sizeof text, "%ld", (long)supervise);
	env_put("PPID", text);
}

/* Start a script of the service directory with its arguments; its pid or -1. */
static pid_t start_script(const char *fn, char *const argv[])
{
	pid_t parent = proc_pid(), pid = fork_child();

	if (pid < 0)
		warn("unable to fork for %s: %s", fn, log_errno(errno));
	if (pid != 0)
		return pid;
	prepare_child(parent);
	become_script(fn, argv);
}

static bool start_task(enum task task, const char *fn, char *const argv[])
{
	pid_t pid = script_runnable(fn) ? start_script(fn, argv) : -1;

	if (pid < 0)
		return false;
	s.task = task;
	s.task_pid = pid;
	s.task_end = clock_mono_ms() + TROUBLE_MS;
	return true;
}

/* ---- starting ---- */

/* The environment directory of the service, over what there is or, closed to others, in its place. */
static void apply_variables(void)
{
	struct err e = {0};
	struct stat st;

	if (file_stat("variables", &st) < 0 || !S_ISDIR(st.st_mode))
		return;
	if (envdir_load("variables", st.st_mode & S_IXOTH ? 0 : ENVDIR_CLEAR, &e) < 0) {
		log_line("%s: supervise: fatal: %s", s.name.p, log_err(&e));
		proc_exit(111);
	}
}

/* In the child: nothing is done before our supervise has noted who we are, or a successor might not know us. */
static void become_service(pid_t parent, const int gate[2]) __attribute__((noreturn));
static void become_service(pid_t parent, const int gate[2])
{
	char *argv[] = {(char[]){"./run"}, s.dir.p, (char *)(size_t)s.how, NULL}, go;

	prepare_child(parent);
	fd_close(gate[1]);
	if (fd_read(gate[0], &go, 1) != 1)
		proc_exit(111);
	if (w.leads_group)
		proc_new_group();
	apply_variables();
	become_script("./run", argv);
}

/* Can run be run?  What is in the way is said once. */
static bool have_run(void)
{
	struct stat st;
	int num = 0;

	if (file_stat("run", &st) < 0)
		num = errno;
	else if (!S_ISREG(st.st_mode) || !file_access("run", X_OK))
		num = EACCES;
	if (num && num != s.run_errno)
		warn("unable to start run: %s", log_errno(num));
	s.run_errno = num;
	if (num == 0) {
		s.adopts = st.st_mode & S_ISVTX;
		w.leads_group = s.adopts || conf_set(CONF_SETPGID);
	}
	return num == 0;
}

static void start_service(void)
{
	pid_t parent = proc_pid(), pid;
	int gate[2] = {-1, -1};

	if (!have_run()) {
		s.due = clock_mono_ms() + SECOND_MS;
		return;
	}
	proc_adopt_orphans(s.adopts);
	pid = fd_pipe(gate) < 0 ? -1 : fork_child();
	if (pid == 0)
		become_service(parent, gate);
	if (pid < 0) {
		warn("unable to fork, sleeping 60 seconds: %s", log_errno(errno));
		s.due = clock_mono_ms() + TROUBLE_MS;
		s.how = "system failure";
		fd_close(gate[0]);
		fd_close(gate[1]);
		return;
	}
	s.start = s.restart = s.slept = false;
	s.started = clock_mono_ms();
	w.group = pid;
	keep_service(&w.keep, pid);
	told(watched_change(&w, pid));
	fd_close(gate[0]);
	fd_write_all(gate[1], "", 1);
	fd_close(gate[1]);
}

static void show_wait(int wait)
{
	if (w.status.wait == wait)
		return;
	w.status.wait = (int16_t)wait;
	told(watched_announce(&w));
}

/* True once the awaited service, if any, is up and its seconds have passed.  A service that died needs not
 * sleep again. */
static bool waited(void)
{
	struct buf other = BUF_INIT;
	long seconds = 0;
	bool done = true;

	if (w.status.wait > 0 || s.slept || !await_read("wait", s.scandir.p, &seconds, &other)) {
		s.slept = true;
	} else if (!await_up(other.p)) {
		s.look = s.look == 0 ? FIRST_LOOK_MS : s.look < LOOK_MS / 2 ? 2 * s.look : LOOK_MS;
		s.due = clock_mono_ms() + s.look;
		show_wait(AWAITING);
		done = false;
	} else if (seconds && strcmp(s.how, "abnormal startup") != 0) {
		s.due = clock_mono_ms() + seconds * SECOND_MS;
		s.look = 0;
		show_wait((int)seconds);
		done = false;
	}
	if (done) {
		s.look = 0;
		show_wait(0);
	}
	buf_free(&other);
	return done;
}

/* init, once before the first start; true when it is done or missing. */
static bool initialized(void)
{
	char *argv[] = {(char[]){"./init"}, s.dir.p, NULL};

	if (s.ready || !script_runnable("init"))
		return true;
	if (!start_task(INIT, "./init", argv))
		s.due = clock_mono_ms() + TROUBLE_MS;
	return false;
}

static void start_due(void)
{
	if (!s.start || w.pid || s.task || clock_mono_ms() < s.due)
		return;
	if (initialized() && waited())
		start_service();
}

/* ---- the service's end ---- */

static void want_start(const char *how)
{
	if (w.pid)
		return;
	s.start = true;
	s.slept = false;
	s.how = how;
	s.due = s.started ? s.started + SECOND_MS : 0;
}

/* A child of ours that is neither the service nor a script: the daemon that a sticky run has left behind. */
static pid_t left_behind(void)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	uint64_t n;
	pid_t pid = 0;

	buf_fmt(&fn, "/proc/self/task/%ld/children", (long)proc_pid());
	if (s.adopts && file_slurp(fn.p, &text, 1 << 16) == 0)
		for (struct str rest = buf_str(&text), word; !pid && (word = str_word(&rest)).n; )
			if (num_parse(word, INT32_MAX, &n) && (pid_t)n != s.task_pid)
				pid = (pid_t)n;
	buf_free(&fn);
	buf_free(&text);
	return pid;
}

/* What alert is told: the value and what kind it is. */
static void describe(int status, bool known, char value[24], const char **kind)
{
	if (!known) {
		snprintf(value, 24, "-1");
		*kind = "unknown";
	} else if (proc_crashed(status)) {
		snprintf(value, 24, "%d", proc_signal(status));
		*kind = "stopped/signalled";
	} else {
		snprintf(value, 24, "%d", proc_code(status));
		*kind = "exited";
	}
}

static void service_ended(int status, bool known)
{
	char number[24], value[24];
	pid_t pid = w.pid, next = known ? left_behind() : 0;
	const char *kind;

	if (next) {
		say("info", "pid %ld did double fork", (long)pid);
		told(watched_change(&w, next));
		keep_service(&w.keep, next);
		return;
	}
	if (!known)
		warn("pid %ld ended", (long)pid);
	else if (proc_crashed(status))
		warn("pid %ld got signal %d", (long)pid, proc_signal(status));
	else
		warn("pid %ld exited with status=%d", (long)pid, proc_code(status));
	told(watched_change(&w, 0));
	if (s.exiting || w.status.want != 'u')
		return;
	want_start(s.restart ? "manual restart" : "abnormal startup");
	describe(status, known, value, &kind);
	snprintf(number, sizeof number, "%ld", (long)pid);
	start_task(ALERT, "./alert", (char *[]){(char[]){"./alert"}, s.dir.p, number, value, (char *)(size_t)kind, NULL});
}

static void task_ended(int status)
{
	enum task task = s.task;
	bool good = !proc_crashed(status) && proc_code(status) == 0;

	s.task = NO_TASK;
	s.task_pid = 0;
	if (task == SHUTDOWN) {
		watched_end(&w);
	} else if (task == INIT && good) {
		s.ready = true;
	} else if (task == INIT) {
		warn("initialization failed for %s, sleeping 60 seconds", s.dir.p);
		s.due = clock_mono_ms() + TROUBLE_MS;
	}
}

/* A script that takes too long is not waited for any more; it may go on. */
static void task_overdue(void)
{
	if (!s.task || s.task == INIT || clock_mono_ms() < s.task_end)
		return;
	warn("%s takes longer than 60 seconds, going on", s.task == ALERT ? "alert" : "shutdown");
	task_ended(0);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = proc_wait_change(&status)) > 0) {
		bool service = pid == w.pid && !w.taken_over;

		if (proc_stopped(status) || proc_continued(status)) {
			if (!service)
				continue;
			if (proc_stopped(status))
				say("info", "pid %ld stopped by signal %d", (long)pid, proc_stop_signal(status));
			w.status.paused = proc_stopped(status);
			told(watched_announce(&w));
		} else if (service) {
			service_ended(status, true);
		} else if (pid == s.task_pid) {
			task_ended(status);
		}
	}
}

/* ---- commands ---- */

static void stop_service(bool wait)
{
	char number[24];
	char *argv[] = {(char[]){"./shutdown"}, s.dir.p, number, NULL};

	snprintf(number, sizeof number, "%ld", (long)w.pid);
	if (wait && s.task == SHUTDOWN)
		return;
	if (!wait) {
		if (s.task != SHUTDOWN && script_runnable("shutdown"))
			start_script("./shutdown", argv);
		watched_end(&w);
	} else if (!start_task(SHUTDOWN, "./shutdown", argv)) {
		watched_end(&w);
	}
}

static void want(char what)
{
	told(watched_want(&w, what));
}

static void want_down(void)
{
	s.start = s.restart = false;
	w.status.wait = 0;
	want('d');
	if (w.pid)
		stop_service(true);
}

static void restart(void)
{
	want('u');
	if (w.pid) {
		s.restart = true;
		stop_service(true);
	} else {
		want_start("manual restart");
	}
}

static void signal_command(char c)
{
	static const struct {
		char letter;
		int sig;
	} table[] = {{'h', SIGHUP}, {'a', SIGALRM}, {'i', SIGINT}, {'t', SIGTERM}, {'k', SIGKILL}, {'q', SIGQUIT},
		{'1', SIGUSR1}, {'U', SIGUSR1}, {'2', SIGUSR2}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].letter == c)
			watched_signal(&w, table[i].sig);
}

static void pause_service(bool on)
{
	watched_signal(&w, on ? SIGSTOP : SIGCONT);
	w.status.paused = on && w.pid;
	told(watched_announce(&w));
}

static void command(char c)
{
	switch (c) {
	case 'u':
		want('u');
		want_start("manual startup");
		break;
	case 'd':
		want_down();
		break;
	case 'r':
		restart();
		break;
	case 'o':
		want(0);
		want_start("one-time startup");
		break;
	case 'x':
		s.exiting = true;
		told(watched_announce(&w));
		break;
	case 'p':
	case 'c':
		pause_service(c == 'p');
		break;
	case 'G':
		w.to_group = true;
		break;
	default:
		signal_command(c);
	}
}

static void read_commands(void)
{
	char c;

	while (fd_read(w.keep.control, &c, 1) == 1)
		command(c);
}

static void terminate(void)
{
	s.start = s.restart = false;
	s.exiting = true;
	if (w.status.want != 'd')
		want('d');
	if (w.pid)
		stop_service(false);
}

/* ---- the process ---- */

static void start_signals(void)
{
	static const int caught[] = {SIGCHLD, SIGTERM};

	signals = sig_pipe(caught, sizeof caught / sizeof *caught);
	if (signals < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	sig_ignore(SIGPIPE);
}

static void take_over(const struct keep_left *left)
{
	if (!left->pid)
		return;
	watched_take_over(&w, left);
	have_run();
	s.ready = true;
	s.started = clock_mono_ms();
	say("warning", "pid %ld of a former supervise is still running, taken over", (long)w.pid);
	if (w.status.want == 'd')
		stop_service(true);	/* what was asked for last */
}

/* NAME, or PARENT/log for a logger, from where we were started. */
static void find_name(const char *arg)
{
	const char *parent = conf_env(CONF_SV_PWD), *scandir = conf_env(CONF_SCANDIR);
	bool logger = strcmp(arg, "log") == 0;
	struct buf cwd = BUF_INIT;

	if (file_cwd(&cwd) < 0)
		die(111, "unable to get the current directory: %s", log_errno(errno));
	struct str here = buf_str(&cwd);
	size_t slash = str_rchr(here, '/');

	if (logger && parent)
		buf_fmt(&s.name, "%s/", parent);
	else if (logger)
		buf_fmt(&s.name, "%.*s/", STR_FMT(str_from(here, slash + 1)));
	buf_adds(&s.name, arg);
	if (scandir)
		buf_adds(&s.scandir, scandir);
	else
		buf_add(&s.scandir, logger ? str_to(here, slash) : here);
	/* what scripts are told: where the state is, or else where the service is */
	buf_fmt(&s.dir, "%s/%s", cwd.p, arg);
	buf_free(&cwd);
}

static void open_state(const char *arg)
{
	struct keep_left left = {.pid = 0};
	struct err e = {0};

	find_name(arg);
	if (file_chdir(arg) < 0)
		die(111, "unable to chdir to %s: %s", arg, log_errno(errno));
	if (keep_open(&w.keep, s.name.p, &left, &e) < 0)
		die(e.code ? e.code : err_exit(&e), "%s: %s", s.name.p, log_err(&e));
	if (w.keep.dir.p[0] == '/')
		buf_set(&s.dir, buf_str(&w.keep.dir));
	take_over(&left);
	if (w.pid) {
		told(watched_announce(&w));
		return;
	}
	w.status.want = file_exists("down") ? 'd' : 'u';
	told(watched_change(&w, 0));
	if (w.status.want == 'u')
		want_start("auto startup");
}

static int patience(void)
{
	long long now = clock_mono_ms(), next = now + POLL_MS;

	if (s.start && !w.pid && !s.task)
		next = s.due;
	if (s.task && s.task != INIT)
		next = s.task_end;
	if (w.taken_over && w.pid && w.watch < 0)
		next = now + SECOND_MS;	/* no pidfd on this kernel */
	return next > now ? (int)(next - now) : 0;
}

static void wait_for_something(void)
{
	struct pollfd p[] = {{signals, POLLIN, 0}, {w.keep.control, POLLIN, 0}, {w.watch, POLLIN, 0}};
	bool child = false, term = false;
	unsigned char sig;

	idle_poll(p, 3, patience());
	while (fd_read(signals, &sig, 1) == 1) {
		child = child || sig == SIGCHLD;
		term = term || sig == SIGTERM;
	}
	if (child)
		reap();
	if (p[2].revents || (w.pid && watched_gone(&w)))
		service_ended(0, false);
	if (term)
		terminate();
	if (p[1].revents)
		read_commands();
}

static int supervise_main(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		die_usage();
	if (argv[1][0] == '/' || argv[1][0] == '.')
		die(100, "%s: the name of the directory must not begin with / or .", argv[1]);
	start_signals();
	open_state(argv[1]);
	proc_title("supervise", s.name.p);
	for (;;) {
		start_due();
		if (s.exiting && !w.pid)
			break;
		wait_for_something();
		task_overdue();
	}
	if (s.task == INIT)
		proc_kill(s.task_pid, SIGTERM);
	return 0;
}

APPLET(supervise) = {
	.name = "supervise", .family = "svc",
	.brief = "keep a service running",
	.args = "dir [parent_ident]", .role = AS_CALLER, .main = supervise_main,
};
