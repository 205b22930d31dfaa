/* hosts - accepted domains and relaying clients; see hosts.h. */
#include "core/smtp/hosts.h"

#include "core/conf/conf.h"

int hosts_open(struct hosts *h, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r;

	*h = (struct hosts){.list = TABLE_INIT};
	if (conf_table(CONF_RCPTHOSTS, &h->list, e) < 0)
		return -1;
	control_path(conf_rows[CONF_MORERCPTHOSTS].file, &fn);
	r = cdb_open(&h->more, fn.p, e);
	h->has_more = r == 1;
	buf_free(&fn);
	return r < 0 ? -1 : 0;
}

void hosts_close(struct hosts *h)
{
	table_free(&h->list);
	if (h->has_more)
		cdb_close(&h->more);
	h->has_more = false;
}

/* The domain itself, then every parent with its leading dot. */
static bool next_parent(struct str *domain)
{
	*domain = str_from(*domain, 1);
	*domain = str_from(*domain, str_chr(*domain, '.'));
	return domain->n > 0;
}

static int in_cdb(struct cdb *c, struct str domain, struct err *e)
{
	struct buf data = BUF_INIT;
	int r;

	do
		r = cdb_find(c, domain, &data, e);
	while (r == 0 && next_parent(&domain));
	buf_free(&data);
	return r;
}

static bool in_list(const struct table *t, struct str domain)
{
	do
		if (table_has(t, domain))
			return true;
	while (next_parent(&domain));
	return false;
}

int hosts_accept(struct hosts *h, struct str addr, struct err *e)
{
	size_t at = str_rchr(addr, '@');
	struct buf domain = BUF_INIT;
	int r;

	if (at == addr.n || (!h->list.present && !h->has_more))
		return 1;
	buf_add(&domain, str_from(addr, at + 1));
	buf_lower(&domain);
	r = in_list(&h->list, buf_str(&domain));
	if (r == 0 && h->has_more)
		r = in_cdb(&h->more, buf_str(&domain), e);
	buf_free(&domain);
	return r;
}

static bool by_ip(const struct table *t, struct str ip, struct str *suffix)
{
	bool hit = table_get(t, ip, suffix);

	while (!hit && ip.n) {
		ip.n--;
		if (ip.n && ip.p[ip.n - 1] == '.')
			hit = table_get(t, ip, suffix);
	}
	return hit;
}

static bool by_name(const struct table *t, struct str host, struct str *suffix)
{
	do
		if (table_get(t, host, suffix))
			return true;
	while (host.n && next_parent(&host));
	return table_get(t, STR(""), suffix);
}

int hosts_relay(const char *ip, const char *host, struct buf *suffix, struct err *e)
{
	struct table clients = TABLE_INIT, domains = TABLE_INIT;
	struct str value = {NULL, 0};
	int r = -1;

	if (conf_table(CONF_RELAYCLIENTS, &clients, e) < 0 || conf_table(CONF_RELAYDOMAINS, &domains, e) < 0)
		goto out;
	r = by_ip(&clients, str_z(ip), &value) || (host && by_name(&domains, str_z(host), &value));
	if (r)
		buf_set(suffix, value);
out:
	table_free(&clients);
	table_free(&domains);
	return r;
}
