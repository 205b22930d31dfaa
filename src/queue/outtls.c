/* outtls - encryption of deliveries; see outtls.h. */
#include "queue/outtls.h"

#include <string.h>

#include "core/conf/conf.h"
#include "core/net/ip.h"
#include "core/net/tlsfiles.h"
#include "core/sys/file.h"

enum { PORT_SMTPS = 465, PORT_QMTP = 209, PORT_QMTPS = 6209, NAME_MAX_BYTES = 253 };

/* DIR/name, lower case, when such a file exists; names with slashes or leading dots lead nowhere. */
static bool listed(const char *dir, const char *sub, struct str name, const char *suffix, struct buf *fn)
{
	struct buf lower = BUF_INIT;

	buf_clear(fn);
	if (!name.n || name.n > NAME_MAX_BYTES || name.p[0] == '.' || str_chr(name, '/') < name.n || str_chr(name, 0) < name.n)
		return false;
	buf_set(&lower, name);
	buf_lower(&lower);
	buf_fmt(fn, "%s/%s/%s%s", dir, sub, lower.p, suffix);
	buf_free(&lower);
	return file_exists(fn->p);
}

static struct str domain_of(struct str address)
{
	return str_from(address, str_rchr(address, '@') + 1);
}

/* Is plain text wanted for this host or for a recipient's domain? */
static bool exempt(const char *dir, struct str host, const struct str *rcpts, size_t n, const struct table *domains)
{
	struct buf fn = BUF_INIT;
	bool found = listed(dir, "notlshosts", host, "", &fn);

	for (size_t i = 0; i < n && !found; i++)
		found = listed(dir, "notlshosts", domain_of(rcpts[i]), "", &fn) || table_has(domains, domain_of(rcpts[i]));
	buf_free(&fn);
	return found;
}

int outtls_find(struct outtls *o, struct str host, const struct str *rcpts, size_t n, unsigned port, struct err *e)
{
	struct tls_files f;
	struct table domains = TABLE_INIT;
	struct buf only = BUF_INIT;
	int r = tls_files_client(&f, NULL, e) < 0 || conf_table(CONF_NOTLSHOSTS, &domains, e) < 0 ? -1 : 0;

	*o = (struct outtls){.ca = BUF_INIT};
	if (r < 0)
		goto out;
	o->first = port == PORT_SMTPS || port == PORT_QMTPS || (conf_on(CONF_SMTPS) && port != PORT_QMTP);
	if (o->first)
		o->level = OUTTLS_MUST;
	if (listed(f.dir.p, "tlshosts", host, ".pem", &o->ca)) {
		o->level = OUTTLS_MUST;
		goto out;
	}
	buf_clear(&o->ca);
	if (!o->first && f.conf.cert && !listed(f.dir.p, "tlshosts", STR("exhaustivelist"), "", &only) &&
			!exempt(f.dir.p, host, rcpts, n, &domains))
		o->level = OUTTLS_MAY;
out:
	buf_free(&only);
	table_free(&domains);
	tls_files_free(&f);
	return r;
}

void outtls_free(struct outtls *o)
{
	buf_free(&o->ca);
}

/* Our certificate is shown when it can be: hardly any server asks for it. */
static struct tls_ctx *context(const struct outtls *o, struct err *e)
{
	struct tls_files f;
	struct tls_ctx *x = NULL;

	if (tls_files_client(&f, NULL, e) == 0) {
		if (o->ca.n)
			f.conf.ca = o->ca.p;
		x = tls_files_context(&f, false, e);
		if (!x && f.conf.cert) {
			f.conf.cert = NULL;
			x = tls_files_context(&f, false, e);
		}
	}
	tls_files_free(&f);
	return x;
}

struct tls *outtls_start(const struct outtls *o, struct str host, int fd, int timeout_ms, struct err *e)
{
	struct tls_ctx *x = context(o, e);
	struct buf name = BUF_INIT;
	const char *why = NULL;
	struct tls *t;

	buf_set(&name, host);
	t = x ? tls_connect(x, fd, fd, name.p, timeout_ms, e) : NULL;
	if (t && o->ca.n && (!tls_verified(t, &why) || !tls_peer_named(t, name.p))) {
		err_temp(e, 0, "certificate not trusted: %s", why ? why : "it is for another host");
		tls_close(t);
		t = NULL;
	}
	buf_free(&name);
	return t;
}
