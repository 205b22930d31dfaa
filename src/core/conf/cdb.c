/* cdb - constant databases; see cdb.h. */
#include "core/conf/cdb.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/absent.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/workers.h"

enum { HEADER = 2048 };

static uint32_t unpack(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static void pack(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> 8 * i);
}

uint32_t cdb_hash(struct str key)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < key.n; i++)
		h = h * 33 ^ (unsigned char)key.p[i];
	return h;
}

int cdb_open(struct cdb *c, const char *fn, struct err *e)
{
	struct stat st;

	*c = (struct cdb){.fd = -1};
	if (absent_file(fn, workers_job()))
		return 0;
	c->fd = file_open(fn, O_RDONLY, 0);
	if (c->fd < 0)
		return errno == ENOENT ? 0 : err_temp(e, errno, "unable to open %s", fn);
	if (file_fstat(c->fd, &st) < 0 || st.st_size < HEADER) {
		cdb_close(c);
		return err_temp(e, errno, "%s is not a cdb file", fn);
	}
	c->size = (uint64_t)st.st_size;
	return 1;
}

void cdb_close(struct cdb *c)
{
	fd_close(c->fd);
	c->fd = -1;
}

void cdb_memory(struct cdb *c, struct str bytes)
{
	*c = (struct cdb){.fd = -1, .mem = bytes.p ? bytes.p : "", .size = bytes.n};
}

static int read_at(struct cdb *c, uint64_t pos, void *p, size_t n, struct err *e)
{
	char *q = p;

	if (pos > c->size || n > c->size - pos)
		return err_temp(e, EIO, "damaged cdb file");
	if (c->mem) {
		memcpy(p, c->mem + pos, n);
		return 0;
	}
	while (n) {
		ssize_t r = fd_read_at(c->fd, q, n, (off_t)pos);

		if (r <= 0)
			return err_temp(e, r < 0 ? errno : EIO, "unable to read cdb file");
		q += r;
		pos += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

bool cdb_sound(struct cdb *c)
{
	char head[HEADER];

	if (read_at(c, 0, head, HEADER, NULL) < 0)
		return false;
	for (int i = 0; i < HEADER; i += 8) {
		uint64_t pos = unpack(head + i), slots = unpack(head + i + 4);

		if (pos < HEADER || pos + slots * 8 > c->size)
			return false;
	}
	return true;
}

/* Does the record at pos have our key?  Then its data goes to *data. */
static int match(struct cdb *c, uint32_t pos, struct buf *data, struct err *e)
{
	char head[8];
	struct buf tmp = BUF_INIT;
	int r = 0;

	if (read_at(c, pos, head, 8, e) < 0)
		return -1;
	uint32_t klen = unpack(head), dlen = unpack(head + 4);

	if (klen != c->key.n)
		return 0;
	if ((uint64_t)pos + 8 + klen + dlen > c->size)
		return err_temp(e, EIO, "damaged cdb file");
	buf_grow(&tmp, klen > dlen ? klen : dlen);
	if (read_at(c, pos + 8ull, tmp.p, klen, e) < 0) {
		r = -1;
	} else if (klen == 0 || memcmp(tmp.p, c->key.p, klen) == 0) {
		r = read_at(c, pos + 8ull + klen, tmp.p, dlen, e) < 0 ? -1 : 1;
		if (r == 1)
			buf_set(data, str_make(tmp.p, dlen));
	}
	buf_free(&tmp);
	return r;
}

int cdb_next(struct cdb *c, struct buf *data, struct err *e)
{
	char slot[8];

	while (c->tried < c->slots) {
		uint64_t at = ((uint64_t)(c->hash >> 8) + c->tried) % c->slots;

		if (read_at(c, c->table + at * 8, slot, 8, e) < 0)
			return -1;
		c->tried++;
		uint32_t pos = unpack(slot + 4);

		if (!pos)
			break;
		if (unpack(slot) != c->hash)
			continue;
		int r = match(c, pos, data, e);

		if (r != 0)
			return r;
	}
	c->tried = c->slots;
	return 0;
}

int cdb_find(struct cdb *c, struct str key, struct buf *data, struct err *e)
{
	char head[8];

	c->key = key;
	c->hash = cdb_hash(key);
	if (read_at(c, (c->hash & 255) * 8, head, 8, e) < 0)
		return -1;
	c->table = unpack(head);
	c->slots = unpack(head + 4);
	c->tried = 0;
	return cdb_next(c, data, e);
}

static int make_flush(struct cdb_make *m)
{
	if (fd_write_all(m->fd, m->pending.p, m->pending.n) < 0)
		return -1;
	buf_clear(&m->pending);
	return 0;
}

static int make_put(struct cdb_make *m, const void *p, size_t n, struct err *e)
{
	if (n > UINT32_MAX - m->pos)
		return err_perm(e, EFBIG, "cdb file would exceed 4 GB");
	buf_put(&m->pending, p, n);
	m->pos += (uint32_t)n;
	if (m->pending.n > 65536 && make_flush(m) < 0)
		return err_temp(e, errno, "unable to write cdb file");
	return 0;
}

static int make_pair(struct cdb_make *m, uint32_t a, uint32_t b, struct err *e)
{
	char p[8];

	pack(p, a);
	pack(p + 4, b);
	return make_put(m, p, 8, e);
}

int cdb_make_begin(struct cdb_make *m, int fd)
{
	char zero[HEADER] = {0};

	memset(m, 0, sizeof *m);
	m->fd = fd;
	buf_init(&m->pending);
	return make_put(m, zero, HEADER, NULL);
}

int cdb_make_add(struct cdb_make *m, struct str key, struct str data, struct err *e)
{
	struct cdb_entry entry = {cdb_hash(key), m->pos};

	if (key.n > UINT32_MAX || data.n > UINT32_MAX)
		return err_perm(e, EFBIG, "cdb record too long");
	if (make_pair(m, (uint32_t)key.n, (uint32_t)data.n, e) < 0 || make_put(m, key.p, key.n, e) < 0 ||
		make_put(m, data.p, data.n, e) < 0)
		return -1;
	vec_push(&m->entries[entry.hash & 255], entry);
	return 0;
}

/* The hash table of one of the 256 groups: twice as many slots as entries. */
static int make_table(struct cdb_make *m, int t, char *head, struct err *e)
{
	uint32_t count = (uint32_t)m->entries[t].n, slots = count * 2;
	struct cdb_entry *table = mem_alloc(slots * sizeof *table);
	int r = 0;

	pack(head, m->pos);
	pack(head + 4, slots);
	for (uint32_t i = 0; i < count; i++) {
		struct cdb_entry x = m->entries[t].p[i];
		uint32_t at = (x.hash >> 8) % slots;

		while (table[at].pos)
			at = at + 1 == slots ? 0 : at + 1;
		table[at] = x;
	}
	for (uint32_t i = 0; r == 0 && i < slots; i++)
		r = make_pair(m, table[i].hash, table[i].pos, e);
	mem_free(table);
	return r;
}

int cdb_make_end(struct cdb_make *m, struct err *e)
{
	char head[HEADER];
	int r = 0;

	for (int t = 0; r == 0 && t < 256; t++)
		r = make_table(m, t, head + t * 8, e);
	if (r == 0 && (make_flush(m) < 0 || fd_seek(m->fd, 0) < 0 ||
		fd_write_all(m->fd, head, HEADER) < 0 || file_sync(m->fd) < 0))
		r = err_temp(e, errno, "unable to write cdb file");
	for (int t = 0; t < 256; t++)
		vec_free(&m->entries[t]);
	buf_free(&m->pending);
	return r;
}
