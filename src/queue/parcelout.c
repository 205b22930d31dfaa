/* parcelout - messages become parcels and leave their queue, each of them once; see parcel.h.
 *
 * The message is frozen, so that the copy has what is left to do; the copy is written; the message is
 * held, so that nobody delivers it whatever happens to us; the copy is called ready; the message is
 * deleted; the copy is called a parcel. */
#include "queue/parcel.h"

int parcel_copy(const struct parcel_way *w, const struct view *v, struct err *e)
{
	struct buf part = BUF_INIT, name = BUF_INIT;

	parcel_name(v, "part", &part);
	parcel_name(v, "parcel", &name);
	int r = parcel_write(w, v, e) < 0 ? -1 : parcel_rename(w->dir, part.p, name.p, e);

	buf_free(&part);
	buf_free(&name);
	return r;
}

/* NAME.ready is NAME.parcel from now on. */
static char count(const struct parcel_way *w, const char *ready, struct err *e)
{
	struct buf name = BUF_INIT;

	buf_add(&name, str_to(str_z(ready), str_rchr(str_z(ready), '.')));
	buf_adds(&name, ".parcel");
	int r = parcel_rename(w->dir, ready, name.p, e);

	buf_free(&name);
	return r < 0 ? STEER_FAILED : STEER_DONE;
}

char parcel_finish(const struct parcel_way *w, const struct view *v, const char *ready, struct err *e)
{
	char c = v ? steer_ask(w->link, STEER_FREEZE, v->id, w->patience_ms, e) : STEER_DONE;

	if (v && c == STEER_DONE)
		c = steer_ask(w->link, STEER_TAKE, v->id, w->patience_ms, e);
	return c == STEER_DONE || c == STEER_GONE ? count(w, ready, e) : c;
}

static char move_frozen(const struct parcel_way *w, const struct view *v, struct err *e)
{
	struct buf part = BUF_INIT, ready = BUF_INIT;
	char c = STEER_FAILED;

	parcel_name(v, "part", &part);
	parcel_name(v, "ready", &ready);
	if (parcel_write(w, v, e) == 0)
		c = steer_ask(w->link, STEER_HOLD, v->id, w->patience_ms, e);
	if (c == STEER_DONE && parcel_rename(w->dir, part.p, ready.p, e) < 0) {
		struct err ignored;

		if (v->state != VIEW_HELD)
			steer_order(w->link, STEER_RELEASE, v->id, &ignored);
		c = STEER_FAILED;
	} else if (c == STEER_DONE) {
		c = parcel_finish(w, v, ready.p, e);
	}
	buf_free(&part);
	buf_free(&ready);
	return c;
}

char parcel_move(const struct parcel_way *w, const struct view *v, struct err *e)
{
	static const struct choice any = CHOICE_ANY;
	struct err ignored;
	struct view fresh;
	char c = steer_ask(w->link, STEER_FREEZE, v->id, w->patience_ms, e);

	if (c != STEER_DONE) {
		steer_order(w->link, STEER_THAW, v->id, &ignored);
		return c;
	}
	int r = view_load(w->lay, v->queue, v->id, &any, v->birth, &fresh, e);

	if (r <= 0)
		return r < 0 ? STEER_FAILED : STEER_GONE;
	c = move_frozen(w, &fresh, e);
	if (c != STEER_DONE)
		steer_order(w->link, STEER_THAW, v->id, &ignored);
	view_free(&fresh);
	return c;
}
