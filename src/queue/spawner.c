/* spawner - one poll loop for commands, children and reports; see spawner.h.  What a command says is in spawnjob.c. */
#include "queue/spawner.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"
#include "queue/spawnjob.h"

enum {
	COMMAND_MAX = 1 << 20,		/* a longer command is answered with a deferral */
	OUTPUT_MAX = 128 << 10,
	PENDING_MAX = 1 << 20,		/* unread reports after which no more commands are taken */
	PIECE = 4096,			/* what a writable pipe takes without blocking */
	GROUP_MAX = 100,		/* recipients of one delivery */
	GROUP_BYTES = 64 << 10,
	LOOK_MS = 2000,			/* for children whose end nobody told */
};

struct slot {
	pid_t pid;	/* 0: free */
	int fd;		/* the child's output, -1 after its end */
	struct buf said;
	bool follows;	/* another slot's child delivers for this one, too */
	short next;	/* the slot that follows this one, -1 none */
};

/* Commands that will be one delivery, as far as they have come. */
struct group {
	struct buf text;	/* the first of them, without its slot */
	struct buf others;	/* the recipients of the rest */
	short first, last;	/* slots */
	size_t count;		/* 0: there is none */
};

/* What is served now. */
struct loop {
	const struct spawner *s;
	int in, out;
	int signal[2];		/* SIGCHLD writes, poll reads */
	bool ended;		/* no more commands */
	unsigned running;
	struct slot slots[SPAWNER_SLOTS];
	struct pollfd polls[SPAWNER_SLOTS + 4];
	short owner[SPAWNER_SLOTS + 4];	/* slot of each polled descriptor, from 4 on */
	struct buf command;	/* the command being read */
	unsigned fields;	/* NULs seen in it */
	bool oversized;
	struct group group;
	struct buf pending;	/* reports to be written */
	struct spawnjob_env env;
};

static int signal_fd = -1;

static void child_ended(int sig)
{
	int saved = errno;

	(void)sig;
	if (fd_write(signal_fd, "", 1) < 0)
		errno = saved;	/* the pipe is full: a wake-up is on its way already */
	errno = saved;
}

void spawner_say(struct buf *report, char letter, const char *text, const char *status)
{
	buf_fmt(report, "%c%s. (#%s)\n", letter, text, status);
}

/* Begin a report; the text follows, then report_end. */
static void report_begin(struct loop *l, unsigned slot)
{
	char head[2] = {(char)(slot & 255), (char)(slot >> 8)};

	buf_put(&l->pending, head, 2);
}

static void report_end(struct loop *l)
{
	buf_addc(&l->pending, 0);
}

static void refuse(struct loop *l, unsigned slot, char letter, const char *text, const char *status)
{
	report_begin(l, slot);
	spawner_say(&l->pending, letter, text, status);
	report_end(l);
}

/* The reports of all who were delivered to by the child of this slot. */
static void answer(struct loop *l, short slot, int status, struct str said)
{
	for (size_t i = 0; slot >= 0; i++) {
		struct slot *s = &l->slots[slot];

		report_begin(l, (unsigned)slot);
		l->s->report(status, said, i, &l->pending, l->s->arg);
		report_end(l);
		s->pid = 0;
		s->follows = false;
		l->running--;
		slot = s->next;
		s->next = -1;
	}
}

static void refuse_group(struct loop *l, char letter, const char *text, const char *status)
{
	for (short i = l->group.first, next; i >= 0; i = next) {
		struct slot *s = &l->slots[i];

		next = s->next;
		refuse(l, (unsigned)i, letter, text, status);
		s->pid = 0;
		s->follows = false;
		s->next = -1;
		l->running--;
	}
}

static void start(struct loop *l, const struct spawner_job *job)
{
	short slot = l->group.first;
	struct err e = {0};
	int p[2];

	if (fd_pipe(p) < 0) {
		refuse_group(l, 'Z', "Unable to create a pipe", "4.3.0");
		return;
	}
	fd_nonblock(p[0], true);
	spawnjob_lay(&l->env, job);
	pid_t pid = l->s->start(job, p[1], l->s->arg, &e);

	env_lift(&l->env.layer);
	fd_close(p[1]);
	if (pid > 0) {
		for (short i = slot; i >= 0; i = l->slots[i].next)
			l->slots[i].pid = pid;
		l->slots[slot].fd = p[0];
		return;
	}
	fd_close(p[0]);
	if (pid == 0)
		answer(l, slot, 0, STR(""));
	else
		refuse_group(l, 'Z', e.text[0] ? e.text : "Unable to fork", "4.3.0");
}

/* Deliver to those who have come together. */
static void start_group(struct loop *l)
{
	struct spawner_job job = {.mess = -1, .others = buf_str(&l->group.others), .count = l->group.count};
	const char *status;

	if (!l->group.count)
		return;
	spawnjob_split(buf_str(&l->group.text), &job);
	const char *why = spawnjob_open(&job, l->s->owner, &status);

	if (why)
		refuse_group(l, 'Z', why, status);
	else
		start(l, &job);
	fd_close(job.mess);
	l->group.count = 0;
}

/* Everything but the recipient, and that one's domain, is the same. */
static bool belongs(const struct loop *l, const struct spawner_job *job)
{
	struct spawner_job with;

	if (!l->s->groups || !l->group.count || l->group.count == GROUP_MAX || l->group.others.n > GROUP_BYTES)
		return false;
	spawnjob_split(buf_str(&l->group.text), &with);
	return str_eq(with.id, job->id) && str_eq(with.sender, job->sender) && str_eq(with.qqeh, job->qqeh) &&
		str_eq(with.envh, job->envh) && str_ieq(str_from(with.recipient, with.at), str_from(job->recipient, job->at));
}

static void join(struct loop *l, short slot, const struct spawner_job *job)
{
	struct group *g = &l->group;

	if (belongs(l, job)) {
		buf_add(&g->others, job->recipient);
		buf_addc(&g->others, 0);
		l->slots[g->last].next = slot;
		l->slots[slot].follows = true;
	} else {
		start_group(l);
		buf_set(&g->text, str_from(buf_str(&l->command), 2));
		buf_clear(&g->others);
		g->first = slot;
	}
	g->last = slot;
	g->count++;
	l->slots[slot].pid = -1;
	l->running++;
}

/* A whole command is in l->command. */
static void serve(struct loop *l)
{
	unsigned slot = (unsigned char)l->command.p[0] | (unsigned)(unsigned char)l->command.p[1] << 8;
	struct spawner_job job = {.mess = -1};

	if (slot >= SPAWNER_SLOTS || l->slots[slot].pid) {
		refuse(l, slot, 'Z', "Internal error: delivery slot out of range or in use", "4.3.5");
		return;
	}
	if (l->oversized) {
		refuse(l, slot, 'Z', "Out of memory", "4.3.0");
		return;
	}
	spawnjob_split(str_from(buf_str(&l->command), 2), &job);
	if (!spawnjob_valid(&job))
		refuse(l, slot, 'D', "Internal error: bad message number", "5.3.5");
	else if (job.at == job.recipient.n)
		refuse(l, slot, 'D', "The recipient address has no host name", "5.1.3");
	else
		join(l, (short)slot, &job);
}

/* Take what belongs to the current command off *s: true when it is complete. */
static bool command_take(struct loop *l, struct str *s)
{
	while (s->n) {
		size_t head = l->command.n < 2 ? 2 - l->command.n : 0;
		size_t end = head ? (head < s->n ? head : s->n) : str_chr(*s, 0) + 1;
		bool nul = !head && end <= s->n;

		if (end > s->n)
			end = s->n;
		if (l->command.n + end <= COMMAND_MAX)
			buf_put(&l->command, s->p, end);
		else
			l->oversized = true;
		*s = str_from(*s, end);
		if (nul && ++l->fields == SPAWNJOB_FIELDS)
			return true;
	}
	return false;
}

static void commands(struct loop *l)
{
	char block[16384];
	ssize_t r = fd_read(l->in, block, sizeof block);

	if (r <= 0) {
		l->ended = r == 0 || errno != EAGAIN;
		return;
	}
	for (struct str s = {block, (size_t)r}; command_take(l, &s); ) {
		serve(l);
		buf_clear(&l->command);
		l->fields = 0;
		l->oversized = false;
		if (!l->s->groups)
			start_group(l);
	}
	start_group(l);
}

/* Read what a child has said so far; its end of output closes the pipe. */
static void listen_to(struct loop *l, struct slot *slot)
{
	size_t max = l->s->output_max ? l->s->output_max : OUTPUT_MAX;
	char block[8192];
	ssize_t r;

	while (slot->fd >= 0 && (r = fd_read(slot->fd, block, sizeof block)) != 0) {
		if (r < 0 && errno == EAGAIN)
			return;
		if (r < 0)
			break;
		size_t room = slot->said.n < max ? max - slot->said.n : 0;

		buf_put(&slot->said, block, (size_t)r < room ? (size_t)r : room);
		if ((size_t)r < sizeof block)
			return;
	}
	fd_close(slot->fd);
	slot->fd = -1;
}

static struct slot *slot_of(struct loop *l, pid_t pid)
{
	for (unsigned i = 0; i < SPAWNER_SLOTS; i++)
		if (l->slots[i].pid == pid && !l->slots[i].follows)
			return &l->slots[i];
	return NULL;
}

/* Its grandchildren may hold the pipe for long: what was said before the end counts. */
static void finish(struct loop *l, struct slot *slot, int status)
{
	int before = -1;

	while (slot->fd >= 0 && (int)slot->said.n != before) {
		before = (int)slot->said.n;
		listen_to(l, slot);
	}
	fd_close(slot->fd);
	slot->fd = -1;
	answer(l, (short)(slot - l->slots), status, buf_str(&slot->said));
	if (slot->said.cap > OUTPUT_MAX / 8)
		buf_free(&slot->said);
	buf_clear(&slot->said);
}

/* Deliveries whose workers live on. */
static void take_notes(struct loop *l)
{
	int status;
	pid_t pid;

	while (workers_note(l->s->workers, &pid, &status)) {
		struct slot *slot = slot_of(l, pid);

		if (slot)
			finish(l, slot, status);
	}
}

static void reap(struct loop *l)
{
	char drop[64];
	int status;
	pid_t pid;

	while (fd_read(l->signal[0], drop, sizeof drop) > 0)
		;
	while ((pid = proc_wait(-1, &status, true)) > 0) {
		struct slot *slot = slot_of(l, pid);

		/* what a worker has finished counts before its end does */
		if (slot && l->s->workers) {
			take_notes(l);
			slot = slot_of(l, pid);
		}
		if (slot)
			finish(l, slot, status);
		if (l->s->workers)
			workers_gone(l->s->workers, pid);
	}
}

/* A reader that is gone wants no more deliveries, but those that run are left to end in peace. */
static int flush(struct loop *l)
{
	size_t n = l->pending.n < PIECE ? l->pending.n : PIECE;
	ssize_t r = fd_write(l->out, l->pending.p, n);

	if (r >= 0) {
		buf_drop(&l->pending, (size_t)r);
	} else if (errno == EPIPE) {
		l->ended = true;
		buf_clear(&l->pending);
	} else if (errno != EAGAIN) {
		return -1;
	}
	return 0;
}

static size_t gather(struct loop *l)
{
	size_t n = 4;

	l->polls[0] = (struct pollfd){l->ended || l->pending.n > PENDING_MAX ? -1 : l->in, POLLIN, 0};
	l->polls[1] = (struct pollfd){l->pending.n ? l->out : -1, POLLOUT, 0};
	l->polls[2] = (struct pollfd){l->signal[0], POLLIN, 0};
	l->polls[3] = (struct pollfd){l->s->workers ? l->s->workers->notes[0] : -1, POLLIN, 0};
	unsigned seen = 0;

	for (unsigned i = 0; i < SPAWNER_SLOTS && seen < l->running; i++) {
		seen += l->slots[i].pid != 0;
		if (l->slots[i].pid == 0 || l->slots[i].fd < 0)
			continue;
		l->owner[n] = (short)i;
		l->polls[n++] = (struct pollfd){l->slots[i].fd, POLLIN, 0};
	}
	return n;
}

static int turn(struct loop *l)
{
	size_t n = gather(l);

	int r = idle_poll(l->polls, n, l->running ? LOOK_MS : -1);

	if (r < 0)
		return errno == EINTR ? 0 : -1;
	if (r == 0)
		reap(l);
	for (size_t i = 4; i < n; i++)
		if (l->polls[i].revents)
			listen_to(l, &l->slots[l->owner[i]]);
	if (l->polls[3].revents)
		take_notes(l);
	if (l->polls[2].revents)
		reap(l);
	if (l->polls[1].revents && flush(l) < 0)
		return -1;
	if (l->polls[0].revents && !l->ended)
		commands(l);
	return 0;
}

static int loop_open(struct loop *l, struct err *e)
{
	static const char limit[2] = {(char)(SPAWNER_SLOTS & 255), (char)(SPAWNER_SLOTS >> 8)};

	for (unsigned i = 0; i < SPAWNER_SLOTS; i++)
		l->slots[i] = (struct slot){0, -1, BUF_INIT, false, -1};
	if (fd_pipe(l->signal) < 0)
		return err_temp(e, errno, "unable to create a pipe");
	fd_nonblock(l->signal[0], true);
	fd_nonblock(l->signal[1], true);
	signal_fd = l->signal[1];
	sig_ignore(SIGPIPE);
	sig_catch(SIGCHLD, child_ended);
	buf_put(&l->pending, limit, sizeof limit);
	return 0;
}

static void loop_free(struct loop *l)
{
	sig_default(SIGCHLD);
	fd_close(l->signal[0]);
	fd_close(l->signal[1]);
	signal_fd = -1;
	for (unsigned i = 0; i < SPAWNER_SLOTS; i++)
		buf_free(&l->slots[i].said);
	buf_free(&l->command);
	buf_free(&l->group.text);
	buf_free(&l->group.others);
	buf_free(&l->pending);
	spawnjob_env_free(&l->env);
	mem_free(l);
}

int spawner_run(const struct spawner *s, int in, int out, struct err *e)
{
	struct loop *l = mem_alloc(sizeof *l);
	int r = -1;

	*l = (struct loop){.s = s, .in = in, .out = out, .signal = {-1, -1}, .command = BUF_INIT,
		.group = {.text = BUF_INIT, .others = BUF_INIT},
		.pending = BUF_INIT, .env = {.vars = BUF_INIT}};
	if (loop_open(l, e) < 0)
		goto free_loop;
	if (s->workers && workers_open(s->workers, e) < 0)
		goto free_loop;
	while (!l->ended || l->running || l->pending.n)
		if (turn(l) < 0) {
			err_temp(e, errno, "unable to report deliveries");
			goto free_loop;
		}
	r = 0;
	if (s->workers)
		workers_close(s->workers);
free_loop:
	loop_free(l);
	return r;
}

int spawner_enter(struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = conf_line(CONF_QUEUEDIR, &dir, e);

	if (r == 0)
		buf_adds(&dir, "queue");
	if (r >= 0 && (file_chdir(dir.p) < 0 || file_cwd(&dir) < 0 || file_chdir("mess") < 0))
		r = err_temp(e, errno, "unable to enter %s", dir.p);
	if (r >= 0)
		env_put("QUEUEDIR", dir.p);
	buf_free(&dir);
	return r < 0 ? -1 : 0;
}
