/* dnsmxip - print the mail exchangers of a domain with their addresses, best preference first.  Scripts take the
 * second word of the first line as the host to connect to. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/smtp/hops.h"

enum { LIMIT_MS = 30000 };	/* for each round of questions */

static int print(const struct hops *h)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < h->v.n; i++) {
		buf_add(&b, h->v.p[i].host);
		buf_addc(&b, ' ');
		ip_fmt(&b, &h->v.p[i].ip);
		buf_fmt(&b, " %u\n", h->v.p[i].pref);
	}
	return say(&b);
}

static int dnsmxip_main(int argc, char **argv)
{
	struct hops h = {{0}};
	struct err e = {0};
	int code;

	if (argc != 2)
		die_usage();
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	enum hops_status s = hops_domain(d, str_z(argv[1]), NULL, &h);

	if (s == HOPS_FOUND)
		code = print(&h);
	else
		log_line("%s", dns_trouble(s == HOPS_SOFT ? DNS_SOFT : DNS_NONAME, &code));
	hops_free(&h);
	dns_close(d);
	return code;
}

APPLET(dnsmxip) = {
	.name = "dnsmxip", .aliases = "dnsmx", .family = "ucspi",
	.brief = "print the mail exchangers of a domain",
	.args = "domain", .flags = APPLET_SHORT, .role = AS_CALLER, .main = dnsmxip_main,
};
