/* renumber - bring every message of a queue to its place: named by the inode of its mess file, all its
 * files in the parts the layout wants; see repair.h.
 *
 * After a restore from a backup every name may be another message's number, so no name is used before it
 * is free.  A message that must move goes in two steps:
 *	1. todo and info, then the other companions, then mess are renamed to INODE.fix in their new parts;
 *	2. when all messages have left their old names: companions, then mess, then info and todo lose ".fix".
 * send and todo-proc know a message by info or todo only, which leave first and arrive last, so they never
 * see half of one.  What a run that was interrupted left is unambiguous: a mess file without ".fix" still
 * owns the companions of its name; "I.fix" files belong to the mess file with inode I; companions "I"
 * without a mess file I belong to mess I.fix, because companions without any message were put aside, as
 * I.orphan, before the first step began. */
#include <errno.h>
#include <stdlib.h>

#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "queue/repair.h"
#include "queue/scan.h"
#include "queue/steer.h"

/* A file of a message other than mess. */
struct item {
	uint64_t id;
	enum part dir;
	int part;
	bool fix;	/* the name has .fix */
};

struct message {
	uint64_t inode, name;
	int part;
	bool fix;
	bool move;	/* must be moved and may be */
};

struct state {
	const struct repair *r;
	VEC(struct item) items;			/* sorted by dir, id, fix */
	VEC(struct message) messages;		/* sorted by name, the rightful owner of a name first */
	VEC(struct message *) by_inode;
	struct err *e;
};

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_items(const void *p, const void *q)
{
	const struct item *a = p, *b = q;

	return a->dir != b->dir ? (int)a->dir - (int)b->dir : a->id != b->id ? order(a->id, b->id) :
		a->fix != b->fix ? a->fix - b->fix : a->part - b->part;
}

static int compare_messages(const void *p, const void *q)
{
	const struct message *a = p, *b = q;

	return a->name != b->name ? order(a->name, b->name) : a->fix != b->fix ? a->fix - b->fix :
		(a->inode != a->name) != (b->inode != b->name) ? (a->inode != a->name) - (b->inode != b->name) :
		a->part - b->part;
}

static int compare_inodes(const void *p, const void *q)
{
	const struct message *const *a = p, *const *b = q;

	if ((*a)->inode != (*b)->inode)
		return order((*a)->inode, (*b)->inode);
	/* two links to one file: the one with the right name counts */
	return ((*a)->name != (*a)->inode) - ((*b)->name != (*b)->inode);
}

/* ---- what is there ---------------------------------------------------------------------------- */

static void check_owner(const struct repair *r, enum part dir, const struct queue_file *f, int *result, struct err *e)
{
	bool ours = dir == Q_MESS || dir == Q_INTD || dir == Q_TODO;
	uid_t uid = queue_owner_uid(&r->owners, ours ? 'q' : 's');
	mode_t mode = ours ? 0644 : 0600;
	struct buf text = BUF_INIT;
	bool owned = !r->owners.change || (f->st->st_uid == uid && f->st->st_gid == r->owners.group);

	if (!owned || (f->st->st_mode & 07777) != mode) {
		buf_fmt(&text, "%s has the wrong %s", f->path, owned ? "mode" : "owner");
		if (r->problem(r->arg, text.p) && ((!owned && file_chown(f->path, uid, r->owners.group) < 0) ||
			file_chmod_own(f->path, mode) < 0))
			*result = err_temp(e, errno, "unable to change owner or mode of %s", f->path);
	}
	buf_free(&text);
}

struct collecting {
	struct state *s;
	enum part dir;
};

static int collect(const struct queue_file *f, void *arg)
{
	struct collecting *c = arg;
	struct str name = str_z(f->name);
	uint64_t id = f->id;
	bool fix = str_ends(name, STR(".fix"));
	int result = 0;

	if (fix && S_ISREG(f->st->st_mode) && !num_parse(str_to(name, name.n - 4), UINT64_MAX, &id))
		id = 0;
	if (!id) {
		c->s->r->stray(c->s->r->arg, f->path);
		return 0;
	}
	check_owner(c->s->r, c->dir, f, &result, c->s->e);
	struct item i = {id, c->dir, f->part, fix};
	struct message m = {f->st->st_ino, id, f->part, fix, false};

	if (c->dir == Q_MESS)
		vec_push(&c->s->messages, m);
	else
		vec_push(&c->s->items, i);
	return result;
}

static int load(struct state *s)
{
	for (int p = Q_MESS; p < Q_PARTS; p++)
		if (queue_scan(".", p, collect, &(struct collecting){s, p}, s->e) < 0)
			return -1;
	if (s->items.n)
		qsort(s->items.p, s->items.n, sizeof *s->items.p, compare_items);
	if (s->messages.n)
		qsort(s->messages.p, s->messages.n, sizeof *s->messages.p, compare_messages);
	for (size_t i = 0; i < s->messages.n; i++)
		vec_push(&s->by_inode, &s->messages.p[i]);
	if (s->by_inode.n)
		qsort(s->by_inode.p, s->by_inode.n, sizeof *s->by_inode.p, compare_inodes);
	return 0;
}

/* The mess file that owns a name; NULL none. */
static struct message *owner(const struct state *s, uint64_t name, bool fix)
{
	size_t low = 0, high = s->messages.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct message *m = &s->messages.p[mid];

		if (m->name < name || (m->name == name && m->fix < fix))
			low = mid + 1;
		else
			high = mid;
	}
	struct message *m = low < s->messages.n ? &s->messages.p[low] : NULL;

	return m && m->name == name && m->fix == fix ? m : NULL;
}

static struct message *with_inode(const struct state *s, uint64_t inode)
{
	size_t low = 0, high = s->by_inode.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->by_inode.p[mid]->inode < inode)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->by_inode.n && s->by_inode.p[low]->inode == inode ? s->by_inode.p[low] : NULL;
}

/* The file with this number in a directory, if there are several the one in this part; NULL none. */
static const struct item *find(const struct state *s, enum part dir, uint64_t id, bool fix, int part)
{
	struct item key = {id, dir, SCAN_FLAT, fix};
	size_t low = 0, high = s->items.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_items(&s->items.p[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	const struct item *first = NULL;

	for (; low < s->items.n; low++) {
		const struct item *i = &s->items.p[low];

		if (i->dir != dir || i->id != id || i->fix != fix)
			break;
		if (i->part == part)
			return i;
		if (!first)
			first = i;
	}
	return first;
}

/* The message a companion belongs to; NULL nobody. */
static struct message *message_of(const struct state *s, const struct item *i)
{
	if (i->fix)
		return with_inode(s, i->id);
	struct message *m = owner(s, i->id, false);

	return m ? m : owner(s, i->id, true);
}

/* ---- names ------------------------------------------------------------------------------------ */

static void path_now(enum part dir, int part, uint64_t id, bool fix, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/", layout_names[dir]);
	if (part != SCAN_FLAT)
		buf_fmt(fn, "%d/", part);
	buf_fmt(fn, "%llu%s", (unsigned long long)id, fix ? ".fix" : "");
}

static void path_wanted(const struct state *s, enum part dir, uint64_t id, const char *suffix, struct buf *fn)
{
	buf_clear(fn);
	layout_path(&s->r->lay, dir, id, fn);
	buf_adds(fn, suffix);
}

static int part_wanted(const struct state *s, enum part dir, uint64_t id)
{
	return layout_is_split(&s->r->lay, dir) ? (int)(id % (uint64_t)s->r->lay.split) : SCAN_FLAT;
}

static bool misplaced(const struct state *s, const struct item *i)
{
	return i->part != part_wanted(s, i->dir, i->id);
}

/* Nothing is ever overwritten; a file that is gone has moved in an earlier run. */
static int rename_file(struct state *s, const struct buf *from, const struct buf *to)
{
	if (str_eq(buf_str(from), buf_str(to)) || file_rename_new(from->p, to->p) == 0)
		return 0;
	if (errno == ENOENT && !file_exists(from->p))
		return 0;
	return err_temp(s->e, errno, "unable to rename %s to %s", from->p, to->p);
}

/* ---- the plan --------------------------------------------------------------------------------- */

static bool ask(const struct state *s, const struct buf *from, const struct buf *to)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "%s belongs to %s", from->p, to->p);
	bool yes = s->r->problem(s->r->arg, text.p);

	buf_free(&text);
	return yes;
}

/* Must this message move because of its own name? */
static void plan_message(struct state *s, struct message *m)
{
	struct buf from = BUF_INIT, to = BUF_INIT;

	path_now(Q_MESS, m->part, m->name, m->fix, &from);
	path_wanted(s, Q_MESS, m->inode, "", &to);
	if ((m->fix && m->name != m->inode) || with_inode(s, m->inode) != m)
		s->r->stray(s->r->arg, from.p);
	else if (!str_eq(buf_str(&from), buf_str(&to)))
		m->move = ask(s, &from, &to);
	buf_free(&from);
	buf_free(&to);
}

/* A companion in the wrong part moves its message; one without a message is stray and moves alone. */
static int plan_item(struct state *s, const struct item *i)
{
	struct message *m = message_of(s, i), *heir = i->fix ? NULL : with_inode(s, i->id);
	struct buf from = BUF_INIT, to = BUF_INIT;
	int result = 0;

	path_now(i->dir, i->part, i->id, i->fix, &from);
	path_wanted(s, i->dir, i->fix ? i->id : m ? m->inode : i->id, "", &to);
	if (m && find(s, i->dir, i->id, i->fix, m->part) != i) {
		/* a second file of the same number */
		s->r->stray(s->r->arg, from.p);
		path_now(i->dir, i->part, i->id, i->fix, &to);
		buf_adds(&to, ".orphan");
		if (ask(s, &from, &to))
			result = rename_file(s, &from, &to);
	} else if (m) {
		if (!m->move && m->inode == m->name && !m->fix && (i->fix || misplaced(s, i)))
			m->move = ask(s, &from, &to);
	} else {
		s->r->stray(s->r->arg, from.p);
		if (heir && heir->move)
			path_wanted(s, i->dir, i->id, ".orphan", &to);
		if (!i->fix && ((heir && heir->move) || (misplaced(s, i) && ask(s, &from, &to))))
			result = rename_file(s, &from, &to);
	}
	buf_free(&from);
	buf_free(&to);
	return result;
}

/* A name somebody keeps is not free: who wants it stays where it is. */
static void settle_plan(struct state *s)
{
	for (bool again = true; again; ) {
		again = false;
		for (size_t i = 0; i < s->messages.n; i++) {
			struct message *m = &s->messages.p[i];
			const struct message *there = m->move ? owner(s, m->inode, false) : NULL;

			if (there && there != m && !there->move) {
				m->move = false;
				again = true;
			}
		}
	}
}

static int plan(struct state *s)
{
	for (size_t i = 0; i < s->messages.n; i++)
		plan_message(s, &s->messages.p[i]);
	settle_plan(s);
	for (size_t i = 0; i < s->items.n; i++)
		if (plan_item(s, &s->items.p[i]) < 0)
			return -1;
	return 0;
}

/* ---- the moves -------------------------------------------------------------------------------- */

static const enum part leave[] = {Q_TODO, Q_INFO, Q_INTD, Q_LOCAL, Q_REMOTE, Q_BOUNCE};
static const enum part arrive[] = {Q_BOUNCE, Q_REMOTE, Q_LOCAL, Q_INTD, Q_MESS, Q_INFO, Q_TODO};

/* Does the message own the companions of its plain name? */
static bool owns_plain(const struct state *s, const struct message *m)
{
	return owner(s, m->name, false) == m || (m->fix && !owner(s, m->name, false));
}

/* A hold (steer.h) goes with its message. */
static int move_hold(struct state *s, uint64_t old, const char *old_suffix, uint64_t new, const char *new_suffix)
{
	struct buf from = BUF_INIT, to = BUF_INIT;

	steer_hold_name(old, &from);
	buf_adds(&from, old_suffix);
	steer_hold_name(new, &to);
	buf_adds(&to, new_suffix);
	int r = rename_file(s, &from, &to);

	buf_free(&from);
	buf_free(&to);
	return r;
}

/* Step 1 for one message. */
static int step_out(struct state *s, const struct message *m)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	int result = 0;

	path_now(Q_MESS, m->part, m->name, m->fix, &from);
	/* without todo and info it looks like a leftover: it must not look like an old one */
	if (file_mtime(from.p, clock_now()) < 0)
		result = err_temp(s->e, errno, "unable to utime %s", from.p);
	if (result == 0 && owns_plain(s, m))
		result = move_hold(s, m->name, "", m->inode, ".fix");
	for (size_t k = 0; result == 0 && k < sizeof leave / sizeof *leave; k++) {
		const struct item *i = owns_plain(s, m) ? find(s, leave[k], m->name, false, m->part) : NULL;

		if (!i)
			continue;
		path_now(i->dir, i->part, i->id, false, &from);
		path_wanted(s, i->dir, m->inode, ".fix", &to);
		result = rename_file(s, &from, &to);
	}
	if (result == 0) {
		path_now(Q_MESS, m->part, m->name, m->fix, &from);
		path_wanted(s, Q_MESS, m->inode, ".fix", &to);
		result = rename_file(s, &from, &to);
	}
	buf_free(&from);
	buf_free(&to);
	return result;
}

/* Files an earlier run left as I.fix may lie in parts of another layout. */
static int step_over(struct state *s, const struct message *m)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	int result = 0;

	for (size_t k = 0; result == 0 && k < sizeof leave / sizeof *leave; k++) {
		const struct item *i = find(s, leave[k], m->inode, true, m->part);

		if (!i)
			continue;
		path_now(i->dir, i->part, i->id, true, &from);
		path_wanted(s, i->dir, i->id, ".fix", &to);
		result = rename_file(s, &from, &to);
	}
	buf_free(&from);
	buf_free(&to);
	return result;
}

/* Step 2 for one message. */
static int step_in(struct state *s, const struct message *m)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	int result = move_hold(s, m->inode, ".fix", m->inode, "");

	for (size_t k = 0; result == 0 && k < sizeof arrive / sizeof *arrive; k++) {
		path_wanted(s, arrive[k], m->inode, ".fix", &from);
		path_wanted(s, arrive[k], m->inode, "", &to);
		result = rename_file(s, &from, &to);
	}
	buf_free(&from);
	buf_free(&to);
	return result;
}

static int move_all(struct state *s, int (*step)(struct state *s, const struct message *m))
{
	size_t moved = 0;

	for (size_t i = 0; i < s->messages.n; i++) {
		if (!s->messages.p[i].move)
			continue;
		if (step(s, &s->messages.p[i]) < 0)
			return -1;
		moved++;
	}
	/* a step is on disk before the next one begins */
	return moved && file_sync_all(".") < 0 ? err_temp(s->e, errno, "unable to sync the queue") : 0;
}

int repair_messages(const struct repair *r, struct err *e)
{
	struct state s = {.r = r, .e = e};
	int result = -1;

	if (load(&s) == 0 && plan(&s) == 0 && move_all(&s, step_over) == 0 && move_all(&s, step_out) == 0 &&
		move_all(&s, step_in) == 0)
		result = 0;
	vec_free(&s.items);
	vec_free(&s.messages);
	vec_free(&s.by_inode);
	return result;
}
