/* queue-fix - create or repair a queue directory.
 * Run by root, or by the single user for a queue of his own.  Nothing that could be mail is removed, and
 * a run that was interrupted is finished by the next one. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "queue/journal.h"
#include "queue/repair.h"

enum { PROBLEMS_MAX = 99, TCPTO_RECORD = 32, TCPTO_MAX = 1 << 20 };

static int ask_first, for_qmta, report_only, with_ratelimit, verbose, with_trash;
static const char *bigtodo, *split;
static long tcpto_size;
static uint64_t split_wanted, bigtodo_wanted;
static unsigned long problems, strays;

static const struct opt opts[] = {
	FLAG('i', NULL, &ask_first, "ask before every change"),
	FLAG('m', NULL, &for_qmta, "owners for a queue of qmta"),
	FLAG('N', NULL, &report_only, "report only; the exit code is the number of problems"),
	FLAG('r', NULL, &with_ratelimit, "with the directory ratelimit"),
	FLAG('t', NULL, &with_trash, "with the directory trash"),
	FLAG('v', NULL, &verbose, "say what is done"),
	TEXT('b', NULL, &bigtodo, "0|1", "todo and intd flat (0) or split (1)"),
	TEXT('s', NULL, &split, "N", "number of sub-directories of the split directories"),
	NUM('S', NULL, &tcpto_size, "BYTES", "size of lock/tcpto"),
	OPTS_END
};

static bool yes(const char *text)
{
	char c = 0, answer = 0;

	log_line("%s: mend it? [y/N]", text);
	while (fd_read(0, &c, 1) == 1 && c != '\n')
		if (!answer)
			answer = c;
	return answer == 'y' || answer == 'Y';
}

static bool problem(void *arg, const char *text)
{
	(void)arg;
	problems++;
	if (ask_first && !report_only)
		return yes(text);
	if (verbose || report_only)
		log_line("%s: %s", log_program(), text);
	return !report_only;
}

static void stray(void *arg, const char *text)
{
	(void)arg;
	strays++;
	log_warn("stray: %s", text);
}

/* Whom the files of the queue belong to.  A machine without qmail's accounts: whoever owns the queue. */
static void set_owners(const char *dir, struct queue_owners *o)
{
	struct err e = {0};
	struct stat st;
	bool there = file_stat(dir, &st) == 0;

	if (proc_euid() != 0 && there && st.st_uid != proc_euid())
		die(100, "%s belongs to uid %lu: only root and its owner may repair it", dir, (unsigned long)st.st_uid);
	o->change = !role_single();
	if (role_ids(AS_QUEUE, &o->queue, &o->group, &e) < 0 || role_ids(AS_SEND, &o->send, &o->group, &e) < 0) {
		if (!there)
			die_err(&e);
		o->queue = o->send = o->remote = st.st_uid;
		o->group = st.st_gid;
		return;
	}
	if (for_qmta)
		o->send = o->queue;
	gid_t group;

	if (role_ids(AS_REMOTE, &o->remote, &group, &e) < 0)
		o->remote = o->queue;
}

static void check_options(void)
{
	if (split && (!num_parse(str_z(split), LAYOUT_SPLIT_MAX, &split_wanted) || split_wanted < 1))
		die(100, "-s takes 1 to %d", LAYOUT_SPLIT_MAX);
	if (bigtodo && !num_parse(str_z(bigtodo), 1, &bigtodo_wanted))
		die(100, "-b takes 0 or 1");
	if (tcpto_size < 0 || tcpto_size > TCPTO_MAX || tcpto_size % TCPTO_RECORD)
		die(100, "-S takes a multiple of %d up to %d", TCPTO_RECORD, TCPTO_MAX);
}

/* The option, else the variable, else what is there, else the default. */
static void set_layout(struct layout *l)
{
	struct layout wanted = layout_conf();

	*l = wanted;
	if (repair_detect(l) && verbose)
		log_line("%s: the queue has split %d, bigtodo %d", log_program(), l->split, l->bigtodo);
	if (conf_env(CONF_CONFSPLIT))
		l->split = wanted.split;
	if (conf_env(CONF_BIGTODO))
		l->bigtodo = wanted.bigtodo;
	if (split)
		l->split = (int)split_wanted;
	if (bigtodo)
		l->bigtodo = bigtodo_wanted == 1;
}

/* Nobody may deliver from the queue while it is rearranged; the lock ends with this process.  What is no file is no mutex
 * yet: a link may lead anywhere, a FIFO would keep us. */
static void take_mutex(void)
{
	static int fd = -1;

	if (fd >= 0)
		return;
	fd = file_open("lock/sendmutex", O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO)
		die(111, "unable to open lock/sendmutex: %s", log_errno(errno));
	if (fd >= 0 && lock_try(fd) < 0)
		die(111, "a qmail-send is running in this queue: stop it first");
}

static void enter(const char *dir, const struct queue_owners *o)
{
	struct err e = {0};

	if (file_chdir(dir) == 0)
		return;
	if (errno != ENOENT)
		die(111, "unable to enter %s: %s", dir, log_errno(errno));
	if (!problem(NULL, "the queue directory is missing"))
		proc_exit(report_only ? 1 : 0);
	if (queue_make(dir, &queue_entries[0], o, &e) < 0)
		die_err(&e);
	if (file_chdir(dir) < 0)
		die(111, "unable to enter %s: %s", dir, log_errno(errno));
}

/* The journal speaks of messages by their numbers, which may change now: it has to let go of them. */
static int empty_journal(void *arg)
{
	const struct queue_owners *o = arg;
	struct err e = {0};
	unsigned n = 0;

	/* the owner need not be an account of this machine: it is no role that is taken on */
	if ((o->change && proc_become(o->queue, o->group, &o->group, 1, &e) < 0) ||
		journal_recover(".", &n, &e) < 0 || journal_flush(".", &e) < 0)
		die_err(&e);
	if (n)
		log_line("%s: %u messages put back from the journal", log_program(), n);
	return 0;
}

static void without_journal(struct queue_owners *o)
{
	int code = journal_exists(".") ? run_as_wait(AS_CALLER, empty_journal, o) : 0;

	if (code != 0)
		proc_exit(code < 0 ? 111 : code);
}

static int fix_main(int argc, char **argv)
{
	struct repair r = {.ratelimit = with_ratelimit, .trash = with_trash, .problem = problem, .stray = stray};
	struct err e = {0};

	if (argc != 2)
		die_usage();
	check_options();
	r.tcpto_size = tcpto_size;
	file_umask(0);
	set_owners(argv[1], &r.owners);
	enter(argv[1], &r.owners);
	if (!report_only)
		take_mutex();
	set_layout(&r.lay);
	if (repair_structure(&r, &e) < 0)
		die_err(&e);
	/* now the mutex is there for certain */
	if (!report_only) {
		take_mutex();
		without_journal(&r.owners);
	}
	if (repair_messages(&r, &e) < 0 || repair_old_parts(&r, &e) < 0)
		die_err(&e);
	if (verbose || report_only)
		log_line("%s: %s: %lu problems, %lu strays", log_program(), argv[1], problems, strays);
	return report_only ? (int)(problems > PROBLEMS_MAX ? PROBLEMS_MAX : problems) : 0;
}

APPLET(queue_fix) = {
	.name = "queue-fix", .family = "queue",
	.brief = "create or repair a queue directory",
	.args = "queue", .opts = opts, .role = AS_CALLER, .main = fix_main,
};
