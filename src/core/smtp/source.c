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
static void from_pool(const struct source *s, sa_family_t family, struct ip *from)
{
	size_t usable = 0;
	struct ip ip;

	for (size_t i = 0; i < s->pool.lines.n; i++)
		usable += ip_parse(s->pool.lines.p[i], &ip) && ip.family == family;
	size_t pick = usable ? (size_t)s->now % usable : 0;

	for (size_t i = 0; usable && i < s->pool.lines.n; i++)
		if (ip_parse(s->pool.lines.p[i], &ip) && ip.family == family && pick-- == 0) {
			*from = ip;
			return;
		}
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
	struct str key = str_z(ip_print(to, text));

	for (; key.n; key.n--) {
		bool edge = key.p[key.n - 1] == '.' || key.p[key.n] == '.' || key.p[key.n] == 0;

		if (edge && table_get(&s->routes, key, value))
			return true;
	}
	return table_get(&s->routes, key, value);
}

/* A value that is no address of this family leaves the choice to the system. */
static void use(struct str value, sa_family_t family, struct ip *from)
{
	struct ip ip;

	*from = (struct ip){0};
	if (ip_parse(str_trim(value), &ip) && ip.family == family)
		*from = ip;
}

void source_pick(const struct source *s, const struct ip *to, struct ip *from, struct str *helo)
{
	struct str value, domain = str_from(s->sender, str_rchr(s->sender, '@') + 1);
	char text[IP_TEXT];

	*from = (struct ip){0};
	*helo = buf_str(&s->helohost);
	from_pool(s, to->family, from);
	if (bound(s, &value)) {
		use(value, to->family, from);
		if (domain.n)
			*helo = domain;
	}
	if (routed(s, to, &value))
		use(value, to->family, from);
	if (table_get(&s->helos, str_z(ip_print(from, text)), &value) && value.n)
		*helo = str_trim(value);
}
