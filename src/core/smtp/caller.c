/* caller - the other end of a connection; see caller.h. */
#include "core/smtp/caller.h"

#include "core/base/str.h"
#include "core/conf/conf.h"

static const char *first_of(enum conf_id a, enum conf_id b, const char *otherwise)
{
	const char *v = conf_env(a);

	if (!v || !*v)
		v = conf_env(b);
	return v && *v ? v : otherwise;
}

void caller_read(struct caller *c)
{
	c->ip = first_of(CONF_TCP6REMOTEIP, CONF_TCPREMOTEIP, "unknown");
	/* an IPv4 client of a dual-stack socket keeps its familiar form */
	if (str_istarts(str_z(c->ip), STR("::ffff:")))
		c->ip = first_of(CONF_TCPREMOTEIP, CONF_TCP6REMOTEIP, "unknown");
	c->host = first_of(CONF_TCPREMOTEHOST, CONF_TCPREMOTEHOST, "unknown");
	c->info = first_of(CONF_TCPREMOTEINFO, CONF_TCPREMOTEINFO, NULL);
	c->local = first_of(CONF_TCPLOCALHOST, CONF_TCPLOCALIP, NULL);
}
