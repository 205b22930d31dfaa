/* proc - processes; see proc.h. */
#include "core/sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/sys/fault.h"

/* The sanitizers want to hear of every fork. */
#if defined __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#elif defined __has_feature
enum { SANITIZED = __has_feature(address_sanitizer) };
#else
enum { SANITIZED = 0 };
#endif

static pid_t self;	/* 0: not asked for yet */

pid_t proc_fork(void)
{
	if (FAULT("fork"))
		return -1;
	/* there is one thread and nothing registered with atfork: what fork does for those would only write to pages that
	 * parent and child could share */
	pid_t pid = SANITIZED ? fork() : _Fork();

	if (pid == 0)
		self = 0;
	return pid;
}

int proc_exec(char *const argv[])
{
	return execvp(argv[0], argv);
}

int proc_exec_file(const char *file, char *const argv[])
{
	return execvp(file, argv);
}

int proc_exec_path(const char *path, const char *file, char *const argv[])
{
	struct str rest = str_z(path ? path : "/bin:/usr/bin");
	struct buf fn = BUF_INIT;
	int num = ENOENT, remembered = 0;

	if (strchr(file, '/'))
		return execv(file, argv);
	while (*file && num == ENOENT && rest.p) {
		struct str dir = str_cut(&rest, ':');

		buf_clear(&fn);
		buf_fmt(&fn, "%.*s/%s", dir.n ? (int)dir.n : 1, dir.n ? dir.p : ".", file);
		execv(fn.p, argv);
		num = errno;
		if (num == EACCES || num == EPERM || num == EISDIR) {
			remembered = num;
			num = ENOENT;
		}
	}
	buf_free(&fn);
	errno = num == ENOENT && remembered ? remembered : num;
	return -1;
}

pid_t proc_wait(pid_t pid, int *status, bool nohang)
{
	pid_t r;

	do
		r = waitpid(pid, status, nohang ? WNOHANG : 0);
	while (r < 0 && errno == EINTR);
	return r;
}

pid_t proc_wait_change(int *status)
{
	pid_t r;

	do
		r = waitpid(-1, status, WNOHANG | WUNTRACED | WCONTINUED);
	while (r < 0 && errno == EINTR);
	return r;
}

pid_t proc_peek(void)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? 0 : info.si_pid;
}

bool proc_stopped(int status)
{
	return WIFSTOPPED(status);
}

int proc_stop_signal(int status)
{
	return WSTOPSIG(status);
}

bool proc_continued(int status)
{
	return WIFCONTINUED(status);
}

bool proc_crashed(int status)
{
	return !WIFEXITED(status);
}

int proc_code(int status)
{
	return WEXITSTATUS(status);
}

int proc_signal(int status)
{
	return WTERMSIG(status);
}

int proc_kill(pid_t pid, int sig)
{
	return kill(pid, sig);
}

int proc_kill_group(pid_t group, int sig)
{
	return kill(-group, sig);
}

int proc_watched_kill(int fd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
}

/* The 22nd field of /proc/PID/stat; the second one is a name in parentheses that may hold anything. */
int proc_start_ticks(pid_t pid, uint64_t *ticks)
{
	char fn[64], text[1024];
	int fd, n, field = 2;

	snprintf(fn, sizeof fn, "/proc/%ld/stat", (long)pid);
	fd = open(fn, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = (int)read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	char *p = strrchr(text, ')');

	for (; p && field < 22; field++)
		if ((p = strchr(p, ' ')))
			p++;
	return p && sscanf(p, "%" SCNu64, ticks) == 1 ? 0 : -1;
}

int proc_new_group(void)
{
	return setpgid(0, 0);
}

void proc_exit(int code)
{
	_exit(code);
}

const char *proc_file(void)
{
	const char *fn = (const char *)getauxval(AT_EXECFN);

	return fn ? fn : "";
}

pid_t proc_pid(void)
{
	if (!self)
		self = getpid();
	return self;
}

pid_t proc_parent(void)
{
	return getppid();
}

int proc_watch(pid_t pid)
{
	if (pid <= 0) {
		errno = EINVAL;
		return -1;
	}
	/* the system call itself: older C libraries have no function for it; close-on-exec by itself */
	return (int)syscall(SYS_pidfd_open, pid, 0u);
}

uid_t proc_uid(void)
{
	return getuid();
}

uid_t proc_euid(void)
{
	return geteuid();
}

gid_t proc_egid(void)
{
	return getegid();
}

bool proc_lone_root(void)
{
	enum { SOMEBODY_ELSE = 65532 };

	if (geteuid() != 0)
		return false;
	/* asks without changing anything that lasts: the call cannot fail, it only may have no effect */
	setfsuid(SOMEBODY_ELSE);
	return setfsuid(0) == 0;
}

int proc_become(uid_t uid, gid_t gid, const gid_t *groups, size_t n, struct err *e)
{
	if (geteuid() != 0) {
		if (uid == geteuid())
			return 0;	/* single-user: we are that user already */
		return err_temp(e, EPERM, "unable to become uid %ld", (long)uid);
	}
	if (uid == 0 && proc_lone_root())
		return 0;
	if (FAULT("setuid"))
		return err_temp(e, errno, "unable to become uid %ld", (long)uid);
	if (setgroups(n, groups) < 0)
		return err_temp(e, errno, "unable to set groups");
	if (setresgid(gid, gid, gid) < 0)
		return err_temp(e, errno, "unable to become gid %ld", (long)gid);
	if (setresuid(uid, uid, uid) < 0)
		return err_temp(e, errno, "unable to become uid %ld", (long)uid);
	if (uid != 0 && setuid(0) == 0)
		return err_temp(e, 0, "uid %ld could return to root", (long)uid);
	return 0;
}

static char *title_start;
static size_t title_room;

void proc_title_init(int argc, char **argv)
{
	title_start = argv[0];
	title_room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
}

extern char **environ;

/* The environment lies behind the arguments: copied elsewhere, it leaves its place to the title. */
static void more_title_room(void)
{
	static bool done;
	char *end = title_start + title_room;
	size_t n = 0;

	while (!done && environ && environ[n] && environ[n] == end) {
		char *copy = strdup(environ[n]);

		if (!copy)
			break;
		end += strlen(copy) + 1;
		environ[n++] = copy;
	}
	title_room = (size_t)(end - title_start);
	done = true;
}

/* A process that serves again and again often has its name already. */
static void take_name(const char *name)
{
	enum { LENGTH = 16 };	/* all that the system keeps */
	static char had[LENGTH];

	if (*name && strncmp(name, had, LENGTH - 1) == 0)
		return;
	if (prctl(PR_SET_NAME, name, 0, 0, 0) == 0)
		snprintf(had, sizeof had, "%s", name);
}

void proc_title(const char *name, const char *detail)
{
	take_name(name);
	if (!detail)	/* a detail comes later: the program is the same */
		fault_program(name);
	if (!title_start)
		return;
	if (strlen(name) + 1 + (detail ? strlen(detail) : 0) >= title_room)
		more_title_room();
	int n = snprintf(title_start, title_room, "%s%s%s", name, detail ? " " : "", detail ? detail : "");

	if (n >= 0 && (size_t)n < title_room)
		memset(title_start + n, 0, title_room - (size_t)n);
}

char *proc_title_words(int argc, char *const argv[])
{
	size_t total = 0, last = 0;

	for (int i = 0; i < argc; i++) {
		last = total;
		total += strlen(argv[i]) + 1;
	}
	if (!title_start || !total || total > title_room)
		return NULL;
	char *p = title_start;

	for (int i = 0; i < argc; i++)
		p = stpcpy(p, argv[i]) + 1;
	memset(p, 0, title_room - total);
	return title_start + last;
}

void proc_adopt_orphans(bool on)
{
	prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0);
}

void proc_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != parent)
		kill(getpid(), SIGTERM);
}

int proc_new_session(void)
{
	return setsid() < 0 ? -1 : 0;
}

int proc_own_mounts(void)
{
	return unshare(CLONE_NEWNS) < 0 ? -1 : mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

void proc_yield(void)
{
	sched_yield();
}

void proc_hostname(char *p, size_t n)
{
	if (n == 0)
		return;
	p[0] = 0;
	if (gethostname(p, n) < 0)
		p[0] = 0;
	p[n - 1] = 0;
}

bool proc_boot(char *p, size_t n)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t r = fd < 0 || n < 37 ? -1 : read(fd, p, 36);

	if (fd >= 0)
		close(fd);
	if (r != 36)
		return false;
	p[36] = 0;
	return true;
}
