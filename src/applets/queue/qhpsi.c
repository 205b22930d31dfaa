/* qhpsi - run a virus scanner on one message.  Run by queue (QHPSI), whose words it gets: a command, or
 * "plugin:FILE" and the names of shared objects.  Becomes the scanning user where root starts it; promises nothing but
 * the scanner's exit code. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/sys/plugin.h"

static const char *value(enum conf_id id, enum conf_id other)
{
	const char *v = conf_env(id);

	if (!v || !*v)
		v = conf_env(other);
	return v && *v ? v : conf_rows[id].dflt;
}

/* The plugin generic.so is ours: it runs SCANCMD. */
static void generic(const char *file) __attribute__((noreturn));
static void generic(const char *file)
{
	const char *text = conf_env(CONF_SCANCMD);
	struct words w = WORDS_INIT;

	if (!words_add_file(&w, str_z(text && *text ? text : conf_rows[CONF_SCANCMD].dflt), file))
		die(111, "bad SCANCMD");
	run_chain(words_end(&w));
}

/* Ask the objects one after the other; the first that does not say 0 decides. */
static int plugins(const char *file, char **names)
{
	const char *symbol = value(CONF_QUEUE_PLUGIN_SYMB, CONF_QUEUE_PLUGIN), *dir = conf_env(CONF_PLUGINDIR);
	struct err e = {0};
	int r = 0;

	if (!dir || !*dir)
		dir = conf_rows[CONF_PLUGINDIR].dflt;
	if (str_chr(str_z(dir), '/') < str_z(dir).n)
		die(111, "PLUGINDIR %s has more than one component", dir);
	for (; *names && r == 0; names++) {
		struct buf fn = BUF_INIT;

		if (str_chr(str_z(*names), '/') < str_z(*names).n)
			die(111, "plugin %s is no file name", *names);
		if (str_eq(str_z(*names), STR("generic.so")))
			generic(file);
		buf_fmt(&fn, "%s/%s/%s", conf_home(), dir, *names);
		r = plugin_ask(fn.p, symbol, file, &e);
		if (r < 0)
			die_err(&e);
		buf_free(&fn);
	}
	return r;
}

static int qhpsi_main(int argc, char **argv)
{
	struct str name = str_z(argv[0]);
	size_t slash = str_rchr(name, '/');
	struct err e = {0};

	/* in place of the scanner's own name, or in front of it */
	if (str_eq(slash < name.n ? str_from(name, slash + 1) : name, STR("qhpsi"))) {
		argv++;
		argc--;
	}
	if (argc < 1)
		die_usage();
	if (role_take(AS_SCAN, &e) < 0)
		die_err(&e);
	if (!str_starts(str_z(argv[0]), STR("plugin:")))
		run_chain(argv);
	if (argc < 2)
		die_usage();
	return plugins(argv[0] + 7, argv + 1);
}

APPLET(qhpsi) = {
	.name = "qhpsi", .family = "queue",
	.brief = "run a virus scanner on a message",
	.args = "{program [argument ...] | plugin:file object ...}", .role = AS_CALLER,
	.flags = APPLET_RAW | APPLET_BY_FILE, .main = qhpsi_main,
};
