/* dnsfq - print the full name of a host: that of its first address.  Run by qmailconfig on the host's own name. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/net/dns.h"
#include "core/sys/proc.h"

enum { LIMIT_MS = 30000 };	/* for each question */

/* The addresses of the name; ends the program when there are none. */
static void addresses(struct dns *d, const char *name, struct dns_answer *a)
{
	enum dns_status s = dns_ip_qualify(d, str_z(name), NULL, a);
	int code;

	if (s == DNS_FOUND)
		return;
	const char *text = dns_trouble(s, &code);

	log_line("%s", s == DNS_NODATA ? "no IP addresses" : text);
	proc_exit(code);
}

static int print(struct str name)
{
	struct buf b = BUF_INIT;

	buf_add(&b, name);
	buf_addc(&b, '\n');
	return say(&b);
}

static int dnsfq_main(int argc, char **argv)
{
	struct dns_answer ips = {0}, names = {0};
	struct err e = {0};
	int code;

	if (argc != 2)
		die_usage();
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	addresses(d, argv[1], &ips);
	enum dns_status s = dns_ptr(d, &ips.ips.p[0], &names);

	if (s == DNS_FOUND)
		code = print(names.texts.p[0]);
	else
		log_line("%s", dns_trouble(s, &code));
	dns_answer_free(&ips);
	dns_answer_free(&names);
	dns_close(d);
	return code;
}

APPLET(dnsfq) = {
	.name = "dnsfq", .family = "ucspi",
	.brief = "print the full name of a host",
	.args = "name", .role = AS_CALLER, .main = dnsfq_main,
};
