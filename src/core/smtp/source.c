/* source - our end of a connection; see source.h. */
#include "core/smtp/source.h"

#include "core/conf/conf.h"

/* OUTGOINGIP, else outgoingip.HOST, else outgoingip. */
static int read_pool(struct source *s, struct str host, struct err *e)
{
	struct buf name = BUF_INIT;
	int r = 0;

	if (!conf_set(CONF_OUTGOINGIP) && host.n && str_chr(host, '/') == host.n) {
		buf_fmt(&name, "outgoingip.%.*s", STR_FMT(host));
		r = control_list(name.p, &s->pool, e);
	}
	if (r == 0)
		r = conf_list(CONF_OUTGOINGIP, &s->pool, e);
	buf_free(&name);
	return r;
}

int source_open(struct source *s, struct str host, struct str sender, time_t now, struct err *e)
{
	*s = (struct source){.pool = LIST_INIT, .bindings = TABLE_INIT, .routes = TABLE_INIT, .helos = TABLE_INIT,
		.sender = sender, .helohost = BUF_INIT, .now = now};
	if (conf_line(CONF_HELOHOST, &s->helohost, e) < 0 || read_pool(s, host, e) < 0 ||
			conf_table(CONF_DOMAINBINDINGS, &s->bindings, e) < 0 ||
			conf_table(CONF_BINDROUTES, &s->routes, e) < 0 ||
			conf_table(CONF_HELOHOSTBYIP, &s->helos, e) < 0)
		return -1;
	return 0;
}

void source_free(struct source *s)
{
	list_free(&s->pool);
	table_free(&s->bindings);
	table_free(&s->routes);
	table_free(&s->helos);
	buf_free(&s->helohost);
}

/* The pool's line for this moment among those of the right family. */
static bool from_pool(const struct source *s, bool v4, struct ip *from)
{
	size_t usable = 0;
	struct ip ip;

	for (size_t i = 0; i < s->pool.lines.n; i++)
		usable += ip_scan(s->pool.lines.p[i], &ip) && ip_is4(&ip) == v4;
	size_t pick = usable ? (size_t)s->now % usable : 0;

	for (size_t i = 0; usable && i < s->pool.lines.n; i++)
		if (ip_scan(s->pool.lines.p[i], &ip) && ip_is4(&ip) == v4 && pick-- == 0) {
			*from = ip;
			return true;
		}
	return false;
}

/* sender@domain, domain, .suffix ..., the empty key. */
static bool bound(const struct source *s, struct str *value)
{
	struct str host = str_from(s->sender, str_rchr(s->sender, '@') + 1);

	if (table_get(&s->bindings, s->sender, value))
		return true;
	for (size_t i = 0; i <= host.n; i++)
		if ((i == 0 || i == host.n || host.p[i] == '.') && table_get(&s->bindings, str_from(host, i), value))
			return true;
	return false;
}

/* The address, then ever shorter prefixes of it at its dots (with and without the dot), the empty key. */
static bool routed(const struct source *s, const struct ip *to, struct str *value)
{
	char text[IP_TEXT];
	struct str key = str_z(ip_text(to, text));

	for (; key.n; key.n--) {
		bool edge = key.p[key.n - 1] == '.' || key.p[key.n] == '.' || key.p[key.n] == 0;

		if (edge && table_get(&s->routes, key, value))
			return true;
	}
	return table_get(&s->routes, key, value);
}

/* A value that is no address of this family leaves the choice to the system. */
static bool use(struct str value, bool v4, struct ip *from)
{
	struct ip ip;

	if (!ip_scan(str_trim(value), &ip) || ip_is4(&ip) != v4)
		return false;
	*from = ip;
	return true;
}

bool source_pick(const struct source *s, const struct ip *to, struct ip *from, struct str *helo)
{
	struct str value, domain = str_from(s->sender, str_rchr(s->sender, '@') + 1);
	bool v4 = ip_is4(to), chosen = from_pool(s, v4, from);
	char text[IP_TEXT];

	*helo = buf_str(&s->helohost);
	if (bound(s, &value)) {
		chosen = use(value, v4, from);
		if (domain.n)
			*helo = domain;
	}
	if (routed(s, to, &value))
		chosen = use(value, v4, from);
	if (chosen && table_get(&s->helos, str_z(ip_text(from, text)), &value) && value.n)
		*helo = str_trim(value);
	return chosen;
}
