/* netserve - what the programs qmail-qmtpd and qmail-qmqpd do around their engines: descriptors 0 and 1, the queue's client, the
 * environment of the connection. */
#ifndef QUEUE_NETSERVE_H
#define QUEUE_NETSERVE_H

#include "core/smtp/netserver.h"

/* Serve the client with run, which is qmtpd_run or qmqpd_run: its exit code, s->err says more.  The QMTP part of s is the
 * caller's, the rest is filled in here. */
int netserve(struct netserver *s, int (*run)(struct netserver *s, struct in *in, struct out *out));

#endif
