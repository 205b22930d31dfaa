/* cleaner - remove finished messages; see cleaner.h. */
#include "queue/cleaner.h"

#include <errno.h>
#include <signal.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/floor.h"
#include "queue/journal.h"
#include "queue/layout.h"
#include "queue/loose.h"
#include "queue/numbers.h"
#include "queue/spare.h"

enum {
	REQUEST_MIN = 7, REQUEST_MAX = 100,	/* with the NUL behind it */
	END_TRIES = 100,
	NUMBER_KEPT = 86400,	/* seconds a number may be taken without a message: longer than anybody takes to submit one */
};

static struct layout lay;
static volatile sig_atomic_t stop;
static struct buf path = BUF_INIT;

void cleaner_open(void)
{
	lay = layout_conf();
}

static void used(const char *fn)
{
	int fd = file_open(fn, O_WRONLY, 0);

	if (fd >= 0)
		file_touch(fd);
	fd_close(fd);
}

/* Remove pid files nobody has touched for OSSIFIED seconds: their writers are dead. */
void cleaner_sweep(void)
{
	struct dir d;
	struct stat st;
	const char *name;
	long ossified = 129600;

	conf_int(CONF_OSSIFIED, &ossified, NULL);
	if (dir_open(&d, "pid") < 0)
		return;
	while (dir_next(&d, &name) > 0) {
		uint64_t number = numbers_of(name);

		buf_set(&path, STR("pid/"));
		buf_adds(&path, name);
		if (number && (numbers_free(number) || loose_has(".", number)))
			used(path.p);
		else if (file_stat(path.p, &st) == 0 && S_ISREG(st.st_mode) &&
			floor_stale(st.st_atime, number ? ossified + NUMBER_KEPT : ossified))
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
	if (part == Q_MESS && numbers_park(name_of(part, id), id))
		return true;
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
char cleaner_answer(struct str request)
{
	uint64_t id;

	if (request.n + 1 < REQUEST_MIN || request.n + 1 > REQUEST_MAX ||
		!num_parse(str_from(request, str_rchr(request, '/') + 1), UINT64_MAX, &id))
		return 'x';
	if (str_starts(request, STR("foop/")))
		return parked(Q_INTD, id, true) && parked(Q_MESS, id, true) ? '+' : '!';
	if (str_starts(request, STR("todo/")))	/* todo counts until its last name goes: it is not emptied */
		return done(id) && unlinked(Q_INTD, id) && parked(Q_TODO, id, false) ? '+' : '!';
	if (str_starts(request, STR("done/")) && loose_done(".", id))
		return '+';
	if (str_starts(request, STR("done/")))
		return done(id) && unlinked(Q_TODO, id) && parked(Q_INTD, id, true) && parked(Q_MESS, id, true) ? '+' : '!';
	return 'x';
}

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

pid_t cleaner_keep(const char *name)
{
	pid_t parent = proc_pid(), pid;

	if (!journal_own("."))
		return 0;
	pid = proc_fork();
	if (pid != 0)
		return pid;
	fd_close(0);
	fd_close(1);
	fd_close_from(3);	/* a lock of ours must end with us */
	sig_reset();
	sig_catch(SIGTERM, on_term);
	proc_die_with_parent(parent);
	proc_title(name, "journal");
	journal_keep(".", &stop);
	proc_exit(0);
}

void cleaner_end_keep(pid_t keeper)
{
	int status;

	/* asked again, for it may not have listened yet; its last round may wait for the disk, but not for ever */
	for (int tries = 0; tries < END_TRIES && proc_kill(keeper, SIGTERM) == 0; tries++)
		for (int i = 0; i < 20; i++) {
			if (proc_wait(keeper, &status, true) != 0)
				return;
			clock_nap_ms(5);
		}
	proc_kill(keeper, SIGKILL);
	proc_wait(keeper, &status, false);
}
