/* nullqueue - read a message and its envelope and throw them away (qmail-nullqueue). */
#include "core/app/applet.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

static void on_alarm(int sig)
{
	(void)sig;
	proc_exit(52);
}

static void swallow(int fd)
{
	char block[8192];
	ssize_t n;

	while ((n = fd_read(fd, block, sizeof block)) > 0)
		;
	if (n < 0)
		proc_exit(54);
}

static int nullqueue_main(int argc, char **argv)
{
	long death = 86400;

	(void)argc;
	(void)argv;
	conf_int(CONF_DEATH, &death, NULL);
	sig_catch(SIGALRM, on_alarm);
	clock_alarm(death > 0 ? (unsigned)death : 86400);
	swallow(0);
	swallow(1);
	return 0;
}

APPLET(nullqueue) = {
	.name = "nullqueue", .aliases = "qmail-nullqueue", .family = "queue",
	.brief = "read a message and its envelope and throw them away",
	.args = "", .role = AS_CALLER, .main = nullqueue_main,
};
