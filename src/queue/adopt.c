/* adopt - messages of clients with a smaller split; see adopt.h. */
#include "queue/adopt.h"

#include <errno.h>

#include "core/sys/file.h"

static bool there(const struct layout *l, enum part p, uint64_t id)
{
	struct buf fn = BUF_INIT;

	layout_path(l, p, id, &fn);
	bool r = file_exists(fn.p);

	buf_free(&fn);
	return r;
}

static int move(const struct layout *from, const struct layout *to, enum part p, uint64_t id, struct err *e)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	int r = 0;

	layout_path(from, p, id, &a);
	layout_path(to, p, id, &b);
	if (!str_eq(buf_str(&a), buf_str(&b)) && file_rename(a.p, b.p) < 0 &&
			(errno != ENOENT || (p != Q_INTD && !file_exists(b.p))))
		r = err_temp(e, errno, "unable to move %s to %s", a.p, b.p);
	buf_free(&a);
	buf_free(&b);
	return r;
}

/* With this split: todo is moved last, so that what was interrupted is found again. */
static int try(const struct layout *l, int split, uint64_t id, struct err *e)
{
	static const enum part order[] = {Q_MESS, Q_INTD, Q_TODO};
	struct layout old = {split, l->bigtodo};

	if (!there(&old, Q_TODO, id) || (!there(&old, Q_MESS, id) && !there(l, Q_MESS, id)))
		return 0;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (move(&old, l, order[i], id, e) < 0)
			return -1;
	return 1;
}

int adopt_message(const struct layout *l, uint64_t id, struct err *e)
{
	static int last = 1;	/* all clients have the same as a rule */

	if (there(l, Q_TODO, id) && there(l, Q_MESS, id))
		return 0;
	int r = try(l, last, id, e);

	for (int split = l->split - 1; r == 0 && split > 0; split--)
		if ((r = try(l, split, id, e)) > 0)
			last = split;
	return r < 0 ? -1 : 0;
}
