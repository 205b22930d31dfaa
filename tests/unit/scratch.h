/* scratch - for tests that need files: a directory of their own to work in, gone afterwards. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_name[] = "/tmp/indimail-unit.XXXXXX";

/* cmocka's group setup and teardown */
static int scratch_enter(void **state)
{
	(void)state;
	return mkdtemp(scratch_name) ? chdir(scratch_name) : -1;
}

static int scratch_leave(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", scratch_name);
	return chdir("/") == 0 ? system(command) : -1;
}

static inline void scratch_bytes(const char *fn, const void *p, size_t n)
{
	FILE *f = fopen(fn, "w");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static inline void scratch_file(const char *fn, const char *text)
{
	scratch_bytes(fn, text, strlen(text));
}

#endif
