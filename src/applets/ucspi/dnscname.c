/* dnscname - follow an alias by one step and print where it leads; any other name is printed as it is. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/net/dns.h"

enum { LIMIT_MS = 30000 };	/* for the question */

static int dnscname_main(int argc, char **argv)
{
	struct dns_answer a = {0};
	struct buf b = BUF_INIT;
	struct err e = {0};
	int code;

	if (argc != 2)
		die_usage();
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	dns_ask_cname(d, str_z(argv[1]), &a);
	dns_wait(d);
	buf_add(&b, a.status == DNS_FOUND ? a.texts.p[0] : str_z(argv[1]));
	buf_addc(&b, '\n');
	if (a.status == DNS_SOFT)
		log_line("%s", dns_trouble(a.status, &code));
	else
		code = say(&b);
	dns_answer_free(&a);
	dns_close(d);
	buf_free(&b);
	return code;
}

APPLET(dnscname) = {
	.name = "dnscname", .family = "ucspi",
	.brief = "follow an alias by one step",
	.args = "name", .role = AS_CALLER, .main = dnscname_main,
};
