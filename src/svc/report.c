/* report - how a service is; see report.h. */
#include "svc/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "svc/state.h"

static bool can_enter(const char *dir)
{
	struct stat st;

	if (file_stat(dir, &st) < 0)
		return false;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return false;
	}
	return file_access(dir, X_OK);
}

static bool exists_in(const char *dir, const char *name)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", dir, name);
	bool yes = file_exists(fn.p);

	buf_free(&fn);
	return yes;
}

/* A number from a file: only what can be the number of a process is asked for. */
static bool process_exists(uint32_t pid)
{
	return pid > 0 && pid <= INT32_MAX && (proc_kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static int code_of(const struct status *s)
{
	if (s->wait || !s->up)
		return !s->wait && s->want == 'u' ? REPORT_WANT_UP : REPORT_DOWN;
	if (s->want == 'd')
		return REPORT_WANT_DOWN;
	return s->paused ? REPORT_PAUSED : REPORT_UP;
}

/* Whether a supervise answers for dir; *path becomes where its state is. */
static bool supervised(const char *dir, struct buf *path, struct report *r)
{
	if (!can_enter(dir)) {
		err_temp(&r->trouble, errno, "unable to chdir");
		return false;
	}
	if (state_find(dir, path, &r->trouble) < 0)
		return false;
	int ok = state_ok(path->p);

	if (ok == 1)
		return true;
	if (ok == 0 && errno == ENXIO)
		err_code(&r->trouble, REPORT_NO_SUPERVISE, 0, "supervise not running");
	else
		err_temp(&r->trouble, errno, "unable to open supervise/ok");
	return false;
}

void report_read(const char *dir, struct report *r)
{
	struct buf path = BUF_INIT;

	memset(r, 0, sizeof *r);
	r->down_file = exists_in(dir, "down");
	if (supervised(dir, &path, r) && state_read(path.p, &r->status, &r->trouble) == 0) {
		r->lost = r->status.up && !process_exists(r->status.pid);
		r->code = code_of(&r->status);
	} else if (r->trouble.code) {
		r->code = r->trouble.code;
	} else {
		r->code = r->trouble.class == ERR_PERM ? REPORT_BAD : REPORT_SYSTEM;
	}
	buf_free(&path);
}

const char *report_state(const struct report *r)
{
	return r->status.wait ? "wait" : r->status.up ? "up" : "down";
}

void report_trouble(const struct report *r, struct buf *out)
{
	buf_adds(out, r->trouble.text);
	if (r->trouble.num)
		buf_fmt(out, ": %s", strerror(r->trouble.num));
}

long report_remaining(const struct report *r, time_t now)
{
	unsigned long passed = status_seconds(&r->status, now);

	return r->status.wait > 0 && passed < (unsigned long)r->status.wait ? r->status.wait - (long)passed : 0;
}

/* What is not as it would be by itself.  While a service waits for another one nothing is out of the
 * ordinary. */
static void remarks(const struct report *r, struct buf *out)
{
	const struct status *s = &r->status;

	if (s->wait)
		return;
	if (s->up && r->down_file)
		buf_adds(out, ", normally down");
	if (!s->up && !r->down_file)
		buf_adds(out, ", normally up");
	if (s->up && s->paused)
		buf_adds(out, ", paused");
	if (!s->up && s->want == 'u')
		buf_adds(out, ", want up");
	if (s->up && s->want == 'd')
		buf_adds(out, ", want down");
}

void report_text(const struct report *r, const char *dir, time_t now, struct buf *out)
{
	const struct status *s = &r->status;

	buf_fmt(out, "%s: ", dir);
	if (r->trouble.class) {
		report_trouble(r, out);
		buf_addc(out, '\n');
		return;
	}
	buf_fmt(out, "%s %lu seconds", report_state(r), status_seconds(s, now));
	remarks(r, out);
	buf_fmt(out, " %s %lu ", s->wait || !s->up ? "spid" : r->lost ? "?pid" : "pid", (unsigned long)s->pid);
	if (s->wait > 0)
		buf_fmt(out, "remaining %ld seconds", report_remaining(r, now));
	buf_addc(out, '\n');
}

static void json_state(const struct report *r, time_t now, struct buf *out)
{
	const struct status *s = &r->status;

	json_pair(out, "state", str_z(report_state(r)));
	json_number(out, "seconds", (long long)status_seconds(s, now));
	json_number(out, "since", (long long)s->since);
	if (s->up)
		json_number(out, "pid", s->pid);
	else if (s->pid)
		json_number(out, "supervise", s->pid);
	json_bool(out, "paused", s->up && s->paused);
	json_pair(out, "want", str_z(s->want == 'u' ? "up" : s->want == 'd' ? "down" : "once"));
	json_pair(out, "normally", str_z(r->down_file ? "down" : "up"));
	if (s->up)
		json_bool(out, "lost", r->lost);
	if (s->wait > 0)
		json_number(out, "remaining", report_remaining(r, now));
}

void report_json(const struct report *r, const char *dir, struct str name, time_t now, struct buf *out)
{
	json_item(out);
	buf_addc(out, '{');
	json_pair(out, "dir", str_z(dir));
	json_pair(out, "name", name);
	if (r->trouble.class) {
		struct buf why = BUF_INIT;

		report_trouble(r, &why);
		json_pair(out, "state", STR("unknown"));
		json_pair(out, "error", buf_str(&why));
		buf_free(&why);
	} else {
		json_state(r, now, out);
	}
	json_number(out, "code", r->code);
	buf_addc(out, '}');
}
