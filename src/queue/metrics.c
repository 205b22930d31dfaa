/* metrics - counters of a queue; see metrics.h. */
#include "queue/metrics.h"

#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/share.h"

enum { VERSION = 1 };

const long metrics_ages[METRICS_AGES - 1] = {1, 10, 60, 600, 3600, 21600, 86400};

/* A file of ours, or one that may become it. */
static struct metrics *map(int fd, bool make)
{
	struct stat st;

	if (file_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	if (st.st_size < (off_t)sizeof(struct metrics) &&
		(!make || file_truncate(fd, sizeof(struct metrics)) < 0))
		return NULL;
	struct metrics *m = share_file(fd, sizeof *m);

	if (m && make && m->version == 0)
		m->version = VERSION;
	if (m && m->version != VERSION) {
		metrics_close(m);
		m = NULL;
	}
	return m;
}

struct metrics *metrics_open(bool make)
{
	static struct metrics nobody;
	struct metrics *m = NULL;

	if (make)
		file_mkdir("steer", 0700);
	int fd = file_open("steer/metrics", O_RDWR | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);

	if (fd >= 0)
		m = map(fd, make);
	fd_close(fd);
	return m || !make ? m : &nobody;
}

void metrics_close(struct metrics *m)
{
	share_end(m, sizeof *m);
}

void metrics_ended(struct metrics *m, time_t birth, time_t now)
{
	long age = now > birth ? (long)(now - birth) : 0;
	int i = 0;

	while (i < METRICS_AGES - 1 && age > metrics_ages[i])
		i++;
	metrics_add(m->age[i], 1);
	metrics_add(m->age_sum, (uint64_t)age);
	metrics_add(m->ended, 1);
}
