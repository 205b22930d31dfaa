/* envrules - rule files at work in a session; see envrules.h.
 * The environment is copied only before the first change, and s->before is that copy until the transaction ends. */
#include "core/smtp/envrules.h"

#include "core/conf/rules.h"
#include "core/smtp/secure.h"
#include "core/sys/env.h"

/* Do what the lines for an address say: the number of the last one, 0 none. */
static int obey(struct session *s, const struct list *l, struct str address,
	int (*rules)(const struct list *, struct str))
{
	struct env_copy *copy = s->before || !l->lines.n ? NULL : env_save();
	int rule = rules(l, address);

	if (copy && rule)
		s->before = copy;
	else if (copy)
		env_copy_free(copy);
	return rule;
}

/* The policy files as the environment is now; own: without rules. */
static int read_policy(struct session *s, bool own, struct err *e)
{
	s->stale = true;
	if (smtp_config_policy(s->conf, e) < 0)
		return -1;
	s->stale = !own;
	return 0;
}

/* A whole file: 1 some of its rules applied, 0 none, -1. */
static int file(struct session *s, enum conf_id id, struct str address, struct err *e)
{
	struct buf lower = BUF_INIT;
	struct list l = LIST_INIT;
	int rule = conf_list(id, &l, e) < 0 ? -1 : 0;

	if (l.lines.n) {
		buf_set(&lower, address);
		buf_lower(&lower);
		rule = obey(s, &l, buf_str(&lower), rules_apply_list);
	}
	if (rule > 0)
		session_log(s, "Setting EnvRule No %d: MAIL from <%s>", rule, s->sender.p);
	buf_free(&lower);
	list_free(&l);
	return rule < 0 ? -1 : rule > 0;
}

int envrules_mail(struct session *s, struct err *e)
{
	int r = file(s, CONF_FROMRULES, buf_str(&s->sender), e);

	if (r > 0)
		return read_policy(s, false, e);
	return r < 0 ? -1 : envrules_policy(s, e);
}

int envrules_rcpt(struct session *s, struct err *e)
{
	/* the same file for all recipients */
	if (!s->domainqueue_read && conf_list(CONF_DOMAINQUEUE, &s->domainqueue, e) < 0)
		return -1;
	s->domainqueue_read = true;
	int rule = obey(s, &s->domainqueue, buf_str(&s->rcpt), rules_apply_domain);

	if (rule > 0)
		session_log(s, "Setting DomainQueue Rule No %d: MAIL from <%s> RCPT <%s>", rule, s->sender.p, s->rcpt.p);
	return 0;
}

int envrules_data(struct session *s, struct err *e)
{
	int r = s->conf->relay ? file(s, CONF_AUTHRULES, STR(""), e) : 0;

	return r > 0 ? read_policy(s, false, e) : r;
}

void envrules_undo(struct session *s)
{
	s->domainqueue_read = false;
	if (!s->before)
		return;
	env_restore(s->before);
	env_copy_free(s->before);
	s->before = NULL;
	/* what the client has gained meanwhile stays */
	if (s->cert_email.n)
		secure_announce();
}

int envrules_policy(struct session *s, struct err *e)
{
	return s->stale ? read_policy(s, true, e) : 0;
}

void envrules_changes(const struct session *s, struct buf *out)
{
	if (s->before)
		env_changes(s->before, out);
}

int envrules_resume(struct session *s, struct str changes, bool stale, struct err *e)
{
	if (!changes.n)
		return 0;	/* the policy files are those of this process, just read */
	s->before = env_save();
	env_repeat(changes);
	return stale ? read_policy(s, false, e) : 0;
}
