/* lock - flock; see lock.h. */
#include "core/sys/lock.h"

#include <sys/file.h>

#include "core/sys/fault.h"

int lock_exclusive(int fd)
{
	if (FAULT("flock"))
		return -1;
	return flock(fd, LOCK_EX);
}

int lock_try(int fd)
{
	if (FAULT("flock"))
		return -1;
	return flock(fd, LOCK_EX | LOCK_NB);
}

int lock_release(int fd)
{
	return flock(fd, LOCK_UN);
}
