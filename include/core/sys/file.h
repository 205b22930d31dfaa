/* file - names in the file system.  Plain wrappers return 0 or a descriptor, or -1 with errno. */
#ifndef CORE_SYS_FILE_H
#define CORE_SYS_FILE_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

int file_open(const char *fn, int flags, mode_t mode);	/* O_CLOEXEC is added */
/* Open a FIFO and wait for its other end; a signal ends the wait (EINTR). */
int file_open_wait(const char *fn, int flags);
int file_stat(const char *fn, struct stat *st);
int file_lstat(const char *fn, struct stat *st);
int file_fstat(int fd, struct stat *st);
bool file_exists(const char *fn);
bool file_access(const char *fn, int mode);	/* access(2) with the effective ids */
int file_link(const char *from, const char *to);
int file_symlink(const char *text, const char *fn);
int file_readlink(const char *fn, struct buf *text);	/* *text is replaced */
int file_rename(const char *from, const char *to);
/* Rename unless to exists (EEXIST): link and unlink in one step. */
int file_rename_new(const char *from, const char *to);
int file_unlink(const char *fn);
int file_mkdir(const char *fn, mode_t mode);	/* EEXIST is an error */
int file_rmdir(const char *fn);
int file_mkfifo(const char *fn, mode_t mode);
int file_chmod(const char *fn, mode_t mode);
int file_chmod_own(const char *fn, mode_t mode);	/* does not follow links: of a file others could exchange for one */
int file_fchmod(int fd, mode_t mode);
int file_chown(const char *fn, uid_t uid, gid_t gid);	/* does not follow links */
int file_mtime(const char *fn, time_t t);	/* set both times, seconds */
void file_touch(int fd);			/* used and changed just now */
int file_chdir(const char *dir);
int file_truncate(int fd, off_t size);
int file_empty(const char *fn);		/* truncate to nothing, by name */
mode_t file_umask(mode_t mask);

int file_sync(int fd);				/* fsync */
int file_sync_data(int fd);			/* fdatasync */
int file_sync_all(const char *fn);		/* everything on the file system that holds fn */
void file_sync_start(int fd);			/* begin writing back, do not wait; a hint, never fails */
/* Hand the content to the device and wait until it has it, perhaps only in its cache: what becomes durable afterwards,
 * such as a name, has its content.  Never fails. */
void file_write_out(int fd);
int file_sync_dir(const char *dir);		/* make the names in a directory durable */

/* Is fn on a file system that is gone with the machine's power anyway? */
bool file_in_memory(const char *fn);
/* Bytes available to an unprivileged writer on the file system holding fn. */
int file_free(const char *fn, unsigned long long *bytes);

/* Read from descriptor or name to the end into b (appended); more than max bytes is EFBIG. */
/* Is what was once seen of a file or directory still true?  A change shows in its times only if it does not fall into the
 * same tick of the file system's clock as the one before: what was seen counts if the file was at rest then. */
bool file_unchanged(const struct stat *seen, const struct stat *now);
bool file_at_rest(const struct stat *st);	/* its last change is longer ago than a tick */
int file_slurp_fd(int fd, struct buf *b, size_t max);
int file_slurp(const char *fn, struct buf *b, size_t max);

/* Replace or create fn with text: temporary file beside it, fsync, rename, directory sync. */
int file_replace(const char *fn, struct str text, mode_t mode, struct err *e);
/* Create every missing directory of path with this mode. */
int file_mkdirs(const char *path, mode_t mode);
/* The current directory, absolute. */
int file_cwd(struct buf *b);
/* fn, made absolute by the current directory unless it is; stays as it is when that is unknown.  *b is replaced. */
void file_absolute(const char *fn, struct buf *b);
/* A new unlinked file in TMPDIR's place (dir), for spooling; a descriptor. */
int file_temp(const char *dir);

/* Walk a directory: dir_next returns 1 with the next name (not . or ..), 0 at the end, -1 on error.
 * The name is valid until the next call. */
struct dir {
	void *handle;
};
int dir_open(struct dir *d, const char *path);
int dir_next(struct dir *d, const char **name);
void dir_close(struct dir *d);

#endif
