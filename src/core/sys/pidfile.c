/* pidfile - who serves; see pidfile.h. */
#include "core/sys/pidfile.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

static bool alive(struct str text)
{
	uint64_t n;

	if (!num_parse(str_trim(text), INT32_MAX, &n) || n < 1 || (pid_t)n == proc_pid())
		return false;
	return proc_kill((pid_t)n, 0) == 0 || errno == EPERM;
}

int pidfile_write(const char *fn, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = 0;

	if (file_slurp(fn, &text, 4096) == 0 && alive(buf_str(&text)))
		r = err_temp(e, 0, " already running");
	buf_clear(&text);
	buf_fmt(&text, "%ld\n", (long)proc_pid());
	if (r == 0)
		r = file_replace(fn, buf_str(&text), 0644, e);
	buf_free(&text);
	return r;
}
