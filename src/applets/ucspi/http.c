/* http@ - fetch a page and print it without its header (RFC 1945). */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/net/simple.h"
#include "core/sys/sig.h"

static int http_main(int argc, char **argv)
{
	const char *host = argc > 1 ? argv[1] : "0", *path = argc > 2 ? argv[2] : "";
	const char *port = argc > 3 ? argv[3] : "80";
	struct buf request = BUF_INIT;
	struct err e = {0};
	int state = 0;

	sig_ignore(SIGPIPE);
	buf_fmt(&request, "GET /%s HTTP/1.0\nHost: %s:%s\n\n", path, host, port);
	if (simple_ask(host, port, buf_str(&request), 1, simple_body, &state, &e) < 0)
		die_err(&e);
	buf_free(&request);
	return 0;
}

APPLET(http) = {
	.name = "http@", .family = "ucspi",
	.brief = "fetch a page over HTTP",
	.args = "[host [path [port]]]", .role = AS_CALLER, .main = http_main,
};
