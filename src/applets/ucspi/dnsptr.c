/* dnsptr - print the names of an address.  For people and scripts; nobody vouches for such names. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/net/dns.h"

enum { LIMIT_MS = 30000 };	/* for the question */

static int print(const struct dns_answer *a)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < a->texts.n; i++) {
		buf_add(&b, a->texts.p[i]);
		buf_addc(&b, '\n');
	}
	return say(&b);
}

static int dnsptr_main(int argc, char **argv)
{
	enum dns_status s = DNS_NONAME;
	struct dns_answer a = {0};
	struct err e = {0};
	struct ip ip;
	int code;

	if (argc != 2)
		die_usage();
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	if (ip_scan(str_z(argv[1]), &ip))
		s = dns_ptr(d, &ip, &a);
	if (s == DNS_FOUND)
		code = print(&a);
	else
		log_line("%s", dns_trouble(s, &code));
	dns_answer_free(&a);
	dns_close(d);
	return code;
}

APPLET(dnsptr) = {
	.name = "dnsptr", .aliases = "dnsname", .family = "ucspi",
	.brief = "print the names of an address",
	.args = "address", .flags = APPLET_SHORT, .role = AS_CALLER, .main = dnsptr_main,
};
