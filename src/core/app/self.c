/* self - what the binary says of itself; see self.h. */
#include "core/app/self.h"

#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "config.h"

static int print(struct buf *b)
{
	int r = fd_write_all(1, b->p, b->n);

	buf_free(b);
	return r < 0 ? 111 : 0;
}

static int usage(int fd, int code)
{
	static const char text[] =
		"indimail - a whole mail platform in one binary\n"
		"usage: indimail NAME [arguments]       run an applet (or call a link of that name)\n"
		"       indimail --list                 all applets\n"
		"       indimail --help NAME            what an applet takes\n"
		"       indimail --version              version and built-in features\n"
		"       indimail --install DIR [--hard] make links (symbolic, or hard) for every name\n"
		"       indimail --dump                 names, options, variables as JSON\n"
		"first steps: indimail up --root DIR --domain example.org\n";

	fd_write_all(fd, text, sizeof text - 1);
	return code;
}

static int list(void)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; applet_table[i]; i++) {
		const struct applet *a = applet_table[i];

		if (!(a->flags & APPLET_HIDDEN))
			buf_fmt(&b, "%-16s %-24s %-9s %s\n", a->name, a->aliases ? a->aliases : "-", a->family, a->brief);
	}
	return print(&b);
}

static int version(void)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "indimail %s\nfeatures:%s\n", INDIMAIL_VERSION, INDIMAIL_FEATURES);
	return print(&b);
}

struct installing {
	const char *dir, *target;
	bool hard;
	int failures;
};

/* A new name beside the old one, then renamed over it: never a moment without the command. */
static void install_name(const char *name, size_t n, void *arg)
{
	struct installing *in = arg;
	struct buf tmp = BUF_INIT, fn = BUF_INIT;

	buf_fmt(&fn, "%s/%.*s", in->dir, (int)n, name);
	buf_fmt(&tmp, "%s.new", fn.p);
	file_unlink(tmp.p);
	int r = in->hard ? file_link(in->target, tmp.p) : file_symlink(in->target, tmp.p);

	if (r < 0 || file_rename(tmp.p, fn.p) < 0) {
		log_warn("unable to install %s: %s", fn.p, log_errno(errno));
		file_unlink(tmp.p);
		in->failures++;
	}
	buf_free(&tmp);
	buf_free(&fn);
}

/* A name that leads elsewhere is led to the target; what is no link stays. */
static void lead_name(const char *name, size_t n, void *arg)
{
	struct installing *in = arg;
	struct buf fn = BUF_INIT, there = BUF_INIT;

	buf_fmt(&fn, "%s/%.*s", in->dir, (int)n, name);
	bool links = file_readlink(fn.p, &there) == 0;

	if (links ? !str_eq(buf_str(&there), str_z(in->target)) : !file_exists(fn.p))
		install_name(name, n, in);
	buf_free(&fn);
	buf_free(&there);
}

static void every_name(void (*word)(const char *name, size_t n, void *arg), struct installing *in)
{
	for (size_t i = 0; applet_table[i]; i++)
		if (!(applet_table[i]->flags & APPLET_HIDDEN))
			applet_names(applet_table[i], word, in);
}

int self_links(const char *dir, const char *binary)
{
	struct installing in = {.dir = dir, .target = binary};

	if (file_mkdirs(dir, 0755) < 0) {
		log_warn("unable to create %s: %s", dir, log_errno(errno));
		return -1;
	}
	lead_name("indimail", sizeof "indimail" - 1, &in);
	in.target = "indimail";
	every_name(lead_name, &in);
	return in.failures ? -1 : 0;
}

static int copy_file(const char *from, const char *to)
{
	char block[65536];
	int in = file_open(from, O_RDONLY, 0);
	int out = in < 0 ? -1 : file_open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
	ssize_t r = -1;

	while (out >= 0 && (r = fd_read(in, block, sizeof block)) > 0)
		if (fd_write_all(out, block, (size_t)r) < 0)
			r = -2;
	if (out >= 0 && r == 0 && file_sync(out) < 0)
		r = -1;
	fd_close(in);
	fd_close(out);
	return r == 0 ? 0 : -1;
}

static int install(int argc, char **argv)
{
	struct installing in = {.hard = argc > 3 && strcmp(argv[3], "--hard") == 0};
	struct buf target = BUF_INIT, tmp = BUF_INIT;

	if (argc < 3 || (argc > 3 && !in.hard))
		return usage(2, 100);
	in.dir = argv[2];
	if (file_mkdirs(in.dir, 0755) < 0)
		die(111, "unable to create %s: %s", in.dir, log_errno(errno));
	buf_fmt(&target, "%s/indimail", in.dir);
	buf_fmt(&tmp, "%s.new", target.p);
	file_unlink(tmp.p);
	if (copy_file("/proc/self/exe", tmp.p) < 0 || file_rename(tmp.p, target.p) < 0)
		die(111, "unable to write %s: %s", target.p, log_errno(errno));
	in.target = in.hard ? target.p : "indimail";
	every_name(install_name, &in);
	if (file_sync_dir(in.dir) < 0)
		in.failures++;
	buf_free(&target);
	buf_free(&tmp);
	return in.failures ? 111 : 0;
}

static void dump_opts(struct buf *b, const struct opt *o)
{
	json_key(b, "options");
	buf_addc(b, '[');
	for (; o && o->kind != OPT_END; o++) {
		char letter[2] = {o->letter, 0};

		json_item(b);
		buf_addc(b, '{');
		json_pair(b, "letter", str_z(letter));
		json_pair(b, "name", str_z(o->name));
		json_pair(b, "arg", str_z(o->arg));
		json_pair(b, "help", str_z(o->help));
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

static void dump_applet(struct buf *b, const struct applet *a)
{
	json_item(b);
	buf_adds(b, "\n{");
	json_pair(b, "name", str_z(a->name));
	json_pair(b, "aliases", str_z(a->aliases));
	json_pair(b, "family", str_z(a->family));
	json_pair(b, "brief", str_z(a->brief));
	json_pair(b, "args", str_z(a->args));
	dump_opts(b, a->opts);
	buf_addc(b, '}');
}

static void dump_setting(struct buf *b, const struct conf_row *row)
{
	json_item(b);
	buf_adds(b, "\n{");
	json_pair(b, "variable", str_z(row->env));
	json_pair(b, "file", str_z(row->file));
	json_pair(b, "default", str_z(row->dflt));
	json_pair(b, "readers", str_z(row->readers));
	json_bool(b, "envrules", row->flags & F_RULES);
	json_pair(b, "meaning", str_z(row->text));
	buf_addc(b, '}');
}

static int dump(void)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "{\"applets\":[");
	for (size_t i = 0; applet_table[i]; i++)
		dump_applet(&b, applet_table[i]);
	buf_adds(&b, "],\n\"settings\":[");
	for (int i = 0; i < CONF_COUNT; i++)
		dump_setting(&b, &conf_rows[i]);
	buf_adds(&b, "]}\n");
	return print(&b);
}

int self_main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "--list") == 0)
		return list();
	if (strcmp(what, "--version") == 0)
		return version();
	if (strcmp(what, "--install") == 0)
		return install(argc, argv);
	if (strcmp(what, "--dump") == 0)
		return dump();
	if (strcmp(what, "--help") == 0) {
		if (argc < 3)
			return usage(1, 0);
		const struct applet *a = applet_find(argv[2]);
		char *words[] = {argv[2], (char[]){"--help"}, NULL};

		if (a)
			return applet_run(a, 2, words);
		argv++;
		what = argv[1];
	}
	if (*what)
		log_line("indimail: no applet named %s", what);
	return usage(2, 100);
}
