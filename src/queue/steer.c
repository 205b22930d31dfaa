/* steer - orders about messages, as both sides and the files know them; see steer.h. */
#include "queue/steer.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/smtp/dsn.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/bounce.h"
#include "queue/envelope.h"

enum { FILE_MAX = 1 << 30 };

const char steer_removed[] = "This message was removed from the queue by its administrator.\n";
const char *const steer_verbs[STEER_VERBS] = {"hold", "release", "retry", "delete", "bounce", "freeze", "thaw",
	"take"};

bool steer_parse(struct str line, enum steer_verb *v, uint64_t *id)
{
	struct str word = str_cut(&line, ' ');

	for (int i = 0; i < STEER_VERBS; i++)
		if (str_eq(word, str_z(steer_verbs[i]))) {
			*v = (enum steer_verb)i;
			return line.p && num_parse(line, UINT64_MAX, id) && *id > 0;
		}
	return false;
}

void steer_hold_name(uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "steer/hold.%llu", (unsigned long long)id);
}

bool steer_is_held(uint64_t id)
{
	struct buf fn = BUF_INIT;

	steer_hold_name(id, &fn);
	bool held = file_exists(fn.p);

	buf_free(&fn);
	return held;
}

/* What root makes in a directory belongs to its owner. */
static int give(const char *fn, const char *dir, struct err *e)
{
	struct stat st;

	if (proc_euid() != 0)
		return 0;
	if (file_stat(dir, &st) < 0 || file_chown(fn, st.st_uid, st.st_gid) < 0)
		return err_temp(e, errno, "unable to chown %s", fn);
	return 0;
}

int steer_set_hold(uint64_t id, bool on, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	steer_hold_name(id, &fn);
	if (!on) {
		if (file_unlink(fn.p) < 0 && errno != ENOENT)
			r = err_temp(e, errno, "unable to unlink %s", fn.p);
	} else {
		int fd = file_open(fn.p, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);

		if (fd < 0 || file_sync(fd) < 0)
			r = err_temp(e, errno, "unable to create %s", fn.p);
		else
			r = give(fn.p, "steer", e);
		fd_close(fd);
	}
	buf_free(&fn);
	return r;
}

int steer_holds(void (*each)(uint64_t id, void *arg), void *arg)
{
	struct dir d;
	const char *name;
	uint64_t id;

	if (dir_open(&d, "steer") < 0)
		return errno == ENOENT ? 0 : -1;
	while (dir_next(&d, &name) > 0)
		if (str_starts(str_z(name), STR("hold.")) && num_parse(str_from(str_z(name), 5), UINT64_MAX, &id))
			each(id, arg);
	dir_close(&d);
	return 0;
}

static void path(const struct layout *l, enum part p, uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	layout_path(l, p, id, fn);
}

static int gone(const struct layout *l, enum part p, uint64_t id, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	path(l, p, id, &fn);
	if (file_unlink(fn.p) < 0 && errno != ENOENT)
		r = err_temp(e, errno, "unable to unlink %s", fn.p);
	buf_free(&fn);
	return r;
}

int steer_strip(const struct layout *l, uint64_t id, struct err *e)
{
	/* info last: until then the next start finds the message, and finishes it */
	static const enum part parts[] = {Q_BOUNCE, Q_LOCAL, Q_REMOTE, Q_INFO};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (gone(l, parts[i], id, e) < 0)
			return -1;
	return 0;
}

static int mark(const char *fn, off_t at, struct err *e)
{
	int fd = file_open(fn, O_WRONLY, 0);
	int r = fd < 0 || fd_seek(fd, at) < 0 || fd_write_all(fd, "D", 1) < 0 ?
		err_temp(e, errno, "unable to mark %s", fn) : 0;

	fd_close(fd);
	return r;
}

/* A T record whose note is n, NULL none. */
static int fail_one(const struct rewrite *r, uint64_t id, struct str rcpt, const struct note *n, struct err *e)
{
	struct buf fn = BUF_INIT;
	int result = 0;

	if (dsn_wants(n ? n->params : STR(""), DSN_FAILURE)) {
		buf_fmt(&fn, "bounce/%llu", (unsigned long long)id);
		result = bounce_append(r, id, rcpt, str_z(steer_removed), e) < 0 ? -1 : give(fn.p, "bounce", e);
	}
	buf_free(&fn);
	return result;
}

static int fail_channel(const struct layout *l, const struct rewrite *r, uint64_t id, enum part p,
	const struct envelope *v, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct notes notes = {{0}};
	struct str rest, rcpt;
	int letter, result = 0;

	path(l, p, id, &fn);
	if (file_slurp(fn.p, &text, FILE_MAX) < 0) {
		if (errno != ENOENT)
			result = err_temp(e, errno, "unable to read %s", fn.p);
		goto out;
	}
	notes_take(v, p == Q_REMOTE ? 'R' : 'L', &notes);
	rest = buf_str(&text);
	for (off_t at = 0; result == 0 && (letter = envelope_next(&rest, &rcpt)) > 0; at += (off_t)rcpt.n + 2)
		if (letter == 'T') {
			result = fail_one(r, id, rcpt, notes_find(&notes, at), e);
			if (result == 0)
				result = mark(fn.p, at, e);
		}
	if (result == 0)
		result = gone(l, p, id, e);
out:
	vec_free(&notes.v);
	buf_free(&fn);
	buf_free(&text);
	return result;
}

int steer_fail(const struct layout *l, const struct rewrite *r, uint64_t id, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct envelope v;

	path(l, Q_INFO, id, &fn);
	int result = envelope_read(fn.p, &v, e);

	buf_free(&fn);
	if (result < 0)
		return -1;
	if (fail_channel(l, r, id, Q_LOCAL, &v, e) < 0 || fail_channel(l, r, id, Q_REMOTE, &v, e) < 0)
		result = -1;
	envelope_free(&v);
	return result;
}
