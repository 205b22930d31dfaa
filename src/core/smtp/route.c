/* route - static routes from variables, files and a cdb; see route.h. */
#include "core/smtp/route.h"

#include "core/base/num.h"
#include "core/conf/cdb.h"
#include "core/conf/conf.h"

enum { PORT_SMTP = 25, PORT_QMTP = 209 };

/* Cut relay off *spec: up to a colon, or a whole [address]. */
static bool cut_relay(struct str *spec, struct str *relay)
{
	if (!spec->n || spec->p[0] != '[') {
		*relay = str_cut(spec, ':');
		return true;
	}
	size_t end = str_chr(*spec, ']') + 1;

	if (end > spec->n || (end < spec->n && spec->p[end] != ':'))
		return false;
	*relay = str_to(*spec, end);
	*spec = end < spec->n ? str_from(*spec, end + 1) : (struct str){0};
	return true;
}

static bool cut_number(struct str *spec, uint64_t max, uint64_t *out)
{
	struct str field = str_cut(spec, ':');

	return !field.n || num_parse(field, max, out);
}

bool route_parse(struct str value, struct route *r)
{
	struct str rest = value, spec = str_word(&rest), relay;
	uint64_t port = r->port, penalty = UINT64_MAX, tolerance = UINT64_MAX;

	/* a relay may be missing before a login */
	if (value.n && chr_blank(value.p[0])) {
		rest = value;
		spec = (struct str){"", 0};
	}
	if (!cut_relay(&spec, &relay))
		return false;
	if (spec.p && !cut_number(&spec, 65535, &port))
		return false;
	if (spec.p && !cut_number(&spec, INT32_MAX, &penalty))
		return false;
	if (spec.p && !cut_number(&spec, INT32_MAX, &tolerance))
		return false;
	if (spec.p || !port)
		return false;
	r->relay = relay;
	r->port = (unsigned)port;
	if (penalty != UINT64_MAX)
		r->penalty = (long)penalty;
	if (tolerance != UINT64_MAX)
		r->tolerance = (long)tolerance;
	r->login = str_trim(rest);
	return true;
}

/* The entry for the whole host, then its suffixes from each dot, then the empty key. */
static bool by_domain(const struct table *t, struct str host, struct str *value)
{
	for (size_t i = 0; i <= host.n; i++)
		if ((i == 0 || i == host.n || host.p[i] == '.') && table_get(t, str_from(host, i), value))
			return true;
	return false;
}

/* A table from the variable (lines of it) or the file; 1 when there is one. */
static int load(enum conf_id variable, enum conf_id alias, enum conf_id file, struct table *t, struct err *e)
{
	const char *v = conf_env(variable);

	if (!v)
		return conf_table(conf_set(alias) ? alias : file, t, e);
	buf_set(&t->list.text, str_z(v));
	list_parse(&t->list);
	table_index(t, true);
	return 1;
}

/* What the table says for this message; 1, 0 nothing, -1 malformed.  A QMTP entry without relay says nothing. */
static int use_table(const struct table *t, struct str host, struct str sender, bool qmtp, struct route *r,
	struct err *e)
{
	struct str value;
	struct route found = *r;

	if (!(!sender.n && table_get(t, STR("!@"), &value)) && !by_domain(t, host, &value))
		return 0;
	found.port = qmtp ? PORT_QMTP : PORT_SMTP;
	found.qmtp = qmtp;
	buf_set(&r->text, value);
	if (!route_parse(buf_str(&r->text), &found))
		return err_temp(e, 0, "malformed route for %.*s", STR_FMT(host));
	if (qmtp && !found.relay.n)
		return 0;
	found.text = r->text;
	*r = found;
	return 1;
}

/* Keys of the cdb: the recipient, its domain, the domain's suffixes; for bounces !@ first. */
static int search_cdb(struct cdb *c, struct str sender, struct str rcpt, struct buf *value, struct err *e)
{
	struct buf key = BUF_INIT;
	int r = sender.n ? 0 : cdb_find(c, STR("!@"), value, e);

	buf_set(&key, rcpt);
	buf_lower(&key);
	struct str k = buf_str(&key), host = str_from(k, str_rchr(k, '@') + 1);

	if (r == 0)
		r = cdb_find(c, k, value, e);
	for (size_t i = 0; r == 0 && i < host.n; i++)
		if (i == 0 || host.p[i] == '.')
			r = cdb_find(c, str_from(host, i), value, e);
	buf_free(&key);
	return r;
}

static int use_cdb(struct str sender, struct str rcpt, struct route *r, struct err *e)
{
	const char *name = conf_env(CONF_MORESMTPROUTES);
	struct buf fn = BUF_INIT;
	struct cdb c;

	control_path(name && *name ? name : conf_rows[CONF_MORESMTPROUTES].file, &fn);
	int found = cdb_open(&c, fn.p, e);

	if (found == 1) {
		found = search_cdb(&c, sender, rcpt, &r->text, e);
		cdb_close(&c);
	}
	buf_free(&fn);
	if (found == 1 && !route_parse(buf_str(&r->text), r))
		return err_temp(e, 0, "malformed route for %.*s", STR_FMT(rcpt));
	return found;
}

int route_find(struct str host, struct str sender, struct str rcpt, struct route *r, struct err *e)
{
	struct table qmtp = TABLE_INIT, smtp = TABLE_INIT;
	enum conf_id variable = conf_set(CONF_SMTPROUTE) ? CONF_SMTPROUTE : CONF_X_SMTPROUTES;
	int found;

	*r = (struct route){.port = PORT_SMTP, .penalty = -1, .tolerance = -1, .text = BUF_INIT};
	found = load(CONF_QMTPROUTE, CONF_QMTPROUTEFILE, CONF_QMTPROUTES, &qmtp, e);
	if (found > 0)
		found = use_table(&qmtp, host, sender, true, r, e);
	if (found == 0 && !conf_set(variable))
		found = use_cdb(sender, rcpt, r, e);
	if (found == 0)
		found = load(variable, CONF_SMTPROUTEFILE, CONF_SMTPROUTES, &smtp, e);
	if (found > 0 && smtp.list.text.n)
		found = use_table(&smtp, host, sender, false, r, e);
	table_free(&qmtp);
	table_free(&smtp);
	return found < 0 ? -1 : 0;
}

void route_free(struct route *r)
{
	buf_free(&r->text);
}
