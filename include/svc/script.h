/* script - the scripts of a service directory, run without a shell and without exec where they are plain (runfile.h). */
#ifndef SVC_SCRIPT_H
#define SVC_SCRIPT_H

#include <stdbool.h>

/* Whether words are an applet of ours, and how to become it: main ties these to core/app. */
extern bool (*script_ours)(char *const argv[]);
extern void (*script_run)(char *const argv[]);

/* A regular file we may execute. */
bool script_runnable(const char *fn);
/* Become the script fn with its arguments; returns only on failure, with errno. */
void script_become(const char *fn, char *const argv[]);

#endif
