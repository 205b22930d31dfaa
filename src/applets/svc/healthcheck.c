/* healthcheck - is every wanted service up, and has been for a while?  Run by container engines and monitors;
 * exit 0 when it is so, 1 with a line on fd 2 for each service where it is not. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/json.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "svc/report.h"
#include "svc/scandir.h"

static long stay = 2;
static int json;
static const char *root, *servicedir;

static const struct opt opts[] = {
	NUM(0, "stay", &stay, "SECS", "how long a service must have been up (default 2)"),
	FLAG(0, "json", &json, "print an object instead of lines"),
	TEXT('r', "root", &root, "DIR", "the services below DIR/service"),
	TEXT(0, "servicedir", &servicedir, "DIR", "the directory of services"),
	OPTS_END
};

/* Nobody wants a service with a down file, one that was asked down, or one that was to run once and did. */
static bool wanted(const struct report *r)
{
	if (r->trouble.class)
		return !r->down_file;
	return r->status.wait || (r->status.want != 'd' && !r->down_file && (r->status.up || r->status.want == 'u'));
}

/* What is wrong with a wanted service; nothing when it is well. */
static void culprit(const struct report *r, time_t now, struct buf *why)
{
	unsigned long seconds = status_seconds(&r->status, now);

	buf_clear(why);
	if (r->trouble.class)
		report_trouble(r, why);
	else if (r->status.wait > 0)
		buf_fmt(why, "starts in %ld seconds", report_remaining(r, now));
	else if (r->status.wait)
		buf_fmt(why, "waiting %lu seconds for another service", seconds);
	else if (!r->status.up)
		buf_fmt(why, "down %lu seconds", seconds);
	else if (r->status.paused)
		buf_fmt(why, "paused");
	else if (seconds < (unsigned long)stay)
		buf_fmt(why, "up %lu seconds, restarted too recently", seconds);
}

static void add_json(struct buf *out, const char *name, bool want, struct str why)
{
	json_item(out);
	buf_addc(out, '{');
	json_pair(out, "name", str_z(name));
	json_bool(out, "wanted", want);
	json_bool(out, "healthy", why.n == 0);
	if (why.n)
		json_pair(out, "reason", why);
	buf_addc(out, '}');
}

/* Look at one service: whether it is well. */
static bool check(const char *dir, const char *name, struct buf *out)
{
	struct buf path = BUF_INIT, why = BUF_INIT;
	struct report r;

	buf_fmt(&path, "%s/%s", dir, name);
	report_read(path.p, &r);
	if (wanted(&r))
		culprit(&r, clock_now(), &why);
	bool well = why.n == 0;

	if (json)
		add_json(out, name, wanted(&r), buf_str(&why));
	else if (!well)
		log_line("%s: %s", name, why.p);
	buf_free(&path);
	buf_free(&why);
	return well;
}

static void find_dir(struct buf *dir)
{
	struct err e = {0};

	if (!servicedir && root)
		buf_fmt(dir, "%s/service", root);
	else if (scandir_choose(servicedir, dir, &e) < 0)
		die_err(&e);
}

static int healthcheck_main(int argc, char **argv)
{
	struct buf dir = BUF_INIT, out = BUF_INIT;
	struct service_names names = {{0}};
	struct err e = {0};
	int bad = 0;

	(void)argv;
	if (argc > 1 || stay < 0 || (root && servicedir))
		die_usage();
	find_dir(&dir);
	if (scandir_services(dir.p, true, true, &names, &e) < 0)
		die_err(&e);
	for (size_t i = 0; i < names.list.n; i++)
		if (!check(dir.p, names.list.p[i], &out))
			bad = 1;
	if (json) {
		struct buf all = BUF_INIT;

		buf_fmt(&all, "{\"healthy\":%s,\"services\":[%s]}\n", bad ? "false" : "true", out.p);
		if (fd_write_all(1, all.p, all.n) < 0)
			bad = 111;
		buf_free(&all);
	}
	scandir_free(&names);
	buf_free(&dir);
	buf_free(&out);
	return bad;
}

APPLET(healthcheck) = {
	.name = "healthcheck", .family = "svc",
	.brief = "is every wanted service up?",
	.args = "", .opts = opts, .role = AS_CALLER, .main = healthcheck_main,
};
