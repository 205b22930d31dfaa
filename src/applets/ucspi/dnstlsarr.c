/* dnstlsarr - print the TLSA records of a mail host, or see whether its certificate is the one they name.  For
 * administrators who publish such records and for those who wonder why mail does not leave. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/net/sock.h"
#include "core/net/tlsa.h"
#include "core/smtp/client.h"
#include "core/smtp/hops.h"
#include "core/sys/fd.h"
#include "core/sys/sig.h"

enum { LIMIT_MS = 30000, SMTPS = 465, SECONDS_MAX = 3600 };

static long verbose, port = 25, connect_s = 60, data_s = 300;
static int by_mx, verify;

static const struct opt opts[] = {
	NUM('v', NULL, &verbose, "0|1|2", "say more: 1 the connection, 2 the SMTP dialogue"),
	NUM('p', NULL, &port, "PORT", "port of the service"),
	NUM('c', NULL, &connect_s, "SECONDS", "patience with a connection"),
	NUM('t', NULL, &data_s, "SECONDS", "patience with an answer"),
	FLAG('m', NULL, &by_mx, "host is a mail domain: look at its mail exchangers"),
	FLAG('s', NULL, &verify, "connect, start TLS and compare"),
	OPTS_END
};

/* What is learnt of one host; the worst of them is the exit code: see code_of. */
enum found { NOTHING, MATCH, SOFT, MISMATCH };

static void print(const struct buf *b)
{
	if (fd_write_all(1, b->p, b->n) < 0)
		die(111, "unable to write: %s", log_errno(errno));
}

/* ---- the dialogue ---- */

static int shown(struct smtpc *c, int code)
{
	for (struct str rest = buf_str(&c->text); verbose > 1 && rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		log_line("server: %.*s", STR_FMT(line));
	}
	return code;
}

static int command(struct smtpc *c, const char *line)
{
	if (verbose > 1)
		log_line("client: %s", line);
	return shown(c, smtpc_command(c, str_z(line)));
}

static int hello(struct smtpc *c)
{
	struct buf name = BUF_INIT;

	if (conf_line(CONF_HELOHOST, &name, NULL) <= 0)
		buf_set(&name, STR("localhost"));
	if (verbose > 1)
		log_line("client: EHLO %s", name.p);
	int code = shown(c, smtpc_hello(c, buf_str(&name)));

	buf_free(&name);
	return code;
}

/* Up to the answer to STARTTLS; a server that sends more than that is not to be trusted. */
static int ready_for_tls(struct smtpc *c, const char *host)
{
	if (shown(c, smtpc_reply(c)) != 220 || hello(c) != 250) {
		log_warn("%s: no SMTP service", host);
		return -1;
	}
	if (!(c->ext & SMTPC_STARTTLS) || command(c, "STARTTLS") != 220 || in_peek(&c->in).n) {
		log_warn("%s: no STARTTLS", host);
		return -1;
	}
	return 0;
}

static int call(struct dns *d, const char *host)
{
	struct dns_answer a = {0};
	char text[IP_TEXT];
	int fd = -1, num = EHOSTUNREACH;

	dns_ip(d, str_z(host), &a);
	for (size_t i = 0; i < a.ips.n && fd < 0; i++) {
		struct sock_end to = {a.ips.p[i], (unsigned)port};

		fd = sock_connect(&to, NULL, (int)connect_s * 1000);
		num = errno;
		if (verbose > 0)
			log_line("%s %s port %ld: %s", host, ip_text(&to.ip, text), port,
				fd < 0 ? log_errno(num) : "connected");
	}
	if (fd < 0)
		log_warn("unable to connect to %s: %s", host, log_errno(num));
	dns_answer_free(&a);
	return fd;
}

/* ---- records ---- */

static bool compare(const struct dns_answer *a, struct str owner, const struct tls *t, struct buf *b)
{
	static const char *const kinds[] = {"full data", "sha256 fingerprint", "sha512 fingerprint"};
	bool any = false;

	for (size_t i = 0; i < a->tlsas.n; i++) {
		const struct dns_tlsa *r = &a->tlsas.p[i];
		bool usable = tlsa_usable(r), same = tlsa_match(r, t);

		buf_fmt(b, "TLSARR[%zu]:%.*s IN TLSA ( ", i, STR_FMT(owner));
		tlsa_fmt(b, r);
		buf_fmt(b, " )\n%s %s [", !usable ? "not usable" : same ? "matched" : "failed",
			usable ? kinds[r->match] : "record");
		tlsa_hex(b, r);
		buf_fmt(b, "] of %s\n", r->selector ? "subjectPublicKeyInfo" : "full certificate");
		any |= same;
	}
	return any;
}

static enum found look(const struct dns_answer *a, struct str owner, const struct tls *t)
{
	struct buf b = BUF_INIT;

	if (verbose > 0) {
		tls_describe(t, &b);
		log_line("%s", b.p);
		buf_clear(&b);
	}
	bool same = compare(a, owner, t, &b);

	print(&b);
	buf_free(&b);
	return same ? MATCH : MISMATCH;
}

static enum found converse(int fd, const struct dns_answer *a, struct str owner, const char *host)
{
	static struct smtpc c;
	struct tls_conf conf = {.cert = NULL};
	struct err e = {0};
	enum found r = SOFT;
	struct tls_ctx *x = tls_client(&conf, &e);

	if (!x)
		die_err(&e);
	smtpc_init(&c, fd, (int)data_s * 1000);
	if (port == SMTPS || ready_for_tls(&c, host) == 0) {
		struct tls *t = tls_connect(x, fd, fd, host, (int)data_s * 1000, &e);

		if (t) {
			r = look(a, owner, t);
			tls_in(t, &c.in);
			tls_out(t, &c.out);
			smtpc_quit(&c);
			tls_close(t);
		} else {
			log_warn("%s: %s", host, log_err(&e));
		}
	}
	smtpc_free(&c);
	tls_ctx_free(x);
	return r;
}

static enum found list(const struct dns_answer *a, const char *host)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < a->tlsas.n; i++) {
		buf_fmt(&b, "%s ttl=%lu ", host, (unsigned long)a->tlsas.p[i].ttl);
		tlsa_fmt(&b, &a->tlsas.p[i]);
		buf_addc(&b, '\n');
	}
	print(&b);
	buf_free(&b);
	return MATCH;
}

static enum found examine(struct dns *d, const char *host)
{
	struct buf owner = BUF_INIT;
	struct dns_answer a = {0};
	enum found r = NOTHING;
	int fd;

	tlsa_name(&owner, str_z(host), (unsigned)port);
	dns_ask_tlsa(d, buf_str(&owner), &a);
	dns_wait(d);
	if (verbose > 0)
		log_line("%s: %zu records, %s", owner.p, a.tlsas.n, a.secure ? "authenticated" : "not authenticated");
	if (a.status == DNS_SOFT) {
		r = SOFT;
	} else if (a.status == DNS_FOUND && !verify) {
		r = list(&a, host);
	} else if (a.status == DNS_FOUND) {
		fd = call(d, host);
		r = fd < 0 ? SOFT : converse(fd, &a, buf_str(&owner), host);
		fd_close(fd);
	}
	dns_answer_free(&a);
	buf_free(&owner);
	return r;
}

/* The domain's exchangers one after the other; a host with several addresses is looked at once. */
static enum found exchangers(struct dns *d, const char *domain)
{
	struct hops h = {{0}};
	enum hops_status s = hops_domain(d, str_z(domain), NULL, &h);
	enum found worst = s == HOPS_SOFT ? SOFT : NOTHING;

	for (size_t i = 0; s == HOPS_FOUND && i < h.v.n; i++) {
		bool known = false;

		for (size_t k = 0; k < i; k++)
			known |= str_eq(h.v.p[k].host, h.v.p[i].host);
		enum found r = known ? NOTHING : examine(d, arena_z(&h.mem, h.v.p[i].host));

		if (r > worst)
			worst = r;
	}
	hops_free(&h);
	return worst;
}

static int code_of(enum found r)
{
	int code = 100;

	if (r == MATCH)
		return 0;
	if (r != MISMATCH)
		log_line("%s", dns_trouble(r == SOFT ? DNS_SOFT : DNS_NONAME, &code));
	return code;
}

static int dnstlsarr_main(int argc, char **argv)
{
	struct err e = {0};

	if (argc != 2 || port < 1 || port > 65535 || connect_s < 1 || connect_s > SECONDS_MAX || data_s < 1 ||
			data_s > SECONDS_MAX)
		die_usage();
	sig_ignore(SIGPIPE);
	struct dns *d = dns_open(LIMIT_MS, &e);

	if (!d)
		die_err(&e);
	int code = code_of(by_mx ? exchangers(d, argv[1]) : examine(d, argv[1]));

	dns_close(d);
	return code;
}

APPLET(dnstlsarr) = {
	.name = "dnstlsarr", .aliases = "dnstlsa", .family = "ucspi",
	.brief = "print or verify the TLSA records of a mail host",
	.args = "host", .opts = opts, .flags = APPLET_SHORT, .role = AS_CALLER, .main = dnstlsarr_main,
};
