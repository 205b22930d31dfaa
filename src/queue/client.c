/* client - hand a message to the queue; see client.h. */
#include "queue/client.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/intake.h"
#include "queue/layout.h"
#include "queue/put.h"
#include "queue/queueprog.h"

enum way {
	DISCARD,	/* NULLQUEUE */
	DIRECT,		/* we write the queue ourselves */
	PROGRAM,	/* a queue program on pipes */
	INTAKE,		/* the submission socket */
};

enum { SPACE = 8192 };

struct client {
	enum way way;
	struct put *put;
	int sock;		/* INTAKE: kept for the next message */
	bool kept;		/* ... and there since the last one */
	bool last;		/* and not beyond this one */
	bool asked;		/* it has this message's request */
	int messfd, envfd, errfd;	/* our ends of the pipes */
	pid_t pid;
	unsigned long qp;
	struct out out;		/* to messfd, then to envfd */
	char *space;		/* SPACE bytes from the first message on */
	struct buf text;	/* INTAKE, without pipes as yet: the message, and the envelope behind it */
	size_t message;		/* ... so much is the message */
	bool body;		/* still in the message */
	bool to;		/* the last record was a recipient */
	bool params;		/* the queue takes delivery status parameters */
	bool failed;
	struct err err;
	struct buf reply;
};

void (*client_exec)(char *const argv[]);

struct client *client_new(void)
{
	struct client *c = mem_alloc(sizeof *c);

	c->sock = c->messfd = c->envfd = c->errfd = -1;
	buf_init(&c->text);
	buf_init(&c->reply);
	sig_ignore(SIGPIPE);
	return c;
}

void client_last(struct client *c)
{
	c->last = true;
}

static void close_pipes(struct client *c)
{
	fd_close(c->messfd);
	fd_close(c->envfd);
	fd_close(c->errfd);
	c->messfd = c->envfd = c->errfd = -1;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	put_abort(c->put);
	close_pipes(c);
	fd_close(c->sock);
	buf_free(&c->text);
	buf_free(&c->reply);
	mem_free(c->space);
	mem_free(c);
}

/* May this process write the queue the next message goes to? */
static enum way choose(struct buf *dir)
{
	struct err e;
	struct stat st;

	if (queue_choose(dir, &e) < 0 || file_stat(dir->p, &st) < 0)
		return DIRECT;	/* the attempt says what is wrong */
	return st.st_uid == proc_euid() ? DIRECT : INTAKE;
}

/* Two pipes; theirs are the reading ends. */
static int make_pipes(struct client *c, int theirs[2], struct err *e)
{
	int m[2], v[2];

	if (fd_pipe(m) < 0)
		return err_code(e, 60, errno, "unable to create a pipe");
	if (fd_pipe(v) < 0) {
		fd_close(m[0]);
		fd_close(m[1]);
		return err_code(e, 60, errno, "unable to create a pipe");
	}
	theirs[0] = m[0];
	theirs[1] = v[0];
	c->messfd = m[1];
	c->envfd = v[1];
	return 0;
}

/* Close everything from 3 on but ERROR_FD, and LOGFD where somebody reads it. */
static void close_others(int error_fd)
{
	const char *log = conf_env(CONF_LOGFILTER);
	long logfd = -1;

	if (log && *log)
		conf_int(CONF_LOGFD, &logfd, NULL);
	int last = logfd > error_fd && logfd < 1024 ? (int)logfd : error_fd;

	for (int fd = 3; fd < last; fd++)
		if (fd != error_fd && fd != logfd)
			fd_close(fd);
	fd_close_from(last > 2 ? last + 1 : 3);
}

static void run_program(const char *words, const int fds[2], int errfd, int error_fd)
{
	VEC(char *) argv = {0};
	struct str rest = str_z(words), w;

	sig_default(SIGPIPE);
	/* both ends may sit on each other's place: go through high numbers */
	int m = fd_dup(fds[0]), v = fd_dup(fds[1]), x = fd_dup(errfd);

	if (m < 0 || v < 0 || x < 0 || fd_copy(0, m) < 0 || fd_copy(1, v) < 0 ||
		(error_fd >= 0 && fd_copy(error_fd, x) < 0) || file_chdir("/") < 0)
		proc_exit(120);
	/* without exec nothing closes by itself, and a copy of our own pipe would keep it open */
	close_others(error_fd);
	while ((w = str_word(&rest)).n)
		vec_push(&argv, mem_copy(w.p, w.n));
	vec_push(&argv, NULL);
	if (client_exec)
		client_exec(argv.p);
	else
		proc_exec(argv.p);
	proc_exit(120);
}

static int open_program(struct client *c, const char *words, struct err *e)
{
	int theirs[2], errs[2];
	long error_fd = 2;

	conf_int(CONF_ERROR_FD, &error_fd, NULL);
	if (make_pipes(c, theirs, e) < 0)
		return -1;
	if (fd_pipe(errs) < 0) {
		err_code(e, 60, errno, "unable to create a pipe");
		goto fail;
	}
	c->pid = proc_fork();
	if (c->pid == 0)
		run_program(words, theirs, errs[1], (int)error_fd);
	fd_close(errs[1]);
	if (c->pid < 0) {
		fd_close(errs[0]);
		err_code(e, 121, errno, "unable to fork");
		goto fail;
	}
	fd_close(theirs[0]);
	fd_close(theirs[1]);
	c->errfd = errs[0];
	c->qp = (unsigned long)c->pid;
	return 0;
fail:
	fd_close(theirs[0]);
	fd_close(theirs[1]);
	close_pipes(c);
	return -1;
}

/* Send a request, short or with pipes.  A connection kept from the last message may be gone: try a new one. */
static int request(struct client *c, const int *fds, struct err *e)
{
	for (bool kept = c->kept;; kept = false) {
		if (c->sock < 0 && (c->sock = intake_connect(e)) < 0)
			return -1;
		int r = fds ? intake_request(c->sock, fds, e) :
			intake_request_short(c->sock, str_to(buf_str(&c->text), c->message),
				str_from(buf_str(&c->text), c->message), c->last, e);

		c->asked = r == 0;
		if (c->asked)
			return 0;
		fd_close(c->sock);
		c->sock = -1;
		if (!kept)
			return -1;
	}
}

static int open_intake(struct client *c, struct err *e)
{
	c->kept = c->sock >= 0;
	if (!c->kept)
		c->sock = intake_connect(e);
	return c->sock < 0 ? -1 : 0;
}

static void write_to(struct client *c, int fd)
{
	c->space = mem_resize(c->space, SPACE);
	out_init(&c->out, fd, c->space, SPACE);
}

static void end_message(struct client *c)
{
	if (out_flush(&c->out) < 0)
		c->failed = true;
	fd_close(c->messfd);
	c->messfd = -1;
	write_to(c, c->envfd);
}

/* What is too long for a short request goes through pipes. */
static int spill(struct client *c)
{
	int theirs[2];

	if (make_pipes(c, theirs, &c->err) < 0)
		return -1;
	int r = request(c, theirs, &c->err);

	fd_close(theirs[0]);
	fd_close(theirs[1]);
	if (r < 0) {
		close_pipes(c);
		return -1;
	}
	struct str text = buf_str(&c->text);

	write_to(c, c->messfd);
	if (c->body)
		return out_add(&c->out, text);
	if (out_add(&c->out, str_to(text, c->message)) < 0)
		return -1;
	end_message(c);
	return out_add(&c->out, str_from(text, c->message));
}

/* More of the message, or of the envelope, in whatever stands between us and the queue. */
static void add(struct client *c, const void *p, size_t n)
{
	if (c->envfd < 0 && c->text.n + n <= INTAKE_SHORT_MAX)
		buf_put(&c->text, p, n);
	else if ((c->envfd < 0 && spill(c) < 0) || out_put(&c->out, p, n) < 0)
		c->failed = true;
}

static int open_direct(struct client *c, const char *dir, struct err *e)
{
	struct put_origin o = {.uid = proc_uid(), .ip = conf_env(CONF_TCPREMOTEIP), .pid = proc_pid()};

	c->put = put_open(dir, &o, e);
	c->qp = (unsigned long)o.pid;
	return c->put ? 0 : -1;
}

int client_open(struct client *c, struct err *e)
{
	const char *program = queueprog_wanted();
	struct buf dir = BUF_INIT;
	int r = 0;

	c->failed = false;
	c->body = true;
	c->to = false;
	c->params = queueprog_takes_params();
	c->asked = false;
	c->err = (struct err){0};
	c->pid = -1;
	if (conf_set(CONF_NULLQUEUE))
		c->way = DISCARD;
	else if (program && !queueprog_plain(program))
		c->way = PROGRAM;
	else
		c->way = choose(&dir);
	if (c->way == DISCARD)
		c->qp = (unsigned long)proc_pid();
	else if (c->way == DIRECT)
		r = open_direct(c, dir.n ? dir.p : NULL, e);
	else if (c->way == INTAKE)
		r = open_intake(c, e);
	/* root needs no intake: it can become the queue's owner, in a process of its own */
	if (c->way == INTAKE && r < 0 && proc_euid() == 0)
		c->way = PROGRAM;
	if (c->way == PROGRAM)
		r = open_program(c, dir.n ? "qmail-queue" : program, e);
	buf_clear(&c->text);
	if (r == 0 && c->way == PROGRAM)
		write_to(c, c->messfd);
	buf_free(&dir);
	return r;
}

void client_put(struct client *c, const void *p, size_t n)
{
	if (c->failed)
		return;
	if (c->way == DIRECT && put_data(c->put, p, n, &c->err) < 0)
		c->failed = true;
	else if (c->way >= PROGRAM)
		add(c, p, n);
}

void client_adds(struct client *c, const char *z)
{
	client_put(c, z, strlen(z));
}

static void end_body(struct client *c)
{
	c->body = false;
	c->message = c->text.n;
	if (c->way >= PROGRAM && c->messfd >= 0)
		end_message(c);
}

static void record(struct client *c, char letter, struct str text)
{
	if (c->failed || c->way < PROGRAM)
		return;
	add(c, &letter, 1);
	add(c, text.p, text.n);
	add(c, "", 1);
}

void client_from(struct client *c, struct str sender)
{
	if (c->body)
		end_body(c);
	if (!c->failed && c->way == DIRECT &&
		(put_body_end(c->put, &c->err) < 0 || put_from(c->put, sender, &c->err) < 0))
		c->failed = true;
	record(c, 'F', sender);
	c->to = false;
}

void client_to(struct client *c, struct str rcpt)
{
	if (!c->failed && c->way == DIRECT && put_to(c->put, rcpt, &c->err) < 0)
		c->failed = true;
	record(c, 'T', rcpt);
	c->to = true;
}

void client_params(struct client *c, struct str text)
{
	char letter = c->to ? 'y' : 'x';

	if (!text.n || !c->params)
		return;
	if (!c->failed && c->way == DIRECT && put_params(c->put, letter, text, &c->err) < 0)
		c->failed = true;
	record(c, letter, text);
}

void client_fail(struct client *c)
{
	c->failed = true;
	c->err = (struct err){.class = ERR_TEMP, .code = 54};
}

const char *client_explain(int code)
{
	switch (code) {
	case 0:
		return "";
#define Q(n, class, text) case n: return class text;
#include "core/base/exit.def"
#undef Q
	default:
		return code >= 11 && code <= 40 ? "Dqq permanent problem (#5.3.0)" : "Zqq temporary problem (#4.3.0)";
	}
}

static const char *close_direct(struct client *c)
{
	struct put *p = c->put;

	c->put = NULL;
	if (c->failed)
		put_abort(p);
	else if (put_commit(p, &c->err) < 0)
		c->failed = true;
	return client_explain(c->failed ? (c->err.code ? c->err.code : 81) : 0);
}

/* The text a program gave for exit codes 82 and 88: class letter and words, one line. */
static const char *custom(struct client *c, struct str text)
{
	buf_set(&c->reply, str_rtrim(text));
	for (size_t i = 0; i < c->reply.n; i++)
		if ((unsigned char)c->reply.p[i] < 32 || c->reply.p[i] == 127)
			c->reply.p[i] = ' ';
	bool valid = c->reply.n > 2 && (c->reply.p[0] == 'D' || c->reply.p[0] == 'Z');

	return valid ? c->reply.p : client_explain(88);
}

/* All of an error pipe, the first 1023 bytes kept. */
static void drain(int fd, struct buf *text)
{
	char block[1024];
	ssize_t n;

	while ((n = fd_read(fd, block, sizeof block)) > 0)
		if (text->n < 1023)
			buf_put(text, block, (size_t)n < 1023 - text->n ? (size_t)n : 1023 - text->n);
}

static const char *close_program(struct client *c)
{
	struct buf text = BUF_INIT;
	const char *why;
	int status, code = 123;

	drain(c->errfd, &text);
	if (proc_wait(c->pid, &status, false) < 0)
		code = 122;
	else if (!proc_crashed(status))
		code = proc_code(status);
	close_pipes(c);
	/* a program that takes less than we gave has still not taken the message */
	if (code == 0 && c->failed)
		code = 54;
	why = code == 88 || code == 82 ? custom(c, buf_str(&text)) : client_explain(code);
	buf_free(&text);
	return why;
}

static const char *close_intake(struct client *c)
{
	struct intake_answer a = {.text = BUF_INIT};
	const char *why;

	close_pipes(c);
	if (!c->asked)
		a.code = c->err.code ? c->err.code : 54;
	else if (intake_read_answer(c->sock, &a, &c->err) < 0) {
		fd_close(c->sock);
		c->sock = -1;
		a.code = c->err.code;
	}
	c->qp = a.qp;
	if (a.code == 0 && c->failed)
		a.code = 54;
	why = a.code == 88 ? custom(c, buf_str(&a.text)) : client_explain(a.code);
	buf_free(&a.text);
	return why;
}

const char *client_close(struct client *c)
{
	if (c->way == DISCARD)
		return client_explain(c->failed ? 54 : 0);
	if (c->way == DIRECT)
		return close_direct(c);
	if (c->body)
		end_body(c);
	/* without the final NUL the other side queues nothing */
	if (!c->failed)
		add(c, "", 1);
	if (!c->failed && (c->envfd < 0 ? request(c, NULL, &c->err) : out_flush(&c->out)) < 0)
		c->failed = true;
	fd_close(c->envfd);
	c->envfd = -1;
	return c->way == PROGRAM ? close_program(c) : close_intake(c);
}

unsigned long client_qp(const struct client *c)
{
	return c->qp;
}
