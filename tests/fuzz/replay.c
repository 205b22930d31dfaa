/* replay - run every file of the directories (or the files) on the command line through a fuzz target,
 * one after another: the corpus as an ordinary test.  Fails when the target crashes or a path is
 * unreadable. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int failed, count;

static void run_file(const char *fn)
{
	struct buf b = BUF_INIT;

	if (file_slurp(fn, &b, 64 << 20) < 0) {
		fprintf(stderr, "%s: %s\n", fn, strerror(errno));
		failed = 1;
	} else {
		/* an exact copy, so that sanitizers see every byte read too far */
		struct buf exact = BUF_INIT;

		buf_put(&exact, b.p, b.n);
		LLVMFuzzerTestOneInput((const uint8_t *)exact.p, exact.n);
		buf_free(&exact);
		count++;
	}
	buf_free(&b);
}

static void run_path(const char *path)
{
	struct dir d;
	const char *name;
	struct buf fn = BUF_INIT;

	if (dir_open(&d, path) < 0) {
		run_file(path);
		return;
	}
	while (dir_next(&d, &name) > 0) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", path, name);
		run_file(fn.p);
	}
	dir_close(&d);
	buf_free(&fn);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	printf("%d inputs\n", count);
	return failed || count == 0;
}
