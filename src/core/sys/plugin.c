/* plugin - shared objects of the site; see plugin.h. */
#include "core/sys/plugin.h"

#ifdef PLUGINS
#include <dlfcn.h>
#include <unistd.h>

#include "core/sys/sig.h"

/* The function, NULL with e. */
static void *find(const char *fn, const char *symbol, struct err *e)
{
	void *handle = dlopen(fn, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), *object;

	sig_unsure();
	if (!handle) {
		err_temp(e, 0, "unable to load %s", fn);
		return NULL;
	}
	object = dlsym(handle, symbol);
	if (!object)
		err_temp(e, 0, "%s has no function %s", fn, symbol);
	return object;
}

int plugin_run(const char *fn, const char *symbol, struct err *e)
{
	union {
		void *object;
		int (*call)(void);
	} f;

	if (access(fn, F_OK) < 0)
		return 0;
	f.object = find(fn, symbol, e);
	if (!f.object)
		return -1;
	int r = f.call();

	return r ? err_temp(e, 0, "%s: %s returned %d", fn, symbol, r) : 0;
}

int plugin_ask(const char *fn, const char *symbol, const char *file, struct err *e)
{
	union {
		void *object;
		int (*call)(const char *file);
	} f = {.object = find(fn, symbol, e)};

	return f.object ? f.call(file) & 255 : -1;
}
#else
int plugin_run(const char *fn, const char *symbol, struct err *e)
{
	(void)fn;
	(void)symbol;
	(void)e;
	return 0;
}

int plugin_ask(const char *fn, const char *symbol, const char *file, struct err *e)
{
	(void)symbol;
	(void)file;
	return err_temp(e, 0, "unable to load %s: this build has no plugins", fn);
}
#endif
