/* tcpok - forget which hosts did not answer, in every queue, so that mail to them is tried again.
 * Run by administrators; writes zeroes over lock/tcpto of each queue. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "queue/layout.h"
#include "queue/tcpto.h"

static int each(const char *dir, void *arg)
{
	struct err e = {0};

	log_line("processing queue %s", dir);
	if (tcpto_zero(dir, &e) < 0) {
		log_warn("%s", log_err(&e));
		*(int *)arg = 111;
	}
	log_line("%s", "");
	return 0;
}

static int tcpok_main(int argc, char **argv)
{
	struct err e = {0};
	int code = 0;

	(void)argv;
	if (argc > 1)
		die_usage();
	if (queue_look(each, &code, &e) < 0)
		die_err(&e);
	return code;
}

APPLET(tcpok) = {
	.name = "tcpok", .aliases = "qmail-tcpok", .family = "queue",
	.brief = "forget which hosts did not answer",
	.args = "", .role = AS_CALLER, .flags = APPLET_CLIENT, .main = tcpok_main,
};
