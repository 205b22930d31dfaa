/* workers - resident children; see workers.h. */
#include "core/sys/workers.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum {
	SOCK = 3, NOTES = 4, NOTHING = 5,	/* a worker's own descriptors */
	HELD = WORKERS_KEEP + 1,		/* ... and one of a job's that stays */
	JOBS = 500,		/* after which a worker ends, whatever memory it has gathered with it */
	IDLE_MS = 5000,		/* a worker without work ends */
	TROUBLE = 111,		/* a job that could not be begun has failed for now */
	TEXT_MAX = 4 << 20,
	BLOCK = 4096,		/* of a job's text that comes with its descriptors */
};

struct note {
	pid_t pid;
	int code;
};

int workers_open(struct workers *w, struct err *e)
{
	if (fd_pipe(w->notes) < 0)
		return err_temp(e, errno, "unable to create a pipe");
	fd_nonblock(w->notes[0], true);
	w->env = env_save();
	w->mask = file_umask(0);
	file_umask(w->mask);
	return 0;
}

/* ---- in the worker ---------------------------------------------------------------------------- */

/* The next job: its text, and count descriptors.  1; 0: there is no more; -1: it could not be read. */
static int receive(struct buf *text, int *fds, int *count)
{
	char block[BLOCK];
	uint32_t n;
	ssize_t got = fd_recv(SOCK, block, sizeof block, fds, WORKERS_FDS, count);

	if (got < 0 && errno == EAGAIN) {
		/* from now on the parent cannot give us a job; one that is here already is still read */
		local_refuse(SOCK);
		got = fd_recv(SOCK, block, sizeof block, fds, WORKERS_FDS, count);
	}
	if (got == 0)
		return 0;
	if (got < (ssize_t)sizeof n)
		return -1;
	memcpy(&n, block, sizeof n);
	size_t here = (size_t)got - sizeof n;

	if (n > TEXT_MAX || here > n)
		return -1;
	buf_clear(text);
	buf_put(text, block + sizeof n, here);
	if (fd_read_all(SOCK, buf_grow(text, n - here), n - here) < 0)
		return -1;
	buf_advance(text, n - here);
	return 1;
}

static bool holding, may_hold;
static unsigned job;	/* the number of the present one; 0: this is no worker */

unsigned workers_job(void)
{
	return job;
}

void workers_next_job(void)
{
	job++;
}

int workers_hold(int fd)
{
	if (!may_hold || fd_copy(HELD, fd) < 0)
		return -1;
	if (fd != HELD)
		fd_close(fd);
	fd_cloexec(HELD, true);
	holding = true;
	return HELD;
}

void workers_let_go(void)
{
	holding = false;
}

/* Nothing of one job may reach the next, except what is held on purpose. */
static void forget(const struct workers *w)
{
	clock_alarm(0);
	sig_reset();
	file_umask(w->mask);
	env_share(w->env);
	for (int fd = 0; fd < (w->keep_stderr ? 2 : 3); fd++)
		fd_copy(fd, NOTHING);
	if (!w->keep)
		fd_close(WORKERS_KEEP);
	fd_close_from(holding ? HELD + 1 : HELD);
}

static void leave(const struct workers *w, int code) __attribute__((noreturn));
static void leave(const struct workers *w, int code)
{
	if (w->leave)
		w->leave();
	proc_exit(code);
}

enum { ASIDE = 1 << 16 };	/* in a note */
static struct buf aside = BUF_INIT;
static int aside_fd = -1;

void workers_put_aside(struct str state, int fd)
{
	buf_set(&aside, state);
	aside_fd = fd_dup(fd);
}

/* The note first: its reader waits for the rest, however long that is. */
static bool give_back(void)
{
	struct note note = {proc_pid(), ASIDE};
	uint32_t n = (uint32_t)aside.n;
	bool given = fd_write_all(NOTES, &note, sizeof note) == 0 && fd_send(SOCK, &n, sizeof n, &aside_fd, 1) >= 0 &&
		fd_write_all(SOCK, aside.p, aside.n) == 0;

	fd_close(aside_fd);
	aside_fd = -1;
	buf_free(&aside);
	return given;
}

static void worker(const struct workers *w)
{
	struct buf text = BUF_INIT;
	int fds[WORKERS_FDS], count, more;

	/* programs that jobs run must not have them: they could speak in our name */
	if (fd_null(NOTHING) < 0 || fd_cloexec(NOTHING, true) < 0 || fd_cloexec(SOCK, true) < 0 ||
		fd_cloexec(NOTES, true) < 0)
		proc_exit(TROUBLE);
	fd_timeout(SOCK, IDLE_MS);
	forget(w);
	may_hold = true;
	for (job = 1; (more = receive(&text, fds, &count)) > 0; job++) {
		struct note note = {proc_pid(), w->run(buf_str(&text), fds, count)};

		if (aside_fd >= 0) {
			if (!give_back() || job == JOBS)
				leave(w, 0);
			forget(w);
			continue;
		}
		/* without a note our end tells how the job ended, and there are no more jobs */
		if (job == JOBS)
			leave(w, note.code);
		forget(w);
		if (fd_write_all(NOTES, &note, sizeof note) < 0)
			leave(w, note.code);
	}
	leave(w, more < 0 ? TROUBLE : 0);
}

/* ---- in the parent ----------------------------------------------------------------------------- */

/* A copy above the places that have a meaning. */
static int lift(int fd)
{
	do
		fd = fd_dup(fd);
	while (fd >= 0 && fd <= WORKERS_KEEP);
	return fd;
}

static struct worker *new_worker(struct workers *w, struct err *e)
{
	struct worker n = {.idle = true};
	int pair[2];

	if (local_pair(pair) < 0) {
		err_temp(e, errno, "unable to create a socket");
		return NULL;
	}
	sig_hold();
	n.pid = proc_fork();
	if (n.pid == 0) {
		int notes = lift(w->notes[1]), sock = lift(pair[1]), kept = w->keep ? lift(w->keep) : 0;

		if (notes < 0 || sock < 0 || kept < 0 || fd_copy(SOCK, sock) < 0 || fd_copy(NOTES, notes) < 0)
			proc_exit(TROUBLE);
		if (kept && (fd_copy(WORKERS_KEEP, kept) < 0 || fd_cloexec(WORKERS_KEEP, true) < 0))
			proc_exit(TROUBLE);
		worker(w);
	}
	sig_release();
	fd_close(pair[1]);
	if (n.pid < 0) {
		fd_close(pair[0]);
		err_temp(e, errno, "unable to fork");
		return NULL;
	}
	n.sock = pair[0];
	vec_push(&w->list, n);
	return &w->list.p[w->list.n - 1];
}

static int send_job(const struct worker *k, struct str text, const int *fds, int n)
{
	struct buf b = BUF_INIT;
	uint32_t len = (uint32_t)text.n;

	buf_put(&b, &len, sizeof len);
	buf_add(&b, text);
	int r = fd_send(k->sock, b.p, b.n, fds, n);

	buf_free(&b);
	return r;
}

/* From the end, where the new ones are: those at the front may leave when there is less to do. */
static struct worker *idle_worker(struct workers *w, uint32_t kind)
{
	struct worker *any = NULL;

	for (size_t i = w->list.n; i > 0; i--) {
		struct worker *k = &w->list.p[i - 1];

		if (k->idle && k->kind == kind)
			return k;
		if (k->idle && !any)
			any = k;
	}
	return any;
}

pid_t workers_start(struct workers *w, struct str text, const int *fds, int n, uint32_t kind, struct err *e)
{
	struct worker *k = idle_worker(w, kind);

	if (k && send_job(k, text, fds, n) < 0) {
		k->idle = false;	/* it has just left; reap will say so */
		k = NULL;
	}
	if (!k) {
		k = new_worker(w, e);
		if (!k || send_job(k, text, fds, n) < 0)
			return k ? err_temp(e, errno, "unable to give a worker its job") : -1;
	}
	k->idle = false;
	k->kind = kind;
	return k->pid;
}

static struct worker *find(struct workers *w, pid_t pid)
{
	for (size_t i = 0; i < w->list.n; i++)
		if (w->list.p[i].pid == pid)
			return &w->list.p[i];
	return NULL;
}

bool workers_note(struct workers *w, pid_t *pid, int *status)
{
	struct note note;

	if (fd_read(w->notes[0], &note, sizeof note) != sizeof note)
		return false;
	struct worker *k = find(w, note.pid);

	if (k)
		k->idle = true;
	*pid = note.pid;
	*status = note.code == ASIDE ? WORKERS_ASIDE : (note.code & 255) << 8;	/* as wait reports an exit */
	return true;
}

int workers_take_back(struct workers *w, pid_t pid, struct buf *state)
{
	struct worker *k = find(w, pid);
	int fd = -1, count = 0;
	uint32_t n;

	buf_clear(state);
	if (!k || fd_recv(k->sock, &n, sizeof n, &fd, 1, &count) != sizeof n || count != 1)
		return -1;
	if (n > TEXT_MAX || fd_read_all(k->sock, buf_grow(state, n), n) < 0) {
		fd_close(fd);
		return -1;
	}
	buf_advance(state, n);
	return fd;
}

bool workers_gone(struct workers *w, pid_t pid)
{
	struct worker *k = find(w, pid);

	if (!k)
		return false;
	bool working_still = !k->idle;

	fd_close(k->sock);
	*k = w->list.p[--w->list.n];
	return working_still;
}

void workers_close(struct workers *w)
{
	int status;

	for (size_t i = 0; i < w->list.n; i++)
		fd_close(w->list.p[i].sock);
	for (size_t i = 0; i < w->list.n; i++)
		proc_wait(w->list.p[i].pid, &status, false);
	vec_free(&w->list);
	fd_close(w->notes[0]);
	fd_close(w->notes[1]);
	env_copy_free(w->env);
}
