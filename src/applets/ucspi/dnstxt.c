/* dnstxt - print the text records of a name.  For people and scripts; control bytes in a text become "?". */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/say.h"
#include "core/net/dns.h"

enum { LIMIT_MS = 30000 };	/* for all questions together */

/* Tabs stay, and everything above 127. */
static char shown(char c)
{
	return ((unsigned char)c < 32 && c != '\t') || c == 127 ? '?' : c;
}

static int print(const struct dns_answer *a)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < a->texts.n; i++) {
		struct str text = a->texts.p[i];

		for (size_t k = 0; k < text.n; k++)
			buf_addc(&b, shown(text.p[k]));
		buf_fmt(&b, "\nrecord length %zu\n", text.n);
	}
	return say(&b);
}

static int dnstxt_main(int argc, char **argv)
{
	struct dns_answer a = {0};
	struct err e = {0};
	int code = 0;

	if (argc != 2)
		die_usage();
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	enum dns_status s = dns_txt(d, str_z(argv[1]), &a);

	if (s != DNS_FOUND)
		log_line("%s", dns_trouble(s, &code));
	else
		code = print(&a);
	dns_answer_free(&a);
	dns_close(d);
	return code;
}

APPLET(dnstxt) = {
	.name = "dnstxt", .family = "ucspi",
	.brief = "print the text records of a name",
	.args = "name", .role = AS_CALLER, .main = dnstxt_main,
};
