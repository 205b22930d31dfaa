/* inuse - services out of use and back, made anew, or kept from that; see inuse.h. */
#include "svc/inuse.h"

#include <string.h>

#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "svc/refresh.h"
#include "svc/report.h"
#include "svc/retire.h"
#include "svc/toolconf.h"

enum { ENABLE_MS = 5000, LOOK_MS = 50 };

static bool below(const char *dir, const char *name, const char *what, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/%s%s", dir, name, what);
	return file_exists(fn->p);
}

/* ---- out of use and back ---- */

static int remove_one(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct buf log = BUF_INIT;

	if (name[0] == '.')
		return 0;
	bool has_log = below(dir, name, "/log", &log);

	buf_free(&log);
	if (retire_service(dir, name, e) < 0)
		return -1;
	admin_say(a, "Removed Service %s", name);
	if (has_log)
		admin_say(a, "Removed Service %s/log", name);
	return 0;
}

int inuse_remove(struct admin *a, const char *arg, struct err *e)
{
	(void)e;
	return admin_each_word(a, arg, remove_one);
}

/* Show how a service is once it is up, or after all there was to wait. */
static void show_up(const struct admin *a, const char *path)
{
	long long end = clock_mono_ms() + ENABLE_MS;
	struct buf text = BUF_INIT;
	struct report r;

	while (report_read(path, &r), (r.trouble.class || !r.status.up) && clock_mono_ms() < end)
		clock_sleep_ms(LOOK_MS);
	report_text(&r, path, clock_now(), &text);
	a->say(buf_str(&text));
	buf_free(&text);
}

static int enable_one(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct buf path = BUF_INIT;

	if (name[0] == '.')
		name++;
	if (retire_undo(dir, name, e) < 0)
		return -1;
	admin_say(a, "Enabled Service %s", name);
	below(dir, name, "", &path);
	show_up(a, path.p);
	if (below(dir, name, "/log", &path))
		show_up(a, path.p);
	buf_free(&path);
	return 0;
}

int inuse_enable(struct admin *a, const char *arg, struct err *e)
{
	(void)e;
	return admin_each_word(a, arg, enable_one);
}

/* ---- refreshing ---- */

static int refresh_dir(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct buf text = BUF_INIT;
	int what = refresh_read(dir, a->force, &text, e), r = what < 0 ? -1 : 0;

	if (what == REFRESH_MISSING) {
		admin_say(a, "%s .options missing", name);
		r = -1;
	} else if (what == REFRESH_MARKED) {
		admin_progress(a, "Skip Refreshing service %s", name);
	} else if (what == REFRESH_RUN) {
		buf_adds(&text, a->scripts_only ? " --run-file-only" : "");
		admin_progress(a, "Refreshing service %s command %s", name, text.p);
		r = a->run_line(buf_str(&text)) ? 0 : -1;
	}
	buf_free(&text);
	return r;
}

static int refresh_one(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct buf fn = BUF_INIT;

	if (!below(dir, name, "/variables", &fn))
		below(dir, name, "", &fn);
	int r = refresh_dir(a, fn.p, name, e);

	buf_free(&fn);
	return r;
}

int inuse_refresh(struct admin *a, const char *arg, struct err *e)
{
	if (toolconf_tmpdir(a, e) < 0)
		return -1;
	if (strcmp(arg, "all") == 0)
		return admin_each_variables(a, refresh_dir, e);
	return admin_each_word(a, arg, refresh_one);
}

/* ---- marks ---- */

static int never_dir(struct admin *a, const char *dir, const char *name, struct err *e)
{
	(void)a;
	(void)name;
	return refresh_mark(dir, true, e);
}

static int again_dir(struct admin *a, const char *dir, const char *name, struct err *e)
{
	(void)a;
	(void)name;
	return refresh_mark(dir, false, e);
}

static int mark_one(const char *dir, const char *name, bool never, struct err *e)
{
	struct buf fn = BUF_INIT;

	below(dir, name, "/variables", &fn);
	int r = refresh_mark(fn.p, never, e);

	buf_free(&fn);
	return r;
}

static int never_one(struct admin *a, const char *dir, const char *name, struct err *e)
{
	(void)a;
	return mark_one(dir, name, true, e);
}

static int again_one(struct admin *a, const char *dir, const char *name, struct err *e)
{
	(void)a;
	return mark_one(dir, name, false, e);
}

int inuse_mark(struct admin *a, const char *arg, struct err *e)
{
	struct str rest = str_z(arg), w = str_word(&rest);
	bool never = str_eq(w, STR("0"));

	if (!never && !str_eq(w, STR("1")))
		return err_usage(e, "--norefreshsvc takes 0 or 1, and services");
	if (str_eq(str_trim(rest), STR("all")))
		return admin_each_variables(a, never ? never_dir : again_dir, e);
	return admin_each_word(a, rest.n ? rest.p : "", never ? never_one : again_one);
}
