/* file - the file system; see file.h. */
#include "core/sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/sys/fault.h"
#include "core/sys/fd.h"

int file_open(const char *fn, int flags, mode_t mode)
{
	int fd;

	if (FAULT("open"))
		return -1;
	do
		fd = openat(AT_FDCWD, fn, flags | O_CLOEXEC, mode);	/* musl's open asks for close-on-exec once more */
	while (fd < 0 && errno == EINTR);
	return fd;
}

int file_open_wait(const char *fn, int flags)
{
	if (FAULT("open"))
		return -1;
	return openat(AT_FDCWD, fn, flags | O_CLOEXEC);
}

int file_stat(const char *fn, struct stat *st)
{
	if (FAULT("stat"))
		return -1;
	return stat(fn, st);
}

int file_lstat(const char *fn, struct stat *st)
{
	if (FAULT("lstat"))
		return -1;
	return lstat(fn, st);
}

int file_fstat(int fd, struct stat *st)
{
	if (FAULT("fstat"))
		return -1;
	return fstat(fd, st);
}

bool file_exists(const char *fn)
{
	struct stat st;

	return lstat(fn, &st) == 0;
}

bool file_access(const char *fn, int mode)
{
	return faccessat(AT_FDCWD, fn, mode, AT_EACCESS) == 0;
}

int file_link(const char *from, const char *to)
{
	if (FAULT("link"))
		return -1;
	return link(from, to);
}

int file_symlink(const char *text, const char *fn)
{
	return symlink(text, fn);
}

int file_readlink(const char *fn, struct buf *text)
{
	char block[4096];
	ssize_t n = readlink(fn, block, sizeof block);

	if (n < 0)
		return -1;
	buf_set(text, str_make(block, (size_t)n));
	return 0;
}

int file_rename(const char *from, const char *to)
{
	if (FAULT("rename"))
		return -1;
	return rename(from, to);
}

int file_rename_new(const char *from, const char *to)
{
	if (FAULT("rename"))
		return -1;
	/* the system call itself: older C libraries have no function for it */
	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u /* RENAME_NOREPLACE */) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL)
		return -1;
	return link(from, to) < 0 ? -1 : unlink(from);
}

int file_unlink(const char *fn)
{
	if (FAULT("unlink"))
		return -1;
	return unlink(fn);
}

int file_mkdir(const char *fn, mode_t mode)
{
	if (FAULT("mkdir"))
		return -1;
	return mkdir(fn, mode);
}

int file_rmdir(const char *fn)
{
	return rmdir(fn);
}

int file_mkfifo(const char *fn, mode_t mode)
{
	return mkfifo(fn, mode);
}

int file_chmod(const char *fn, mode_t mode)
{
	return chmod(fn, mode);
}

int file_chmod_own(const char *fn, mode_t mode)
{
	int fd = file_open(fn, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	/* the C library may need /proc for this, which a root of one file has not */
	if (fd < 0)
		return errno == EACCES ? fchmodat(AT_FDCWD, fn, mode, AT_SYMLINK_NOFOLLOW) : -1;
	int r = fchmod(fd, mode), keep = errno;

	close(fd);
	errno = keep;
	return r;
}

int file_fchmod(int fd, mode_t mode)
{
	if (FAULT("fchmod"))
		return -1;
	return fchmod(fd, mode);
}

int file_chown(const char *fn, uid_t uid, gid_t gid)
{
	return lchown(fn, uid, gid);
}

int file_mtime(const char *fn, time_t t)
{
	struct timespec ts[2] = {{.tv_sec = t}, {.tv_sec = t}};

	if (FAULT("utime"))
		return -1;
	return utimensat(AT_FDCWD, fn, ts, 0);
}

void file_touch(int fd)
{
	futimens(fd, NULL);
}

int file_chdir(const char *dir)
{
	if (FAULT("chdir"))
		return -1;
	return chdir(dir);
}

int file_truncate(int fd, off_t size)
{
	if (FAULT("truncate"))
		return -1;
	return ftruncate(fd, size);
}

int file_empty(const char *fn)
{
	int fd = FAULT("truncate") ? -1 : file_open(fn, O_WRONLY | O_TRUNC, 0);

	if (fd < 0)
		return -1;
	/* ext4 writes out at the next close what a truncated file has by then: this close comes while that is nothing */
	close(fd);
	return 0;
}

mode_t file_umask(mode_t mask)
{
	return umask(mask);
}

int file_sync(int fd)
{
	if (FAULT("fsync"))
		return -1;
	return fsync(fd);
}

int file_sync_data(int fd)
{
	if (FAULT("fdatasync"))
		return -1;
	return fdatasync(fd);
}

int file_sync_all(const char *fn)
{
	int fd = FAULT("syncfs") ? -1 : file_open(fn, O_RDONLY, 0);

	if (fd < 0)
		return -1;
	int r = syncfs(fd), keep = errno;

	close(fd);
	errno = keep;
	return r;
}

static void write_back(int fd, unsigned how)
{
	int keep = errno;

	if (sync_file_range(fd, 0, 0, how) < 0)
		errno = keep;
}

void file_sync_start(int fd)
{
	write_back(fd, SYNC_FILE_RANGE_WRITE);
}

void file_write_out(int fd)
{
	write_back(fd, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

int file_sync_dir(const char *dir)
{
	int fd = file_open(dir, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return -1;
	int r = file_sync(fd);
	int keep = errno;

	close(fd);
	errno = keep;
	return r;
}

bool file_in_memory(const char *fn)
{
	enum { TMPFS = 0x01021994, RAMFS = 0x858458f6 };	/* statfs(2) */
	struct statfs s;

	return statfs(fn, &s) == 0 && ((unsigned long)s.f_type == TMPFS || (unsigned long)s.f_type == RAMFS);
}

int file_free(const char *fn, unsigned long long *bytes)
{
	struct statvfs v;

	if (FAULT("statvfs") || statvfs(fn, &v) < 0)
		return -1;
	*bytes = (unsigned long long)v.f_bavail * v.f_frsize;
	return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_unchanged(const struct stat *seen, const struct stat *now)
{
	return seen->st_dev == now->st_dev && seen->st_ino == now->st_ino && seen->st_mode == now->st_mode &&
		seen->st_size == now->st_size && same_time(&seen->st_mtim, &now->st_mtim) &&
		same_time(&seen->st_ctim, &now->st_ctim);
}

bool file_at_rest(const struct stat *st)
{
	enum { TICK_MS = 30, WHOLE_MS = 3000 };	/* longer than a tick, also of a clock that knows only seconds */
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	/* the time that nobody can set */
	long long age = (t.tv_sec - st->st_ctim.tv_sec) * 1000LL + (t.tv_nsec - st->st_ctim.tv_nsec) / 1000000;

	return age > (st->st_ctim.tv_nsec ? TICK_MS : WHOLE_MS);
}

int file_slurp_fd(int fd, struct buf *b, size_t max)
{
	char block[4096];	/* most files are a line: no space for more has to come from the system */

	buf_grow(b, 0);
	for (;;) {
		ssize_t r = fd_read(fd, block, sizeof block);

		if (r <= 0)
			return (int)r;
		buf_put(b, block, (size_t)r);
		if (b->n > max) {
			errno = EFBIG;
			return -1;
		}
	}
}

int file_slurp(const char *fn, struct buf *b, size_t max)
{
	int fd = file_open(fn, O_RDONLY, 0);

	if (fd < 0)
		return -1;
	int r = file_slurp_fd(fd, b, max);
	int keep = errno;

	close(fd);
	errno = keep;
	return r;
}

static int replace(int fd, const char *tmp, const char *fn, struct str text, mode_t mode)
{
	if (fchmod(fd, mode) < 0 || fd_write_all(fd, text.p, text.n) < 0 || file_sync(fd) < 0)
		return -1;
	return file_rename(tmp, fn);
}

int file_replace(const char *fn, struct str text, mode_t mode, struct err *e)
{
	struct buf tmp = BUF_INIT;
	struct str name = str_z(fn);
	size_t slash = str_rchr(name, '/');
	int r = -1;

	buf_fmt(&tmp, "%s.%ld.tmp", fn, (long)getpid());
	int fd = file_open(tmp.p, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0) {
		err_temp(e, errno, "unable to create %s", tmp.p);
		goto out;
	}
	r = replace(fd, tmp.p, fn, text, mode);
	if (r < 0) {
		err_temp(e, errno, "unable to write %s", fn);
		unlink(tmp.p);
	}
	close(fd);
	buf_set(&tmp, slash < name.n ? str_to(name, slash ? slash : 1) : STR("."));
	if (r == 0 && (r = file_sync_dir(tmp.p)) < 0)
		err_temp(e, errno, "unable to sync %s", tmp.p);
out:
	buf_free(&tmp);
	return r;
}

int file_mkdirs(const char *path, mode_t mode)
{
	struct buf b = BUF_INIT;
	int r = 0;

	for (const char *q = path; r == 0 && *q; ) {
		q++;
		while (*q && *q != '/')
			q++;
		buf_set(&b, str_make(path, (size_t)(q - path)));
		if (mkdir(b.p, mode) < 0 && errno != EEXIST)
			r = -1;
	}
	buf_free(&b);
	return r;
}

int file_cwd(struct buf *b)
{
	char *p = getcwd(NULL, 0);

	if (!p)
		return -1;
	buf_set(b, str_z(p));
	free(p);
	return 0;
}

void file_absolute(const char *fn, struct buf *b)
{
	buf_clear(b);
	if (fn[0] != '/' && file_cwd(b) == 0)
		buf_addc(b, '/');
	buf_adds(b, fn);
}

int file_temp(const char *dir)
{
	struct buf b = BUF_INIT;
	int fd;

	if (FAULT("mkstemp"))
		return -1;
	buf_fmt(&b, "%s/indimail.XXXXXX", dir);
	fd = mkostemp(b.p, O_CLOEXEC);
	if (fd >= 0)
		unlink(b.p);
	buf_free(&b);
	return fd;
}

int dir_open(struct dir *d, const char *path)
{
	if (FAULT("opendir"))
		return -1;
	d->handle = opendir(path);
	return d->handle ? 0 : -1;
}

int dir_next(struct dir *d, const char **name)
{
	struct dirent *e;

	do {
		errno = 0;
		e = readdir(d->handle);
		if (!e)
			return errno ? -1 : 0;
	} while (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
	*name = e->d_name;
	return 1;
}

void dir_close(struct dir *d)
{
	if (d->handle)
		closedir(d->handle);
	d->handle = NULL;
}
