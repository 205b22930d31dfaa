/* maildir - store one message as one file (maildir(5), queue-and-delivery section 15.1). */
#ifndef CORE_MAIL_MAILDIR_H
#define CORE_MAIL_MAILDIR_H

#include <stdint.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum { MAILDIR_HOURS = 24 };	/* a delivery that takes longer is given up */

/* When and where a message is stored: what its names are made of. */
struct maildir_stamp {
	time_t sec;
	long usec;
	long pid;
	char host[256];
};

/* Time, process and host of this moment. */
void maildir_stamp(struct maildir_stamp *s);
/* Append "SEC.MUSECPPID.HOST", the name below tmp; '/' and ':' of the host are written 057 and 072. */
void maildir_tmp_name(struct buf *b, const struct maildir_stamp *s);
/* Append "SEC.IINODEVDEVICEMUSECPPID.HOST,S=BYTES", the name below new, from the stored file's st. */
void maildir_new_name(struct buf *b, const struct maildir_stamp *s, const struct stat *st);

/* Store head followed by everything fd holds from its position on in the Maildir dir (with or without
 * a final '/').  The file appears in new complete, synced as USE_FSYNC and USE_FDATASYNC say, and its
 * name is durable (USE_SYNCDIR) before 0 is returned.  device, not 0: somebody else sees to that for the file system
 * of this number; there the content has only been handed to the disk.  -1: nothing stays in new; a full quota is
 * ERR_PERM, all else ERR_TEMP. */
int maildir_deliver(const char *dir, struct str head, int fd, uint64_t device, struct err *e);

#endif
