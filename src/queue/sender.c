/* sender - the loop around the scheduler: its start, signals, log and end; see sender.h and partners.h. */
#include "queue/sender.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/figures.h"
#include "queue/floor.h"
#include "queue/partners.h"
#include "queue/qlog.h"
#include "queue/startplugin.h"

enum { LOG = 0, SLEEP_CLEANUP = 76431, SETTLE_MS = 2000 /* how long a full disk may hold up the end */ };

static const struct sender *how;
static struct sched s;
static struct steer_server steer;
static struct figures_writer figures = {.fd = -1};	/* of a queue of qscheduler -d */
static int log_lock = -1;
static bool half_detached;
static time_t next_sweep;
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

static int cannot_start(const char *why, int num)
{
	qlog_say(&s.log, "alert", s.program, s.q, "cannot start: %s%s%s", why, num ? ": " : "", num ? strerror(num) : "");
	flush_log();
	return -1;
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

static void say_signal(const char *name)
{
	buf_fmt(&s.log, "alert: %s: pid %ld got %s%s%s\n", s.program, (long)proc_pid(), name, *s.q ? ": " : "", s.q);
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
	partners_order();
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
			qlog_reread(&s.log, s.program, s.q, &e);
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

static void start_line(void)
{
	buf_fmt(&s.log, "info: %s: pid %ld: %s: ratelimit=%s, loglock=%s, conf split=%d\n", s.program, (long)proc_pid(),
		queue_here(), s.rates ? "ON" : "OFF", log_lock >= 0 ? "enabled" : "disabled", s.lay.split);
}

/* Others choose their queue by what we say here.  When there is nothing to say it in, qscheduler has told so. */
static void open_figures(void)
{
	if (figures_open(&figures, queue_here()) < 0 && errno != ENOENT)
		qlog_say(&s.log, "warning", s.program, s.q, "no shared memory: %s; nobody knows the load of this queue",
			strerror(errno));
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

	if (!since || partners_delivering())
		since = now;
	return now - since > SETTLE_MS;
}

static void drain_wake(void)
{
	char drop[64];

	while (fd_read(wake[0], drop, sizeof drop) > 0)
		;
}

/* Milliseconds until something has to be done at this time. */
static int until(time_t next)
{
	time_t now = clock_now();
	int wait = next > now ? (int)(next - now > 3600 ? 3600 : next - now) * 1000 : 0;

	if (s.exiting && wait > 500)
		wait = 500;
	return partners_wait(wait);
}

/* Of a run that ends when nothing is left: is that so? */
static bool nothing_left(time_t next)
{
	return !s.exiting && !s.c[CHAN_LOCAL].used && !s.c[CHAN_REMOTE].used && s.cleaning.n == 0 && !s.todo.n &&
		next > clock_now() && partners_quiet();
}

static void loop(void)
{
	while (!s.exiting || (!sched_idle(&s) && !partners_lost() && !overdue())) {
		time_t next = sched_work(&s);

		struct pollfd p[PARTNERS_FDS + 2];
		struct pollfd *steering = &p[PARTNERS_FDS + 1];

		partners_give();
		partners_poll(p);
		p[PARTNERS_FDS] = (struct pollfd){wake[0], POLLIN, 0};
		*steering = (struct pollfd){-1, 0, 0};
		flush_log();
		tell_figures();
		floor_save(clock_now());
		int wait = until(next_sweep < next ? next_sweep : next);

		if (how->turn) {
			int most = how->turn(next > clock_now() && sched_idle(&s));

			wait = most >= 0 && most < wait ? most : wait;
		}
		if (how->once && nothing_left(next)) {
			sched_stop(&s);
			continue;
		}
		steering->fd = steer_poll(&steer, &steering->events, &wait);
		bool heard = idle_poll(p, PARTNERS_FDS + 2, wait) >= 0;

		partners_take(heard ? p : NULL);
		drain_wake();
		take_signals();
		/* last: a message removed by order is cleaned up before anything new can have its number */
		if (heard && steering->revents)
			steer_serve(&steer, &s);
		else
			steer_look(&steer, &s);
		sweep_if_due();
		if (half_detached && !s.c[CHAN_LOCAL].used && !s.c[CHAN_REMOTE].used)
			attach();
		partners_give();
	}
}

static void set_signals(void)
{
	static const int caught[] = {SIGTERM, SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2};

	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
		sig_catch(caught[i], on_signal);
	if (how->turn)	/* it looks after children */
		sig_catch(SIGCHLD, on_signal);
	sig_ignore(SIGPIPE);
}

static int take_mutex(void)
{
	int fd = file_open("lock/sendmutex", O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		return cannot_start("unable to open mutex", errno);
	if (lock_try(fd) < 0)
		return cannot_start("unable to lock mutex: instance already running", 0);
	return 0;
}

static int prepare(void)
{
	struct err e = {0};

	if (sched_load(&s, &e) < 0)
		return cannot_start(e.text, e.num);
	if (startplugin_run(&e) < 0)
		return cannot_start(e.text, e.num);
	if (file_chdir(queue_here()) < 0)
		return cannot_start("unable to switch to queue directory", errno);
	sched_rates(&s);
	if (take_mutex() < 0 || (how->locked && how->locked() < 0))
		return -1;
	if (!partners_open(how, &s))
		return cannot_start("lost spawn connection", 0);
	return 0;
}

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

int sender_run(const struct sender *h)
{
	long loglock = 0;

	how = h;
	file_umask(077);
	sched_init(&s, h->program, h->q);
	s.old_end = h->old_end;
	s.always_rates = h->rates;
	s.stop_asked = &got_term;
	if (fd_pipe(wake) < 0)
		return cannot_start("unable to create a pipe", errno), 111;
	fd_nonblock(wake[0], true);
	fd_nonblock(wake[1], true);
	set_signals();
	if (h->figures)
		open_figures();
	if (prepare() < 0)
		return 111;
	conf_int(CONF_LOGLOCK, &loglock, NULL);
	if (loglock)
		toggle_loglock();
	start_line();
	begin_steering();
	sched_status(&s);
	flush_log();
	next_sweep = clock_now();
	sched_scan(&s);
	/* before, the scan could have found new messages as well */
	int r = partners_begin();

	flush_log();
	if (r < 0)
		return 111;
	loop();
	if (!partners_lost())
		partners_end();
	figures_write(&figures, &(struct figures){.disabled = 0});
	sched_save_times(&s);
	end_steering();
	buf_fmt(&s.log, "info: %s: pid %ld%s%s exiting\n", s.program, (long)proc_pid(), *s.q ? " " : "", s.q);
	flush_log();
	return 0;
}
