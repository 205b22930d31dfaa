/* sender - the loop around the scheduler; see sender.h. */
#include "queue/sender.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/figures.h"
#include "queue/floor.h"
#include "queue/preprocess.h"
#include "queue/qlog.h"
#include "queue/records.h"
#include "queue/spawners.h"
#include "queue/startplugin.h"

enum { LOG = 0, SLEEP_CLEANUP = 76431, SETTLE_MS = 2000 /* how long a full disk may hold up the end */ };

static const struct sender *how;
static struct spawners spawners = {.out = {1, 3}, .in = {2, 4}};
static struct sched s;
static struct steer_server steer;
static struct figures_writer figures = {.fd = -1};	/* of a queue of qscheduler -d */
static struct buf records = BUF_INIT;	/* bytes from todo-proc not yet understood */
static struct buf wishes = BUF_INIT;	/* its names for clean, relayed */
static int log_lock = -1;
static bool lost;			/* a partner is gone: end as soon as possible */
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

static void take_answers(void)
{
	static struct buf answers = BUF_INIT;

	buf_clear(&answers);
	if (!receive(how->clean.in, &answers))
		lose("qmail-clean");
	for (size_t i = 0; i < answers.n; i++)
		sched_cleaned(&s, answers.p[i]);
}

static void take_wishes(void)
{
	if (lost)	/* clean may owe answers to what it was never asked */
		return;
	int r = receive(how->clean.wish_in, &wishes) ? removal_wishes(&how->clean, &s, &wishes) : 1;

	if (r)
		lose(r < 0 ? "qmail-clean" : "todo-proc");
}

static void take_reports(int chan)
{
	if (!receive(spawners.in[chan], &s.c[chan].in)) {
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

static void give_orders(void)
{
	if (how->todo_out >= 0) {
		push(how->todo_out, &s.todo, "todo-proc");
	} else if (s.todo.n) {
		preprocess_orders(buf_str(&s.todo));
		buf_clear(&s.todo);
	}
}

/* What the preprocessor in this process has to say. */
static void preprocess(bool pulled)
{
	struct buf *out = preprocess_records();

	if (preprocess_turn(pulled, false) < 0)
		lose("qmail-clean");
	buf_add(&records, buf_str(out));
	buf_clear(out);
	records_take(&s, &records);
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
	give_orders();
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
			qlog_say(&s.log, "alert", s.program, s.q, "%s%s%s", e.text, e.num ? ": " : "", e.num ? strerror(e.num) : "");
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

/* With a spawner that could not be started nothing has begun. */
static bool delivering(int chan)
{
	return s.c[chan].used && spawners.out[chan] >= 0;
}

/* Nothing runs any more, but what was tried cannot be settled: recipients will be tried twice. */
static bool overdue(void)
{
	static long long since;
	long long now = clock_mono_ms();

	if (!since || delivering(CHAN_LOCAL) || delivering(CHAN_REMOTE))
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
	if (how->todo_in < 0) {
		int plan = preprocess_plan();

		if (plan < wait)
			wait = plan;
	}
	if (spawners_active(&spawners, &s) && wait > 1000)
		wait = 1000;
	return wait;
}

/* Of a run that ends when nothing is left: is that so?  A bounce may just have pulled the trigger. */
static bool nothing_left(time_t next)
{
	if (fd_wait(preprocess_fd(), POLLIN, 0) == 1)
		return false;
	return !s.exiting && !s.c[CHAN_LOCAL].used && !s.c[CHAN_REMOTE].used && s.cleaning.n == 0 && !s.todo.n &&
		!records.n && next > clock_now() && preprocess_idle();
}

/* Take what partners have said. */
static void take(const struct pollfd *p)
{
	if (p[0].revents)
		take_reports(CHAN_LOCAL);
	if (p[1].revents)
		take_reports(CHAN_REMOTE);
	if (p[2].revents)
		take_answers();
	if (p[3].revents && how->todo_in >= 0 && !receive(how->todo_in, &records))
		lose("todo-proc");
	records_take(&s, &records);
	if (p[9].revents)
		take_wishes();
}

/* Give partners what there is for them. */
static void give(void)
{
	spawners_look(&spawners, &s);
	for (int c = 0; c < CHANS; c++)
		if (spawners.out[c] >= 0)
			push(spawners.out[c], &s.c[c].out, "spawn");
	if (how->clean.here)
		removal_here(&how->clean, &s);
	else
		push(how->clean.out, &s.clean, "qmail-clean");
	give_orders();
}

static void loop(void)
{
	while (!s.exiting || (!sched_idle(&s) && !lost && !overdue())) {
		time_t next = sched_work(&s);

		give();
		int todo = how->todo_in >= 0 ? how->todo_in : preprocess_fd();
		struct pollfd p[] = {
			{spawners.in[CHAN_LOCAL], POLLIN, 0}, {spawners.in[CHAN_REMOTE], POLLIN, 0},
			{how->clean.in, POLLIN, 0}, {todo, POLLIN, 0},
			{s.c[CHAN_LOCAL].out.n ? spawners.out[CHAN_LOCAL] : -1, POLLOUT, 0},
			{s.c[CHAN_REMOTE].out.n ? spawners.out[CHAN_REMOTE] : -1, POLLOUT, 0},
			{s.clean.n ? how->clean.out : -1, POLLOUT, 0}, {s.todo.n ? how->todo_out : -1, POLLOUT, 0},
			{wake[0], POLLIN, 0}, {how->clean.wish_in, POLLIN, 0}, {-1, 0, 0},
		};

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
		p[10].fd = steer_poll(&steer, &p[10].events, &wait);
		bool heard = fd_poll(p, 11, wait) >= 0;

		if (heard)
			take(p);
		if (how->todo_in < 0)
			preprocess(heard && p[3].revents);
		drain_wake();
		take_signals();
		/* last: a message removed by order is cleaned up before anything new can have its number */
		if (heard && p[10].revents)
			steer_serve(&steer, &s);
		else
			steer_look(&steer, &s);
		sweep_if_due();
		if (half_detached && !s.c[CHAN_LOCAL].used && !s.c[CHAN_REMOTE].used)
			attach();
		give();
	}
}

/* Tell todo-proc to end and wait for its last words. */
static void end_todo(void)
{
	order('X');
	if (how->todo_in < 0) {
		give_orders();
		preprocess(false);
		preprocess_close();
		return;
	}
	fd_nonblock(how->todo_out, false);
	fd_nonblock(how->todo_in, false);
	if (fd_write_all(how->todo_out, s.todo.p, s.todo.n) < 0)
		return;
	/* a last message to settle may need clean, and todo-proc has none but ours */
	int wish = how->clean.wish_in;

	for (bool there = true; there && !lost; ) {
		struct pollfd p[] = {{how->todo_in, POLLIN, 0}, {wish, POLLIN, 0}};

		if (fd_poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && !receive(wish, &wishes))
			wish = -1;
		if (removal_wishes(&how->clean, &s, &wishes) < 0)
			lose("qmail-clean");
		if (p[0].revents) {
			there = receive(how->todo_in, &records);
			records_take(&s, &records);
		}
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

static int ready_spawners(void)
{
	spawners.start = how->spawn;
	for (int c = 0; how->pipes && c < CHANS; c++) {
		spawners.out[c] = how->pipes[2 * c];
		spawners.in[c] = how->pipes[2 * c + 1];
	}
	return spawners_open(&spawners, &s) ? 0 : cannot_start("lost spawn connection", 0);
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
	if (take_mutex() < 0 || (how->locked && how->locked() < 0) || ready_spawners() < 0)
		return -1;
	fd_nonblock(how->clean.out, true);
	fd_nonblock(how->clean.in, true);
	fd_nonblock(how->todo_out, true);
	fd_nonblock(how->todo_in, true);
	fd_nonblock(how->clean.wish_in, true);
	return 0;
}

static int clean_now(struct str names, char *answers, size_t n, void *arg)
{
	(void)arg;
	return lost ? -1 : removal_now(&how->clean, &s, names, answers, n);
}

/* From here on messages are preprocessed: before, the scan could have found them as well. */
static int begin_todo(void)
{
	static struct preprocess p = {.mode = "", .clean = clean_now};

	if (how->todo_out >= 0)
		return fd_write_all(how->todo_out, "C", 1) < 0 ? cannot_start("lost todo-proc connection", 0) : 0;
	p.adopt = how->adopt;
	p.files = how->files;
	p.program = s.program;
	p.q = s.q;
	int r = preprocess_open(&p);

	buf_add(&records, buf_str(preprocess_records()));
	buf_clear(preprocess_records());
	records_take(&s, &records);
	flush_log();
	return r;
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
	if (begin_todo() < 0)
		return 111;
	loop();
	if (!lost)
		end_todo();
	figures_write(&figures, &(struct figures){.disabled = 0});
	sched_save_times(&s);
	end_steering();
	buf_fmt(&s.log, "info: %s: pid %ld%s%s exiting\n", s.program, (long)proc_pid(), *s.q ? " " : "", s.q);
	flush_log();
	return 0;
}
