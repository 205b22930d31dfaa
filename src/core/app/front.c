/* front - stand in for the queue program; see front.h. */
#include "core/app/front.h"

#include <errno.h>
#include <stdarg.h>

#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { FDS_MAX = 16 };
enum { RCPTS_MAX = 100000 };	/* the kernel takes 128 KiB in one variable */

static void on_alarm(int sig)
{
	(void)sig;
	proc_exit(52);
}

bool front_custom;

/* "Z" and the text on ERROR_FD: what the client tells its user with exit 88. */
static void explain(const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT;
	long fd = 2;

	conf_int(CONF_ERROR_FD, &fd, NULL);
	buf_fmt(&text, "Z%s: ", log_program());
	buf_vfmt(&text, fmt, ap);
	buf_adds(&text, " (#4.3.0)");
	if (fd >= 0)
		fd_write_all((int)fd, text.p, text.n);
	proc_exit(88);
}

void front_fail(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (front_custom)
		explain(fmt, ap);
	struct buf text = BUF_INIT;

	buf_vfmt(&text, fmt, ap);
	die(code, "%s", text.p);
}

static void (*others)(size_t n);	/* what exhausted memory means to those we run */

static void no_memory(size_t n)
{
	(void)n;
	proc_exit(51);
}

void front_start(void)
{
	long death = 86400;

	others = mem_exhausted;
	mem_exhausted = no_memory;
	conf_int(CONF_DEATH, &death, NULL);
	sig_catch(SIGALRM, on_alarm);
	clock_alarm(death > 0 ? (unsigned)death : 86400);
}

int front_temp(void)
{
	struct buf dir = BUF_INIT;
	int fd = conf_line(CONF_TMPDIR, &dir, NULL) < 0 ? -1 : file_temp(dir.p);

	if (fd < 0)
		front_fail(68, "unable to create a temporary file in %s: %s", dir.p, log_errno(errno));
	buf_free(&dir);
	return fd;
}

void front_rewind(int fd)
{
	if (fd_seek(fd, 0) < 0)
		front_fail(68, "unable to rewind a temporary file: %s", log_errno(errno));
}

unsigned long long front_size(int fd)
{
	struct stat st;

	if (file_fstat(fd, &st) < 0)
		front_fail(68, "unable to look at a temporary file: %s", log_errno(errno));
	return (unsigned long long)st.st_size;
}

int front_spool(int fd, const char *what)
{
	char block[32768];
	ssize_t n;
	int copy = front_temp();

	while ((n = fd_read(fd, block, sizeof block)) > 0)
		if (fd_write_all(copy, block, (size_t)n) < 0)
			die(53, "unable to write a temporary file: %s", log_errno(errno));
	if (n < 0)
		die(54, "unable to read the %s: %s", what, log_errno(errno));
	front_rewind(copy);
	return copy;
}

int front_message(void)
{
	int fd = fd_tell(0) == 0 ? fd_dup(0) : -1;

	return fd < 0 ? front_spool(0, "message") : fd;
}

/* Where a spam filter leaves its remark for LOGFILTER, when somebody wants it; else 0. */
static int log_descriptor(void)
{
	long fd = 255;

	conf_int(CONF_LOGFD, &fd, NULL);
	return conf_on(CONF_LOGFILTER) && fd > 2 && fd < 1024 && fd_open((int)fd) ? (int)fd : 0;
}

int front_run(const char *file, char *const argv[], const int *fds, int n)
{
	int all[FDS_MAX];
	long errors = 2;
	struct env_copy *before = env_save();
	struct err e = {0};

	conf_int(CONF_ERROR_FD, &errors, NULL);
	for (int i = 0; i < FDS_MAX; i++)
		all[i] = i < n ? fds[i] : -1;
	if (errors >= n && errors < FDS_MAX && fd_open((int)errors)) {
		all[errors] = (int)errors;
		n = (int)errors + 1;
	}
	int log = log_descriptor();

	env_unset("FILTERARGS");
	env_unset("SPAMFILTER");
	mem_exhausted = others;
	pid_t pid = run_start(argv, &(struct run){.fds = all, .nfds = n, .keep = log, .keep_role = true,
		.die_with_parent = true, .file = file}, &e);

	mem_exhausted = no_memory;
	env_restore(before);
	env_copy_free(before);
	if (pid < 0)
		front_fail(121, "%s", log_err(&e));
	return run_wait(pid);
}

void front_replace(int fd)
{
	front_rewind(fd);
	if (fd_move(0, fd) < 0)
		front_fail(68, "unable to hand on a temporary file: %s", log_errno(errno));
}

/* The next record in b without its NUL: 0, or the exit code.  The end of the list is an empty record or a Q.
 * */
static int record(struct in *in, struct buf *b)
{
	buf_clear(b);
	int r = in_line(in, b, 0, FRONT_ADDRESS_MAX + 1);

	if (b->n && b->p[0] == 'Q')
		buf_trunc(b, 0);
	else if (r < 0)
		return errno == EMSGSIZE ? 11 : 54;
	else if (r == 0)
		return 54;
	else
		buf_trunc(b, b->n - 1);
	return 0;
}

static void note(struct front_envelope *v, struct str rcpt)
{
	v->count++;
	if (v->rcpts.n + rcpt.n + 1 > RCPTS_MAX)
		return;
	buf_add(&v->rcpts, rcpt);
	buf_addc(&v->rcpts, '\n');
}

int front_envelope(int fd, struct front_envelope *v)
{
	char space[4096];
	struct buf b = BUF_INIT;
	struct in in;

	*v = (struct front_envelope){.sender = BUF_INIT, .rcpts = BUF_INIT};
	in_init(&in, fd, space, sizeof space);
	int code = record(&in, &b);

	if (code == 0 && (!b.n || b.p[0] != 'F'))
		code = 79;
	if (code == 0)
		buf_set(&v->sender, str_from(buf_str(&b), 1));
	while (code == 0 && (code = record(&in, &b)) == 0 && b.n) {
		if (b.p[0] == 'T')
			note(v, str_from(buf_str(&b), 1));
		else if (b.p[0] != 'x' && b.p[0] != 'y')	/* delivery status parameters */
			code = 79;
	}
	buf_free(&b);
	return code;
}

void front_envelope_free(struct front_envelope *v)
{
	buf_free(&v->sender);
	buf_free(&v->rcpts);
}

void front_discard(void)
{
	struct front_envelope v;
	int code = front_envelope(1, &v);

	proc_exit(code);
}

void front_next(char *const argv[])
{
	mem_exhausted = others;
	clock_alarm(0);
	sig_default(SIGALRM);
	run_become(argv);
}
