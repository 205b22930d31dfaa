/* repair - the skeleton of a queue; see repair.h.  The messages are renumber.c's business. */
#include "queue/repair.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static const struct queue_entry ratelimit = {"ratelimit", 's', 0, 0750}, trash = {"trash", 'q', 0, 0700};

/* The highest numbered sub-directory plus one; 0 none, -1 the directory is not there. */
static int parts_of(const char *name)
{
	struct dir d;
	const char *entry;
	struct buf fn = BUF_INIT;
	struct stat st;
	uint64_t n;
	int parts = 0;

	if (dir_open(&d, name) < 0)
		return -1;
	while (dir_next(&d, &entry) > 0) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", name, entry);
		if (num_parse(str_z(entry), LAYOUT_SPLIT_MAX - 1, &n) && (int)n >= parts &&
			file_lstat(fn.p, &st) == 0 && S_ISDIR(st.st_mode))
			parts = (int)n + 1;
	}
	dir_close(&d);
	buf_free(&fn);
	return parts;
}

bool repair_detect(struct layout *l)
{
	static const enum part always[] = {Q_MESS, Q_INFO, Q_LOCAL, Q_REMOTE};
	int split = 0, todo = parts_of(layout_names[Q_TODO]);

	for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
		int n = parts_of(layout_names[always[i]]);

		if (n > split)
			split = n;
	}
	if (split)
		l->split = split;
	if (split && todo >= 0)
		l->bigtodo = todo > 0;
	return split > 0;
}

static bool right_kind(const struct queue_entry *q, mode_t mode)
{
	return q->kind == 'f' ? S_ISREG(mode) : q->kind == 'F' ? S_ISFIFO(mode) : S_ISDIR(mode);
}

static bool say(const struct repair *r, const char *fn, const char *what)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "%s %s", fn, what);
	bool yes = r->problem(r->arg, text.p);

	buf_free(&text);
	return yes;
}

/* One directory or file of the skeleton. */
static int check(const struct repair *r, const struct queue_entry *q, const char *fn, struct err *e)
{
	struct stat st;

	if (file_lstat(fn, &st) < 0) {
		if (errno != ENOENT)
			return err_temp(e, errno, "unable to stat %s", fn);
		return say(r, fn, "is missing") ? queue_make(fn, q, &r->owners, e) : 0;
	}
	if (!right_kind(q, st.st_mode)) {
		if ((q->kind != 'f' && q->kind != 'F') || S_ISDIR(st.st_mode))
			return err_perm(e, 0, "%s should be a %s: move it away by hand", fn, q->kind == 'f' ? "file" :
				q->kind == 'F' ? "FIFO" : "directory");
		if (!say(r, fn, q->kind == 'f' ? "is not a regular file" : "is not a FIFO"))
			return 0;
		if (file_unlink(fn) < 0)
			return err_temp(e, errno, "unable to unlink %s", fn);
		return queue_make(fn, q, &r->owners, e);
	}
	bool owned = !r->owners.change || (st.st_uid == queue_owner_uid(&r->owners, q->owner) &&
		st.st_gid == r->owners.group);

	if (owned && (st.st_mode & 07777) == q->mode)
		return 0;
	return say(r, fn, owned ? "has the wrong mode" : "has the wrong owner") ? queue_make(fn, q, &r->owners, e) : 0;
}

static int check_entry(const struct repair *r, const struct queue_entry *q, struct err *e)
{
	struct buf fn = BUF_INIT;
	int result = check(r, q, q->name, e);

	for (int i = 0; result == 0 && queue_entry_split(q, &r->lay) && i < r->lay.split; i++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%d", q->name, i);
		result = check(r, q, fn.p, e);
	}
	buf_free(&fn);
	return result;
}

/* lock/tcpto with the size that was asked for: a longer one is cut, a shorter one filled with zeroes. */
static int check_tcpto(const struct repair *r, struct err *e)
{
	static const char fn[] = "lock/tcpto";
	struct stat st;

	if (!r->tcpto_size || file_lstat(fn, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == r->tcpto_size ||
		!say(r, fn, "has another size than wanted"))
		return 0;
	int fd = file_open(fn, O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0), result = 0;

	if (fd < 0 || file_truncate(fd, r->tcpto_size) < 0)
		result = err_temp(e, errno, "unable to change the size of %s", fn);
	fd_close(fd);
	return result;
}

int repair_structure(const struct repair *r, struct err *e)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < queue_entries_count; i++)
		result = check_entry(r, &queue_entries[i], e);
	if (result == 0 && r->ratelimit)
		result = check_entry(r, &ratelimit, e);
	if (result == 0 && r->trash)
		result = check_entry(r, &trash, e);
	return result == 0 ? check_tcpto(r, e) : result;
}

/* One part the layout does not have. */
static int drop_part(const struct repair *r, enum part p, int part, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int result = 0;

	buf_fmt(&fn, "%s/%d", layout_names[p], part);
	if (file_lstat(fn.p, &st) == 0 && S_ISDIR(st.st_mode) && say(r, fn.p, "belongs to another split") &&
		file_rmdir(fn.p) < 0) {
		if (errno != ENOTEMPTY && errno != EEXIST)
			result = err_temp(e, errno, "unable to remove %s", fn.p);
		else
			buf_adds(&fn, " is not empty"), r->stray(r->arg, fn.p);
	}
	buf_free(&fn);
	return result;
}

int repair_old_parts(const struct repair *r, struct err *e)
{
	int result = 0;

	for (int p = Q_MESS; p < Q_PARTS; p++)
		for (int i = layout_is_split(&r->lay, p) ? r->lay.split : 0; result == 0 && i < LAYOUT_SPLIT_MAX; i++)
			result = drop_part(r, p, i, e);
	return result;
}
