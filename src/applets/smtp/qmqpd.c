/* qmqpd - the QMQP server: one message on descriptors 0 and 1, from hosts that leave their queueing to this one.
 * Runs as the daemon user under a UCSPI server whose rules say who may do so: every recipient is taken.
 * Promises that a message answered with K is in the queue. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "queue/netserve.h"

static int qmqpd_main(int argc, char **argv)
{
	struct netserver s = {.hosts.list = TABLE_INIT};

	(void)argv;
	if (argc > 1)
		die_usage();
	int code = netserve(&s, qmqpd_run);

	if (s.err.class)
		log_warn("%s", log_err(&s.err));
	return code;
}

APPLET(qmqpd) = {
	.name = "qmqpd", .aliases = "qmail-qmqpd", .family = "smtp",
	.brief = "receive a message by QMQP on descriptors 0 and 1",
	.args = "", .role = AS_DAEMON, .flags = APPLET_AGAIN, .main = qmqpd_main,
};
