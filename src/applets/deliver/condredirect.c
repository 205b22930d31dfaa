/* condredirect - send a message on when a program says so.  Run from .qmail with the message on fd 0.
 * Promises: exit 99 means that the queue has it. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "queue/forward.h"

enum { NO_PROGRAM = 2 };	/* the exit code of a program that is not given */

static int reverse;

static const struct opt opts[] = {
	FLAG('r', NULL, &reverse, "redirect unless the program exits 0"),
	OPTS_END
};

static struct str required(const char *name)
{
	const char *v = conf_getenv(name);

	if (!v)
		die(100, "variable %s is not set", name);
	return str_z(v);
}

static int redirect(const char *address)
{
	struct str to = str_z(address);
	struct forward f = {.fd = 0, .sender = required("SENDER"), .dtline = required("DTLINE"),
		.extra = str_z(conf_env(CONF_QQEH)), .to = &to, .n = 1};
	struct buf why = BUF_INIT;
	unsigned long qp = 0;
	int code = forward_send(&f, &qp, &why);

	if (code)
		die(code, "%s", why.p);
	log_line("condredirect: qp %lu", qp);
	buf_free(&why);
	return 99;
}

static int condredirect_main(int argc, char **argv)
{
	if (argc < 2)
		die_usage();
	required("SENDER");
	required("DTLINE");
	int code = argc > 2 ? run_ask(argv + 2) : NO_PROGRAM;

	if (code == 111 || code == 100)
		return code;
	return (code == 0) != (reverse != 0) ? redirect(argv[1]) : 0;
}

APPLET(condredirect) = {
	.name = "condredirect", .family = "deliver",
	.brief = "redirect a message when a program says so",
	.args = "address program [argument ...]", .opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT,
	.main = condredirect_main,
};
