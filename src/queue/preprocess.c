/* preprocess - new messages on their way from todo to send; see preprocess.h.
 *
 * A message is announced for its first attempt straight from todo (J record) while send keeps up;
 * send answers E id when it is gone, or S id birth with its recipients when it must be settled into
 * info, local and remote because some are left.  When send does not keep up, messages are settled at once.
 * How they are found is in arrivals.c. */
#include "queue/preprocess.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/adopt.h"
#include "queue/arrivals.h"
#include "queue/figures.h"
#include "queue/floor.h"
#include "queue/idset.h"
#include "queue/journal.h"
#include "queue/loose.h"
#include "queue/metrics.h"
#include "queue/numbers.h"
#include "queue/qlog.h"
#include "queue/todo.h"

enum {
	BATCH = 64,		/* messages settled with one wait for the disk */
	FLIGHT_MAX = 256,	/* first attempts send may hold */
	FAST_BYTES = 8000,	/* largest envelope announced from todo */
	FAST_RCPTS = 64,
	OUT_MAX = 1 << 18,	/* records waiting for send before we pause */
	PATIENCE_MS = 2000,	/* how long a full flight may stand still */
};

/* With a message queue, how a message was found ends its recipients' log lines. */
static const char *const modes[] = {"opendir mode", "mqueue mode", "compat mode"};

static struct layout lay;
static struct rewrite rules = REWRITE_INIT;
static struct idset flight;		/* announced, neither ended nor settled */
static struct buf out = BUF_INIT;	/* records for send */
static struct buf orders = BUF_INIT;	/* bytes from send not yet understood */
static const struct preprocess *how;
static bool exiting, detached, lost;
static bool straight;			/* send takes messages to their first attempt straight from todo */
static struct metrics *metrics;
static struct buf mqueue_name = BUF_INIT;

/* An order to settle that has not succeeded yet. */
struct order {
	uint64_t id;
	time_t birth;
	struct buf rcpts;	/* records, see todo_restore */
};
static VEC(struct order) waiting;
static time_t next_settle;
static long long moved;			/* when the flight last changed, clock_mono_ms */

/* A warning that tools know as it is, without what happens next (section 19)? */
static bool whole_text(const struct err *e)
{
	struct str text = str_z(e->text);

	return str_starts(text, STR("unknown record type in ")) || str_starts(text, STR("qmail-clean unable to "));
}

static void say(const char *level, const struct err *e)
{
	bool again = str_eq(str_z(level), STR("warn")) && !whole_text(e);

	buf_addc(&out, 'L');
	qlog_say(&out, level, how->program, how->q, "%s%s%s%s", e->text, e->num ? ": " : "", e->num ? strerror(e->num) : "",
		again ? "; will try again later" : "");
	buf_addc(&out, 0);
}

/* The log lines of a message, each in its own L record. */
static void log_message(const struct todo_msg *m, enum way way)
{
	struct buf text = BUF_INIT;

	metrics_add(metrics->messages, 1);
	metrics_add(metrics->bytes, m->size);
	todo_log(m, how->q, how->mqueue ? modes[way] : how->mode, &text);
	for (struct str rest = buf_str(&text); rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		buf_addc(&out, 'L');
		buf_add(&out, line);
		buf_put(&out, "\n", 2);
		if (!rest.p)
			break;
	}
	buf_free(&text);
}

static void later(struct err *e)
{
	say("warn", e);
	arrivals_again();
}

static bool small(const struct todo_msg *m)
{
	size_t n = m->env.sender.n + m->env.extra.n + m->env.headers.n + m->env.params.n;

	for (size_t i = 0; i < m->rcpts.n; i++)
		n += m->rcpts.p[i].n + envelope_dsn(&m->env, i).n + 2;
	return n <= FAST_BYTES && m->rcpts.n > 0 && m->rcpts.n <= FAST_RCPTS;
}

/* Write info, local, remote; true when the files wait for todo_sync. */
static bool settle(struct todo_msg *m, const char *done)
{
	struct err e = {0};

	if (todo_unlink_old(&lay, m->id, &e) == 0 && todo_write(&lay, m, done, &e) == 0)
		return true;
	later(&e);
	return false;
}

static void announce(char c, uint64_t id)
{
	buf_fmt(&out, "D%c%llu", c, (unsigned long long)id);
	buf_addc(&out, 0);
}

/* A first attempt is waited for, and told even while detached. */
static void announce_settled(const struct todo_msg *m)
{
	char c = m->has_local ? (m->has_remote ? 'B' : 'L') : (m->has_remote ? 'R' : 'X');

	if (!detached || idset_has(&flight, m->id))
		announce(c, m->id);
}

/* Ask clean to remove the todo names of n messages. */
static void clean_todo(struct todo_msg *batch, const time_t *birth, size_t n)
{
	struct buf ask = BUF_INIT;
	char answers[BATCH];
	size_t asked = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		if (todo_sync(&lay, &batch[i], birth[i], &batch[i].err) < 0)
			continue;
		layout_path(&lay, Q_TODO, batch[i].id, &ask);
		buf_addc(&ask, 0);
		asked++;
	}
	if (asked && how->clean(buf_str(&ask), answers, asked, how->arg) < 0)
		lost = true;
	for (size_t i = 0; i < n && !lost; i++) {
		if (batch[i].err.class) {
			later(&batch[i].err);
		} else if (answers[at++] == '+') {
			announce_settled(&batch[i]);
		} else {
			err_temp(&batch[i].err, 0, "qmail-clean unable to clean up todo/%llu",
				(unsigned long long)batch[i].id);
			later(&batch[i].err);
		}
	}
	buf_free(&ask);
}

/* Settle what an order says; false: it must be tried again. */
static bool settle_one(const struct order *o)
{
	struct todo_msg m;
	struct err e = {0};
	int r = loose_file(".", o->id, &e) < 0 ? -1 : todo_read(&lay, &rules, o->id, &m, &e);

	if (r < 0)
		later(&e);
	if (r == 0)
		announce('G', o->id);	/* somebody removed it */
	if (r <= 0)
		return r == 0;
	struct buf marks = BUF_INIT;

	todo_restore(&m, buf_str(&o->rcpts), &marks);
	bool done = settle(&m, marks.p);

	buf_free(&marks);
	if (done) {
		clean_todo(&m, &o->birth, 1);
		done = !m.err.class && !lost;
	}
	todo_free(&m);
	return done;
}

/* Settle what waits; what fails (a full disk) stays in the flight with its marks until it succeeds. */
static void settle_waiting(void)
{
	size_t keep = 0;

	for (size_t i = 0; i < waiting.n; i++) {
		struct order o = waiting.p[i];

		if (!settle_one(&o)) {
			waiting.p[keep++] = o;
			continue;
		}
		idset_del(&flight, o.id);
		moved = clock_mono_ms();
		buf_free(&o.rcpts);
	}
	waiting.n = keep;
	next_settle = clock_now() + SLEEP_SYSFAIL;
}

/* send's order to settle: id birth marks, one 1 or 0 per recipient. */
static void settle_order(struct str head, struct str records)
{
	uint64_t id, birth;

	if (!num_parse(str_cut(&head, ' '), UINT64_MAX, &id) || !head.p || !num_parse(head, INT64_MAX, &birth))
		return;
	struct order o = {id, (time_t)birth, BUF_INIT};

	buf_set(&o.rcpts, records);
	vec_push(&waiting, o);
	next_settle = 0;
}

/* A message of the flight is gone; its number may already belong to a new one. */
static void ended_order(struct str text)
{
	struct buf fn = BUF_INIT;
	uint64_t id = 0;

	num_scan(text, &id);
	idset_del(&flight, id);
	moved = clock_mono_ms();
	layout_path(&lay, Q_TODO, id, &fn);
	if (file_exists(fn.p) || loose_has(".", id))
		arrivals_add(id);
	buf_free(&fn);
}

static void reread(void)
{
	struct err e = {0};

	if (rewrite_reload(&rules, &e) == 0)
		return;
	buf_addc(&out, 'L');
	qlog_reread(&out, how->program, how->q, &e);
	buf_addc(&out, 0);
}

void preprocess_orders(struct str bytes)
{
	buf_add(&orders, bytes);
	size_t used = 0;

	while (used < orders.n) {
		struct str rest = str_from(buf_str(&orders), used);
		size_t end = str_chr(rest, 0);

		switch (rest.p[0]) {
		case 'S': {
			/* the records end with an empty one */
			size_t two = str_find(rest, str_make("\0", 2));

			if (two == rest.n)
				goto incomplete;
			settle_order(str_from(str_to(rest, end), 1), str_to(str_from(rest, end + 1), two - end));
			used += two + 2;
			continue;
		}
		case 'E':
			if (end == rest.n)
				goto incomplete;
			ended_order(str_from(str_to(rest, end), 1));
			used += end + 1;
			continue;
		case 'H':
			reread();
			arrivals_settings();
			break;
		case 'X':
			exiting = true;
			break;
		case 'D':
			detached = true;
			break;
		case 'A':
			detached = false;
			break;
		case 'J':
			straight = true;
			break;
		default:
			break;	/* unknown orders are none */
		}
		used++;
	}
incomplete:
	buf_drop(&orders, used);
}

/* Known twice, by the scan and by the trigger? */
static bool in_batch(const struct todo_msg *batch, size_t n, uint64_t id)
{
	while (n--)
		if (batch[n].id == id)
			return true;
	return false;
}

/* Handle pending messages: announce, or settle in batches. */
static void work(void)
{
	struct todo_msg batch[BATCH];
	time_t birth[BATCH], now = clock_now();
	enum way way;
	uint64_t id;
	size_t n = 0;

	while (n < BATCH && out.n < OUT_MAX && arrivals_first(&id, &way)) {
		bool full = flight.used >= FLIGHT_MAX;
		struct err e = {0};

		if (idset_has(&flight, id) || in_batch(batch, n, id)) {
			arrivals_drop();
			continue;
		}
		if (full && !detached && clock_mono_ms() - moved < PATIENCE_MS)
			break;
		arrivals_drop();
		if (how->adopt && !loose_has(".", id) && adopt_message(&lay, id, &e) < 0) {
			later(&e);
			continue;
		}
		int r = todo_read(&lay, &rules, id, &batch[n], &e);

		if (r < 0)
			later(&e);
		if (r <= 0)
			continue;
		log_message(&batch[n], way);
		/* what has just come has left nothing of an earlier start */
		if (straight && !full && !detached && small(&batch[n]) &&
			(way != SCANNED || todo_unlink_old(&lay, id, &e) == 0)) {
			todo_announce(&batch[n], now, &out);
			idset_add(&flight, id);
			if (flight.used == 1)
				moved = clock_mono_ms();
			todo_free(&batch[n]);
			continue;
		}
		if (loose_file(".", id, &e) < 0) {
			later(&e);
			todo_free(&batch[n]);
			continue;
		}
		if (!settle(&batch[n], NULL)) {
			todo_free(&batch[n]);
			continue;
		}
		birth[n++] = now;
	}
	if (n)
		clean_todo(batch, birth, n);
	for (size_t i = 0; i < n; i++)
		todo_free(&batch[i]);
}

struct buf *preprocess_records(void)
{
	return &out;
}

int preprocess_fd(void)
{
	return arrivals_fd();
}

int preprocess_mqueue(void)
{
	return arrivals_mqueue();
}

static bool busy(void)
{
	return arrivals_waiting() && out.n < OUT_MAX && !exiting;
}

void preprocess_close(void)
{
	struct err e = {0};

	numbers_close();
	if (loose_file_all(".", layout_qname(queue_here()), &e) < 0)
		say("alert", &e);
}

bool preprocess_idle(void)
{
	return arrivals_idle() && (!waiting.n || next_settle > clock_now());
}

int preprocess_plan(void)
{
	int wait = arrivals_plan(exiting);

	if (busy())
		wait = flight.used >= FLIGHT_MAX && !detached ? 50 : 0;
	if (waiting.n && next_settle <= clock_now())
		wait = 0;
	return exiting && !out.n ? 0 : wait;
}

int preprocess_turn(bool pulled, bool told)
{
	arrivals_take(pulled, told);
	if (waiting.n && (exiting || clock_now() >= next_settle))
		settle_waiting();
	if (!exiting)
		work();
	return lost ? -1 : exiting;
}

static void start_line(void)
{
	long chunk = 1;

	conf_int(CONF_TODO_CHUNK_SIZE, &chunk, NULL);
	buf_fmt(&out, "Linfo: %s: pid %ld: %s: conf split=%d, todo chunk size=%ld, bigtodo=%s\n", how->program,
		(long)proc_pid(), queue_here(), lay.split, chunk, lay.bigtodo ? "yes" : "no");
	buf_addc(&out, 0);
}

/* Who owns the queue can read its journal, and give files to what is in there only; with separate accounts nobody else can.
 * A queue that may go looks whether anybody is writing into it: there have to be files. */
static void take_loose(void)
{
	struct stat st;

	if (!how->mqueue && !how->files && file_stat(".", &st) == 0 && st.st_uid == proc_euid() && journal_look("."))
		numbers_open();
}

static int fail_start(struct err *e)
{
	say("alert", e);
	return -1;
}

/* Announced, and send will tell what has become of it. */
static bool in_flight(uint64_t id)
{
	return idset_has(&flight, id);
}

int preprocess_open(const struct preprocess *p)
{
	static struct arrivals source = {.lay = &lay, .known = in_flight, .say = say};
	struct err e = {0};

	how = p;
	lay = layout_conf();
	todo_sync_settings();
	arrivals_settings();
	if (rewrite_load(&rules, &e) < 0)
		return fail_start(&e);
	if (p->mqueue) {
		figures_name(queue_here(), &mqueue_name);
		source.mqueue = mqueue_name.p;
	}
	source.adopt = p->adopt;
	if (p->dir && file_chdir(p->dir) < 0) {
		err_temp(&e, errno, "cannot start: unable to enter %s", p->dir);
		return fail_start(&e);
	}
	if (arrivals_open(&source) < 0) {
		err_temp(&e, errno, "cannot start: unable to open lock/trigger");
		return fail_start(&e);
	}
	metrics = metrics_open(true);
	floor_load();
	start_line();
	take_loose();
	return 0;
}
