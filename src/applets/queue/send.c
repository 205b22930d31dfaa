/* send - schedule the deliveries of one queue (qmail-send).
 * start becomes it: fd 0 the log, 1/2 lspawn, 3/4 rspawn, 5/6 clean, 7/8 todo-proc.  Promises that a
 * message leaves the queue only when every recipient is settled and its bounce, if any, is queued. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/plugin.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/figures.h"
#include "queue/floor.h"
#include "queue/qlog.h"
#include "queue/sched.h"

enum { LOG = 0, CLEAN_OUT = 5, CLEAN_IN, TODO_OUT, TODO_IN, SLEEP_CLEANUP = 76431, RECORD_MAX = 1 << 20,
	SETTLE_MS = 2000 };	/* how long a disk that is full may hold up the end */
static const int spawn_out[CHANS] = {1, 3}, spawn_in[CHANS] = {2, 4};

static struct sched s;
static struct steer_server steer;
static struct buf records = BUF_INIT;	/* bytes from todo-proc not yet understood */
static int log_lock = -1;
static bool lost;			/* a partner is gone: end as soon as possible */
static bool half_detached;
static time_t next_sweep;
static struct figures_writer figures = {.fd = -1};	/* of a queue of qscheduler -d */
static int wake[2];			/* signals write, the loop reads: none is slept through */
static volatile sig_atomic_t got_term, got_hup, got_alarm, got_int, got_usr1, got_usr2;

static void on_signal(int sig)
{
	switch (sig) {
	case SIGTERM: got_term = 1; break;
	case SIGHUP: got_hup = 1; break;
	case SIGALRM: got_alarm = 1; break;
	case SIGINT: got_int = 1; break;
	case SIGUSR1: got_usr1 = 1; break;
	case SIGUSR2: got_usr2 = 1; break;
	default: break;
	}
	int keep = errno;

	if (fd_write(wake[1], "", 1) < 0)
		errno = keep;	/* the pipe is full: a wake-up is on its way already */
	errno = keep;
}

static void flush_log(void)
{
	if (!s.log.n)
		return;
	if (log_lock >= 0)
		lock_exclusive(log_lock);
	qlog_write(LOG, &s.log);
	if (log_lock >= 0)
		lock_release(log_lock);
}

static void cannot_start(const char *why, int num)
{
	qlog_say(&s.log, "alert", s.program, s.q, "cannot start: %s%s%s", why, num ? ": " : "",
		num ? log_errno(num) : "");
	flush_log();
	proc_exit(111);
}

/* LOGLOCK: whole lines of several queues in one log, under a lock on control/defaultdelivery. */
static void toggle_loglock(void)
{
	struct buf fn = BUF_INIT;

	if (log_lock >= 0) {
		fd_close(log_lock);
		log_lock = -1;
	} else {
		control_path(conf_rows[CONF_DEFAULTDELIVERY].file, &fn);
		log_lock = file_open(fn.p, O_RDONLY, 0);
	}
	buf_free(&fn);
}

static void lose(const char *who)
{
	if (lost)
		return;
	qlog_say(&s.log, "alert", s.program, s.q, "oh no! lost %s connection! dying...", who);
	lost = true;
	sched_stop(&s);
}

/* ---- what partners say ------------------------------------------------------------------------ */

/* Bytes to append to b; false when the partner is gone. */
static bool receive(int fd, struct buf *b)
{
	char *p = buf_grow(b, 16384);
	ssize_t n = fd_read(fd, p, 16384);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	buf_advance(b, (size_t)n);
	return true;
}

/* J id birth length NUL, then length bytes.  Returns what it used, 0 when more must come. */
static size_t first_attempt(struct str rest, size_t end)
{
	struct str head = str_from(str_to(rest, end), 1);
	uint64_t id, birth, len;

	if (!num_parse(str_cut(&head, ' '), UINT64_MAX, &id) || !head.p ||
		!num_parse(str_cut(&head, ' '), INT64_MAX, &birth) || !head.p || !num_parse(head, RECORD_MAX, &len)) {
		qlog_say(&s.log, "warn", s.program, s.q, "unintelligible record from todo-proc");
		return end + 1;
	}
	if (rest.n < end + 1 + len)
		return 0;
	sched_first(&s, id, (time_t)birth, str_to(str_from(rest, end + 1), len));
	return end + 1 + len;
}

static void settled(struct str text)
{
	uint64_t id;

	if (text.n > 1 && num_parse(str_from(text, 1), UINT64_MAX, &id))
		sched_settled(&s, text.p[0], id);
}

/* Take the complete records of todo-proc. */
static void take_records(void)
{
	size_t used = 0;

	while (used < records.n) {
		struct str rest = str_from(buf_str(&records), used);
		size_t end = str_chr(rest, 0), n = end + 1;

		if (end == rest.n)
			break;
		if (rest.p[0] == 'J')
			n = first_attempt(rest, end);
		else if (rest.p[0] == 'D')
			settled(str_from(str_to(rest, end), 1));
		else if (rest.p[0] == 'L')
			buf_add(&s.log, str_from(str_to(rest, end), 1));
		else if (rest.p[0] != 'X')
			qlog_say(&s.log, "warn", s.program, s.q, "unknown record from todo-proc");
		if (!n)
			break;
		used += n;
	}
	buf_drop(&records, used);
}

static void take_answers(void)
{
	static struct buf answers = BUF_INIT;

	buf_clear(&answers);
	if (!receive(CLEAN_IN, &answers))
		lose("qmail-clean");
	for (size_t i = 0; i < answers.n; i++)
		sched_cleaned(&s, answers.p[i]);
}

static void take_reports(int chan)
{
	if (!receive(spawn_in[chan], &s.c[chan].in)) {
		s.c[chan].dead = true;
		lose("spawn");
	}
	sched_reports(&s, chan);
}

/* Write what fits; a partner that does not take it is lost. */
static void push(int fd, struct buf *b, const char *who)
{
	while (b->n) {
		ssize_t n = fd_write(fd, b->p, b->n);

		if (n < 0) {
			if (errno == EAGAIN)
				return;
			buf_clear(b);
			lose(who);
			return;
		}
		buf_drop(b, (size_t)n);
	}
}

/* ---- signals ---------------------------------------------------------------------------------- */

static void say_signal(const char *name)
{
	buf_fmt(&s.log, "alert: %s: pid %ld got %s: %s\n", s.program, (long)proc_pid(), name, s.q);
}

static void order(char c)
{
	buf_addc(&s.todo, c);
}

static void detach(void)
{
	s.detached = true;
	half_detached = s.c[CHAN_LOCAL].used || s.c[CHAN_REMOTE].used;
	order('D');
}

static void attach(void)
{
	if (!s.detached)
		return;
	/* a rescan would find what is being delivered a second time */
	half_detached = s.c[CHAN_LOCAL].used || s.c[CHAN_REMOTE].used;
	if (half_detached)
		return;
	s.detached = false;
	order('A');
	push(TODO_OUT, &s.todo, "todo-proc");
	sched_forget(&s);
	sched_scan(&s);
}

static void take_signals(void)
{
	struct err e = {0};

	if (got_term) {
		got_term = 0;
		say_signal("TERM");
		sched_stop(&s);
	}
	if (got_hup) {
		got_hup = 0;
		say_signal("HUP");
		if (sched_reload(&s, &e) < 0)
			qlog_say(&s.log, "alert", s.program, s.q, "%s", log_err(&e));
		order('H');
	}
	if (got_alarm) {
		got_alarm = 0;
		say_signal("ALRM");
		sched_all_due(&s);
	}
	if (got_int) {
		got_int = 0;
		toggle_loglock();
	}
	if (got_usr1) {
		got_usr1 = 0;
		detach();
	}
	if (got_usr2) {
		got_usr2 = 0;
		attach();
	}
}

/* ---- life ------------------------------------------------------------------------------------- */

static void start_line(void)
{
	buf_fmt(&s.log, "info: %s: pid %ld: %s: ratelimit=%s, loglock=%s, conf split=%d\n", s.program, (long)proc_pid(),
		queue_here(), s.rates ? "ON" : "OFF", log_lock >= 0 ? "enabled" : "disabled", s.lay.split);
}

/* -d: others choose their queue by what we say here.  When there is nothing to say it in, qscheduler has told so. */
static void open_figures(void)
{
	if (figures_open(&figures, queue_here()) < 0 && errno != ENOENT)
		qlog_say(&s.log, "warning", s.program, s.q, "no shared memory: %s; nobody knows the load of this queue",
			log_errno(errno));
}

static void tell_figures(void)
{
	struct figures f = {.disabled = 0};

	for (int c = 0; c < CHANS; c++) {
		f.used[c] = s.c[c].used;
		f.max[c] = s.c[c].held ? 0 : s.c[c].concurrency;
	}
	figures_write(&figures, &f);
}

/* Each spawner announces its limit in two bytes. */
static void read_limits(void)
{
	for (int c = 0; c < CHANS; c++) {
		unsigned char b[2];

		if (fd_read(spawn_in[c], b, 1) != 1 || fd_read(spawn_in[c], b + 1, 1) != 1)
			cannot_start("lost spawn connection", 0);
		sched_slots(&s, c, b[0] | b[1] << 8);
	}
}

static void sweep_if_due(void)
{
	if (clock_now() >= next_sweep && !s.exiting && sched_sweep(&s))
		next_sweep = clock_now() + SLEEP_CLEANUP;
}

/* Nothing runs any more, but what was tried cannot be settled: recipients will be tried twice. */
static bool overdue(void)
{
	static long long since;
	long long now = clock_mono_ms();

	if (!since || s.c[CHAN_LOCAL].used || s.c[CHAN_REMOTE].used)
		since = now;
	return now - since > SETTLE_MS;
}

static void drain_wake(void)
{
	char drop[64];

	while (fd_read(wake[0], drop, sizeof drop) > 0)
		;
}

static void loop(void)
{
	while (!s.exiting || (!sched_idle(&s) && !lost && !overdue())) {
		time_t next = sched_work(&s), now = clock_now();
		struct pollfd p[] = {
			{spawn_in[CHAN_LOCAL], POLLIN, 0}, {spawn_in[CHAN_REMOTE], POLLIN, 0},
			{CLEAN_IN, POLLIN, 0}, {TODO_IN, POLLIN, 0},
			{s.c[CHAN_LOCAL].out.n ? spawn_out[CHAN_LOCAL] : -1, POLLOUT, 0},
			{s.c[CHAN_REMOTE].out.n ? spawn_out[CHAN_REMOTE] : -1, POLLOUT, 0},
			{s.clean.n ? CLEAN_OUT : -1, POLLOUT, 0}, {s.todo.n ? TODO_OUT : -1, POLLOUT, 0},
			{wake[0], POLLIN, 0}, {-1, 0, 0},
		};

		flush_log();
		tell_figures();
		floor_save(now);
		if (next_sweep < next)
			next = next_sweep;
		int wait = next > now ? (int)(next - now > 3600 ? 3600 : next - now) * 1000 : 0;

		p[9].fd = steer_poll(&steer, &p[9].events, &wait);

		if (s.exiting && wait > 500)
			wait = 500;
		if (fd_poll(p, 10, wait) >= 0) {
			if (p[0].revents)
				take_reports(CHAN_LOCAL);
			if (p[1].revents)
				take_reports(CHAN_REMOTE);
			if (p[2].revents)
				take_answers();
			if (p[3].revents && !receive(TODO_IN, &records))
				lose("todo-proc");
			take_records();
		}
		drain_wake();
		take_signals();
		/* last: a message removed by order is cleaned up before anything new can have its number */
		steer_serve(&steer, &s);
		sweep_if_due();
		if (half_detached && !s.c[CHAN_LOCAL].used && !s.c[CHAN_REMOTE].used)
			attach();
		for (int c = 0; c < CHANS; c++)
			push(spawn_out[c], &s.c[c].out, "spawn");
		push(CLEAN_OUT, &s.clean, "qmail-clean");
		push(TODO_OUT, &s.todo, "todo-proc");
	}
}

/* Tell todo-proc to end and wait for its last words. */
static void end_todo(void)
{
	fd_nonblock(TODO_OUT, false);
	fd_nonblock(TODO_IN, false);
	order('X');
	if (fd_write_all(TODO_OUT, s.todo.p, s.todo.n) < 0)
		return;
	while (receive(TODO_IN, &records))
		take_records();
}

static void set_signals(void)
{
	static const int caught[] = {SIGTERM, SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2};

	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
		sig_catch(caught[i], on_signal);
	sig_ignore(SIGPIPE);
}

/* START_PLUGIN: the site's own code, once, before anything happens. */
static void run_plugins(void)
{
	struct buf dir = BUF_INIT, names = BUF_INIT, symbol = BUF_INIT, fn = BUF_INIT;
	struct err e = {0};

	if (conf_line(CONF_PLUGINDIR, &dir, &e) < 0 || conf_line(CONF_START_PLUGIN, &names, &e) < 0 ||
		conf_line(CONF_START_PLUGIN_SYMB, &symbol, &e) < 0)
		cannot_start(e.text, e.num);
	if (str_chr(buf_str(&dir), '/') < dir.n)
		cannot_start("PLUGINDIR must be one path component", 0);
	for (struct str rest = buf_str(&names), w; (w = str_word(&rest)).n; ) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s/%.*s", conf_home(), dir.p, STR_FMT(w));
		if (plugin_run(fn.p, symbol.p, &e) < 0)
			cannot_start(e.text, e.num);
	}
	buf_free(&dir);
	buf_free(&names);
	buf_free(&symbol);
	buf_free(&fn);
}

static void prepare(void)
{
	struct err e = {0};
	int fd;

	if (sched_load(&s, &e) < 0)
		cannot_start(e.text, e.num);
	run_plugins();
	if (file_chdir(queue_here()) < 0)
		cannot_start("unable to switch to queue directory", errno);
	sched_rates(&s);
	fd = file_open("lock/sendmutex", O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		cannot_start("unable to open mutex", errno);
	if (lock_try(fd) < 0)
		cannot_start("unable to lock mutex: instance already running", 0);
	read_limits();
	for (int i = CLEAN_OUT; i <= TODO_IN; i++)
		fd_nonblock(i, true);
	for (int c = 0; c < CHANS; c++) {
		fd_nonblock(spawn_out[c], true);
		fd_nonblock(spawn_in[c], true);
	}
}

static int fixed, dynamic;

static const struct opt opts[] = {
	FLAG('s', NULL, &fixed, "static queue (default)"),
	FLAG('d', NULL, &dynamic, "tell qscheduler and submitters how busy the queue is"),
	OPTS_END
};

/* What the directory steer holds: orders, counters, the time. */
static void begin_steering(void)
{
	long behind = floor_load();

	if (behind)
		qlog_say(&s.log, "warn", s.program, s.q, "the clock is %ld seconds behind the queue's last time; going on "
			"from there", behind);
	s.metrics = metrics_open(true);
	metrics_set(s.metrics->started, clock_now());
	metrics_set(s.metrics->pid, proc_pid());
	sched_holds(&s);
	steer_listen(&steer);
}

static void end_steering(void)
{
	fd_close(steer.conn);
	fd_close(steer.listener);
	file_unlink("steer/socket");
	floor_end(clock_now());
	metrics_set(s.metrics->pid, 0);
}

static int send_main(int argc, char **argv)
{
	long loglock = 0;

	(void)argc;
	(void)argv;
	file_umask(077);
	sched_init(&s, "qmail-send", layout_qname(queue_here()));
	s.stop_asked = &got_term;
	if (fd_pipe(wake) < 0)
		cannot_start("unable to create a pipe", errno);
	fd_nonblock(wake[0], true);
	fd_nonblock(wake[1], true);
	set_signals();
	if (dynamic)
		open_figures();
	prepare();
	conf_int(CONF_LOGLOCK, &loglock, NULL);
	if (loglock)
		toggle_loglock();
	start_line();
	begin_steering();
	sched_status(&s);
	flush_log();
	next_sweep = clock_now();
	sched_scan(&s);
	/* from here on todo-proc settles messages: before, the scan could have found them as well */
	if (fd_write_all(TODO_OUT, "C", 1) < 0)
		cannot_start("lost todo-proc connection", 0);
	loop();
	if (!lost)
		end_todo();
	figures_write(&figures, &(struct figures){.disabled = 0});
	sched_save_times(&s);
	end_steering();
	buf_fmt(&s.log, "info: %s: pid %ld %s exiting\n", s.program, (long)proc_pid(), s.q);
	flush_log();
	return 0;
}

APPLET(send) = {
	.name = "send", .aliases = "qmail-send", .family = "queue",
	.brief = "schedule the deliveries of a queue",
	.args = "[queuedir]", .opts = opts, .role = AS_SEND, .main = send_main,
};
