/* clean - remove finished messages from one queue (qmail-clean).
 * Started by start for send and for todo-proc: names on fd 0, one answer byte each on fd 1, current
 * directory the queue.  The one for todo-proc also keeps the queue's journal. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/floor.h"
#include "queue/journal.h"
#include "queue/layout.h"
#include "queue/spare.h"

enum { SWEEP_EVERY = 31, REQUEST_MIN = 7, REQUEST_MAX = 100 };

static struct layout lay;
static pid_t keeper = -1;
static volatile sig_atomic_t stop;
static struct buf path = BUF_INIT;

/* Remove pid files nobody has touched for OSSIFIED seconds: their writers are dead. */
static void sweep_pid(void)
{
	struct dir d;
	struct stat st;
	const char *name;
	long ossified = 129600;

	conf_int(CONF_OSSIFIED, &ossified, NULL);
	if (dir_open(&d, "pid") < 0)
		return;
	while (dir_next(&d, &name) > 0) {
		buf_set(&path, STR("pid/"));
		buf_adds(&path, name);
		if (file_stat(path.p, &st) == 0 && S_ISREG(st.st_mode) && floor_stale(st.st_atime, ossified))
			file_unlink(path.p);
	}
	dir_close(&d);
}

static const char *name_of(enum part part, uint64_t id)
{
	buf_clear(&path);
	layout_path(&lay, part, id, &path);
	return path.p;
}

/* A missing file is as good as a removed one. */
static bool unlinked(enum part part, uint64_t id)
{
	return file_unlink(name_of(part, id)) == 0 || errno == ENOENT;
}

/* A finished file serves again. */
static bool parked(enum part part, uint64_t id, bool empty)
{
	return spare_park(name_of(part, id), empty) == 0 || errno == ENOENT;
}

/* The message is about to leave todo: what the journal holds of it is not needed once the disk has the rest. */
static bool done(uint64_t id)
{
	struct journal *j = journal_look(".");

	return !j || journal_done(j, id) == 0;
}

/* foop/ID: a message is finished.  todo/...ID: it has been preprocessed.  done/ID: it was finished by
 * its first attempt and leaves todo and the queue at once; its name in todo goes first, so that a crash
 * in between leaves S3, never a todo without a message. */
static char answer(struct str request)
{
	uint64_t id;

	if (request.n < REQUEST_MIN || request.n > REQUEST_MAX ||
		!num_parse(str_from(request, str_rchr(request, '/') + 1), UINT64_MAX, &id))
		return 'x';
	if (str_starts(request, STR("foop/")))
		return parked(Q_INTD, id, true) && parked(Q_MESS, id, true) ? '+' : '!';
	if (str_starts(request, STR("todo/")))	/* todo counts until its last name goes: it is not emptied */
		return done(id) && unlinked(Q_INTD, id) && parked(Q_TODO, id, false) ? '+' : '!';
	if (str_starts(request, STR("done/")))
		return done(id) && unlinked(Q_TODO, id) && parked(Q_INTD, id, true) && parked(Q_MESS, id, true) ? '+' : '!';
	return 'x';
}

static void flush_answers(void *out)
{
	if (out_flush(out) < 0)
		die(100, "unable to answer");
}

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* todo-proc's clean has a child that looks after the journal, when it is the queue's own. */
static void start_keeper(void)
{
	pid_t parent = proc_pid();

	if (!journal_own("."))
		return;
	keeper = proc_fork();
	if (keeper < 0)
		log_warn("unable to fork: %s", log_errno(errno));
	if (keeper != 0)
		return;
	fd_close(0);
	fd_close(1);
	sig_catch(SIGTERM, on_term);
	proc_die_with_parent(parent);
	proc_title("qmail-clean", "journal");
	journal_keep(".", &stop);
	proc_exit(0);
}

static void end_keeper(void)
{
	int status;

	if (keeper > 0 && proc_kill(keeper, SIGTERM) == 0)
		proc_wait(keeper, &status, false);
}

static int clean_main(int argc, char **argv)
{
	char inspace[4096], outspace[512];
	struct buf line = BUF_INIT;
	struct in in;
	struct out out;
	int turn = 0, r;

	lay = layout_conf();
	sig_ignore(SIGPIPE);
	if (file_chdir(queue_here()) < 0)
		die(111, "unable to enter %s: %s", queue_here(), log_errno(errno));
	if (argc > 1 && str_eq(str_z(argv[1]), STR("todo-proc")))
		start_keeper();
	in_init(&in, 0, inspace, sizeof inspace);
	out_init(&out, 1, outspace, sizeof outspace);
	in.before_wait = flush_answers;
	in.wait_arg = &out;
	for (;;) {
		if (turn == 0)
			sweep_pid();
		turn = (turn + 1) % SWEEP_EVERY;
		buf_clear(&line);
		r = in_line(&in, &line, 0, sizeof inspace);
		if (r < 0 && errno == EMSGSIZE) {
			/* garbage longer than any request: answer once and go on behind the next NUL */
			out_addc(&out, 'x');
			while (in_fill(&in) == 1 && str_chr(in_peek(&in), 0) == in_peek(&in).n)
				in_skip(&in, in_peek(&in).n);
			in_skip(&in, in_peek(&in).n ? str_chr(in_peek(&in), 0) + 1 : 0);
			continue;
		}
		if (r <= 0)
			break;
		out_addc(&out, answer(str_to(buf_str(&line), line.n - 1)));
	}
	flush_answers(&out);
	end_keeper();
	buf_free(&line);
	buf_free(&path);
	return 0;
}

APPLET(clean) = {
	.name = "clean", .aliases = "qmail-clean", .family = "queue",
	.brief = "remove finished messages from a queue",
	.args = "[queuedir [client]]", .role = AS_QUEUE, .flags = APPLET_RAW, .main = clean_main,
};
