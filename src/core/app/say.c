/* say - see say.h. */
#include "core/app/say.h"

#include <errno.h>

#include "core/app/log.h"
#include "core/sys/fd.h"

int say(struct buf *text)
{
	int r = fd_write_all(1, text->p, text->n), num = errno;

	buf_free(text);
	if (r == 0)
		return 0;
	log_line("%s: fatal: unable to write: %s", log_program(), log_errno(num));
	return 111;
}
