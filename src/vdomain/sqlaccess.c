/* sqlaccess - access rules in SQL; see sqlaccess.h.  The file is read, and the database asked, by the child that will
 * serve the client: nothing of it stays in memory for longer. */
#include "vdomain/sqlaccess.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/conf/rules.h"
#include "core/conf/wildmat.h"
#include "core/net/dns.h"
#include "core/sys/file.h"
#include "vdomain/store.h"

enum { FILE_MAX = 4096, LOOKUP_MS = 10000 };

/* ---- one rule ---- */

/* "*", "1?", "10-20", "10-" */
static bool field_match(struct str pattern, unsigned octet)
{
	struct buf text = BUF_INIT;
	struct str high = pattern, low = str_cut(&high, '-');
	uint64_t from, to = 256;
	bool hit;

	if (high.p)
		return num_parse(low, 256, &from) && (!high.n || num_parse(high, 256, &to)) && octet >= from && octet <= to;
	buf_fmt(&text, "%u", octet);
	hit = wildmat(buf_str(&text), pattern);
	buf_free(&text);
	return hit;
}

/* Four fields of digits and patterns; *hit says whether they fit. */
static bool fields(struct str rule, const struct ip *ip, bool *hit)
{
	unsigned n = 0;

	for (size_t i = 0; i < rule.n; i++) {
		char c = rule.p[i];

		n += c == '.';
		if (!chr_digit(c) && c != '.' && c != '*' && c != '?' && c != '-')
			return false;
	}
	if (n != 3)
		return false;
	*hit = ip_is4(ip);
	for (int i = 12; i < 16; i++)
		*hit = field_match(str_cut(&rule, '.'), ip->a[i]) && *hit;
	return true;
}

static bool host_match(struct str name, const struct ip *ip)
{
	struct dns_answer a = {.status = DNS_NODATA};
	struct dns *d = dns_open(LOOKUP_MS, NULL);
	bool hit = false;

	if (d && dns_ip(d, name, &a) == DNS_FOUND)
		for (size_t i = 0; i < a.ips.n && !hit; i++)
			hit = ip_same(&a.ips.p[i], ip);
	dns_answer_free(&a);
	if (d)
		dns_close(d);
	return hit;
}

bool sqlaccess_match(struct str rule, const struct ip *ip)
{
	struct ip named;
	bool hit;

	rule = str_trim(rule);
	if (str_eq(rule, STR("*")))
		return true;
	if (ip_scan(rule, &named))
		return ip_same(&named, ip);
	if (!rule.n || fields(rule, ip, &hit))
		return rule.n && hit;
	return host_match(rule, ip);
}

/* ---- the table ---- */

struct question {
	const struct ip *ip;
	long *per_ip;
	struct buf *rule;
	bool denied;
};

/* The limit, when the list VAR=value,... has set it. */
static void take_limit(struct str list, long *per_ip)
{
	const char *v = conf_env(CONF_MAXPERIP);

	if (v && (str_starts(list, STR("MAXPERIP=")) || str_find(list, STR(",MAXPERIP=")) < list.n))
		num_lead(str_z(v), per_ip);
}

static int row(void *ctx, const struct str *columns, unsigned n)
{
	struct question *q = ctx;

	if (n != 3 || !columns[0].p || !columns[1].p || !sqlaccess_match(columns[1], q->ip))
		return 0;
	if (columns[2].n) {
		rules_assign(columns[2]);
		take_limit(columns[2], q->per_ip);
	}
	q->denied = str_ieq(columns[0], STR("D"));
	if (q->denied)
		buf_set(q->rule, columns[1]);
	return q->denied;
}

static int library(struct buf *name, struct err *e)
{
	int r = conf_line(CONF_MYSQL_LIB, name, e);

	if (r == 0)
		r = conf_line(CONF_LIBMYSQL, name, e);
	return r < 0 ? -1 : 0;
}

int sqlaccess_load(struct err *e)
{
	struct buf name = BUF_INIT;
	int r = library(&name, e) < 0 ? -1 : store_load(name.p, e);

	buf_free(&name);
	return r;
}

/* The words of the file, as strings in text's own memory. */
static int read_place(const char *file, struct buf *text, struct store_place *p, const char **table, struct err *e)
{
	const char **words[] = {&p->server, &p->user, &p->password, &p->database, table};

	if (file_slurp(file, text, FILE_MAX) < 0)
		return err_temp(e, errno, "unable to read %s", file);
	buf_trunc(text, str_rtrim(str_to(buf_str(text), str_chr(buf_str(text), '\n'))).n);
	char *at = text->p;

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = str_chr(str_z(at), ':');
		bool last = i + 1 == sizeof words / sizeof *words;

		*words[i] = at;
		if ((at[n] == ':') == last)
			return err_temp(e, 0, "%s is not server:user:password:database:table", file);
		at[n] = 0;
		at += last ? n : n + 1;
	}
	return 0;
}

static int ask(struct store *s, const char *table, unsigned port, struct question *q, struct err *e)
{
	struct store_value value = {.number = port};

	if (store_run(s, STMT_ACCESS_RULES, table, &value, 1, row, q, e) == 0)
		return !q->denied;
	if (!store_lacks_table(s))
		return -1;
	return store_run(s, STMT_ACCESS_CREATE, table, NULL, 0, NULL, NULL, e) < 0 ? -1 : 1;
}

int sqlaccess_ask(const char *file, const struct ip *ip, unsigned port, long *per_ip, struct buf *rule, struct err *e)
{
	struct question q = {.ip = ip, .per_ip = per_ip, .rule = rule};
	struct buf text = BUF_INIT, name = BUF_INIT;
	struct store_place place = {.server = NULL};
	const char *table = NULL;
	struct store *s = NULL;
	long seconds = 0;
	int r = -1;

	if (library(&name, e) < 0 || read_place(file, &text, &place, &table, e) < 0 ||
			conf_int(CONF_MYSQL_TIMEOUT, &seconds, e) < 0)
		goto out;
	place.library = name.p;
	place.timeout_s = seconds > 0 && seconds < 3600 ? (unsigned)seconds : 30;
	s = store_open(&place, e);
	if (s)
		r = ask(s, table, port, &q, e);
	store_close(s);
out:
	buf_free(&text);
	buf_free(&name);
	return r;
}
