/* config - the settings of an SMTP server, read before the greeting; see session.h. */
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/smtp/caller.h"
#include "core/smtp/session.h"

enum { MINI_HOPS = 100 };

static void read_connection(struct smtp_config *c)
{
	const char *port = conf_env(CONF_TCPLOCALPORT), *provider = conf_env(CONF_TLS_PROVIDER);
	struct caller who;

	caller_read(&who);
	c->ip = who.ip;
	c->host = who.host;
	c->info = who.info;
	c->local = who.local;
	c->tls = provider && *provider ? provider : NULL;
	c->refuse = conf_env(CONF_SHUTDOWN);
	c->port = 25;
	if (port)
		num_lead(str_z(port), &c->port);
}

/* What holds for the whole session, whatever rules say about a transaction. */
static void read_switches(struct smtp_config *c)
{
	c->no_vrfy = conf_set(CONF_DISABLE_VRFY);
	c->no_help = conf_set(CONF_DISABLE_HELP);
	c->plain_greeting = conf_set(CONF_DISABLE_EXTRA_GREET);
	c->starttls = conf_set(CONF_STARTTLS);
	c->smtps = conf_on(CONF_SMTPS);
}

static int read_numbers(struct smtp_config *c, struct err *e)
{
	long enhanced;

	if (conf_int(CONF_TIMEOUTSMTPD, &c->timeout, e) < 0 || conf_int(CONF_MAXCMDLEN, &c->maxcmdlen, e) < 0
		|| conf_int(CONF_ENHANCEDSTATUSCODES, &enhanced, e) < 0)
		return -1;
	if (c->timeout < 1)
		c->timeout = 1;
	c->enhanced = enhanced != 0;
	return 0;
}

static int read_relay(struct smtp_config *c, struct err *e)
{
	const char *v = conf_env(CONF_RELAYCLIENT);
	int r = 1;

	if (v)
		buf_set(&c->relay_suffix, str_z(v));
	else
		r = hosts_relay(c->ip, conf_env(CONF_TCPREMOTEHOST), &c->relay_suffix, e);
	c->relay = r == 1;
	return r < 0 ? -1 : 0;
}

/* Who we are and who the client is. */
static int begin(struct smtp_config *c, const char *name, struct err *e)
{
	*c = (struct smtp_config){.name = name, .greeting = LIST_INIT, .localiphost = BUF_INIT,
		.relay_suffix = BUF_INIT, .badmailfrom = MATCH_INIT, .hosts.list = TABLE_INIT};
	read_connection(c);
	int r = conf_list(CONF_SMTPGREETING, &c->greeting, e);

	if (r < 0)
		return -1;
	if (r == 0 || c->greeting.lines.n == 0)
		return err_temp(e, 0, "neither smtpgreeting nor me names this host");
	return 0;
}

static int read_policy(struct smtp_config *c, struct err *e)
{
	c->utf8 = conf_set(CONF_SMTPUTF8);
	c->allow_lf = conf_set(CONF_ALLOW_BARELF);
	c->force_tls = conf_set(CONF_FORCE_TLS);
	c->hide_host = conf_set(CONF_HIDE_HOST);
	if (conf_line(CONF_LOCALIPHOST, &c->localiphost, e) < 0 || conf_int(CONF_MAXHOPS, &c->maxhops, e) < 0
		|| conf_int(CONF_DATABYTES, &c->databytes, e) < 0 || conf_int(CONF_MAXRECIPIENTS, &c->maxrecipients, e) < 0)
		return -1;
	if (hosts_open(&c->hosts, e) < 0)
		return -1;
	return match_open(&c->badmailfrom, CONF_BADMAILFROM, CONF_BADMAILPATTERNS, e);
}

static void free_policy(struct smtp_config *c)
{
	buf_free(&c->localiphost);
	hosts_close(&c->hosts);
	match_close(&c->badmailfrom);
}

int smtp_config_policy(struct smtp_config *c, struct err *e)
{
	struct smtp_config fresh = *c;

	fresh.localiphost = (struct buf)BUF_INIT;
	fresh.hosts = (struct hosts){.list = TABLE_INIT};
	fresh.badmailfrom = (struct match)MATCH_INIT;
	if (read_policy(&fresh, e) < 0) {
		free_policy(&fresh);
		return -1;
	}
	free_policy(c);
	*c = fresh;
	return 0;
}

int smtp_config_read(struct smtp_config *c, struct err *e)
{
	if (begin(c, "qmail-smtpd", e) < 0)
		return -1;
	read_switches(c);
	if (read_numbers(c, e) < 0 || read_relay(c, e) < 0)
		return -1;
	return smtp_config_policy(c, e);
}

int smtp_config_mini(struct smtp_config *c, struct err *e)
{
	const char *relay = conf_env(CONF_RELAYCLIENT);

	if (begin(c, "mini-smtpd", e) < 0)
		return -1;
	c->mini = true;
	c->port = 25;
	c->refuse = NULL;
	c->maxhops = MINI_HOPS;
	c->allow_lf = conf_set(CONF_ALLOW_BARELF);
	c->hide_host = conf_set(CONF_HIDE_HOST);
	c->relay = relay != NULL;
	buf_set(&c->relay_suffix, str_z(relay));
	if (conf_line(CONF_LOCALIPHOST, &c->localiphost, e) < 0 || conf_int(CONF_TIMEOUTSMTPD, &c->timeout, e) < 0 ||
			conf_int(CONF_DATABYTES, &c->databytes, e) < 0)
		return -1;
	if (c->timeout < 1)
		c->timeout = 1;
	return hosts_open(&c->hosts, e);
}

void smtp_config_free(struct smtp_config *c)
{
	list_free(&c->greeting);
	buf_free(&c->relay_suffix);
	free_policy(c);
}
