/* dnsip - print the addresses of a host.  For people and scripts. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/net/dns.h"

enum { LIMIT_MS = 30000 };	/* for all questions together */

static int print(const struct dns_answer *a)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < a->ips.n; i++) {
		ip_fmt(&b, &a->ips.p[i]);
		buf_addc(&b, '\n');
	}
	return say(&b);
}

static int dnsip_main(int argc, char **argv)
{
	struct dns_answer a = {0};
	struct err e = {0};
	int code = 0;

	if (argc != 2)
		die_usage();
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	enum dns_status s = dns_ip_qualify(d, str_z(argv[1]), NULL, &a);

	if (s != DNS_FOUND)
		log_line("%s", dns_trouble(s, &code));
	else
		code = print(&a);
	dns_answer_free(&a);
	dns_close(d);
	return code;
}

APPLET(dnsip) = {
	.name = "dnsip", .family = "ucspi",
	.brief = "print the addresses of a host",
	.args = "name", .role = AS_CALLER, .main = dnsip_main,
};
