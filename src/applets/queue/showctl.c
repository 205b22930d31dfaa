/* showctl - show the configuration: what is compiled in, the queues, every control file with its
 * meaning, what is set in the environment, and files nobody will read.
 * Run by people; changes nothing. */
#include <errno.h>
#include <string.h>

#include "config.h"
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/file.h"
#include "core/sys/out.h"
#include "queue/layout.h"

static int internal, queues, controls, concurrency, dump, stray, environment, all;
static struct out out;

static const struct opt opts[] = {
	FLAG('i', NULL, &internal, "what is built in: version, directories, accounts"),
	FLAG('q', NULL, &queues, "the queues"),
	FLAG('c', NULL, &controls, "every control file and what it means now"),
	FLAG('C', NULL, &concurrency, "concurrency of each queue"),
	FLAG('s', NULL, &dump, "the control files word for word"),
	FLAG('e', NULL, &stray, "files in the control directory that nothing reads"),
	FLAG('E', NULL, &environment, "variables of the platform that are set"),
	FLAG('a', NULL, &all, "all of this"),
	OPTS_END
};

/* Names with a meaning beyond the table: read by optional parts, other packages or the administrator. */
static const char other_names[] =
	"accesslist atrnaccess auth.envrules authdomains badext badextpatterns badhelo badhelopatterns badhost "
	"badhostpatterns badip badmailfrompatterns badrcptpatterns badrcptto batvkey batvkeystale batvnosignlocals "
	"batvnosignremote bindroutes blackholedpatterns blackholedrcpt blackholedrcptpatterns blackholedsender "
	"blackholercpt blackholercptpatterns bodycheck bulk_mail cache cachelifetime chkrcptdomains "
	"chksenderdomains concurrencyincoming disclaimer dkimkeys dnsbllist domainbindings domainkeys domainqueue "
	"earlytalkerdroptime etrnhosts filterargs from.envrules fromd.envrules global_vars globalspamredirect "
	"goodrcptpatterns goodrcptto greetdelay greylist.context greylist.white greylist.whitelist helohostbyip "
	"host.cntrl host.master host.mysql hostaccess hostid hostip level2-tlds level3-tlds libindimail "
	"mailalert.cfg mcdinfo moresmtproutes msgqueuelen msgqueuesize mysql_lib nodnscheck nosignaturedomains "
	"nosignhosts nosignmydoms notlshosts outgoingip qbase qcount qmqpservers qmtproutes queueforward "
	"rcpt.envrules rcptdomains realm recipients redirectremote rejectspam relaymailfrom remote_auth "
	"servicedir.conf signaturedomains signatures signkey signkeystale spamfilter spamignore "
	"spamignorepatterns spamredirect spfbehavior spfexp spfguess spfipv6 spfrules srs_alwaysrewrite "
	"srs_domain srs_hashlength srs_hashmin srs_maxage srs_secrets srs_separator surbldomain "
	"surbldomainwhite surblrcpt tarpitcount tarpitdelay timeoutread timeoutwrite tlsa.context tlsa.white "
	"tlsadomains tlsclients tlsserverciphers tlsservermethod tlsclientciphers tlsclientmethod";

static const char *const endings[] = {".cdb", ".sql", ".bak"};
static const char *const beginnings[] = {"concurrencyl.", "concurrencyr.", "outgoingip."};

static bool known_word(struct str name)
{
	struct str rest = STR(other_names), w;

	for (unsigned i = 0; i < CONF_COUNT; i++)
		if (conf_rows[i].file && str_eq(name, str_z(conf_rows[i].file)))
			return true;
	while ((w = str_word(&rest)).n)
		if (str_eq(w, name))
			return true;
	return false;
}

static bool known(struct str name)
{
	for (unsigned i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (str_starts(name, str_z(beginnings[i])))
			return true;
	for (unsigned i = 0; i < sizeof endings / sizeof *endings; i++)
		if (str_ends(name, str_z(endings[i])))
			return true;
	return known_word(name);
}

static void heading(const char *text)
{
	static const char *gap = "";

	out_fmt(&out, "%s%s:\n", gap, text);
	gap = "\n";
}

static void show_internal(void)
{
	heading("built in");
	out_fmt(&out, "version: %s\nfeatures:%s\nhome: %s\ncontrol directory: %s\n", INDIMAIL_VERSION,
		INDIMAIL_FEATURES, conf_home(), conf_controldir());
	for (int r = AS_QUEUE; r < ROLE_COUNT; r++) {
		struct err e = {0};
		uid_t uid;
		gid_t gid;

		if (role_ids(r, &uid, &gid, &e) < 0)
			out_fmt(&out, "account %s: %s\n", role_account(r), e.text);
		else
			out_fmt(&out, "account %s: uid %ld, gid %ld\n", role_account(r), (long)uid, (long)gid);
	}
}

static int show_queue(const char *dir, void *arg)
{
	(void)arg;
	out_fmt(&out, "%s: %s\n", layout_qname(dir), dir);
	return 0;
}

static int show_concurrency_of(const char *dir, void *arg)
{
	static const struct {
		enum conf_id id;
		const char *file, *what;
	} kinds[] = {
		{CONF_CONCURRENCYLOCAL, "concurrencyl", "local"},
		{CONF_CONCURRENCYREMOTE, "concurrencyr", "remote"},
	};
	struct buf fn = BUF_INIT;

	(void)arg;
	out_fmt(&out, "%s:", layout_qname(dir));
	for (int i = 0; i < 2; i++) {
		long n = 0;

		conf_int(kinds[i].id, &n, NULL);
		buf_clear(&fn);
		buf_fmt(&fn, "%s.%s", kinds[i].file, layout_qname(dir));
		control_int(fn.p, &n, NULL);
		out_fmt(&out, " %s %ld", kinds[i].what, n);
	}
	out_adds(&out, "\n");
	buf_free(&fn);
	return 0;
}

static void walk(const char *title, int (*each)(const char *dir, void *arg))
{
	struct err e = {0};

	heading(title);
	if (queue_walk(each, NULL, &e) < 0)
		out_fmt(&out, "%s\n", log_err(&e));
}

static void show_lines(const struct list *l)
{
	for (size_t i = 0; i < l->lines.n; i++)
		out_fmt(&out, "\t%.*s\n", STR_FMT(l->lines.p[i]));
}

static bool is_directory(const char *name)
{
	struct buf path = BUF_INIT;
	struct stat st;

	control_path(name, &path);
	bool yes = file_stat(path.p, &st) == 0 && S_ISDIR(st.st_mode);

	buf_free(&path);
	return yes;
}

/* What a row means now: its value, marked when it is only the default. */
static void show_control(enum conf_id id)
{
	const struct conf_row *row = &conf_rows[id];
	struct list lines = LIST_INIT;
	struct buf value = BUF_INIT;
	struct err e = {0};
	bool many = row->type == T_LIST || row->type == T_MAP;

	if (is_directory(row->file)) {
		out_fmt(&out, "%s: %s (a directory)\n", row->file, row->text);
		return;
	}
	int present = control_raw(row->file, &value, &e), r = present;

	if (present >= 0 && many)
		r = conf_list(id, &lines, &e);
	else if (present >= 0 && row->type != T_RAW)
		r = conf_line(id, &value, &e);
	out_fmt(&out, "%s: %s", row->file, present == 0 ? "(Default.) " : "");
	if (r < 0)
		out_fmt(&out, "%s\n", log_err(&e));
	else if (many)
		out_fmt(&out, "%s\n", row->text);
	else if (row->type == T_RAW)
		out_fmt(&out, "%s (%zu bytes)\n", row->text, value.n);
	else
		out_fmt(&out, "%s (%s)\n", r ? value.p : "none", row->text);
	if (r > 0 && many)
		show_lines(&lines);
	list_free(&lines);
	buf_free(&value);
}

static void show_controls(void)
{
	heading("control files");
	for (unsigned i = 0; i < CONF_COUNT; i++)
		if (conf_rows[i].file)
			show_control((enum conf_id)i);
}

static void show_environment(void)
{
	heading("environment");
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		const char *v = conf_rows[i].env ? conf_getenv(conf_rows[i].env) : NULL;

		if (v)
			out_fmt(&out, "%s=%s (%s)\n", conf_rows[i].env, v, conf_rows[i].text);
	}
}

static void dump_file(const char *name)
{
	struct buf text = BUF_INIT, path = BUF_INIT;
	struct err e = {0};
	struct stat st;

	control_path(name, &path);
	if (file_stat(path.p, &st) < 0 || !S_ISREG(st.st_mode) || str_ends(str_z(name), STR(".cdb")))
		goto out;
	out_fmt(&out, "%s:\n", name);
	if (control_raw(name, &text, &e) < 0)
		out_fmt(&out, "\t%s\n", log_err(&e));
	for (struct str rest = buf_str(&text); rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		out_fmt(&out, "\t%.*s\n", STR_FMT(line));
	}
out:
	buf_free(&text);
	buf_free(&path);
}

static void stray_file(const char *name)
{
	if (!known(str_z(name)))
		out_fmt(&out, "%s: not understood, nothing reads this file\n", name);
}

static void each_file(const char *title, void (*each)(const char *name))
{
	struct dir d;
	const char *name;

	heading(title);
	if (dir_open(&d, conf_controldir()) < 0) {
		out_fmt(&out, "unable to read %s: %s\n", conf_controldir(), log_errno(errno));
		return;
	}
	while (dir_next(&d, &name) > 0)
		each(name);
	dir_close(&d);
}

static int showctl_main(int argc, char **argv)
{
	static char space[8192];

	(void)argv;
	if (argc > 1)
		die_usage();
	if (!(internal | queues | controls | concurrency | dump | stray | environment | all))
		internal = queues = controls = stray = 1;
	out_init(&out, 1, space, sizeof space);
	if (internal | all)
		show_internal();
	if (queues | all)
		walk("queues", show_queue);
	if (concurrency | all)
		walk("concurrency", show_concurrency_of);
	if (controls | all)
		show_controls();
	if (environment | all)
		show_environment();
	if (dump | all)
		each_file("control files word for word", dump_file);
	if (stray | all)
		each_file("stray files", stray_file);
	return out_flush(&out) < 0 ? 111 : 0;
}

APPLET(showctl) = {
	.name = "showctl", .aliases = "qmail-showctl", .family = "queue",
	.brief = "show the configuration",
	.args = "", .opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT, .main = showctl_main,
};
