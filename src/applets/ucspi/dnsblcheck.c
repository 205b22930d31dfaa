/* dnsblcheck - ask a DNS list about an address: exit 0 not listed, 1 listed, with the list's reasons printed. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/net/dns.h"

enum { LIMIT_MS = 30000 };	/* for all questions together */

static const char *zone;

static const struct opt opts[] = {
	TEXT('d', NULL, &zone, "LISTZONE", "the list's domain"),
	OPTS_END
};

/* The list's texts, or its addresses when it has no text. */
static int print(const struct dns_answer *ips, const struct dns_answer *texts)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < texts->texts.n; i++) {
		for (size_t k = 0; k < texts->texts.p[i].n; k++) {
			char c = texts->texts.p[i].p[k];

			buf_addc(&b, (unsigned char)c < 32 || c == 127 ? '?' : c);
		}
		buf_addc(&b, '\n');
	}
	for (size_t i = 0; !texts->texts.n && i < ips->ips.n; i++) {
		ip_fmt(&b, &ips->ips.p[i]);
		buf_addc(&b, '\n');
	}
	return say(&b) ? 111 : 1;
}

static int dnsblcheck_main(int argc, char **argv)
{
	struct dns_answer ips = {0}, texts = {0};
	struct buf name = BUF_INIT;
	struct err e = {0};
	struct ip ip;
	int code = 0;

	if (argc != 2 || !zone)
		die_usage();
	if (!ip_scan(str_z(argv[1]), &ip))
		die(100, "not an address: %s", argv[1]);
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	dns_reverse(&name, &ip, str_z(zone));
	dns_ask_ip4(d, buf_str(&name), &ips);
	dns_ask_txt(d, buf_str(&name), &texts);
	dns_wait(d);
	if (ips.status == DNS_FOUND)
		code = print(&ips, &texts);
	else if (ips.status == DNS_SOFT)
		log_line("%s", dns_trouble(DNS_SOFT, &code));
	dns_answer_free(&ips);
	dns_answer_free(&texts);
	dns_close(d);
	buf_free(&name);
	return code;
}

APPLET(dnsblcheck) = {
	.name = "dnsblcheck", .family = "ucspi",
	.brief = "ask a DNS list about an address",
	.args = "address", .opts = opts, .role = AS_CALLER, .main = dnsblcheck_main,
};
