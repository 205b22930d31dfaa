/* hosts - which recipient domains this host takes mail for (rcpthosts, morercpthosts.cdb), and which
 * clients may relay by address or name (relayclients, relaydomains).  Policy reference 1.3 and 2.9. */
#ifndef CORE_SMTP_HOSTS_H
#define CORE_SMTP_HOSTS_H

#include "core/conf/cdb.h"
#include "core/conf/control.h"

struct hosts {
	struct table list;
	struct cdb more;
	bool has_more;
};

/* Read the control files; hosts_close always. */
int hosts_open(struct hosts *h, struct err *e);
void hosts_close(struct hosts *h);
/* 1 the domain of addr is ours, or there is no list, or addr has no domain; 0 not; -1 unreadable. */
int hosts_accept(struct hosts *h, struct str addr, struct err *e);

/* Look for the client in relayclients (address, then each prefix ending in a dot), then in relaydomains
 * (name, then each ".suffix", then the empty key; host NULL: unknown).  1: *suffix is what RELAYCLIENT
 * would hold; 0 no; -1 unreadable. */
int hosts_relay(const char *ip, const char *host, struct buf *suffix, struct err *e);

#endif
