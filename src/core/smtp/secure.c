/* secure - TLS within a session; see secure.h. */
#include "core/smtp/secure.h"

#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/env.h"

bool secure_on(const struct session *s)
{
	return s->secured || s->conf->tls;
}

bool secure_offered(const struct session *s)
{
	return s->conf->starttls && !secure_on(s) && s->hooks->tls_offer(s->hooks->ctx);
}

/* The first words of the reason are for the client, paths and numbers for us. */
static bool failed(struct session *s, const struct err *e)
{
	struct str detail = str_z(e->text), reason = str_cut(&detail, ':');

	session_log(s, "TLS %s%s%s", e->text, e->num ? ": " : "", e->num ? strerror(e->num) : "");
	reply_line(&s->reply, 454, NULL, "TLS %.*s (#4.3.0)", STR_FMT(reason));
	return false;
}

static bool prepare(struct session *s)
{
	struct err e = {0};

	return s->hooks->tls_prepare(s->hooks->ctx, &e) == 0 || failed(s, &e);
}

/* The handshake.  Whatever came in plain text is forgotten: it may be anybody's (RFC 3207 section 6). */
static bool shake(struct session *s)
{
	struct err e = {0};

	in_anew(s->in);
	if (s->hooks->tls_start(s->hooks->ctx, &s->facts, &s->tls, &e) < 0)
		return failed(s, &e);
	if (s->tls) {
		tls_in(s->tls, s->in);
		tls_out(s->tls, s->reply.out);
	}
	s->secured = true;
	session_log(s, "ssl-version=%s", s->facts.version);
	return true;
}

void secure_verb(struct session *s, struct str arg)
{
	if (arg.n) {
		reply_line(&s->reply, 501, NULL, "sorry, no parameters allowed (#5.5.4)");
		return;
	}
	if (!prepare(s))
		return;
	reply_line(&s->reply, 220, NULL, "ready for tls");
	out_flush(s->reply.out);
	if (shake(s))
		session_greet_anew(s);
	else
		session_end(s, 1);
}

bool secure_first(struct session *s)
{
	if (!s->conf->smtps || (prepare(s) && shake(s)))
		return true;
	session_end(s, 1);
	return false;
}

void secure_announce(void)
{
	env_put("RELAYCLIENT", "");
	env_put("AUTHENTICATED", "1");
}

bool secure_relay(struct session *s, const char **why)
{
	struct table allowed = TABLE_INIT;
	bool good = false;

	*why = NULL;
	if (!s->secured || conf_table(CONF_TLSCLIENTS, &allowed, NULL) <= 0)
		goto out;
	*why = !s->facts.verified ? s->facts.why : *s->facts.email ? "its address may not relay" : "it has no address";
	good = *s->facts.email && table_has(&allowed, str_z(s->facts.email));
	if (good) {
		buf_set(&s->cert_email, str_z(s->facts.email));
		s->conf->relay = true;
		buf_clear(&s->conf->relay_suffix);
		secure_announce();
	}
out:
	table_free(&allowed);
	return good;
}
