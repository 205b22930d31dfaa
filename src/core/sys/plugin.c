/* plugin - shared objects of the site; see plugin.h. */
#include "core/sys/plugin.h"

#ifdef PLUGINS
#include <dlfcn.h>
#include <unistd.h>

int plugin_run(const char *fn, const char *symbol, struct err *e)
{
	union {
		void *object;
		int (*call)(void);
	} f;

	if (access(fn, F_OK) < 0)
		return 0;
	void *handle = dlopen(fn, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return err_temp(e, 0, "unable to load %s", fn);
	f.object = dlsym(handle, symbol);
	if (!f.object)
		return err_temp(e, 0, "%s has no function %s", fn, symbol);
	int r = f.call();

	return r ? err_temp(e, 0, "%s: %s returned %d", fn, symbol, r) : 0;
}

int plugin_ask(const char *fn, const char *symbol, const char *file, struct err *e)
{
	union {
		void *object;
		int (*call)(const char *file);
	} f;
	void *handle = dlopen(fn, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return err_temp(e, 0, "unable to load %s", fn);
	f.object = dlsym(handle, symbol);
	if (!f.object)
		return err_temp(e, 0, "%s has no function %s", fn, symbol);
	return f.call(file) & 255;
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
