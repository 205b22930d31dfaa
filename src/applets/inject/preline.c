/* preline - feed a program the mailbox headers and then the message.
 * Run from .qmail; reads the message on fd 0, takes UFLINE, RPLINE, DTLINE, QQEH from the environment. */
#include "core/app/applet.h"
#include "core/app/feed.h"
#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/conf/conf.h"

static int no_from, no_return_path, no_delivered_to, no_extra;

static const struct opt opts[] = {
	FLAG('f', NULL, &no_from, "leave out the From_ line (UFLINE)"),
	FLAG('r', NULL, &no_return_path, "leave out Return-Path (RPLINE)"),
	FLAG('d', NULL, &no_delivered_to, "leave out Delivered-To (DTLINE)"),
	FLAG('e', NULL, &no_extra, "leave out the extra headers (QQEH)"),
	OPTS_END
};

static void add_line(struct buf *head, const char *name, bool required)
{
	const char *v = conf_getenv(name);

	if (!v && required)
		die(111, "variable %s is not set", name);
	if (v)
		buf_adds(head, v);
}

static int preline_main(int argc, char **argv)
{
	struct buf head = BUF_INIT;

	if (argc < 2)
		die_usage();
	if (!no_from)
		add_line(&head, "UFLINE", true);
	if (!no_return_path)
		add_line(&head, "RPLINE", true);
	if (!no_delivered_to)
		add_line(&head, "DTLINE", true);
	if (!no_extra)
		add_line(&head, "QQEH", false);
	int code = feed_run(argv + 1, buf_str(&head));

	buf_free(&head);
	return code;
}

APPLET(preline) = {
	.name = "preline", .family = "inject",
	.brief = "feed a program the mailbox header lines and the message",
	.args = "command [argument ...]", .opts = opts, .role = AS_CALLER, .main = preline_main,
};
