/* multi - choose a queue, perhaps filter the message, and run the queue program (qmail-multi).
 * Run in place of queue by everything that submits mail: fd 0 the message, fd 1 the envelope.  Its exit
 * codes are those of queue; nothing is queued unless the program it becomes says so. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/layout.h"

/* The filter's output becomes the message, or its exit code decides. */
static void filter(const char *command)
{
	char *argv[] = {(char[]){"qmailfilter"}, (char[]){"-c"}, (char *)(size_t)command, NULL};
	int fds[] = {front_message(), front_temp(), 2};
	int code = front_run("/bin/sh", argv, fds, 3);

	if (code == 2 || code == 99)
		front_discard();
	if (code != 0)
		proc_exit(code == 88 ? 88 : code == 31 || code == 100 ? 31 : 71);
	front_replace(fds[1]);
	fd_close(fds[0]);
}

static void check_space(const char *dir)
{
	unsigned long long bytes;
	struct err e = {0};
	long min = 0;

	if (conf_int(CONF_MIN_FREE, &min, &e) < 0)
		die(55, "%s", log_err(&e));
	if (min <= 0)
		return;
	if (file_free(dir, &bytes) < 0)
		die(54, "unable to get the free space of %s: %s", dir, log_errno(errno));
	if (bytes >> 20 < (unsigned long long)min >> 20)
		die(53, "less than MIN_FREE bytes left in %s", dir);
}

static bool is_queue(const char *program)
{
	struct str s = str_z(program);

	return str_eq(s, STR("qmail-queue")) || str_ends(s, STR("/qmail-queue"));
}

/* Our own queue: the queue directory is chosen here and shown to ps. */
static void become_queue(char *program)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};

	if (queue_choose(&dir, &e) < 0)
		die(55, "%s", log_err(&e));
	env_put("QUEUEDIR", dir.p);
	check_space(dir.p);
	front_next((char *[]){program, dir.p, NULL});
}

static int multi_main(int argc, char **argv)
{
	const char *command = conf_env(CONF_FILTERARGS), *given = conf_env(CONF_QUEUEPROG);
	struct buf program = BUF_INIT;

	front_start();
	if (command && *command)
		filter(command);
	if (file_chdir("/") < 0)
		die(63, "unable to enter /: %s", log_errno(errno));
	if (argc < 2) {
		buf_adds(&program, given && *given ? given : "qmail-queue");
		env_unset("QUEUEPROG");
	}
	if (is_queue(argc > 1 ? argv[1] : program.p))
		become_queue(argc > 1 ? argv[1] : program.p);
	front_next(argc > 1 ? argv + 1 : (char *[]){program.p, NULL});
}

APPLET(multi) = {
	.name = "multi", .aliases = "qmail-multi", .family = "queue",
	.brief = "choose a queue, filter the message and run the queue program",
	.args = "[program [argument ...]]", .role = AS_CALLER, .main = multi_main,
};
