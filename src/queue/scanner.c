/* scanner - run QHPSI on a message; see scanner.h. */
#include "queue/scanner.h"

#include <errno.h>

#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"

static int trouble(struct err *e, int num, const char *what)
{
	return err_code(e, 77, num, "%s the virus scanner", what);
}

/* A row's number; what is not readable as one keeps the default. */
static long number(enum conf_id id)
{
	long n = 0;

	conf_int(id, &n, NULL);
	return n;
}

static bool wanted(int fd)
{
	long min = number(CONF_QHPSIMINSIZE), max = number(CONF_QHPSIMAXSIZE);
	struct stat st;

	if (file_fstat(fd, &st) < 0)
		return true;
	return (min <= 0 || st.st_size >= min) && (max <= 0 || st.st_size <= max);
}

/* The words of QHPSI behind "qhpsi"; "plugin: a b" becomes "plugin:MESS a b". */
static bool command(const char *text, const char *mess, struct words *w)
{
	static const char plugin[] = "plugin:";
	struct buf first = BUF_INIT;
	struct str rest = str_z(text);

	words_add(w, STR("qhpsi"));
	if (!str_starts(rest, STR(plugin)))
		return words_add_file(w, rest, mess);
	buf_fmt(&first, "%s%s", plugin, mess);
	vec_push(&w->argv, (char *)(size_t)arena_str(&w->mem, buf_str(&first)).p);
	buf_free(&first);
	return words_add(w, str_from(rest, sizeof plugin - 1)) && w->argv.n > 2;
}

/* In the child: the message on 0, no output but complaints. */
static void become(const char *mess, char *const argv[]) __attribute__((noreturn));
static void become(const char *mess, char *const argv[])
{
	int fd = file_open(mess, O_RDONLY, 0);
	long death = number(CONF_DEATH);

	sig_reset();
	clock_alarm(death > 0 ? (unsigned)death : 86400);
	if (fd < 0 || fd_move(0, fd) < 0 || fd_null(1) < 0 || (!fd_open(2) && fd_null(2) < 0) || fd_close_from(3) < 0 ||
		file_chdir("/") < 0)
		proc_exit(111);
	if (client_exec)
		client_exec(argv);
	else
		proc_exec(argv);
	proc_exit(111);
}

static int run(const char *mess, char *const argv[], struct err *e)
{
	pid_t parent = proc_pid(), pid = proc_fork();
	int status;

	if (pid < 0)
		return trouble(e, errno, "unable to fork");
	if (pid == 0) {
		proc_die_with_parent(parent);
		become(mess, argv);
	}
	if (proc_wait(pid, &status, false) < 0 || proc_crashed(status))
		return trouble(e, 0, "crash of");
	return proc_code(status);
}

int scanner_ask(const char *mess, int fd, enum scanner_verdict *v, struct err *e)
{
	const char *text = conf_env(CONF_QHPSI);
	struct words w = WORDS_INIT;
	int code;

	*v = SCANNER_NONE;
	if (!text || !*text || !wanted(fd))
		return 0;
	code = command(text, mess, &w) ? run(mess, words_end(&w), e) : trouble(e, 0, "QHPSI does not name");
	words_free(&w);
	if (code < 0)
		return -1;
	if (code == number(CONF_QHPSIRC))
		*v = SCANNER_INFECTED;
	else if (code == number(CONF_QHPSIRN))
		*v = SCANNER_CLEAN;
	else
		return err_code(e, 77, 0, "the virus scanner failed with exit code %d", code);
	return 0;
}
