/* local - deliver one message to one local user as the user's .qmail file says.
 * Run by lspawn as that user, with the message on fd 0; what it prints is the delivery report.
 * Promises: every instruction is carried out completely before the next one begins, forwards go out
 * last and in one message, and exit 0 means that everything is stored or handed on durably. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/conf/envdir.h"
#include "core/mail/maildir.h"
#include "core/mail/mbox.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/delivery.h"
#include "queue/dotqmail.h"
#include "queue/forward.h"
#include "queue/transmit.h"

static int describe;

static const struct opt opts[] = {
	FLAG('n', NULL, &describe, "print what would be done"),
	FLAGV('N', NULL, &describe, 0, "deliver (the default)"),
	OPTS_END
};

/* One run. */
struct local {
	struct delivery d;
	struct dotfile file;
	struct buf newsender;
	bool exported;		/* programs' environment is set up */
	bool forward_only;
	bool passed_on;		/* reports of success come from where the message went */
	uint64_t later;		/* the file system on which the queue's journal answers for what a Maildir gets, 0 none */
	VEC(struct str) forwards;	/* views into the .qmail text */
	int files, programs;
	struct err e;
};

/* The report is ours alone: no program name, no escape from the exit code. */
__attribute__((noreturn)) static void quit(int code, const char *text)
{
	log_line("%s", text);
	proc_exit(code);
}

__attribute__((noreturn)) static void quit_err(const struct err *e)
{
	quit(err_exit(e), log_err(e));
}

static void rewind_message(struct local *l)
{
	if (fd_seek(0, 0) < 0) {
		err_temp(&l->e, errno, "Unable to rewind the message (#4.3.0)");
		quit_err(&l->e);
	}
}

/* Variables and forward sender: needed only by programs and forwards. */
static void prepare(struct local *l)
{
	if (l->exported)
		return;
	l->exported = true;
	delivery_export(&l->d);
	if (l->file.dflt.p)
		env_put_str("DEFAULT", l->file.dflt);
	if (dotfile_owner(str_z(l->d.dash), str_z(l->d.ext), str_z(l->d.sender), l->d.local, l->d.host,
		&l->newsender, &l->e) < 0)
		quit_err(&l->e);
	env_put("NEWSENDER", l->newsender.p);
}

static void refuse_if_forward_only(struct local *l)
{
	if (l->forward_only)
		quit(111, "This .qmail file may only forward, but it names a mailbox or program (#4.7.0)");
}

static void deliver_maildir(struct local *l, const char *dir)
{
	struct buf head = BUF_INIT;

	rewind_message(l);
	buf_fmt(&head, "%s%s%s", l->d.rpline.p, l->d.dtline.p, l->d.qqeh);
	if (maildir_deliver(dir, buf_str(&head), 0, l->later, &l->e) < 0)
		quit_err(&l->e);
	buf_free(&head);
}

static void deliver_mbox(struct local *l, const char *fn)
{
	struct buf head = BUF_INIT;

	rewind_message(l);
	delivery_from_line(&head, l->d.sender, clock_now());
	buf_fmt(&head, "%s%s%s", l->d.rpline.p, l->d.dtline.p, l->d.qqeh);
	if (mbox_deliver(fn, buf_str(&head), 0, &l->e) < 0)
		quit_err(&l->e);
	buf_free(&head);
}

/* The words of a command in argv and NULL; text holds them, each with a NUL behind it. */
static void split(struct str command, struct buf *text, char **argv, size_t max)
{
	struct str rest;
	size_t n = 0;

	buf_set(text, command);
	buf_addc(text, ' ');
	rest = buf_str(text);
	for (struct str w; n < max && (w = str_word(&rest)).n; n++)
		argv[n] = text->p + (w.p - text->p);
	argv[n] = NULL;
	for (size_t i = 0; i < text->n; i++)
		if (chr_blank(text->p[i]))
			text->p[i] = 0;
}

/* A command that is one of our applets with literal arguments needs no shell: start it directly.
 * 0 when the shell must read it. */
static pid_t start_applet(struct local *l, struct str command)
{
	enum { WORDS = 64 };
	char *argv[WORDS + 2] = {NULL};
	struct buf text = BUF_INIT;
	pid_t pid = 0;

	if (!dotqmail_plain(command))
		return 0;
	split(command, &text, argv, WORDS + 1);
	if (argv[0] && !argv[WORDS] && applet_find(argv[0])) {
		pid = run_start(argv, &(struct run){.keep_role = true}, &l->e);
		if (pid < 0)
			quit_err(&l->e);
	}
	buf_free(&text);
	return pid;
}

/* true: skip the rest of the file (exit 99) */
static bool run_program(struct local *l, struct str command)
{
	char *z = mem_copy(command.p, command.n);
	char shell[] = "/bin/sh", opt_c[] = "-c";
	char *argv[] = {shell, opt_c, z, NULL};

	prepare(l);
	rewind_message(l);
	pid_t pid = start_applet(l, command);

	if (pid == 0)
		pid = run_start(argv, &(struct run){.keep_role = true}, &l->e);
	if (pid < 0)
		quit_err(&l->e);
	mem_free(z);
	int code = run_wait(pid);

	switch (code) {
	case 0:
	case 99:
		return code == 99;
	/* refusals, and those of sysexits.h that no retry can change */
	case 100: case 64: case 65: case 70: case 76: case 77: case 78: case 112:
		proc_exit(100);
	case -1:
		quit(111, "A program of the .qmail file crashed (#4.3.0)");
	default:
		proc_exit(111);
	}
}

static void say(const char *what, struct str text)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%s %.*s\n", what, STR_FMT(text));
	fd_write_all(1, b.p, b.n);
	buf_free(&b);
}

static void deliver_file(struct local *l, const struct dot_line *line)
{
	char *z = mem_copy(line->text.p, line->text.n);

	refuse_if_forward_only(l);
	l->files++;
	if (describe)
		say(line->kind == DOT_MAILDIR ? "maildir" : "mbox", line->text);
	else if (line->kind == DOT_MAILDIR)
		deliver_maildir(l, z);
	else
		deliver_mbox(l, z);
	mem_free(z);
}

static bool deliver_program(struct local *l, struct str command)
{
	refuse_if_forward_only(l);
	l->programs++;
	if (!describe)
		return run_program(l, command);
	say("program", command);
	return false;
}

static void apply_envdir(struct local *l, struct str dir)
{
	char *z = mem_copy(dir.p, dir.n);

	if (describe) {
		say("envdir", dir);
	} else {
		prepare(l);
		if (envdir_apply(z, true, &l->e) < 0)
			quit_err(&l->e);
	}
	mem_free(z);
}

/* One instruction; true when the rest of the file is to be skipped. */
static bool instruct(struct local *l, struct dotqmail *dot, const struct dot_line *line)
{
	switch (line->kind) {
	case DOT_MBOX:
	case DOT_MAILDIR:
		deliver_file(l, line);
		return false;
	case DOT_PROGRAM:
		return deliver_program(l, line->text);
	case DOT_JUMP:
		if (!line->text.n || deliver_program(l, line->text))
			dotqmail_jump(dot, line->label);
		return false;
	case DOT_FORWARD:
		if (describe)
			say("forward", line->text);
		vec_push(&l->forwards, line->text);
		return false;
	case DOT_ENVDIR:
		apply_envdir(l, line->text);
		return false;
	case DOT_LIST:
		l->forward_only = true;
	}
	return false;
}

/* Hand the message on to all collected addresses; the number for the log. */
static unsigned long forward(struct local *l)
{
	struct buf why = BUF_INIT, mail = BUF_INIT, rcpt = BUF_INIT;
	unsigned long qp = 0;

	prepare(l);
	rewind_message(l);
	struct forward f = {.dtline = buf_str(&l->d.dtline), .extra = str_z(l->d.qqeh), .sender = buf_str(&l->newsender),
		.to = l->forwards.p, .n = l->forwards.n};

	l->passed_on = forward_params(&f, str_z(l->d.sender), !l->files && !l->programs, &mail, &rcpt);
	int code = forward_send(&f, &qp, &why);

	if (code) {
		log_line("Unable to forward the message: %s", why.p);
		proc_exit(code);
	}
	buf_free(&why);
	buf_free(&mail);
	buf_free(&rcpt);
	return qp;
}

static void check_home(struct local *l)
{
	struct stat st;

	if (file_chdir(l->d.home) < 0 || file_stat(".", &st) < 0) {
		err_temp(&l->e, errno, "Unable to enter the home directory %s (#4.3.0)", l->d.home);
		quit_err(&l->e);
	}
	if (st.st_mode & 002)
		quit(111, "Others may write to the home directory (#4.7.0)");
	if (!(st.st_mode & 01000))
		return;
	if (!describe)
		quit(111, "The home directory is sticky: its owner is editing .qmail files (#4.2.1)");
	log_warn("the home directory is sticky");
}

static void check_sender(struct local *l)
{
	if (!conf_set(CONF_LOCALDOMAINS) && !file_exists(".localdomains"))
		return;
	int r = delivery_sender_local(&l->d, &l->e);

	if (r < 0)
		quit_err(&l->e);
	if (r == 0)
		quit(100, "This recipient accepts no mail from the sender's domain (#5.2.1)");
}

static void check_loop(struct local *l)
{
	long max = 0;

	if (conf_int(CONF_MAXDELIVEREDTO, &max, &l->e) < 0)
		quit_err(&l->e);
	int r = delivery_loops(&l->d, 0, max, &l->e);

	if (r < 0)
		quit_err(&l->e);
	if (r > 0)
		quit(100, "This message is looping: it has been delivered to this address before (#5.4.6)");
}

static void find_instructions(struct local *l)
{
	int r = dotfile_find(str_z(l->d.dash), str_z(l->d.ext), &l->file, &l->e);

	if (r < 0)
		quit_err(&l->e);
	if (r == 0 && *l->d.dash)
		quit(100, "There is no mailbox of this name here (#5.1.1)");
	if (!l->file.text.n) {
		buf_set(&l->file.text, str_z(l->d.dflt));
		l->file.forward_only = false;
	}
	l->forward_only = l->file.forward_only;
}

static void take_arguments(struct delivery *d, char **argv)
{
	*d = (struct delivery)DELIVERY_INIT;
	d->user = argv[1];
	d->home = argv[2];
	d->local = argv[3];
	d->dash = argv[4];
	d->ext = argv[5];
	d->host = argv[6];
	d->sender = argv[7];
	d->dflt = argv[8];
	d->qqeh = argv[9];
	delivery_lines(d);
}

static void obey(struct local *l)
{
	struct dotqmail dot = {.rest = buf_str(&l->file.text)};
	struct dot_line line;
	bool done = false;
	int r = 0;

	while (!done && (r = dotqmail_next(&dot, &line, &l->e)) > 0)
		done = instruct(l, &dot, &line);
	if (r < 0)
		quit_err(&l->e);
}

static void report(const struct local *l, unsigned long qp)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "did %d+%zu+%d\n", l->files, l->forwards.n, l->programs);
	if (qp)
		buf_fmt(&b, "qp %lu\n", qp);
	if (l->passed_on)
		buf_adds(&b, TRANSMIT_TAKEN_OVER "\n");
	fd_write_all(1, b.p, b.n);
	buf_free(&b);
}

static int local_main(int argc, char **argv)
{
	struct local l = {.file = DOTFILE_INIT, .newsender = BUF_INIT};

	if (argc != 10 || argv[2][0] != '/')
		die_usage();
	take_arguments(&l.d, argv);
	file_umask(077);
	if (conf_env(CONF_SYNC_LATER))
		num_scan(str_z(conf_env(CONF_SYNC_LATER)), &l.later);
	env_unset("SYNC_LATER");	/* programs store what they like */
	delivery_sanitize();
	check_home(&l);
	check_sender(&l);
	if (!describe)
		check_loop(&l);
	find_instructions(&l);
	obey(&l);
	report(&l, l.forwards.n && !describe ? forward(&l) : 0);
	vec_free(&l.forwards);
	buf_free(&l.newsender);
	buf_free(&l.file.text);
	buf_free(&l.d.dtline);
	buf_free(&l.d.rpline);
	return 0;
}

APPLET(local) = {
	.name = "local", .aliases = "qmail-local", .family = "deliver",
	.brief = "deliver a message to a local user",
	.args = "user homedir local dash ext domain sender defaultdelivery qqeh", .opts = opts,
	.role = AS_CALLER, .main = local_main,
};
