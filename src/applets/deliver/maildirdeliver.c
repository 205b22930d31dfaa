/* maildirdeliver - store the message on fd 0 in a Maildir.  Run from .qmail; takes RPLINE, DTLINE and
 * QQEH from the environment.  Promises: exit 0 means that the message is on disk. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "core/mail/maildir.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"

static void add(struct buf *head, const char *name)
{
	const char *v = conf_getenv(name);

	if (!v)
		die(111, "variable %s is not set", name);
	buf_adds(head, v);
}

static int maildirdeliver_main(int argc, char **argv)
{
	struct buf head = BUF_INIT;
	struct err e = {0};
	const char *extra = conf_env(CONF_QQEH);

	if (argc != 2)
		die_usage();
	file_umask(077);
	add(&head, "RPLINE");
	add(&head, "DTLINE");
	buf_adds(&head, extra ? extra : "");
	/* a writer that never ends its pipe must not keep us for ever */
	clock_alarm(MAILDIR_HOURS * 3600);
	if (maildir_deliver(argv[1], buf_str(&head), 0, 0, &e) < 0)
		die_err(&e);
	buf_free(&head);
	return 0;
}

APPLET(maildirdeliver) = {
	.name = "maildirdeliver", .family = "deliver",
	.brief = "store a message in a Maildir",
	.args = "directory", .role = AS_CALLER, .main = maildirdeliver_main,
};
