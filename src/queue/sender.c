/* sender - the loop around the scheduler; see sender.h. */
#include "queue/sender.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/plugin.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/preprocess.h"
#include "queue/qlog.h"
#include "queue/spawner.h"

enum {
	LOG = 0,
	SLEEP_CLEANUP = 76431,
	RECORD_MAX = 1 << 20,
	SETTLE_MS = 2000,	/* how long a disk that is full may hold up the end */
	SPAWNER_IDLE_MS = 3000,	/* before a spawner started on demand ends */
	SPAWNER_AGAIN_MS = 10000,	/* before one that could not be started is tried again */
};

static const struct sender *how;
static int spawn_out[CHANS] = {1, 3}, spawn_in[CHANS] = {2, 4};
static long long spawner_at[CHANS];	/* on demand: when it was last wanted; when to try again */
static struct sched s;
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
	fd_write_all(LOG, s.log.p, s.log.n);
	if (log_lock >= 0)
		lock_release(log_lock);
	buf_clear(&s.log);
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
	if (!receive(how->clean_in, &answers))
		lose("qmail-clean");
	for (size_t i = 0; i < answers.n; i++)
		sched_cleaned(&s, answers.p[i]);
}

/* Ask clean in this process. */
static void clean_here(struct str names, char *answers)
{
	while (names.n)
		*answers++ = how->clean(str_cut(&names, 0));
}

static void take_clean_requests(void)
{
	char answer;

	while (s.clean.n) {
		struct str rest = buf_str(&s.clean);

		clean_here(str_to(rest, str_chr(rest, 0) + 1), &answer);
		buf_drop(&s.clean, str_chr(rest, 0) + 1);
		sched_cleaned(&s, answer);
	}
}

/* What is to be removed for the preprocessor is waited for; answers to what was asked before come first. */
static int clean_now(struct str names, char *answers, size_t n, void *arg)
{
	int r = -1;
	char c;

	(void)arg;
	if (how->clean) {
		clean_here(names, answers);
		return 0;
	}
	fd_nonblock(how->clean_out, false);
	fd_nonblock(how->clean_in, false);
	if (fd_write_all(how->clean_out, s.clean.p, s.clean.n) < 0 || fd_write_all(how->clean_out, names.p, names.n) < 0)
		goto out;
	buf_clear(&s.clean);
	for (size_t before = s.cleaning.n - s.cleaning_at; before; before--) {
		if (fd_read(how->clean_in, &c, 1) != 1)
			goto out;
		sched_cleaned(&s, c);
	}
	for (size_t i = 0; i < n; i++)
		if (fd_read(how->clean_in, &answers[i], 1) != 1)
			goto out;
	r = 0;
out:
	fd_nonblock(how->clean_out, true);
	fd_nonblock(how->clean_in, true);
	return r;
}

/* The preprocessor's process asks clean through us. */
static void take_wishes(void)
{
	char answers[1024];

	if (!receive(how->wish_in, &wishes)) {
		lose("todo-proc");
		return;
	}
	for (;;) {
		size_t n = 0, end = 0;

		for (; n < sizeof answers && end < wishes.n; n++) {
			size_t len = str_chr(str_from(buf_str(&wishes), end), 0) + 1;

			if (end + len > wishes.n)
				break;
			end += len;
		}
		if (!n)
			break;
		if (clean_now(str_to(buf_str(&wishes), end), answers, n, NULL) < 0) {
			lose("qmail-clean");
			break;
		}
		if (fd_write_all(how->wish_out, answers, n) < 0) {
			lose("todo-proc");
			break;
		}
		buf_drop(&wishes, end);
	}
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

	if (preprocess_turn(pulled) < 0)
		lose("qmail-clean");
	buf_add(&records, buf_str(out));
	buf_clear(out);
	take_records();
}

/* ---- spawners on demand ------------------------------------------------------------------------- */

static bool call_spawner(int c)
{
	unsigned char limit[2];

	if (how->spawn(c, &spawn_out[c], &spawn_in[c]) == 0) {
		if (fd_read(spawn_in[c], limit, 1) == 1 && fd_read(spawn_in[c], limit + 1, 1) == 1)
			return true;
		fd_close(spawn_out[c]);
		fd_close(spawn_in[c]);
		spawn_out[c] = spawn_in[c] = -1;
		errno = EPIPE;
	}
	qlog_say(&s.log, "warn", s.program, s.q, "unable to start a spawner: %s; will try again later", strerror(errno));
	return false;
}

/* Start those that are wanted and let those end that have not been for a while. */
static void look_after_spawners(void)
{
	long long now = clock_mono_ms();

	for (int c = 0; how->spawn && c < CHANS; c++) {
		bool wanted = s.c[c].out.n || s.c[c].used;

		if (wanted && spawn_out[c] >= 0) {
			spawner_at[c] = now;
		} else if (wanted && now >= spawner_at[c]) {
			bool good = call_spawner(c);

			spawner_at[c] = now + (good ? 0 : SPAWNER_AGAIN_MS);
			if (good) {
				fd_nonblock(spawn_out[c], true);
				fd_nonblock(spawn_in[c], true);
			}
		} else if (!wanted && spawn_out[c] >= 0 && now - spawner_at[c] >= SPAWNER_IDLE_MS) {
			fd_close(spawn_out[c]);
			fd_close(spawn_in[c]);
			spawn_out[c] = spawn_in[c] = -1;
			spawner_at[c] = 0;
		}
	}
}

static bool have_spawner(void)
{
	return how->spawn && (spawn_out[CHAN_LOCAL] >= 0 || spawn_out[CHAN_REMOTE] >= 0 ||
		s.c[CHAN_LOCAL].out.n || s.c[CHAN_REMOTE].out.n);
}

/* ---- signals ---------------------------------------------------------------------------------- */

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

/* ---- life ------------------------------------------------------------------------------------- */

static void start_line(void)
{
	buf_fmt(&s.log, "info: %s: pid %ld: %s: ratelimit=%s, loglock=%s, conf split=%d\n", s.program, (long)proc_pid(),
		queue_here(), s.rates ? "ON" : "OFF", log_lock >= 0 ? "enabled" : "disabled", s.lay.split);
}

/* Each spawner announces its limit in two bytes. */
static int read_limits(void)
{
	for (int c = 0; c < CHANS; c++) {
		unsigned char b[2] = {SPAWNER_SLOTS & 255, SPAWNER_SLOTS >> 8};

		if (how->spawn)
			spawn_out[c] = spawn_in[c] = -1;
		else if (fd_read(spawn_in[c], b, 1) != 1 || fd_read(spawn_in[c], b + 1, 1) != 1)
			return cannot_start("lost spawn connection", 0);
		sched_slots(&s, c, b[0] | b[1] << 8);
		fd_nonblock(spawn_out[c], true);
		fd_nonblock(spawn_in[c], true);
	}
	return 0;
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
	if (have_spawner() && wait > 1000)
		wait = 1000;
	return wait;
}

/* Of a run that ends when nothing is left: is that so? */
static bool nothing_left(time_t next)
{
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
	take_records();
	if (p[9].revents)
		take_wishes();
}

/* Give partners what there is for them. */
static void give(void)
{
	look_after_spawners();
	for (int c = 0; c < CHANS; c++)
		if (spawn_out[c] >= 0)
			push(spawn_out[c], &s.c[c].out, "spawn");
	if (how->clean)
		take_clean_requests();
	else
		push(how->clean_out, &s.clean, "qmail-clean");
	give_orders();
}

static void loop(void)
{
	while (!s.exiting || (!sched_idle(&s) && !lost && !overdue())) {
		time_t next = sched_work(&s);

		give();
		int todo = how->todo_in >= 0 ? how->todo_in : preprocess_fd();
		struct pollfd p[] = {
			{spawn_in[CHAN_LOCAL], POLLIN, 0}, {spawn_in[CHAN_REMOTE], POLLIN, 0},
			{how->clean_in, POLLIN, 0}, {todo, POLLIN, 0},
			{s.c[CHAN_LOCAL].out.n ? spawn_out[CHAN_LOCAL] : -1, POLLOUT, 0},
			{s.c[CHAN_REMOTE].out.n ? spawn_out[CHAN_REMOTE] : -1, POLLOUT, 0},
			{s.clean.n ? how->clean_out : -1, POLLOUT, 0}, {s.todo.n ? how->todo_out : -1, POLLOUT, 0},
			{wake[0], POLLIN, 0}, {how->wish_in, POLLIN, 0},
		};

		flush_log();
		int wait = until(next_sweep < next ? next_sweep : next);

		if (how->turn) {
			int most = how->turn(next > clock_now() && sched_idle(&s));

			wait = most >= 0 && most < wait ? most : wait;
		}
		bool heard = fd_poll(p, 10, wait) >= 0;

		if (heard)
			take(p);
		if (how->todo_in < 0)
			preprocess(heard && p[3].revents);
		drain_wake();
		take_signals();
		sweep_if_due();
		if (half_detached && !s.c[CHAN_LOCAL].used && !s.c[CHAN_REMOTE].used)
			attach();
		if (how->once && nothing_left(sched_work(&s)))
			sched_stop(&s);
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
		return;
	}
	fd_nonblock(how->todo_out, false);
	fd_nonblock(how->todo_in, false);
	if (fd_write_all(how->todo_out, s.todo.p, s.todo.n) < 0)
		return;
	while (receive(how->todo_in, &records))
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
static int run_plugins(void)
{
	struct buf dir = BUF_INIT, names = BUF_INIT, symbol = BUF_INIT, fn = BUF_INIT;
	struct err e = {0};
	int r = 0;

	if (conf_line(CONF_PLUGINDIR, &dir, &e) < 0 || conf_line(CONF_START_PLUGIN, &names, &e) < 0 ||
		conf_line(CONF_START_PLUGIN_SYMB, &symbol, &e) < 0)
		r = cannot_start(e.text, e.num);
	else if (str_chr(buf_str(&dir), '/') < dir.n)
		r = cannot_start("PLUGINDIR must be one path component", 0);
	for (struct str rest = buf_str(&names), w; r == 0 && (w = str_word(&rest)).n; ) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s/%.*s", conf_home(), dir.p, STR_FMT(w));
		if (plugin_run(fn.p, symbol.p, &e) < 0)
			r = cannot_start(e.text, e.num);
	}
	buf_free(&dir);
	buf_free(&names);
	buf_free(&symbol);
	buf_free(&fn);
	return r;
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
	if (run_plugins() < 0)
		return -1;
	if (file_chdir(queue_here()) < 0)
		return cannot_start("unable to switch to queue directory", errno);
	sched_rates(&s);
	if (take_mutex() < 0 || (how->locked && how->locked() < 0) || read_limits() < 0)
		return -1;
	fd_nonblock(how->clean_out, true);
	fd_nonblock(how->clean_in, true);
	fd_nonblock(how->todo_out, true);
	fd_nonblock(how->todo_in, true);
	fd_nonblock(how->wish_in, true);
	return 0;
}

/* From here on messages are preprocessed: before, the scan could have found them as well. */
static int begin_todo(void)
{
	static struct preprocess p = {.mode = "", .clean = clean_now};

	if (how->todo_out >= 0)
		return fd_write_all(how->todo_out, "C", 1) < 0 ? cannot_start("lost todo-proc connection", 0) : 0;
	p.program = s.program;
	p.q = s.q;
	int r = preprocess_open(&p);

	buf_add(&records, buf_str(preprocess_records()));
	buf_clear(preprocess_records());
	take_records();
	flush_log();
	return r;
}

int sender_run(const struct sender *h)
{
	long loglock = 0;

	how = h;
	file_umask(077);
	sched_init(&s, h->program, h->q);
	s.old_end = h->old_end;
	s.stop_asked = &got_term;
	if (fd_pipe(wake) < 0)
		return cannot_start("unable to create a pipe", errno), 111;
	fd_nonblock(wake[0], true);
	fd_nonblock(wake[1], true);
	set_signals();
	if (prepare() < 0)
		return 111;
	conf_int(CONF_LOGLOCK, &loglock, NULL);
	if (loglock)
		toggle_loglock();
	start_line();
	sched_status(&s);
	flush_log();
	next_sweep = clock_now();
	sched_scan(&s);
	if (begin_todo() < 0)
		return 111;
	loop();
	if (!lost)
		end_todo();
	sched_save_times(&s);
	buf_fmt(&s.log, "info: %s: pid %ld%s%s exiting\n", s.program, (long)proc_pid(), *s.q ? " " : "", s.q);
	flush_log();
	return 0;
}
