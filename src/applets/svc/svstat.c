/* svstat - how services are: one line each on fd 1, trouble on fd 2.  Run by people and scripts; the exit
 * code is that of the last service. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "svc/report.h"
#include "svc/state.h"

static int json;

static const struct opt opts[] = {
	FLAG(0, "json", &json, "an array of objects instead of lines"),
	OPTS_END
};

static void show(const char *dir, const struct report *r, struct buf *out)
{
	struct buf text = BUF_INIT, name = BUF_INIT;
	struct err e = {0};

	if (json) {
		if (state_name(dir, &name, &e) < 0)
			buf_set(&name, str_z(dir));
		report_json(r, dir, buf_str(&name), clock_now(), out);
	} else if (r->trouble.class) {
		report_text(r, dir, 0, &text);
		log_line("%.*s", STR_FMT(str_rtrim(buf_str(&text))));
	} else {
		report_text(r, dir, clock_now(), out);
	}
	buf_free(&text);
	buf_free(&name);
}

static void flush(struct buf *out)
{
	if (fd_write_all(1, out->p, out->n) < 0)
		die(111, "unable to write output");
	buf_clear(out);
}

static int svstat_main(int argc, char **argv)
{
	struct buf out = BUF_INIT;
	struct report r;

	if (argc < 2)
		die_usage();
	if (json)
		buf_addc(&out, '[');
	for (int i = 1; i < argc; i++) {
		report_read(argv[i], &r);
		show(argv[i], &r, &out);
		if (!json)
			flush(&out);
	}
	if (json)
		buf_adds(&out, "]\n");
	flush(&out);
	buf_free(&out);
	return r.code;
}

APPLET(svstat) = {
	.name = "svstat", .family = "svc",
	.brief = "show how services are",
	.args = "dir ...", .opts = opts, .role = AS_CALLER, .main = svstat_main,
};
