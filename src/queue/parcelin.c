/* parcelin - parcels become messages again, each of them once; see parcel.h.
 *
 * The message is stored without a name in todo, the parcel is renamed so that it tells the number, the
 * name in todo is made, the parcel goes.  Whoever finds a parcel with a number knows that the message was
 * released unless it is still there without todo and info, byte for byte. */
#include <errno.h>

#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/parcel.h"
#include "queue/put.h"
#include "queue/trigger.h"

enum { FILE_MAX = 1 << 30, SETTLE_MS = 300 };

static void in_queue(const char *queue, const struct layout *l, enum part p, uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/", queue);
	layout_path(l, p, id, fn);
}

static bool there(const char *queue, const struct layout *l, enum part p, uint64_t id)
{
	struct buf fn = BUF_INIT;

	in_queue(queue, l, p, id, &fn);
	bool r = file_exists(fn.p);

	buf_free(&fn);
	return r;
}

/* On disk, and the queue's own when root has written it. */
static int secure(const char *queue, const struct layout *l, enum part p, uint64_t id, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int r = 0;

	in_queue(queue, l, p, id, &fn);
	int fd = file_open(fn.p, O_RDONLY, 0);

	if (fd < 0 || file_sync(fd) < 0)
		r = err_temp(e, errno, "unable to sync %s", fn.p);
	else if (proc_euid() == 0 && (file_stat(queue, &st) < 0 || file_chown(fn.p, st.st_uid, st.st_gid) < 0))
		r = err_temp(e, errno, "unable to chown %s", fn.p);
	fd_close(fd);
	buf_free(&fn);
	return r;
}

/* Stored and not released: it is there, nothing points to it, and it is the same. */
static bool unreleased(const char *queue, const struct layout *l, uint64_t id, const struct parcel *p)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	bool same = false;

	/* a message that leaves loses its name in todo first */
	if (!there(queue, l, Q_TODO, id) && !there(queue, l, Q_INFO, id))
		clock_sleep_ms(SETTLE_MS);
	in_queue(queue, l, Q_MESS, id, &fn);
	if (!there(queue, l, Q_TODO, id) && !there(queue, l, Q_INFO, id) && there(queue, l, Q_INTD, id) &&
		file_slurp(fn.p, &text, FILE_MAX) == 0)
		same = str_eq(buf_str(&text), p->body);
	buf_free(&fn);
	buf_free(&text);
	return same;
}

static int release(const char *queue, const struct layout *l, uint64_t id, struct err *e)
{
	if (put_release(queue, id, e) < 0 || secure(queue, l, Q_INTD, id, e) < 0)
		return -1;
	trigger_pull(queue, id);
	return 0;
}

/* NAME.QUEUE.ID.import: its number. */
static bool stored_as(struct str name, struct str queue, uint64_t *id)
{
	struct buf mid = BUF_INIT;
	struct str s = str_to(name, name.n - (sizeof ".import" - 1));
	size_t dot = str_rchr(s, '.');

	buf_fmt(&mid, ".%.*s", STR_FMT(queue));
	bool good = dot < s.n && str_ends(str_to(s, dot), buf_str(&mid)) &&
		num_parse(str_from(s, dot + 1), UINT64_MAX, id);

	buf_free(&mid);
	return good;
}

static int store(const char *dir, const char *name, const char *queue, const struct layout *l,
	const struct parcel *p, struct buf *now, uint64_t *id, struct err *e)
{
	if (put_store(queue, p->env, p->body, id, e) < 0)
		return -1;
	buf_fmt(now, "%s.%s.%llu.import", name, layout_qname(queue), (unsigned long long)*id);
	if (secure(queue, l, Q_MESS, *id, e) == 0 && secure(queue, l, Q_INTD, *id, e) == 0 &&
		parcel_rename(dir, name, now->p, e) == 0)
		return 0;
	put_withdraw(queue, *id);
	return -1;
}

int parcel_import(const char *dir, const char *name, const char *queue, uint64_t *id, struct err *e)
{
	struct layout l = layout_conf();
	struct buf fn = BUF_INIT, now = BUF_INIT;
	struct parcel p;
	int r = -1;
	bool begun = str_ends(str_z(name), STR(".import"));

	*id = 0;
	buf_fmt(&fn, "%s/%s", dir, name);
	if (parcel_read(fn.p, &p, e) < 0)
		goto out;
	if (begun && !stored_as(str_z(name), str_z(layout_qname(queue)), id)) {
		err_perm(e, 0, "begun in another queue: %s", fn.p);
	} else if (begun && !unreleased(queue, &l, *id, &p)) {
		*id = 0;
		r = 0;
	} else if (begun || store(dir, name, queue, &l, &p, &now, id, e) == 0) {
		r = release(queue, &l, *id, e);
	}
	if (r == 0 && now.n) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", dir, now.p);
	}
	if (r == 0 && file_unlink(fn.p) < 0)
		r = err_temp(e, errno, "unable to unlink %s", fn.p);
	parcel_free(&p);
out:
	buf_free(&fn);
	buf_free(&now);
	return r;
}
