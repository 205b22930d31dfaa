/* halt - ask a supervise to end; see halt.h. */
#include "svc/halt.h"

#include <signal.h>

#include "core/base/buf.h"
#include "core/sys/clock.h"
#include "core/sys/proc.h"
#include "svc/scandir.h"
#include "svc/state.h"

void halt_send(const char *dir, pid_t pid, struct str bytes)
{
	struct buf path = BUF_INIT;

	if ((state_find(dir, &path, NULL) < 0 || state_command(path.p, bytes) < 0) && pid > 0)
		proc_kill(pid, SIGTERM);
	buf_free(&path);
}

int halt_all(const char *scandir, struct err *e)
{
	struct service_names names = {{0}};
	struct buf dir = BUF_INIT;

	if (scandir_services(scandir, true, true, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.list.n; i++) {
		buf_clear(&dir);
		buf_fmt(&dir, "%s/%s", scandir, names.list.p[i]);
		halt_send(dir.p, 0, STR("dx"));
	}
	scandir_free(&names);
	buf_free(&dir);
	return 0;
}

static bool listens(const char *scandir, const char *name)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;

	buf_fmt(&dir, "%s/%s", scandir, name);
	bool yes = state_find(dir.p, &path, NULL) == 0 && state_ok(path.p) == 1;

	buf_free(&dir);
	buf_free(&path);
	return yes;
}

bool halt_wait(const char *scandir, long ms)
{
	enum { LOOK_MS = 20 };
	long long end = clock_mono_ms() + ms;
	struct service_names names = {{0}};
	size_t gone = 0;

	if (scandir_services(scandir, true, true, &names, NULL) < 0)
		return true;
	while (gone < names.list.n && clock_mono_ms() < end)
		if (listens(scandir, names.list.p[gone]))
			clock_sleep_ms(LOOK_MS);
		else
			gone++;
	bool all = gone == names.list.n;

	scandir_free(&names);
	return all;
}
