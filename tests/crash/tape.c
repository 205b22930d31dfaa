/* tape - a disk that remembers: a FUSE file system with the file "disk", meant to be a loop device's backing file.
 *
 *	tape IMAGE TAPE MOUNTPOINT
 *
 * Reads and writes of disk go to IMAGE.  Each write and each flush is also a record of TAPE: offset and length
 * (64 bits each, little-endian) and the bytes, or for a flush an offset of all ones and a length of 0.  The file
 * "position" holds the number of records so far.  powercut.py plays tapes back. */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int image, tape;
static off_t size;
static uint64_t records;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	memset(st, 0, sizeof *st);
	st->st_nlink = 1;
	if (strcmp(path, "/") == 0) {
		st->st_mode = S_IFDIR | 0755;
	} else if (strcmp(path, "/disk") == 0) {
		st->st_mode = S_IFREG | 0600;
		st->st_size = size;
	} else if (strcmp(path, "/position") == 0) {
		st->st_mode = S_IFREG | 0444;
		st->st_size = 21;
	} else {
		return -ENOENT;
	}
	return 0;
}

static int list(const char *path, void *buf, fuse_fill_dir_t fill, off_t off, struct fuse_file_info *fi,
	enum fuse_readdir_flags flags)
{
	(void)path, (void)off, (void)fi, (void)flags;
	fill(buf, "disk", NULL, 0, 0);
	fill(buf, "position", NULL, 0, 0);
	return 0;
}

static int open_file(const char *path, struct fuse_file_info *fi)
{
	fi->direct_io = strcmp(path, "/position") == 0;
	return 0;
}

static int read_file(const char *path, char *p, size_t n, off_t off, struct fuse_file_info *fi)
{
	char text[32];

	(void)fi;
	if (strcmp(path, "/disk") == 0) {
		ssize_t r = pread(image, p, n, off);

		return r < 0 ? -errno : (int)r;
	}
	pthread_mutex_lock(&lock);
	snprintf(text, sizeof text, "%020llu\n", (unsigned long long)records);
	pthread_mutex_unlock(&lock);
	if (off >= 21)
		return 0;
	n = n < 21 - (size_t)off ? n : 21 - (size_t)off;
	memcpy(p, text + off, n);
	return (int)n;
}

/* Nothing is acknowledged that is not on the tape. */
static int record(uint64_t off, const char *p, size_t n)
{
	uint64_t head[2] = {off, n};
	int r = 0;

	pthread_mutex_lock(&lock);
	if (n && pwrite(image, p, n, (off_t)off) != (ssize_t)n)
		r = -EIO;
	if (write(tape, head, sizeof head) != (ssize_t)sizeof head || write(tape, p, n) != (ssize_t)n)
		r = -EIO;
	records++;
	pthread_mutex_unlock(&lock);
	return r;
}

static int write_file(const char *path, const char *p, size_t n, off_t off, struct fuse_file_info *fi)
{
	(void)path, (void)fi;
	int r = record((uint64_t)off, p, n);

	return r < 0 ? r : (int)n;
}

static int sync_file(const char *path, int data, struct fuse_file_info *fi)
{
	(void)path, (void)data, (void)fi;
	return record(UINT64_MAX, "", 0);
}

static int cut(const char *path, off_t n, struct fuse_file_info *fi)
{
	(void)path, (void)n, (void)fi;
	return 0;
}

static const struct fuse_operations operations = {.getattr = get_attributes, .readdir = list, .open = open_file,
	.read = read_file, .write = write_file, .fsync = sync_file, .truncate = cut};

int main(int argc, char **argv)
{
	if (argc != 4)
		return 100;
	image = open(argv[1], O_RDWR);
	tape = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	if (image < 0 || tape < 0)
		return 111;
	size = lseek(image, 0, SEEK_END);
	char *args[] = {argv[0], "-f", argv[3], NULL};

	return fuse_main(3, args, &operations, NULL);
}
