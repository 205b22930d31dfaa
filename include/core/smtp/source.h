/* source - from which of our addresses a connection starts, and the name said in HELO
 * (queue-and-delivery section 16.4, control-files section 4). */
#ifndef CORE_SMTP_SOURCE_H
#define CORE_SMTP_SOURCE_H

#include <time.h>

#include "core/conf/control.h"
#include "core/net/ip.h"

struct source {
	struct list pool;		/* outgoingip */
	struct table bindings, routes, helos;
	struct str sender;
	struct buf helohost;
	time_t now;
};

/* Read the controls for mail from sender to host at now. */
int source_open(struct source *s, struct str host, struct str sender, time_t now, struct err *e);
void source_free(struct source *s);
/* The address to bind for a connection to ip (false: the system's choice), and the HELO name, a view
 * that lives as long as s and its sender. */
bool source_pick(const struct source *s, const struct ip *to, struct ip *from, struct str *helo);

#endif
