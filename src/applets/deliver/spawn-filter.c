/* spawn-filter - filter a message on its way to local or remote.  Run by lspawn or rspawn in their place
 * (QMAILLOCAL, QMAILREMOTE), as the user of the delivery, with the message on fd 0 and the arguments of the program it
 * stands for, which it becomes in the end.  A filter that fails never costs a message: the delivery is put off. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/refine.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/base/words.h"
#include "core/conf/domainrule.h"
#include "core/conf/rules.h"
#include "core/smtp/spam.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"
#include "queue/delivery.h"

/* The delivery. */
struct errand {
	char **argv;
	bool remote;
	struct buf sender, recipient, ext, domain;	/* domain selects control lines */
	const char *qqeh;
	struct refine filter;
};

/* The end, told as the spawner wants it: 0, 100 or 111, as exit code or in remote's words. */
__attribute__((format(printf, 3, 4), noreturn))
static void finish(const struct errand *d, int code, const char *fmt, ...)
{
	const char *letters = code == 0 ? "rK" : code == 100 ? "hD" : "sZ";
	struct buf b = BUF_INIT;
	va_list ap;

	if (d->remote)
		buf_fmt(&b, "%c%c%c", letters[0], 0, letters[1]);
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	buf_addc(&b, '\n');
	if (d->remote)
		buf_addc(&b, 0);
	fd_write_all(1, b.p, b.n);
	proc_exit(d->remote ? 0 : code);
}

static void put_off(const struct errand *d, const struct err *e) __attribute__((noreturn));
static void put_off(const struct errand *d, const struct err *e)
{
	finish(d, 111, "%s (#4.3.0)", log_err(e));
}

static long number(const struct errand *d, enum conf_id id)
{
	struct err e = {0};
	long n = 0;

	if (conf_int(id, &n, &e) < 0)
		put_off(d, &e);
	return n;
}

/* The domain of an address, or the one that addresses without belong to. */
static void domain_of(const struct errand *d, const struct buf *addr, struct buf *out)
{
	size_t at = str_rchr(buf_str(addr), '@');
	struct err e = {0};

	buf_set(out, str_from(buf_str(addr), at + 1));
	if (out->n)
		return;
	const char *given = conf_env(CONF_DEFAULT_DOMAIN);

	if (given && *given)
		buf_adds(out, given);
	else if (conf_line(CONF_DEFAULTDOMAIN, out, &e) < 0)
		put_off(d, &e);
}

static void choose_domain(struct errand *d)
{
	bool by_sender = conf_set(CONF_MATCH_SENDER_DOMAIN);

	if (d->remote && conf_set(CONF_MATCH_RECIPIENT_DOMAIN))
		by_sender = false;
	domain_of(d, by_sender ? &d->sender : &d->recipient, &d->domain);
}

/* Which of the two: the seventh letter of our name says it, else the arguments. */
static bool is_remote(int argc, char **argv)
{
	struct str name = str_z(argv[0]);
	size_t slash = str_rchr(name, '/');

	name = slash < name.n ? str_from(name, slash + 1) : name;
	if (name.n > 6 && name.p[6] == 'l')
		return false;
	return (name.n > 6 && name.p[6] == 'r') || argc < 2 || strcmp(argv[1], "--") != 0;
}

/* false: not what either program expects; it will say so itself. */
static bool take_arguments(struct errand *d, int argc, char **argv)
{
	d->argv = argv;
	d->remote = is_remote(argc, argv);
	if (d->remote && argc > 5) {
		buf_adds(&d->sender, argv[2]);
		d->qqeh = argv[3];
		buf_adds(&d->recipient, argv[5]);
		buf_set(&d->ext, str_to(str_z(argv[5]), str_rchr(str_z(argv[5]), '@')));
		return true;
	}
	char **words = argc > 1 && strcmp(argv[1], "--") == 0 ? argv + 1 : argv;

	if (d->remote || argc - (words - argv) != 10)
		return false;
	buf_adds(&d->sender, words[7]);
	d->qqeh = words[9];
	buf_fmt(&d->recipient, "%s@%s", words[3], words[6]);
	buf_adds(&d->ext, words[5]);
	return true;
}

static void apply_rules(const struct errand *d, enum conf_id id, const struct buf *addr)
{
	struct buf lower = BUF_INIT;
	struct err e = {0};

	buf_set(&lower, buf_str(addr));
	buf_lower(&lower);
	if (rules_apply(id, buf_str(&lower), &e) < 0)
		put_off(d, &e);
	buf_free(&lower);
}

/* The variable, or the line of the control file for this delivery; then its environment is set, too.  Empty: none. */
static void setting(const struct errand *d, enum conf_id variable, enum conf_id file, struct buf *out)
{
	const char *given = conf_env(variable);
	struct list l = LIST_INIT;
	struct domainrule rule;
	struct err e = {0};

	buf_set(out, str_z(given));
	if (given)
		return;
	if (conf_list(file, &l, &e) < 0)
		put_off(d, &e);
	if (domainrule_find(&l, buf_str(&d->domain), d->remote, &rule)) {
		buf_set(out, rule.value);
		if (rule.env.n)
			rules_assign(rule.env);
	}
	list_free(&l);
}

static unsigned long long size_of(const struct errand *d, int fd)
{
	struct stat st;

	if (file_fstat(fd, &st) < 0)
		finish(d, 111, "Unable to look at the message: %s (#4.3.0)", log_errno(errno));
	return (unsigned long long)st.st_size;
}

static void check_size(const struct errand *d)
{
	long max = number(d, CONF_DATABYTES);

	if (max > 0 && size_of(d, 0) > (unsigned long long)max)
		finish(d, 100, "This message is larger than the %ld bytes allowed between its sender and recipient (#5.3.4)",
			max);
}

/* What filters are told. */
static void tell(void *arg)
{
	const struct errand *d = arg;

	env_put("DOMAIN", d->domain.p);
	env_put("_EXT", d->ext.p);
	env_put("_QQEH", d->qqeh);
	env_put("_SENDER", d->sender.p);
	env_put("_RECIPIENT", d->recipient.p);
	env_unset("FILTERARGS");
	env_unset("SPAMFILTER");
}

/* Run a filter on the message: its exit code; one that cannot be run puts the delivery off. */
static int filter(struct errand *d)
{
	struct err e = {0};
	int code;

	d->filter.prepare = tell;
	d->filter.arg = d;
	code = refine_run(&d->filter, &e);
	if (code < 0)
		put_off(d, &e);
	return code;
}

static void log_spam(struct errand *d)
{
	struct buf remark = BUF_INIT;

	if (d->filter.also < 0)
		return;
	spam_log_remark(d->filter.also, &remark);
	d->filter.also = -1;
	sig_ignore(SIGPIPE);
	spam_log(log_program(), (long)proc_pid(), buf_str(&d->sender), buf_str(&d->recipient), size_of(d, 0),
		buf_str(&remark));
	buf_free(&remark);
}

/* Whether a copy that went to this address has come back. */
static bool returned(const struct errand *d, const struct buf *mark)
{
	struct delivery delivery = {.dtline = *mark};
	struct err e = {0};
	int r = delivery_loops(&delivery, 0, 0, &e);

	if (r < 0)
		put_off(d, &e);
	return r > 0;
}

static void rewind_message(const struct errand *d)
{
	struct err e = {0};

	if (refine_rewind(&e) < 0)
		put_off(d, &e);
}

static void put_copy(const struct errand *d, struct client *c, const struct buf *mark)
{
	char block[32768];
	ssize_t n;

	client_put(c, mark->p, mark->n);
	client_adds(c, d->qqeh);
	if (*d->qqeh && !str_ends(str_z(d->qqeh), STR("\n")))
		client_adds(c, "\n");
	rewind_message(d);
	while ((n = fd_read(0, block, sizeof block)) > 0)
		client_put(c, block, (size_t)n);
	if (n < 0)
		client_fail(c);
}

/* A copy of spam for the address, from nobody, unless it has been there. */
static void redirect(const struct errand *d, const struct buf *to)
{
	struct env_copy *before = env_save();
	struct client *c = client_new();
	struct buf mark = BUF_INIT;
	struct err e = {0};

	buf_fmt(&mark, "X-Spam-Redirected-To: %s\n", to->p);
	if (!str_ieq(buf_str(to), buf_str(&d->recipient)) && !returned(d, &mark)) {
		env_unset("FILTERARGS");
		env_unset("SPAMFILTER");
		if (client_open(c, &e) < 0)
			put_off(d, &e);
		put_copy(d, c, &mark);
		client_from(c, STR(""));
		client_to(c, buf_str(to));
		const char *why = client_close(c);

		if (*why)
			finish(d, 111, "Unable to redirect spam to %s: %s", to->p, why + 1);
	}
	env_restore(before);
	env_copy_free(before);
	client_free(c);
	buf_free(&mark);
}

static void spam(const struct errand *d)
{
	struct buf b = BUF_INIT;
	long reject = 0;

	setting(d, CONF_SPAMREDIRECT, CONF_SPAMREDIRECT_RULES, &b);
	if (b.n)
		redirect(d, &b);
	setting(d, CONF_REJECTSPAM, CONF_REJECTSPAM_RULES, &b);
	num_lead(buf_str(&b), &reject);
	if (reject == 1)
		finish(d, 100, "This message looks like spam, which is not accepted here (#5.7.1)");
	if (reject > 1)
		finish(d, 0, "The message looks like spam and was thrown away.");
	buf_free(&b);
}

static void spam_step(struct errand *d)
{
	struct buf command = BUF_INIT;
	struct words w = WORDS_INIT;
	struct err e = {0};
	int exempt = spam_exempt(buf_str(&d->sender), &e);

	if (exempt < 0)
		put_off(d, &e);
	if (!exempt)
		setting(d, CONF_SPAMFILTER, CONF_SPAMFILTER_RULES, &command);
	if (!command.n)
		return;
	if (!words_add(&w, buf_str(&command)) || !words_add(&w, str_z(conf_env(CONF_SPAMFILTERARGS))) || !w.argv.n)
		finish(d, 111, "The spam filter %s is no command (#4.3.5)", command.p);
	const char *wanted = conf_env(CONF_SPAMEXITCODE);

	if (!wanted || !*wanted)
		finish(d, 111, "SPAMFILTER without SPAMEXITCODE (#4.3.5)");
	if (spam_logs() && (d->filter.also = spam_log_open(&d->filter.also_as, &e)) < 0)
		put_off(d, &e);
	d->filter.argv = words_end(&w);
	int code = filter(d);

	log_spam(d);
	if (code == number(d, CONF_SPAMEXITCODE))
		spam(d);
	else if (code != number(d, CONF_HAMEXITCODE) && code != number(d, CONF_UNSUREEXITCODE))
		finish(d, 111, "The spam filter failed with exit code %d%s%s (#4.3.0)", code,
			d->filter.said.n ? ": " : "", d->filter.said.p);
	words_free(&w);
	buf_free(&command);
}

static void filter_step(struct errand *d)
{
	struct buf command = BUF_INIT;

	setting(d, CONF_FILTERARGS, CONF_FILTERARGS_RULES, &command);
	if (!command.n)
		return;
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, command.p, NULL};

	d->filter.file = "/bin/sh";
	d->filter.argv = argv;
	d->filter.always = true;
	int code = filter(d);
	const char *colon = d->filter.said.n ? ": " : "", *said = d->filter.said.p;

	if (code == 2)
		finish(d, 0, "The filter threw the message away.");
	if (code == 100)
		finish(d, 100, "The filter refuses the message%s%s (#5.7.1)", colon, said);
	if (code)
		finish(d, 111, "The filter failed with exit code %d%s%s (#4.3.0)", code, colon, said);
	buf_free(&command);
}

/* Become what we stand for. */
static void deliver(struct errand *d) __attribute__((noreturn));
static void deliver(struct errand *d)
{
	const char *other = conf_env(d->remote ? CONF_QREMOTE : CONF_QLOCAL);

	fd_seek(0, 0);
	sig_default(SIGPIPE);
	env_unset("FILTERARGS");
	env_unset("SPAMFILTER");
	env_unset(d->remote ? "QMAILLOCAL" : "QMAILREMOTE");
	d->argv[0] = (char *)(size_t)(d->remote ? "qmail-remote" : "qmail-local");
	if (other && *other)
		run_chain_as(other, d->argv);
	run_become(d->argv);
}

static int spawn_filter_main(int argc, char **argv)
{
	struct errand d = {.sender = BUF_INIT, .recipient = BUF_INIT, .ext = BUF_INIT, .domain = BUF_INIT,
		.filter = {.said = BUF_INIT, .also = -1}};

	if (argc < 2)
		die_usage();
	if (!take_arguments(&d, argc, argv))
		deliver(&d);
	apply_rules(&d, CONF_FROMDRULES, &d.sender);
	apply_rules(&d, CONF_RCPTRULES, &d.recipient);
	rewind_message(&d);
	check_size(&d);
	choose_domain(&d);
	spam_step(&d);
	filter_step(&d);
	deliver(&d);
}

APPLET(spawn_filter) = {
	.name = "spawn-filter", .family = "deliver",
	.brief = "filter a message on its way to qmail-local or qmail-remote",
	.args = "argument ...", .role = AS_CALLER, .flags = APPLET_RAW | APPLET_BY_FILE, .main = spawn_filter_main,
};
