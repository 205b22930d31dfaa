/* tcprulescheck - say which access rule a client would meet.  Run by the administrator; reads TCPREMOTEIP,
 * TCPREMOTEINFO and TCPREMOTEHOST as tcpserver would have set them, changes nothing. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/net/access.h"
#include "core/net/rule.h"
#include "core/sys/out.h"

/* The items as tcpserver would meet them: nothing counts behind a refusal. */
static void show(struct out *out, struct str key, struct str data)
{
	struct rule_item item;

	out_fmt(out, "rule %.*s:\n", STR_FMT(key));
	while (rule_item(&data, &item)) {
		if (item.kind == 'D') {
			out_adds(out, "deny connection\n");
			return;
		}
		if (item.kind == '+')
			out_fmt(out, "set environment variable %.*s=%.*s\n", STR_FMT(item.name), STR_FMT(item.value));
		else
			out_fmt(out, "unset environment variable %.*s\n", STR_FMT(item.name));
	}
	out_adds(out, "allow connection\n");
}

static int tcprulescheck_main(int argc, char **argv)
{
	struct access_who who = {.ip = conf_env(CONF_TCPREMOTEIP), .info = conf_env(CONF_TCPREMOTEINFO),
		.host = conf_env(CONF_TCPREMOTEHOST)};
	struct buf key = BUF_INIT, data = BUF_INIT;
	struct err e = {0};
	char space[1024];
	struct out out;

	if (argc != 2)
		die_usage();
	if (!who.ip)
		who.ip = "0.0.0.0";
	struct access *a = access_open(argv[1], false);
	int found = access_refresh(a, &e) < 0 ? -1 : access_find(a, &who, &key, &data, &e);

	if (found < 0)
		die(111, "unable to read %s", log_err(&e));
	out_init(&out, 1, space, sizeof space);
	if (found)
		show(&out, buf_str(&key), buf_str(&data));
	else
		out_adds(&out, "default:\nallow connection\n");
	access_close(a);
	buf_free(&key);
	buf_free(&data);
	return out_flush(&out) < 0 ? 111 : 0;
}

APPLET(tcprulescheck) = {
	.name = "tcprulescheck", .family = "ucspi",
	.brief = "say which access rule a client would meet",
	.args = "cdb", .role = AS_CALLER, .main = tcprulescheck_main,
};
