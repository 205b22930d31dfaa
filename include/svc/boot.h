/* boot - having svscan started with the machine: systemd, upstart, openrc, rc.d, launchd, inittab; below
 * any root. */
#ifndef SVC_BOOT_H
#define SVC_BOOT_H

#include "core/base/buf.h"
#include "core/base/err.h"

enum boot_kind {
	BOOT_NONE, BOOT_SYSTEMD,
	BOOT_UPSTART, BOOT_EVENT,	/* /etc/init, /etc/event.d */
	BOOT_RC,			/* rc.d as FreeBSD has it */
	BOOT_LAUNCHD, BOOT_OPENRC, BOOT_INITTAB,
};

/* What starts the machine whose files are below root ("" is this one). */
enum boot_kind boot_detect(const char *root);
/* Install and enable what starts svscanboot for scandir: what was written is appended to *out, one path per
 * line. */
int boot_install(const char *root, enum boot_kind kind, const char *scandir, struct buf *out, struct err *e);
/* Remove all of it, whichever kind it is: the paths removed. */
int boot_remove(const char *root, const char *scandir, struct buf *out, struct err *e);
/* The line for inittab. */
extern const char boot_inittab[];
/* Add that line to root/etc/inittab unless it is there. */
int boot_add_inittab(const char *root, struct err *e);

#endif
