/* nullqueue - read a message and its envelope and throw them away (qmail-nullqueue). */
#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

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
	(void)argc;
	(void)argv;
	front_start();
	swallow(0);
	swallow(1);
	return 0;
}

APPLET(nullqueue) = {
	.name = "nullqueue", .aliases = "qmail-nullqueue", .family = "queue",
	.brief = "read a message and its envelope and throw them away",
	.args = "", .role = AS_CALLER, .main = nullqueue_main,
};
