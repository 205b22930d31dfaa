/* workers - resident delivery processes; see workers.h. */
#include "queue/workers.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum {
	SOCK = 3, NOTES = 4,	/* a worker's own descriptors */
	JOBS = 500,		/* after which a worker ends, whatever memory it has gathered with it */
	IDLE_MS = 5000,		/* a worker without work ends */
	FRESH_MS = 3500,	/* one that has been idle for longer may be leaving: it gets no job */
	NOTHING_DONE = 111,	/* a job that arrives while its worker leaves is deferred */
	TEXT_MAX = 4 << 20,
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
	return 0;
}

/* ---- in the worker ---------------------------------------------------------------------------- */

static bool read_all(int fd, char *p, size_t n)
{
	while (n) {
		ssize_t r = fd_read(fd, p, n);

		if (r <= 0)
			return false;
		p += r;
		n -= (size_t)r;
	}
	return true;
}

/* The next job; its text is in *text, message and output come as descriptors. */
static bool receive(struct buf *text, struct spawner_job *job, int fds[2])
{
	struct str *fields[] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};
	uint32_t n;
	int count;

	if (fd_wait(SOCK, POLLIN, IDLE_MS) != 1 || fd_recv(SOCK, &n, sizeof n, fds, 2, &count) != sizeof n ||
		count != 2 || n > TEXT_MAX)
		return false;
	buf_clear(text);
	if (!read_all(SOCK, buf_grow(text, n), n))
		return false;
	buf_advance(text, n);
	struct str rest = buf_str(text);

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		*fields[i] = str_cut(&rest, 0);
	job->at = str_rchr(job->recipient, '@');
	return true;
}

static void set_environment(const struct workers *w, const struct spawner_job *job)
{
	struct buf vars = BUF_INIT;

	env_restore(w->env);
	env_put_str("MESSID", job->id);
	size_t n = spawner_variables(job->envh, &vars);

	for (char *p = vars.p; n--; p += strlen(p) + 1) {
		char *value = strchr(p, '=');

		*value = 0;
		env_put(p, value + 1);
		*value = '=';
	}
	buf_free(&vars);
}

/* Nothing of one delivery may reach the next. */
static void forget(int nothing)
{
	clock_alarm(0);
	sig_reset();
	fd_copy(0, nothing);
	fd_copy(1, nothing);
	fd_copy(2, nothing);
	fd_close_from(NOTES + 2);
}

static void worker(const struct workers *w)
{
	struct buf text = BUF_INIT;
	struct spawner_job job;
	mode_t mask = file_umask(0);
	int nothing = file_open("/dev/null", O_RDWR, 0), fds[2];

	/* the list's sockets are the parent's; ours and the pipe for notes are in place */
	if (nothing < 0 || fd_copy(NOTES + 1, nothing) < 0)
		proc_exit(NOTHING_DONE);
	forget(NOTES + 1);
	for (int i = 0; i < JOBS && receive(&text, &job, fds); i++) {
		struct note note = {proc_pid(), 0};

		if (fd_move(0, fds[0]) < 0 || fd_copy(1, fds[1]) < 0 || fd_move(2, fds[1]) < 0)
			break;
		file_umask(mask);
		set_environment(w, &job);
		note.code = w->run(&job);
		forget(NOTES + 1);
		if (fd_write_all(NOTES, &note, sizeof note) < 0)
			break;
	}
	proc_exit(NOTHING_DONE);
}

/* ---- in the spawner --------------------------------------------------------------------------- */

static struct worker *new_worker(struct workers *w, struct err *e)
{
	struct worker n = {.idle = true};
	int pair[2];

	if (local_pair(pair) < 0) {
		err_temp(e, errno, "Unable to create a socket");
		return NULL;
	}
	n.pid = proc_fork();
	if (n.pid == 0) {
		int notes = fd_dup(w->notes[1]), sock = fd_dup(pair[1]);

		/* above the places they go to */
		while (notes >= 0 && notes <= NOTES)
			notes = fd_dup(notes);
		while (sock >= 0 && sock <= NOTES)
			sock = fd_dup(sock);
		if (notes < 0 || sock < 0 || fd_copy(SOCK, sock) < 0 || fd_copy(NOTES, notes) < 0)
			proc_exit(NOTHING_DONE);
		worker(w);
	}
	fd_close(pair[1]);
	if (n.pid < 0) {
		fd_close(pair[0]);
		err_temp(e, errno, "Unable to fork");
		return NULL;
	}
	n.sock = pair[0];
	vec_push(&w->list, n);
	return &w->list.p[w->list.n - 1];
}

static int send_job(const struct worker *k, const struct spawner_job *job, int report)
{
	const struct str *fields[] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};
	struct buf b = BUF_INIT;
	uint32_t n = 0;
	int fds[2] = {job->mess, report};

	buf_put(&b, &n, sizeof n);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		buf_add(&b, *fields[i]);
		buf_addc(&b, 0);
	}
	n = (uint32_t)(b.n - sizeof n);
	memcpy(b.p, &n, sizeof n);
	int r = fd_send(k->sock, b.p, b.n, fds, 2);

	buf_free(&b);
	return r;
}

pid_t workers_start(struct workers *w, const struct spawner_job *job, int report, struct err *e)
{
	struct worker *k = NULL;

	/* from the end, where the new ones are: those at the front may leave when there is less to do */
	for (size_t i = w->list.n; !k && i > 0; i--)
		if (w->list.p[i - 1].idle && clock_mono_ms() - w->list.p[i - 1].since < FRESH_MS)
			k = &w->list.p[i - 1];
	if (k && send_job(k, job, report) < 0) {
		k->idle = false;	/* it has just left; reap will say so */
		k = NULL;
	}
	if (!k) {
		k = new_worker(w, e);
		if (!k || send_job(k, job, report) < 0)
			return k ? err_temp(e, errno, "Unable to start a delivery") : -1;
	}
	k->idle = false;
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

	if (k) {
		k->idle = true;
		k->since = clock_mono_ms();
	}
	*pid = note.pid;
	*status = (note.code & 255) << 8;	/* as wait reports an exit */
	return true;
}

void workers_gone(struct workers *w, pid_t pid)
{
	struct worker *k = find(w, pid);

	if (!k)
		return;
	fd_close(k->sock);
	*k = w->list.p[--w->list.n];
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
