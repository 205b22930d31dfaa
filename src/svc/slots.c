/* slots - the services of a svscan; see slots.h. */
#include "svc/slots.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "svc/await.h"
#include "svc/state.h"

enum { NAME_BYTES = 255 };

static struct slot *find(const struct slots *s, const struct stat *st)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.p[i].dev == st->st_dev && s->list.p[i].ino == st->st_ino)
			return &s->list.p[i];
	return NULL;
}

static bool has(const char *name, const char *what)
{
	struct buf fn = BUF_INIT;
	bool there;

	buf_fmt(&fn, "%s/%s", name, what);
	there = file_exists(fn.p);
	buf_free(&fn);
	return there;
}

struct slot *slots_add(struct slots *s, const char *name, const struct stat *st)
{
	struct slot new = {.dev = st->st_dev, .ino = st->st_ino, .pipe = {-1, -1}};

	if (s->list.n >= (size_t)s->max) {
		s->warn("unable to start %s: running too many services", name);
		return NULL;
	}
	new.logged = strlen(name) + strlen("/log") <= NAME_BYTES && has(name, "log");
	if (new.logged && fd_pipe(new.pipe) < 0) {
		s->warn("unable to create a pipe for %s: %s", name, strerror(errno));
		return NULL;
	}
	new.name = mem_copy(name, strlen(name));
	new.down = has(name, "down");
	vec_push(&s->list, new);
	return &s->list.p[s->list.n - 1];
}

/* A service whose state lies below the run directory is disabled there as well. */
static void hide_state(const char *hidden)
{
	const char *run = state_run();
	struct buf from = BUF_INIT, to = BUF_INIT;

	if (run && strcmp(hidden, ".svscan") != 0 && hidden[1] && hidden[1] != '.') {
		buf_fmt(&from, "%s/%s", run, hidden + 1);
		buf_fmt(&to, "%s/%s", run, hidden);
		if (!file_exists(hidden + 1) && file_exists(from.p) && !file_exists(to.p))
			file_rename(from.p, to.p);
	}
	buf_free(&from);
	buf_free(&to);
}

void slot_tell(const struct slot *s, bool log, struct str bytes)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;

	buf_fmt(&dir, "%s%s", s->name, log ? "/log" : "");
	if (state_find(dir.p, &path, NULL) == 0)
		state_command(path.p, bytes);
	buf_free(&dir);
	buf_free(&path);
}

/* A file "down" that has come or gone since the last scan is a request. */
static void follow_down(struct slot *s)
{
	bool down = has(s->name, "down");

	if (down != s->down && s->main.pid)
		slot_tell(s, false, down ? STR("d") : STR("u"));
	s->down = down;
}

static void want(struct keeper *k)
{
	if (!k->pid)
		k->wanted = true;
}

static void scan_entry(struct slots *s, const char *name)
{
	struct stat st;
	struct slot *slot;

	if (name[0] == '.') {
		hide_state(name);
		return;
	}
	if (file_stat(name, &st) < 0) {
		s->warn("unable to stat %s: %s", name, strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode))
		return;
	slot = find(s, &st);
	if (!slot)
		slot = slots_add(s, name, &st);
	if (!slot)
		return;
	if (strcmp(slot->name, name) != 0 && !slot->main.pid && !slot->log.pid) {
		/* renamed while nothing ran */
		mem_free(slot->name);
		slot->name = mem_copy(name, strlen(name));
	}
	slot->seen = true;
	follow_down(slot);
	want(&slot->main);
	if (slot->logged)
		want(&slot->log);
}

/* Services that are gone and whose supervises have ended need no slot any more. */
static void forget_gone(struct slots *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		struct slot slot = s->list.p[i];

		if (slot.seen || slot.main.pid || slot.log.pid) {
			if (!slot.seen)
				slot.main.wanted = slot.log.wanted = false;
			s->list.p[kept++] = slot;
			continue;
		}
		fd_close(slot.pipe[0]);
		fd_close(slot.pipe[1]);
		mem_free(slot.name);
	}
	s->list.n = kept;
}

bool slot_is_own(const struct slot *s)
{
	return strcmp(s->name, ".svscan") == 0;
}

void slots_scan(struct slots *s)
{
	const char *name;
	struct dir d;
	int more;

	for (size_t i = 0; i < s->list.n; i++)
		s->list.p[i].seen = slot_is_own(&s->list.p[i]);
	if (dir_open(&d, ".") < 0) {
		s->warn("unable to read %s: %s", s->dir.p, strerror(errno));
		return;
	}
	while ((more = dir_next(&d, &name)) > 0)
		scan_entry(s, name);
	if (more < 0)
		s->warn("unable to read %s: %s", s->dir.p, strerror(errno));
	dir_close(&d);
	/* half a list of names is no reason to forget anybody */
	if (more == 0)
		forget_gone(s);
}

struct keeper *slots_keeper(const struct slots *s, pid_t pid, struct slot **slot)
{
	for (size_t i = 0; i < s->list.n; i++) {
		*slot = &s->list.p[i];
		if (s->list.p[i].main.pid == pid)
			return &s->list.p[i].main;
		if (s->list.p[i].log.pid == pid)
			return &s->list.p[i].log;
	}
	return NULL;
}

bool slots_running(const struct slots *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.p[i].main.pid)
			return true;
	return false;
}

bool slots_logging(const struct slots *s, bool own)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.p[i].log.pid && slot_is_own(&s->list.p[i]) == own)
			return true;
	return false;
}

bool slots_needed(const struct slots *s, const struct slot *slot)
{
	struct buf fn = BUF_INIT, other = BUF_INIT, own = BUF_INIT;
	bool needed = false;
	long seconds;

	buf_fmt(&own, "%s/%s", s->dir.p, slot->name);
	for (size_t i = 0; i < s->list.n && !needed; i++) {
		const struct slot *t = &s->list.p[i];

		buf_clear(&fn);
		buf_fmt(&fn, "%s/wait", t->name);
		needed = t != slot && t->main.pid && await_read(fn.p, s->dir.p, &seconds, &other) &&
			str_eq(buf_str(&other), buf_str(&own));
	}
	buf_free(&fn);
	buf_free(&other);
	buf_free(&own);
	return needed;
}

bool slot_is_last_run(const struct slot *s)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;
	struct status st = {.want = 'u'};

	buf_fmt(&dir, "%s/log", s->name);
	bool known = state_find(dir.p, &path, NULL) == 0 && state_read(path.p, &st, NULL) == 0;

	buf_free(&dir);
	buf_free(&path);
	return !known || st.want != 'u';
}
