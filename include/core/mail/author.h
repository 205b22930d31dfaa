/* author - who writes a message, as environment and control files know him (qmail-inject(8)). */
#ifndef CORE_MAIL_AUTHOR_H
#define CORE_MAIL_AUTHOR_H

#include "core/mail/addr.h"

/* The parts of incomplete addresses: QMAILDEFAULTHOST and the like, read when they are first needed. */
struct author {
	struct buf value[3];	/* by enum addr_default */
	bool have[3];
	struct err e;		/* a control file was unreadable: what was completed is wrong */
};
void author_init(struct author *w);
void author_free(struct author *w);
/* An addr_value whose ctx is a struct author. */
struct str author_value(void *ctx, enum addr_default which);

/* The author's address, completed: QMAILUSER ... at QMAILHOST ... */
void author_address(struct author *w, struct addr *a);
/* The envelope sender's: QMAILSUSER and QMAILSHOST go first; suffix is appended to the user part. */
void author_sender(struct author *w, struct str suffix, struct addr *a);
/* Append "Name <address>", or "address (Name)" when comment is set, or the address alone without a name. */
void author_from(struct author *w, bool comment, struct buf *b);

#endif
