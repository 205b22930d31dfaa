/* predate - run a program with a Date field before its input.  Used in front of sendmail when the date must be
 * that of writing in the writer's time zone; exits as the program does. */
#include "core/app/applet.h"
#include "core/app/feed.h"
#include "core/app/log.h"
#include "core/mail/date.h"
#include "core/sys/clock.h"

static int predate_main(int argc, char **argv)
{
	struct buf head = BUF_INIT;

	if (argc < 2) {
		log_line("predate: usage: predate child");
		return 100;
	}
	buf_adds(&head, "Date: ");
	date_local(&head, clock_now());
	buf_addc(&head, '\n');
	int code = feed_run(argv + 1, buf_str(&head));

	buf_free(&head);
	return code == 120 ? 111 : code;
}

APPLET(predate) = {
	.name = "predate", .family = "inject",
	.brief = "run a program with a Date field before its input",
	.args = "child [argument ...]", .role = AS_CALLER, .main = predate_main,
};
