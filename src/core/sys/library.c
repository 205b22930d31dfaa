/* library - loading on demand; see library.h. */
#include "core/sys/library.h"

#include "config.h"

#ifdef HAVE_MARIADB	/* whose client library is loaded so */
#include <dlfcn.h>

#include "core/sys/sig.h"

void *library_open(const char *name, struct err *e)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	sig_unsure();
	if (!library)
		err_temp(e, 0, "unable to load %s: %s", name, dlerror());
	return library;
}

void *library_find(void *library, const char *symbol, struct err *e)
{
	void *p = dlsym(library, symbol);

	if (!p)
		err_temp(e, 0, "the library has no %s", symbol);
	return p;
}
#else
void *library_open(const char *name, struct err *e)
{
	err_temp(e, 0, "unable to load %s: not in this build", name);
	return 0;
}

void *library_find(void *library, const char *symbol, struct err *e)
{
	(void)library;
	err_temp(e, 0, "no %s in this build", symbol);
	return 0;
}
#endif
