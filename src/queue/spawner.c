/* spawner - one poll loop for commands, children and reports; see spawner.h. */
#include "queue/spawner.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"

enum {
	COMMAND_MAX = 1 << 20,		/* a longer command is answered with a deferral */
	OUTPUT_MAX = 128 << 10,
	PENDING_MAX = 1 << 20,		/* unread reports after which no more commands are taken */
	PIECE = 4096,			/* what a writable pipe takes without blocking */
	ID_MAX = 100,
	FIELDS = 5,
	LOOK_MS = 2000,			/* for children whose end nobody told */
};

struct slot {
	pid_t pid;	/* 0: free */
	int fd;		/* the child's output, -1 after its end */
	struct buf said;
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
	struct buf pending;	/* reports to be written */
	struct buf vars;
	VEC(char *) list;
	struct env_layer layer;
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

static bool name_refused(struct str name)
{
	static const char *const exact[] = {"PATH", "SHELL", "IFS", "HOME", "USER", "LOGNAME", "ENV", "BASH_ENV",
		"CDPATH", "TMPDIR", "MESSID", "QUEUEDIR", "CONTROLDIR", "SYSCONFDIR", "REEXEC", "UID", "EUID",
		"PS4", "SHELLOPTS", "BASHOPTS", "GLOBIGNORE", "NLSPATH", "LOCPATH", "GCONV_PATH", "HOSTALIASES",
		"MALLOC_TRACE", "RES_OPTIONS", "LOCALDOMAIN", "DNS_SERVERS", "FILTERARGS", "SPAMFILTER", "SPAMFILTERARGS",
		"LOGFILTER", "FROMRULES", "RCPTRULES", "QLOCAL", "QREMOTE"};
	static const char *const heads[] = {"LD_", "BASH_FUNC", "MALLOC_", "PERL", "PYTHON", "RUBY", "ASAN_", "UBSAN_",
		"QMAIL", "ONSUCCESS_", "ONFAILURE_", "ONTEMPORARY_"};

	if (!name.n || chr_digit(name.p[0]) || str_ends(name, STR("_FILE")))
		return true;
	for (size_t i = 0; i < name.n; i++)
		if (!chr_alnum(name.p[i]) && name.p[i] != '_')
			return true;
	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
		if (str_eq(name, str_z(exact[i])))
			return true;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (str_starts(name, str_z(heads[i])))
			return true;
	return false;
}

/* One unfolded field: name and value with the line ends that folded it. */
static bool add_variable(struct str field, struct buf *text)
{
	size_t colon = str_chr(field, ':'), start = text->n;

	if (colon == field.n)
		return false;
	for (size_t i = 0; i < colon; i++)
		buf_addc(text, field.p[i] == '-' ? '_' : chr_upper(field.p[i]));
	if (name_refused(str_make(text->p + start, colon))) {
		buf_trunc(text, start);
		return false;
	}
	buf_addc(text, '=');
	for (struct str v = str_trim(str_from(field, colon + 1)); v.n; v = str_from(v, 1))
		if (*v.p != '\n')
			buf_addc(text, *v.p);
	buf_addc(text, 0);
	return true;
}

/* The first header field of *rest with its continuation lines. */
static struct str cut_field(struct str *rest)
{
	size_t end = 0;

	do
		end += str_chr(str_from(*rest, end), '\n') + 1;
	while (end < rest->n && chr_blank(rest->p[end]));
	struct str field = str_to(*rest, end < rest->n ? end : rest->n);

	*rest = str_from(*rest, field.n);
	return field;
}

size_t spawner_variables(struct str headers, struct buf *text)
{
	size_t n = 0;

	while (headers.n)
		n += add_variable(cut_field(&headers), text);
	return n;
}

static void lay_environment(struct loop *l, const struct spawner_job *job)
{
	buf_clear(&l->vars);
	vec_clear(&l->list);
	buf_fmt(&l->vars, "MESSID=%.*s", STR_FMT(job->id));
	buf_addc(&l->vars, 0);
	size_t n = 1 + spawner_variables(job->envh, &l->vars);

	for (char *p = l->vars.p; n--; p += strlen(p) + 1)
		vec_push(&l->list, p);
	env_lay(&l->layer, l->list.p, l->list.n);
}

static bool id_valid(struct str id)
{
	if (!id.n || id.n > ID_MAX || id.p[0] == '/')
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!chr_digit(id.p[i]) && id.p[i] != '/')
			return false;
	return true;
}

/* Open the message: NULL, or what is wrong with it, *status then holds the code. */
static const char *open_message(struct spawner_job *job, uid_t owner, const char **status)
{
	struct stat st;

	*status = "4.3.0";
	job->mess = file_open(job->id.p, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (job->mess < 0)
		return "Unable to open the message";
	if (file_fstat(job->mess, &st) < 0)
		return "Unable to read the message's status";
	*status = "4.3.5";
	if (!S_ISREG(st.st_mode))
		return "The message is not a regular file";
	if (st.st_uid != owner)
		return "The message does not belong to the queue's owner";
	job->size = st.st_size;
	return NULL;
}

static void answer(struct loop *l, unsigned slot, int status, struct str said)
{
	report_begin(l, slot);
	l->s->report(status, said, &l->pending, l->s->arg);
	report_end(l);
}

static void start(struct loop *l, unsigned slot, const struct spawner_job *job)
{
	struct err e = {0};
	int p[2];

	if (fd_pipe(p) < 0) {
		refuse(l, slot, 'Z', "Unable to create a pipe", "4.3.0");
		return;
	}
	fd_nonblock(p[0], true);
	lay_environment(l, job);
	pid_t pid = l->s->start(job, p[1], l->s->arg, &e);

	env_lift(&l->layer);
	fd_close(p[1]);
	if (pid > 0) {
		l->slots[slot].pid = pid;
		l->slots[slot].fd = p[0];
		l->running++;
		return;
	}
	fd_close(p[0]);
	if (pid == 0)
		answer(l, slot, 0, STR(""));
	else
		refuse(l, slot, 'Z', e.text[0] ? e.text : "Unable to fork", "4.3.0");
}

static void open_and_start(struct loop *l, unsigned slot, struct spawner_job *job)
{
	const char *status, *why = open_message(job, l->s->owner, &status);

	if (why)
		refuse(l, slot, 'Z', why, status);
	else
		start(l, slot, job);
	fd_close(job->mess);
}

/* A whole command is in l->command. */
static void serve(struct loop *l)
{
	struct str rest = str_from(buf_str(&l->command), 2), *fields[FIELDS];
	unsigned slot = (unsigned char)l->command.p[0] | (unsigned)(unsigned char)l->command.p[1] << 8;
	struct spawner_job job = {.mess = -1};

	fields[0] = &job.id;
	fields[1] = &job.sender;
	fields[2] = &job.qqeh;
	fields[3] = &job.envh;
	fields[4] = &job.recipient;
	if (slot >= SPAWNER_SLOTS || l->slots[slot].pid) {
		refuse(l, slot, 'Z', "Internal error: delivery slot out of range or in use", "4.3.5");
		return;
	}
	if (l->oversized) {
		refuse(l, slot, 'Z', "Out of memory", "4.3.0");
		return;
	}
	for (unsigned i = 0; i < FIELDS; i++)
		*fields[i] = str_cut(&rest, 0);
	job.at = str_rchr(job.recipient, '@');
	if (!id_valid(job.id))
		refuse(l, slot, 'D', "Internal error: bad message number", "5.3.5");
	else if (job.at == job.recipient.n)
		refuse(l, slot, 'D', "The recipient address has no host name", "5.1.3");
	else
		open_and_start(l, slot, &job);
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
		if (nul && ++l->fields == FIELDS)
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
	}
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
		if (l->slots[i].pid == pid)
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
	answer(l, (unsigned)(slot - l->slots), status, buf_str(&slot->said));
	slot->pid = 0;
	slot->fd = -1;
	l->running--;
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

	int r = fd_poll(l->polls, n, l->running ? LOOK_MS : -1);

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
		l->slots[i] = (struct slot){0, -1, BUF_INIT};
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
	buf_free(&l->pending);
	buf_free(&l->vars);
	vec_free(&l->list);
	env_layer_free(&l->layer);
	mem_free(l);
}

int spawner_run(const struct spawner *s, int in, int out, struct err *e)
{
	struct loop *l = mem_alloc(sizeof *l);
	int r = -1;

	*l = (struct loop){.s = s, .in = in, .out = out, .signal = {-1, -1}, .command = BUF_INIT,
		.pending = BUF_INIT, .vars = BUF_INIT};
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

pid_t spawner_hand_over(struct workers *w, const struct spawner_job *job, uint32_t kind, int report, struct err *e)
{
	const struct str *fields[FIELDS] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < FIELDS; i++) {
		buf_add(&text, *fields[i]);
		buf_addc(&text, 0);
	}
	buf_addc(&text, job->shared ? '1' : '0');
	pid_t pid = workers_start(w, buf_str(&text), (int[]){job->mess, report}, 2, kind, e);

	buf_free(&text);
	return pid;
}

static void set_variables(struct str headers)
{
	struct buf vars = BUF_INIT, name = BUF_INIT;
	size_t n = spawner_variables(headers, &vars);

	for (struct str rest = buf_str(&vars); n--; ) {
		struct str value = str_cut(&rest, 0);

		buf_set(&name, str_cut(&value, '='));
		env_put_str(name.p, value);
	}
	buf_free(&vars);
	buf_free(&name);
}

int spawner_unpack(struct str text, const int *fds, int n, struct spawner_job *job)
{
	struct str *fields[FIELDS] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};
	struct stat st;

	for (size_t i = 0; i < FIELDS; i++) {
		if (!text.p)
			return -1;
		*fields[i] = str_cut(&text, 0);
	}
	job->at = str_rchr(job->recipient, '@');
	job->shared = str_eq(text, STR("1"));
	job->mess = 0;
	if (n != 2 || fd_move(0, fds[0]) < 0 || fd_copy(1, fds[1]) < 0 || fd_move(2, fds[1]) < 0 ||
		file_fstat(0, &st) < 0)
		return -1;
	job->size = st.st_size;
	env_put_str("MESSID", job->id);
	set_variables(job->envh);
	return 0;
}
