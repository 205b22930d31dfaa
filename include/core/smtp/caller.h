/* caller - who is at the other end of this connection, by what a UCSPI server such as tcpserver put into the
 * environment (network reference section 1.2). */
#ifndef CORE_SMTP_CALLER_H
#define CORE_SMTP_CALLER_H

/* Views of the environment. */
struct caller {
	const char *ip, *host;	/* address and name, "unknown" without; an IPv4 address in its familiar form */
	const char *info;	/* ident answer, NULL none */
	const char *local;	/* our name on this connection; NULL when it does not say */
};

void caller_read(struct caller *c);

#endif
