/* ratefile - the directory of rate definitions: names, locks, replacing, the question of send; see rate.h. */
#include <errno.h>
#include <unistd.h>

#include "core/conf/conf.h"
#include "core/conf/control.h"
#include "core/conf/pattern.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "queue/rate.h"

enum {
	NAME_MAX_BYTES = 200,	/* leaves room for what temporary files append */
	LINKS_MAX = 8,
	TRIES = 50, TRY_MS = 10,
	MODE = 0640,
};

bool rate_dir(const char *dir, struct buf *out)
{
	const char *set = conf_env(CONF_RATELIMIT_DIR);

	if (set && !*set)
		return false;
	buf_clear(out);
	if (!set)
		set = "ratelimit";
	if (*set == '/' || str_eq(str_z(dir), STR(".")))
		buf_adds(out, set);
	else
		buf_fmt(out, "%s/%s", dir, set);
	return true;
}

bool rate_name_good(struct str name)
{
	if (str_eq(name, STR(".global")))
		return true;
	if (!name.n || name.n > NAME_MAX_BYTES || name.p[0] == '.' || str_eq(name, STR("ratecontrol")) ||
			str_ends(name, STR(".tmp")))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127 || name.p[i] == '/')
			return false;
	return true;
}

int rate_path(const char *dir, struct str name, struct buf *fn, struct err *e)
{
	struct buf at = BUF_INIT, text = BUF_INIT;
	int r = -1, num = EINVAL;

	buf_set(&at, name);
	for (int i = 0; rate_name_good(buf_str(&at)); i++) {
		buf_clear(fn);
		buf_fmt(fn, "%s/%s", dir, at.p);
		if (file_readlink(fn->p, &text) < 0) {
			num = errno;
			r = num == EINVAL || num == ENOENT ? 0 : -1;
			break;
		}
		if (i == LINKS_MAX) {
			num = ELOOP;
			break;
		}
		buf_set(&at, buf_str(&text));
	}
	if (r < 0)
		err_temp(e, num, "unable to use %s/%.*s", dir, STR_FMT(name));
	buf_free(&at);
	buf_free(&text);
	return r;
}

static int understand(const char *fn, const struct buf *text, struct rate *r, struct err *e)
{
	if (rate_parse(buf_str(text), r))
		return 0;
	return err_temp(e, 0, "unintelligible rate definition %s", fn);
}

int rate_read(const char *fn, struct rate *r, struct err *e)
{
	struct buf text = BUF_INIT;
	int result = file_slurp(fn, &text, RATE_FILE_MAX) < 0 ? err_temp(e, errno, "unable to read %s", fn) :
		understand(fn, &text, r, e);

	buf_free(&text);
	return result;
}

/* Whether fd is still what the name means: the one who had the lock has replaced the file. */
static bool current(const char *fn, int fd)
{
	struct stat a, b;

	return file_fstat(fd, &a) == 0 && file_stat(fn, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* An open and locked descriptor, -1 with errno. */
static int open_locked(const char *fn)
{
	for (int i = 0; i < TRIES; i++) {
		int fd = file_open(fn, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0), num;

		if (fd < 0)
			return -1;
		if (lock_try(fd) == 0) {
			if (current(fn, fd))
				return fd;
			num = 0;
		} else {
			num = errno;
		}
		fd_close(fd);
		if (num && num != EWOULDBLOCK) {
			errno = num;
			return -1;
		}
		if (num)
			clock_nap_ms(TRY_MS);
	}
	errno = EWOULDBLOCK;
	return -1;
}

int rate_open(struct rate_file *f, const char *fn, bool create, struct err *e)
{
	struct buf text = BUF_INIT;
	int r;

	*f = (struct rate_file){BUF_INIT, -1, RATE_INIT};
	buf_set(&f->fn, str_z(fn));
	f->fd = open_locked(fn);
	if (f->fd < 0 && create && errno == ENOENT)
		return 0;
	if (f->fd < 0) {
		r = errno;
		buf_free(&f->fn);
		return err_temp(e, r, "unable to open %s", fn);
	}
	r = file_slurp_fd(f->fd, &text, RATE_FILE_MAX) < 0 ? err_temp(e, errno, "unable to read %s", fn) :
		understand(fn, &text, &f->rate, e);
	buf_free(&text);
	if (r < 0)
		rate_close(f);
	return r;
}

int rate_write(struct rate_file *f, struct err *e)
{
	struct buf text = BUF_INIT;

	rate_print(&f->rate, &text);
	int r = file_replace(f->fn.p, buf_str(&text), MODE, e);

	buf_free(&text);
	return r;
}

void rate_close(struct rate_file *f)
{
	fd_close(f->fd);
	f->fd = -1;
	buf_free(&f->fn);
	rate_free(&f->rate);
}

/* ---- the question ----------------------------------------------------------------------------- */

/* A counter's file for a line of ratecontrol: hidden, the pattern made a name. */
static void pattern_path(const char *dir, struct str pattern, struct buf *fn)
{
	size_t begin;

	buf_clear(fn);
	buf_fmt(fn, "%s/", dir);
	begin = fn->n;
	buf_adds(fn, ".rate.");
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (chr_alnum(c) || c == '.' || c == '-' || c == '_')
			buf_addc(fn, c);
		else
			buf_fmt(fn, "%%%02X", (unsigned)(unsigned char)c);
	}
	if (fn->n - begin > NAME_MAX_BYTES)
		buf_trunc(fn, begin + NAME_MAX_BYTES);	/* very long patterns that begin alike share a counter */
}

/* The first line of ratecontrol for a domain: 1 with the file of its counter and its expression, 0 none. */
static int match(const char *dir, struct str domain, struct buf *fn, struct buf *expr, struct err *e)
{
	struct list l = LIST_INIT;
	int r = 0;

	buf_clear(fn);
	buf_fmt(fn, "%s/ratecontrol", dir);
	if (file_slurp(fn->p, &l.text, RATE_FILE_MAX) < 0) {
		r = errno == ENOENT ? 0 : err_temp(e, errno, "unable to read %s", fn->p);
	} else {
		list_parse(&l);
		for (size_t i = 0; r == 0 && i < l.lines.n; i++) {
			struct str line = l.lines.p[i];
			size_t colon = str_rchr(line, ':');

			if (colon == line.n || !pattern_match(domain, str_to(line, colon)))
				continue;
			pattern_path(dir, str_to(line, colon), fn);
			buf_set(expr, str_trim(str_from(line, colon + 1)));
			r = 1;
		}
	}
	list_free(&l);
	return r;
}

/* A definition's file: 1 there and writable, 0 not, -1 error. */
static int usable(const char *dir, struct str name, struct buf *fn, struct err *e)
{
	if (!rate_name_good(name))
		return 0;
	if (rate_path(dir, name, fn, e) < 0)
		return -1;
	return file_access(fn->p, W_OK);
}

/* Judge by one file, and count. */
static int ask_file(const char *fn, const struct buf *expr, time_t now, struct rate_verdict *v, struct err *e)
{
	struct rate_file f;
	struct rate_verdict got;
	long interval = 0;
	int r = -1;

	if (conf_int(CONF_RATELIMIT_INTERVAL, &interval, e) < 0 || rate_open(&f, fn, expr->n > 0, e) < 0)
		return -1;
	if (expr->n)
		buf_set(&f.rate.expr, buf_str(expr));
	if (expr->n && !rate_eval(buf_str(expr), &f.rate.value)) {
		err_temp(e, 0, "unintelligible rate expression %s in ratecontrol", expr->p);
		goto out;
	}
	got = rate_judge(&f.rate, now, interval);
	if (!got.wait) {
		rate_count(&f.rate, now);
		got.count++;
		if (rate_write(&f, e) < 0)
			goto out;
	}
	*v = got;
	r = 0;
out:
	rate_close(&f);
	return r;
}

int rate_ask(const char *dir, struct str address, time_t now, struct rate_verdict *v, struct err *e)
{
	struct buf fn = BUF_INIT, expr = BUF_INIT, domain = BUF_INIT;
	size_t at = str_rchr(address, '@');
	int found = 0;

	*v = (struct rate_verdict){0};
	buf_set(&domain, at < address.n ? str_from(address, at + 1) : STR(""));
	buf_lower(&domain);
	if (domain.n && domain.p[0] != '.')
		found = usable(dir, buf_str(&domain), &fn, e);
	if (found == 0)
		found = match(dir, buf_str(&domain), &fn, &expr, e);
	if (found == 0)
		found = usable(dir, STR(".global"), &fn, e);
	if (found > 0)
		found = ask_file(fn.p, &expr, now, v, e);
	buf_free(&fn);
	buf_free(&expr);
	buf_free(&domain);
	return found < 0 ? -1 : 0;
}
