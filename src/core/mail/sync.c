/* sync - durable or not, as the site says; see sync.h. */
#include "core/mail/sync.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/sys/file.h"

int sync_file(int fd)
{
	int r = 0;

	if (conf_on(CONF_USE_FDATASYNC))
		r = file_sync_data(fd);
	else if (conf_enabled(CONF_USE_FSYNC))
		r = file_sync(fd);
	/* a device such as /dev/null keeps nothing that could be lost */
	return r < 0 && errno == EINVAL ? 0 : r;
}

int sync_dir(const char *dir)
{
	return conf_enabled(CONF_USE_SYNCDIR) ? file_sync_dir(dir) : 0;
}
