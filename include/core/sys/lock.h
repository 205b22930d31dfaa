/* lock - whole-file advisory locks (flock); they go with the open file description. */
#ifndef CORE_SYS_LOCK_H
#define CORE_SYS_LOCK_H

int lock_exclusive(int fd);	/* waits; EINTR is returned so that an alarm can end it */
int lock_try(int fd);		/* EWOULDBLOCK when somebody holds it */
int lock_release(int fd);

#endif
