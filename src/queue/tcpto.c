/* tcpto - hosts that did not answer lately; see tcpto.h. */
#include "queue/tcpto.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"

enum { TABLE_MAX = 1 << 20 };

static int open_table(const char *dir, int flags)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/lock/tcpto", dir);
	int fd = file_open(fn.p, flags, 0);

	buf_free(&fn);
	return fd;
}

static int read_fd(struct tcpto *t, int fd)
{
	buf_clear(&t->table);
	if (file_slurp_fd(fd, &t->table, TABLE_MAX) < 0)
		return -1;
	buf_trunc(&t->table, t->table.n - t->table.n % TCPTO_RECORD);
	return 0;
}

void tcpto_read(struct tcpto *t, const char *dir)
{
	buf_init(&t->table);
	int fd = open_table(dir, O_RDONLY);

	if (fd >= 0 && read_fd(t, fd) < 0)
		buf_clear(&t->table);
	fd_close(fd);
}

void tcpto_free(struct tcpto *t)
{
	buf_free(&t->table);
}

size_t tcpto_count(const struct tcpto *t)
{
	return t->table.n / TCPTO_RECORD;
}

struct tcpto_entry tcpto_entry(const struct tcpto *t, size_t i)
{
	const unsigned char *p = (const unsigned char *)t->table.p + i * TCPTO_RECORD;
	struct tcpto_entry r = {.count = p[4]};

	r.when = p[8] | (uint32_t)p[9] << 8 | (uint32_t)p[10] << 16 | (uint32_t)p[11] << 24;
	if (p[0] == AF_INET6) {
		memcpy(r.ip.a, p + 16, 16);
	} else {
		memset(r.ip.a + 10, 255, 2);
		memcpy(r.ip.a + 12, p + 16, 4);
	}
	return r;
}

static void store(struct tcpto *t, size_t i, const struct tcpto_entry *r)
{
	unsigned char *p = (unsigned char *)t->table.p + i * TCPTO_RECORD;

	memset(p, 0, TCPTO_RECORD);
	bool v4 = ip_is4(&r->ip);

	p[0] = v4 ? AF_INET : AF_INET6;
	p[4] = (unsigned char)r->count;
	for (int k = 0; k < 4; k++)
		p[8 + k] = (unsigned char)(r->when >> 8 * k);
	memcpy(p + 16, v4 ? r->ip.a + 12 : r->ip.a, v4 ? 4 : 16);
}

/* Slot of an address in use, or the number of slots. */
static size_t find(const struct tcpto *t, const struct ip *ip)
{
	size_t i, n = tcpto_count(t);

	for (i = 0; i < n; i++) {
		struct tcpto_entry r = tcpto_entry(t, i);

		if (r.count && ip_same(&r.ip, ip))
			break;
	}
	return i;
}

bool tcpto_known(const struct tcpto *t, const struct ip *ip)
{
	return find(t, ip) < tcpto_count(t);
}

/* The slot a new address gets: a free one, else the least important. */
static size_t victim(const struct tcpto *t)
{
	size_t best = 0, n = tcpto_count(t);
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		struct tcpto_entry r = tcpto_entry(t, i);
		uint64_t weight = r.count ? (uint64_t)r.when + r.count * 1024u : 0;

		if (weight < least) {
			least = weight;
			best = i;
		}
	}
	return best;
}

bool tcpto_skip(const struct tcpto *t, const struct ip *ip, time_t now, long penalty, pid_t pid)
{
	size_t i = find(t, ip);

	if (!penalty || i == tcpto_count(t))
		return false;
	struct tcpto_entry r = tcpto_entry(t, i);

	if (penalty > 0)
		penalty += (60 + (pid & 31)) * 64 - 3600;
	return r.count >= 2 && now - (time_t)r.when < penalty;
}

bool tcpto_failed(struct tcpto *t, const struct ip *ip, time_t now, long tolerance)
{
	struct tcpto_entry r = {.ip = *ip};
	size_t i = find(t, ip);

	if (!tcpto_count(t))
		return false;
	if (i == tcpto_count(t)) {
		i = victim(t);
	} else {
		r = tcpto_entry(t, i);
		if (now - (time_t)r.when >= 0 && now - (time_t)r.when < tolerance)
			return false;
	}
	if (r.count < TCPTO_COUNT_MAX)
		r.count++;
	r.when = (uint32_t)now;
	store(t, i, &r);
	return true;
}

bool tcpto_worked(struct tcpto *t, const struct ip *ip)
{
	size_t i = find(t, ip);

	if (i == tcpto_count(t))
		return false;
	struct tcpto_entry r = tcpto_entry(t, i);

	r.count = 0;
	store(t, i, &r);
	return true;
}

void tcpto_record(const char *dir, const struct ip *ip, bool failed, time_t now, long tolerance)
{
	struct tcpto t = {BUF_INIT};
	int fd = open_table(dir, O_RDWR);

	if (fd >= 0 && lock_exclusive(fd) == 0 && read_fd(&t, fd) == 0 &&
			(failed ? tcpto_failed(&t, ip, now, tolerance) : tcpto_worked(&t, ip)) &&
			fd_seek(fd, 0) == 0 && fd_write_all(fd, t.table.p, t.table.n) < 0)
		buf_clear(&t.table);	/* only a hint is lost */
	fd_close(fd);
	tcpto_free(&t);
}

int tcpto_zero(const char *dir, struct err *e)
{
	static const char zeroes[TCPTO_SIZE];
	struct stat st;
	int fd = open_table(dir, O_WRONLY), r = -1;

	if (fd < 0)
		return err_temp(e, errno, "unable to write to %s/lock/tcpto", dir);
	if (lock_exclusive(fd) < 0 || file_fstat(fd, &st) < 0)
		goto out;
	if (st.st_size > TABLE_MAX) {
		errno = EFBIG;
		goto out;
	}
	do {
		off_t n = st.st_size > 0 && st.st_size < TCPTO_SIZE ? st.st_size : TCPTO_SIZE;

		if (fd_write_all(fd, zeroes, (size_t)n) < 0)
			goto out;
		st.st_size -= n;
	} while (st.st_size > 0);
	r = 0;
out:
	if (r < 0)
		err_temp(e, errno, "unable to write to %s/lock/tcpto", dir);
	fd_close(fd);
	return r;
}
