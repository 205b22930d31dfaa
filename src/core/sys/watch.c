/* watch - inotify; see watch.h. */
#include "core/sys/watch.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/sys/fault.h"

static const struct {
	uint32_t bit;
	enum watch_kind kind;
} kinds[] = {
	{IN_CREATE, WATCH_CREATED}, {IN_DELETE, WATCH_DELETED}, {IN_OPEN, WATCH_OPENED},
	{IN_CLOSE, WATCH_CLOSED}, {IN_MOVED_FROM, WATCH_MOVED_FROM}, {IN_MOVED_TO, WATCH_MOVED_TO},
	{IN_IGNORED, WATCH_ENDED}, {IN_Q_OVERFLOW, WATCH_LOST},
};

int watch_open(void)
{
	if (FAULT("inotify"))
		return -1;
	return inotify_init1(IN_CLOEXEC);
}

int watch_add(int fd, const char *fn)
{
	return inotify_add_watch(fd, fn, IN_CREATE | IN_DELETE | IN_OPEN | IN_CLOSE | IN_MOVE);
}

static void report(const struct inotify_event *i, void (*each)(const struct watch_event *, void *), void *arg)
{
	struct watch_event ev = {.id = i->wd, .dir = i->mask & IN_ISDIR, .cookie = i->cookie,
		.name = i->len ? str_make(i->name, strnlen(i->name, i->len)) : str_make("", 0)};

	for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++)
		if (i->mask & kinds[k].bit) {
			ev.kind = kinds[k].kind;
			each(&ev, arg);
		}
}

int watch_read(int fd, void (*each)(const struct watch_event *ev, void *arg), void *arg)
{
	_Alignas(struct inotify_event) char space[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	ssize_t n = FAULT("read") ? -1 : read(fd, space, sizeof space);

	if (n < 0)
		return -1;
	for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n; ) {
		const struct inotify_event *i = (const void *)(space + at);

		report(i, each, arg);
		at += sizeof *i + i->len;
	}
	return 0;
}
