/* putfiles - the files of a message on its way into the queue; see putstate.h. */
#include <errno.h>

#include "core/base/mem.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/numbers.h"
#include "queue/putstate.h"
#include "queue/spare.h"

enum { SPARE_FRESH = 600 /* seconds before a spare's access time is renewed */ };

struct put *put_new(const struct put_origin *o)
{
	struct put *p = mem_alloc(sizeof *p);
	struct buf *bufs[] = {&p->dir, &p->mess, &p->intd, &p->todo, &p->quarantine, &p->quarantined,
		&p->archived, &p->extra.text, &p->archive.text, &p->filter.line, &p->filter.field,
		&p->filter.collected, &p->filter.remove.text, &p->filter.env.text, &p->filter.log.text, &p->text.b,
		&p->env.b};

	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_init(bufs[i]);
	p->text.fd = p->env.fd = -1;
	p->origin = *o;
	p->lay = layout_conf();
	return p;
}

void put_free(struct put *p)
{
	headerfilter_free(&p->filter);
	list_free(&p->extra);
	list_free(&p->archive);
	struct buf *bufs[] = {&p->dir, &p->mess, &p->intd, &p->todo, &p->quarantine, &p->quarantined, &p->archived,
		&p->text.b, &p->env.b};

	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_free(bufs[i]);
	fd_close(p->text.fd);
	fd_close(p->env.fd);
	mem_free(p);
}

int put_flush(struct put *p, struct stage *t)
{
	if (p->loose)
		return 0;
	if (fd_write_all(t->fd, t->b.p + t->written, t->b.n - t->written) < 0)
		return -1;
	t->written = t->b.n;
	if (!p->journal) {
		buf_clear(&t->b);
		t->written = 0;
	}
	return 0;
}

void put_path(const struct put *p, enum part part, struct buf *b)
{
	buf_set(b, buf_str(&p->dir));
	buf_addc(b, '/');
	layout_path(&p->lay, part, p->id, b);
}

int put_write_failed(const struct buf *fn, struct err *e)
{
	return err_code(e, 53, errno, "unable to write %s", fn->p);
}

int put_new_file(const char *fn, int flags)
{
	int fd = file_open(fn, O_WRONLY | O_CREAT | flags, 0644), keep;

	if (fd < 0 || file_fchmod(fd, 0644) == 0)
		return fd;
	keep = errno;
	fd_close(fd);
	if (flags & O_EXCL)
		file_unlink(fn);
	errno = keep;
	return -1;
}

/* Why no file can be made in pid: 61 when the queue itself is not there or cannot be entered. */
static int no_file(const struct put *p, const struct buf *fn, struct err *e)
{
	int num = errno;
	struct stat st;
	struct buf inside = BUF_INIT;

	buf_fmt(&inside, "%s/.", p->dir.p);
	if (file_stat(inside.p, &st) < 0)
		err_code(e, 61, errno, "unable to switch to %s", p->dir.p);
	else
		err_code(e, 70, num, "unable to create %s", fn->p);
	buf_free(&inside);
	return -1;
}

/* A new file in pid, open for writing and nobody else's; its name replaces *fn. */
static int new_file(struct put *p, struct buf *fn, struct err *e)
{
	for (int seq = 1;; seq++) {
		buf_set(fn, buf_str(&p->dir));
		buf_fmt(fn, "/pid/%ld.%lld.%d", (long)proc_pid(), (long long)clock_now(), seq);
		int fd = put_new_file(fn->p, O_EXCL);

		if (fd >= 0)
			return fd;
		if (errno != EEXIST || seq == 9)
			return no_file(p, fn, e);
	}
}

static void mess_path(uint64_t id, struct buf *fn, void *arg)
{
	struct put *p = arg;

	p->id = id;
	put_path(p, Q_MESS, fn);
}

/* A spare under its new name in mess; false: there is none. */
static bool reuse(struct put *p)
{
	struct stat st;

	p->text.fd = spare_take_named(p->dir.p, mess_path, p, &p->id);
	if (p->text.fd < 0)
		return false;
	put_path(p, Q_MESS, &p->mess);
	/* it may be so old that it looks like a leftover */
	if (file_fstat(p->text.fd, &st) < 0 || st.st_atime + SPARE_FRESH < clock_now())
		file_touch(p->text.fd);
	return true;
}

bool put_claim(struct put *p)
{
	struct buf kept = BUF_INIT;

	buf_fmt(&kept, "%s/", p->dir.p);
	numbers_file(p->id, &kept);
	put_path(p, Q_MESS, &p->mess);
	bool there = file_rename_new(kept.p, p->mess.p) == 0;

	if (there)
		p->text.fd = file_open(p->mess.p, O_WRONLY, 0);
	int num = errno;

	if (there && p->text.fd < 0)
		file_rename_new(p->mess.p, kept.p);
	if (p->text.fd < 0)
		buf_clear(&p->mess);
	buf_free(&kept);
	errno = num;
	return p->text.fd >= 0;
}

int put_create(struct put *p, struct err *e)
{
	struct buf pid = BUF_INIT, mess = BUF_INIT;
	struct stat st;
	int r = -1;

	if (reuse(p))
		return 0;
	p->text.fd = new_file(p, &pid, e);
	if (p->text.fd < 0)
		goto out;
	if (file_fstat(p->text.fd, &st) < 0) {
		err_code(e, 70, errno, "unable to stat %s", pid.p);
		goto gone;
	}
	p->id = (uint64_t)st.st_ino;
	put_path(p, Q_MESS, &mess);
	if (file_rename_new(pid.p, mess.p) < 0) {
		err_code(e, 67, errno, "unable to link %s to %s", pid.p, mess.p);
		goto gone;
	}
	buf_set(&p->mess, buf_str(&mess));
	r = 0;
	goto out;
gone:
	file_unlink(pid.p);
out:
	buf_free(&pid);
	buf_free(&mess);
	return r;
}

/* The envelope's file, a spare if there is one.  A leftover of the same number belongs to a message that is
 * gone. */
static int envelope_file(struct put *p, const char *intd)
{
	int fd = spare_take(p->dir.p, intd);

	if (fd >= 0)
		return fd;
	fd = put_new_file(intd, O_EXCL);
	if (fd < 0 && errno == EEXIST && file_unlink(intd) == 0)
		fd = put_new_file(intd, O_EXCL);
	return fd;
}

int put_create_envelope(struct put *p, struct err *e)
{
	struct buf intd = BUF_INIT;
	int r = 0;

	put_path(p, Q_INTD, &intd);
	p->env.fd = envelope_file(p, intd.p);
	if (p->env.fd < 0)
		r = err_code(e, 65, errno, "unable to create %s", intd.p);
	else
		buf_set(&p->intd, buf_str(&intd));
	buf_free(&intd);
	return r;
}
