/* state - where the state of a service lies; see state.h. */
#include "svc/state.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

enum { NAME_MAX_BYTES = 255 };

const char *state_run(void)
{
	if (conf_set(CONF_DISABLE_RUN))
		return NULL;
	if (file_exists("/run"))
		return "/run/svscan";
	return file_exists("/var/run") ? "/var/run/svscan" : NULL;
}

/* The last component of path, which has no slash at its end. */
static struct str last(struct str path)
{
	size_t slash = str_rchr(path, '/');

	return slash < path.n ? str_from(path, slash + 1) : path;
}

static struct str without_slashes(struct str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

int state_name(const char *dir, struct buf *name, struct err *e)
{
	struct str path = without_slashes(str_z(dir)), base;
	struct buf whole = BUF_INIT;
	int r = 0;

	/* "." and "log" say nothing without the directory they stand in */
	if (str_eq(path, STR(".")) || str_eq(path, STR("log")) || str_eq(path, STR("./log"))) {
		if (file_cwd(&whole) < 0)
			r = err_temp(e, errno, "unable to get the current directory");
		if (!str_eq(path, STR(".")))
			buf_adds(&whole, "/log");
		path = without_slashes(buf_str(&whole));
	}
	base = last(path);
	buf_clear(name);
	if (str_eq(base, STR("log")) && base.n < path.n)
		buf_fmt(name, "%.*s/", STR_FMT(last(without_slashes(str_to(path, path.n - base.n)))));
	buf_add(name, base);
	if (r == 0 && name->n > NAME_MAX_BYTES)
		r = err_usage(e, "name too long");
	buf_free(&whole);
	return r;
}

int state_find(const char *dir, struct buf *path, struct err *e)
{
	struct buf name = BUF_INIT;
	const char *run = state_run();
	int r = 0;

	buf_clear(path);
	buf_fmt(path, "%s/supervise", dir);
	if (!run || file_exists(path->p))
		return 0;
	r = state_name(dir, &name, e);
	if (r == 0) {
		struct buf there = BUF_INIT;

		buf_fmt(&there, "%s/%s/supervise", run, name.p);
		if (file_exists(there.p))
			buf_set(path, buf_str(&there));
		buf_free(&there);
	}
	buf_free(&name);
	return r;
}

/* Open path/name for writing without waiting: 1 somebody reads it, 0 nobody, -1. */
static int somebody_reads(const char *path, const char *name)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", path, name);
	int fd = file_open(fn.p, O_WRONLY | O_NONBLOCK, 0), num = errno;

	buf_free(&fn);
	errno = num;
	if (fd >= 0) {
		fd_close(fd);
		return 1;
	}
	return num == ENXIO || num == ENOENT ? 0 : -1;
}

int state_ok(const char *path)
{
	return somebody_reads(path, "ok");
}

int state_reached(const char *path, const char *name)
{
	return somebody_reads(path, name);
}

int state_wait(const char *path, const char *name)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", path, name);
	int fd = file_open_wait(fn.p, O_WRONLY), num = errno;

	buf_free(&fn);
	errno = num;
	return fd < 0 ? -1 : fd_close(fd);
}

int state_read(const char *path, struct status *s, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s/status", path);
	if (file_slurp(fn.p, &text, STATUS_SIZE) < 0 && errno != EFBIG)
		r = err_temp(e, errno, "unable to read supervise/status");
	else if (!status_unpack(s, (const unsigned char *)text.p, text.n))
		r = err_perm(e, 0, "unable to read supervise/status: bad format");
	buf_free(&fn);
	buf_free(&text);
	return r;
}

int state_command(const char *path, struct str bytes)
{
	struct buf fn = BUF_INIT;
	int r;

	buf_fmt(&fn, "%s/control", path);
	int fd = file_open(fn.p, O_WRONLY | O_NONBLOCK, 0), num = errno;

	buf_free(&fn);
	errno = num;
	if (fd < 0)
		return -1;
	r = fd_write_all(fd, bytes.p, bytes.n);
	num = errno;
	fd_close(fd);
	errno = num;
	return r;
}
