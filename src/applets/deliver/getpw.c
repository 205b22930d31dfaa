/* getpw - which account of this machine owns a local part.  Run by hand, or by sites as QMAILGETPW's
 * model; prints the six NUL-terminated fields of a user record, and nothing when it fails. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/fd.h"
#include "queue/assign.h"

static int getpw_main(int argc, char **argv)
{
	struct user u = USER_INIT;
	struct err e = {0};

	if (argc != 2)
		die_usage();
	if (assign_getpw(str_z(argv[1]), &u, &e) < 0)
		die_err(&e);
	if (fd_write_all(1, u.text.p, u.text.n) < 0)
		return 111;
	user_free(&u);
	return 0;
}

APPLET(getpw) = {
	.name = "getpw", .aliases = "qmail-getpw", .family = "deliver",
	.brief = "find the account that owns a local part",
	.args = "local", .role = AS_GETPW, .main = getpw_main,
};
