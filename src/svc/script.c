/* script - the scripts of a service directory; see script.h. */
#include "svc/script.h"

#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "svc/runfile.h"

enum { PLAIN_MAX = 8192 };

bool (*script_ours)(char *const argv[]);
void (*script_run)(char *const argv[]);

bool script_runnable(const char *fn)
{
	struct stat st;

	return file_stat(fn, &st) == 0 && S_ISREG(st.st_mode) && file_access(fn, X_OK);
}

static int place(const struct runfile *r)
{
	for (size_t i = 0; i < r->fds.n; i++) {
		const struct runfile_fd *f = &r->fds.p[i];

		if (f->from >= 0 && fd_copy(f->to, f->from) < 0)
			return -1;
		if (f->from < 0)
			fd_close(f->to);
	}
	return 0;
}

void script_become(const char *fn, char *const argv[])
{
	struct runfile r = {.arena = {0}};
	struct buf text = BUF_INIT;
	bool plain = script_ours && file_slurp(fn, &text, PLAIN_MAX) == 0 &&
		runfile_plain(&r, buf_str(&text), conf_getenv) && script_ours(r.argv.p);

	buf_free(&text);
	if (plain && place(&r) == 0)
		script_run(r.argv.p);
	if (!plain)
		proc_exec_file(fn, argv);
}
