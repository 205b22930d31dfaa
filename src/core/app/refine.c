/* refine - a filter over descriptor 0; see refine.h. */
#include "core/app/refine.h"

#include <errno.h>

#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { SAID_MAX = 1000 };

static int temporary(struct err *e)
{
	struct buf dir = BUF_INIT;
	int fd = conf_line(CONF_TMPDIR, &dir, NULL) < 0 ? -1 : file_temp(dir.p);

	if (fd < 0)
		err_temp(e, errno, "unable to create a temporary file in %s", dir.p);
	buf_free(&dir);
	return fd;
}

int refine_rewind(struct err *e)
{
	char block[32768];
	ssize_t n;

	if (fd_seek(0, 0) == 0)
		return 0;
	int copy = temporary(e);

	if (copy < 0)
		return -1;
	while ((n = fd_read(0, block, sizeof block)) > 0)
		if (fd_write_all(copy, block, (size_t)n) < 0) {
			n = -1;
			break;
		}
	if (n == 0 && fd_seek(copy, 0) == 0 && fd_move(0, copy) >= 0)
		return 0;
	err_temp(e, errno, "unable to copy the message");
	fd_close(copy);
	return -1;
}

static void become(const struct refine *r, const int fds[3]) __attribute__((noreturn));
static void become(const struct refine *r, const int fds[3])
{
	for (int i = 0; i < 3; i++)
		if (fd_copy(i, fds[i]) < 0)
			proc_exit(111);
	if (r->also >= 0 && fd_copy(r->also_as, r->also) < 0)
		log_warn("descriptor %d cannot be used", r->also_as);
	r->prepare(r->arg);
	if (r->file)
		run_chain_as(r->file, r->argv);
	run_chain(r->argv);
}

static pid_t running;

static void on_alarm(int sig)
{
	(void)sig;
	proc_kill(running, SIGKILL);
}

/* Its exit code, -1 when it crashed or was killed. */
static int wait_for(pid_t pid)
{
	long death = 86400;

	running = pid;
	conf_int(CONF_DEATH, &death, NULL);
	sig_catch(SIGALRM, on_alarm);
	clock_alarm(death > 0 ? (unsigned)death : 86400);
	int code = run_wait(pid);

	clock_alarm(0);
	sig_default(SIGALRM);
	return code;
}

static void note_words(struct refine *r, int fd)
{
	char block[SAID_MAX];
	ssize_t n = fd_read_at(fd, block, sizeof block, 0);
	struct str s = str_trim(str_make(block, n > 0 ? (size_t)n : 0));

	buf_clear(&r->said);
	for (size_t i = 0; i < s.n; i++)
		buf_addc(&r->said, ((unsigned char)s.p[i] < 32 && s.p[i] != '\n') || s.p[i] == 127 ? '?' : s.p[i]);
}

/* Output becomes descriptor 0, where it counts. */
static int take_output(const struct refine *r, int fd, struct err *e)
{
	struct stat st;

	if (file_fstat(fd, &st) < 0)
		return err_temp(e, errno, "unable to look at the filter's output");
	if (!r->always && st.st_size == 0)
		return fd_close(fd);
	return fd_move(0, fd) < 0 ? err_temp(e, errno, "unable to hand on the filter's output") : 0;
}

int refine_run(struct refine *r, struct err *e)
{
	pid_t parent = proc_pid();
	int fds[] = {0, -1, -1};

	if (refine_rewind(e) < 0 || (fds[1] = temporary(e)) < 0 || (fds[2] = temporary(e)) < 0)
		return -1;
	pid_t pid = proc_fork();

	if (pid < 0)
		return err_temp(e, errno, "unable to fork");
	if (pid == 0) {
		proc_die_with_parent(parent);
		become(r, fds);
	}
	int code = wait_for(pid);

	note_words(r, fds[2]);
	fd_close(fds[2]);
	if (code < 0)
		return err_temp(e, 0, "the filter %s crashed or took too long", r->argv[0]);
	return take_output(r, fds[1], e) < 0 ? -1 : code;
}
