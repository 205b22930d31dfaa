/* cert - the certificate of a mail system: make it, ask for a signature, look at it, print its TLSA records.  Run by
 * administrators, and by services before they start: a certificate that is there is left alone. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/net/cert.h"
#include "core/net/tlsfiles.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "svc/certfile.h"

enum { FILE_MAX = 1 << 20, RSA_BITS = 3072, RSA_MIN = 2048, RSA_MAX = 8192 };

static const char *file, *key = "ec", *email;
static long days = 3650, bits = RSA_BITS, port = 25;
static int add, force, request, show, tlsa;

static const struct opt opts[] = {
	TEXT('f', "file", &file, "FILE", "certificates and keys (default CERTDIR/SERVERCERT)"),
	TEXT('k', "key", &key, "ec|rsa", "kind of a new key (default ec: P-256)"),
	NUM('b', "bits", &bits, "N", "size of a new RSA key (default 3072)"),
	NUM('d', "days", &days, "N", "how long a new certificate is valid (default 3650)"),
	TEXT('e', "email", &email, "ADDRESS", "an address in the certificate"),
	FLAG('a', "add", &add, "put a new pair beside those in the file, RSA beside ECDSA"),
	FLAG('F', "force", &force, "replace what is in the file"),
	FLAG('r', "request", &request, "print a request to sign for the key in the file"),
	FLAG('t', "tlsa", &tlsa, "print TLSA records"),
	NUM('p', "port", &port, "N", "port in TLSA records (default 25)"),
	FLAG('s', "show", &show, "print what the certificates in the file say"),
	OPTS_END
};

static struct buf path = BUF_INIT, me = BUF_INIT;

static void find_file(void)
{
	struct tls_files f;
	struct err e = {0};

	if (tls_files_server(&f, NULL, &e) < 0)
		die_err(&e);
	if (file)
		tls_files_path(&f, file, &path);
	else
		buf_set(&path, buf_str(&f.cert));
	tls_files_free(&f);
}

/* The operands, else our name. */
static void name_host(struct cert *c, char **argv)
{
	char host[256];

	if (*argv) {
		c->host = *argv;
		c->more = (const char *const *)argv + 1;
	} else {
		if (conf_line(CONF_ME, &me, NULL) <= 0 || str_eq(buf_str(&me), STR("me"))) {
			proc_hostname(host, sizeof host);
			buf_set(&me, str_z(host));
		}
		c->host = me.p;
	}
	for (; *argv; argv++)
		if (!cert_host_valid(*argv))
			die(100, "%s: no host name", *argv);
	if (!cert_host_valid(c->host))
		die(100, "%s: no host name", c->host);
}

static void check_words(void)
{
	if (strcmp(key, "ec") != 0 && strcmp(key, "rsa") != 0)
		die(100, "--key takes ec or rsa");
	if (bits < RSA_MIN || bits > RSA_MAX)
		die(100, "--bits takes %d to %d", RSA_MIN, RSA_MAX);
	if (days < 1 || days > CERT_DAYS_MAX)
		die(100, "--days takes 1 to %d", CERT_DAYS_MAX);
	if (port < 1 || port > 65535)
		die(100, "--port takes 1 to 65535");
	if (email && !cert_email_valid(email))
		die(100, "%s: no address", email);
}

static void load(struct buf *pem)
{
	if (file_slurp(path.p, pem, FILE_MAX) < 0)
		die(111, "unable to read %s: %s", path.p, log_errno(errno));
}

static void print(const struct buf *text)
{
	if (fd_write_all(1, text->p, text->n) < 0)
		die(111, "unable to write: %s", log_errno(errno));
}

/* Make a pair, unless there is one. */
static void make(const struct cert *c)
{
	struct buf pem = BUF_INIT, old = BUF_INIT;
	struct err e = {0};
	bool there = file_exists(path.p);

	if (there && !add && !force) {
		log_line("cert: %s is there already (--force replaces it, --add adds to it)", path.p);
		return;
	}
	if (cert_make(c, &pem, &pem, NULL, &e) < 0)
		die_err(&e);
	if (!pem.n)
		die(100, "this build has no TLS");
	if (there && add) {
		load(&old);
		if (old.n && old.p[old.n - 1] != '\n')
			buf_addc(&old, '\n');
		buf_add(&old, buf_str(&pem));
	}
	if (certfile_install(path.p, buf_str(old.n ? &old : &pem), &e) < 0)
		die_err(&e);
	log_line("cert: %s: a certificate for %s", path.p, c->host);
	buf_free(&pem);
	buf_free(&old);
}

static void print_request(const struct cert *c)
{
	struct buf pem = BUF_INIT, out = BUF_INIT;
	struct err e = {0};

	load(&pem);
	if (cert_request(buf_str(&pem), c, &out, &e) < 0)
		die(err_exit(&e), "%s: %s", path.p, log_err(&e));
	print(&out);
	buf_free(&pem);
	buf_free(&out);
}

static void describe(struct buf *out, const struct cert_facts *f)
{
	buf_fmt(out, "subject %s\nissuer %s\nnames %s\nkey %s%s\nvalid %s to %s%s\nsha256 %s\n", f->subject.p, f->issuer.p,
		f->names.p, f->key.p, f->has_key ? "" : " (not in this file)", f->from.p, f->to.p, f->expired ? " (expired)" : "",
		f->whole.p);
}

/* DANE-EE, public key, SHA-256: a new certificate for the same key keeps the record true (RFC 7672 section 3.1). */
static void record(struct buf *out, const struct cert_facts *f, const char *host)
{
	buf_fmt(out, "_%ld._tcp.%s. IN TLSA 3 1 1 %s\n", port, host, f->public_key.p);
}

static void tell(const struct cert *c)
{
	struct cert_list l = {{0}};
	struct buf pem = BUF_INIT, out = BUF_INIT;
	struct err e = {0};

	load(&pem);
	if (cert_read(buf_str(&pem), &l, &e) < 0)
		die(err_exit(&e), "%s: %s", path.p, log_err(&e));
	for (size_t i = 0; i < l.v.n; i++) {
		if (show)
			describe(&out, &l.v.p[i]);
		if (tlsa && l.v.p[i].has_key)
			record(&out, &l.v.p[i], c->host);
	}
	if (!l.v.n)
		die(100, "%s: there is no certificate", path.p);
	print(&out);
	cert_list_free(&l);
	buf_free(&pem);
	buf_free(&out);
}

static int cert_main(int argc, char **argv)
{
	struct cert c = {.email = email, .days = days};

	(void)argc;
	check_words();
	c.rsa_bits = strcmp(key, "rsa") == 0 ? (unsigned)bits : 0;
	find_file();
	name_host(&c, argv + 1);
	if (add || force || !(request || show || tlsa) || !file_exists(path.p))
		make(&c);
	if (request)
		print_request(&c);
	if (show || tlsa)
		tell(&c);
	buf_free(&path);
	buf_free(&me);
	return 0;
}

APPLET(cert) = {
	.name = "cert", .family = "svc",
	.brief = "make and look at the certificate of a mail system",
	.args = "[name ...]", .opts = opts, .role = AS_CALLER, .main = cert_main,
};
