/* forward - send a message on to other addresses.  Run from .qmail with the message on fd 0.
 * Promises: exit 0 means that the queue has it. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "queue/forward.h"

static struct str required(const char *name)
{
	const char *v = conf_getenv(name);

	if (!v)
		die(100, "variable %s is not set", name);
	return str_z(v);
}

static int forward_main(int argc, char **argv)
{
	VEC(struct str) to = {0};
	struct forward f = {.fd = 0, .sender = required("NEWSENDER"), .dtline = required("DTLINE"),
		.extra = str_z(conf_env(CONF_QQEH))};
	struct buf why = BUF_INIT;
	unsigned long qp = 0;

	if (argc < 2)
		die_usage();
	for (int i = 1; i < argc; i++)
		vec_push(&to, str_z(argv[i]));
	f.to = to.p;
	f.n = to.n;
	int code = forward_send(&f, &qp, &why);

	if (code)
		die(code, "%s", why.p);
	log_line("forward: qp %lu", qp);
	vec_free(&to);
	buf_free(&why);
	return 0;
}

APPLET(forward) = {
	.name = "forward", .family = "deliver",
	.brief = "forward a message to other addresses",
	.args = "address ...", .role = AS_CALLER, .flags = APPLET_CLIENT, .main = forward_main,
};
