/* sendmail - the command line that every program knows how to send mail with.  Run by scripts, cron and mail
 * readers; turns into qmail-inject, qmail-smtpd (-bs) or qmail-qread (-bp, mailq) in the same process. */
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/mail/addr.h"
#include "core/smtp/dsn.h"
#include "core/sys/env.h"

static int from_header;
static const char *sender, *name, *notify, *ret, *envid, *ignored;
static char mode = 'm';

static int set_mode(char letter, const char *arg)
{
	(void)letter;
	if (!*arg || arg[1] || !strchr("msphHi", *arg))
		return -1;
	if (*arg != 'h' && *arg != 'H')
		mode = *arg;
	return 0;
}

static int set_aliases(char letter, const char *arg)
{
	(void)letter;
	(void)arg;
	mode = 'i';
	return 0;
}

/* Which configuration of theirs to use. */
static int config_choice(char letter, const char *arg)
{
	(void)letter;
	return strcmp(arg, "c") == 0 || strcmp(arg, "m") == 0 ? 0 : -1;
}

static int nothing;

static const struct opt opts[] = {
	FLAG('t', NULL, &from_header, "recipients: those in the header besides the arguments"),
	TEXT('f', NULL, &sender, "sender", "envelope sender and author"),
	TEXT('r', NULL, &sender, "sender", "the same"),
	TEXT('F', NULL, &name, "name", "the author's name"),
	CALL('b', NULL, set_mode, "mode", "m send (default), s speak SMTP on fd 0 and 1, p show the queue"),
	CALL('I', NULL, set_aliases, NULL, "refused: there is no alias database to build"),
	CALL('A', NULL, config_choice, "c|m", "ignored"),
	TEXT('B', NULL, &ignored, "type", "ignored"),
	TEXT('L', NULL, &ignored, "tag", "ignored"),
	TEXT('N', NULL, &notify, "dsn", "report never, or on some of success,failure,delay"),
	TEXT('R', NULL, &ret, "full|hdrs", "how much of the message a report of failure returns"),
	TEXT('V', NULL, &envid, "name", "a name for this envelope that reports repeat"),
	TEXT('e', NULL, &ignored, "mode", "ignored"),
	TEXT('o', NULL, &ignored, "option", "ignored"),
	TEXT('p', NULL, &ignored, "protocol", "ignored"),
	FLAG('E', NULL, &nothing, "ignored"),
	FLAG('J', NULL, &nothing, "ignored"),
	FLAG('U', NULL, &nothing, "ignored"),
	FLAG('h', NULL, &nothing, "ignored"),
	FLAG('i', NULL, &nothing, "ignored"),
	FLAG('m', NULL, &nothing, "ignored"),
	FLAG('n', NULL, &nothing, "ignored"),
	FLAG('v', NULL, &nothing, "ignored"),
	FLAG('x', NULL, &nothing, "ignored"),
	OPTS_END
};

static void speak_smtp(void)
{
	static const char *const local[][2] = {
		{"RELAYCLIENT", ""}, {"DATABYTES", "0"}, {"PROTO", "TCP"},
		{"TCPLOCALIP", "127.0.0.1"}, {"TCPLOCALHOST", "localhost"},
		{"TCPREMOTEIP", "127.0.0.1"}, {"TCPREMOTEHOST", "localhost"},
		{"TCPREMOTEINFO", "sendmail-bs"},
	};
	/* without a queue there is the small one */
	char *argv[] = {applet_find("qmail-smtpd") ? "qmail-smtpd" : "mini-smtpd", NULL};

	/* with PROTO set somebody else has described the connection */
	bool described = conf_set(CONF_PROTO);

	for (size_t i = 0; !described && i < sizeof local / sizeof *local; i++)
		env_put(local[i][0], local[i][1]);
	run_become(argv);
}

/* The sender is the author too, and nobody knows his name. */
static void set_author(void)
{
	static const char *const others[] = {"QMAILNAME", "MAILNAME", "NAME", "MAILHOST"};
	struct addr a = ADDR_INIT;
	struct err e = {0};

	if (addr_word(str_z(sender), &a, &e) < 0)
		die(100, "unable to parse the address %s: %s", sender, e.text);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		env_unset(others[i]);
	if (a.text.n)
		env_put_str("QMAILUSER", str_to(buf_str(&a.text), a.at));
	if (a.at < a.text.n)
		env_put_str("QMAILHOST", str_from(buf_str(&a.text), a.at + 1));
	addr_free(&a);
}

/* -N without a known occasion is ignored: no message is refused for it. */
static void set_notify(void)
{
	struct dsn d = {0};

	if (notify && dsn_rcpt_param(&d, STR("NOTIFY"), str_z(notify)) > 0)
		env_put("QMAILNOTIFY", notify);
}

static void inject(int argc, char **argv)
{
	VEC(char *) words = {0};

	vec_push(&words, "qmail-inject");
	vec_push(&words, from_header ? "-H" : "-a");
	if (sender) {
		set_author();
		vec_push(&words, "-f");
		vec_push(&words, (char *)(size_t)sender);
	}
	if (name)
		env_put("MAILNAME", name);
	set_notify();
	if (ret)
		env_put("QMAILRET", ret);
	if (envid)
		env_put("QMAILENVID", envid);
	vec_push(&words, "--");
	for (int i = 1; i < argc; i++)
		vec_push(&words, argv[i]);
	vec_push(&words, NULL);
	run_become(words.p);
}

static void show_queue(void)
{
	char *argv[] = {"qmail-qread", NULL};

	if (!applet_find(argv[0]))
		die(100, "there is no queue on this host");
	run_become(argv);
}

static bool called(const char *path, const char *as)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, as) == 0;
}

static int sendmail_main(int argc, char **argv)
{
	if (called(argv[0], "newaliases") || mode == 'i')
		die(100, "there is no alias database to build");
	if (called(argv[0], "mailq") || mode == 'p')
		show_queue();
	if (mode == 's')
		speak_smtp();
	inject(argc, argv);
	return 111;
}

APPLET(sendmail) = {
	.name = "sendmail", .aliases = "isendmail mailq newaliases", .family = "inject",
	.brief = "send mail as sendmail does", .args = "[recipient ...]", .opts = opts, .role = AS_CALLER,
	.flags = APPLET_SHORT, .main = sendmail_main,
};
