/* readproctitle - show the last bytes of a log in ps.  Reads fd 0, scrolls it through the last word of its
 * own command line.  The end of a pipe that must never be full: when the words cannot be shown, it still
 * reads. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/mem.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

enum { DOTS = 3, SHORTEST = 5 };

/* Where the last word lies.  A process that was not started by exec has no room of its own for it: start
 * over. */
static char *find_title(int argc, char **argv, size_t n)
{
	char **words = mem_alloc(((size_t)argc + 1) * sizeof *words);

	for (int i = 0; i < argc; i++)
		words[i] = argv[i];
	words[argc - 1] = memset(mem_alloc(n + 1), '.', n);
	char *title = proc_title_words(argc, words);

	if (!title)
		proc_exec_file("/proc/self/exe", words);
	mem_free(words[argc - 1]);
	mem_free(words);
	return title;
}

/* The bytes, without NULs, come in at the right end; those at the left end, behind the dots, go. */
static void scroll(char *title, size_t n, const char *p, size_t len)
{
	char text[4096];
	size_t kept = 0, room = n - DOTS;

	for (size_t i = 0; i < len; i++)
		if (p[i])
			text[kept++] = p[i];
	p = text;
	if (kept > room) {
		p += kept - room;
		kept = room;
	}
	memmove(title + DOTS, title + DOTS + kept, room - kept);
	memcpy(title + n - kept, p, kept);
}

static int readproctitle_main(int argc, char **argv)
{
	char bytes[4096], *title;
	size_t n;
	ssize_t r;

	if (argc < 2 || (n = strlen(argv[argc - 1])) < SHORTEST)
		die_usage();
	title = find_title(argc, argv, n);
	while ((r = fd_read(0, bytes, sizeof bytes)) > 0)
		if (title)
			scroll(title, n, bytes, (size_t)r);
	return r < 0 ? 111 : 0;
}

APPLET(readproctitle) = {
	.name = "readproctitle", .family = "svc",
	.brief = "show the last bytes of a log in ps",
	.args = "word ... dots", .role = AS_CALLER, .flags = APPLET_RAW, .main = readproctitle_main,
};
