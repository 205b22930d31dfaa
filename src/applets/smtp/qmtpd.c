/* qmtpd - the QMTP server: messages on descriptors 0 and 1, for the domains of rcpthosts or from clients that may relay.
 * Runs as the daemon user under a UCSPI server.  Promises that a message is in the queue for the recipients
 * answered with K. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "queue/netserve.h"

static int read_controls(struct netserver *s, struct err *e)
{
	const char *suffix = conf_env(CONF_RELAYCLIENT);
	long databytes = 0;

	if (hosts_open(&s->hosts, e) < 0 || conf_int(CONF_DATABYTES, &databytes, e) < 0)
		return -1;
	s->databytes = databytes > 0 ? (uint64_t)databytes : 0;
	s->relay = suffix != NULL;
	s->suffix = str_z(suffix);
	return 0;
}

static int qmtpd_main(int argc, char **argv)
{
	struct netserver s = {.hosts.list = TABLE_INIT};
	int code = 111;

	(void)argv;
	if (argc > 1)
		die_usage();
	if (read_controls(&s, &s.err) == 0)
		code = netserve(&s, qmtpd_run);
	if (s.err.class)
		log_warn("%s", log_err(&s.err));
	hosts_close(&s.hosts);
	return code;
}

APPLET(qmtpd) = {
	.name = "qmtpd", .aliases = "qmail-qmtpd", .family = "smtp",
	.brief = "receive messages by QMTP on descriptors 0 and 1",
	.args = "", .role = AS_DAEMON, .flags = APPLET_AGAIN, .main = qmtpd_main,
};
