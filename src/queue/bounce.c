/* bounce - non-delivery reports; see bounce.h. */
#include "queue/bounce.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/conf/rules.h"
#include "core/mail/date.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"
#include "queue/qlog.h"

int bounce_load(struct bounce_conf *c, struct err *e)
{
	struct bounce_conf n = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, 0};

	if (conf_line(CONF_BOUNCEFROM, &n.from, e) < 0 || conf_line(CONF_BOUNCEHOST, &n.host, e) < 0 ||
		conf_line(CONF_BOUNCESUBJECT, &n.subject, e) < 0 ||
		conf_line(CONF_DOUBLEBOUNCESUBJECT, &n.dsubject, e) < 0 ||
		conf_line(CONF_DOUBLEBOUNCETO, &n.to, e) < 0 || conf_line(CONF_DOUBLEBOUNCEHOST, &n.dhost, e) < 0 ||
		conf_raw(CONF_BOUNCEMESSAGE, &n.message, e) < 0 ||
		conf_raw(CONF_DOUBLEBOUNCEMESSAGE, &n.dmessage, e) < 0 ||
		conf_int(CONF_BOUNCEMAXBYTES, &n.maxbytes, e) < 0) {
		bounce_free(&n);
		return -1;
	}
	*c = n;
	return 0;
}

void bounce_free(struct bounce_conf *c)
{
	struct buf *all[] = {&c->from, &c->host, &c->subject, &c->dsubject, &c->to, &c->dhost, &c->message, &c->dmessage};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_free(all[i]);
}

static void file_name(uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "bounce/%llu", (unsigned long long)id);
}

/* One paragraph: no empty line inside, one after it. */
static void paragraph(const struct rewrite *r, struct str rcpt, struct str report, struct buf *b)
{
	rcpt = rewrite_strip(r, rcpt);
	buf_addc(b, '<');
	for (size_t i = 0; i < rcpt.n; i++)
		buf_addc(b, rcpt.p[i] == '\n' ? '_' : rcpt.p[i]);
	buf_adds(b, ">:\n");
	report = str_rtrim(report);
	while (report.n) {
		struct str line = str_cut(&report, '\n');

		buf_add(b, line.n ? line : STR("/"));
		buf_addc(b, '\n');
	}
	buf_addc(b, '\n');
}

int bounce_append(const struct rewrite *r, uint64_t id, struct str rcpt, struct str report, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct stat st;
	int result = -1;

	file_name(id, &fn);
	paragraph(r, rcpt, report, &text);
	int fd = file_open(fn.p, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd < 0)
		err_temp(e, errno, "unable to open %s", fn.p);
	else if (file_fstat(fd, &st) < 0)
		err_temp(e, errno, "unable to stat %s", fn.p);
	else if (fd_write_all(fd, text.p, text.n) < 0) {
		err_temp(e, errno, "unable to write %s", fn.p);
		/* half a paragraph would be there twice after the next attempt */
		if (file_truncate(fd, st.st_size) < 0)
			err_temp(e, errno, "unable to write or truncate %s", fn.p);
	} else
		result = 0;
	fd_close(fd);
	buf_free(&fn);
	buf_free(&text);
	return result;
}

/* Everything one bounce needs while it is composed. */
struct letter {
	const struct bounce_conf *conf;
	bool twice;		/* a double bounce */
	struct buf rcpt;	/* who gets it */
	struct str sender;	/* of the original, cleaned */
	struct buf report;	/* content of the bounce file */
	struct str last;	/* the most recent failure, <address> */
	struct buf mess;	/* file name of the original */
};

/* The last paragraph's first line without ":". */
static struct str last_failure(struct str report)
{
	struct str last = STR("<>");
	bool fresh = true;

	for (struct str rest = report; rest.p; ) {
		struct str line = str_cut(&rest, '\n');

		if (fresh && line.n > 2 && line.p[0] == '<')
			last = str_to(line, line.n - 1);
		fresh = line.n == 0;
	}
	return last;
}

static void put_str(struct client *c, struct str s)
{
	client_put(c, s.p, s.n);
}

static void compose_head(struct client *c, const struct letter *l)
{
	struct buf b = BUF_INIT;
	const struct bounce_conf *k = l->conf;

	buf_adds(&b, "Date: ");
	date_rfc822(&b, clock_now());
	buf_fmt(&b, "\nX-Bounced-Address: %.*s\nFrom: %s@%s\nTo: %s\nSubject: %s\n\n", STR_FMT(l->last), k->from.p,
		k->host.p, l->rcpt.p, l->twice ? k->dsubject.p : k->subject.p);
	const struct buf *own = l->twice ? &k->dmessage : &k->message;

	if (own->n)
		buf_add(&b, buf_str(own));
	else if (l->twice)
		buf_fmt(&b, "Hi. This is the indimail delivery program at %s.\n"
			"A report of failed delivery could itself not be delivered; here is what happened.\n", k->host.p);
	else
		buf_fmt(&b, "Hi. This is the indimail delivery program at %s.\n"
			"Your message did not reach the addresses below; each is followed by the reason.\n"
			"No further attempt will be made.\n", k->host.p);
	buf_addc(&b, '\n');
	buf_add(&b, buf_str(&l->report));
	buf_adds(&b, l->twice ? "--- Below this line is the original bounce.\n\n" :
		"--- Below this line is a copy of the message.\n\n");
	buf_adds(&b, "Return-Path: <");
	for (size_t i = 0; i < l->sender.n; i++)
		buf_addc(&b, l->sender.p[i] == '\n' ? '_' : l->sender.p[i]);
	buf_adds(&b, ">\n");
	put_str(c, buf_str(&b));
	buf_free(&b);
}

/* At most maxbytes of the original (0: all). */
static int compose_copy(struct client *c, const struct letter *l)
{
	char block[16384];
	long left = l->conf->maxbytes > 0 ? l->conf->maxbytes : -1;
	int fd = file_open(l->mess.p, O_RDONLY, 0);
	ssize_t n = -1;

	while (fd >= 0 && left != 0 && (n = fd_read(fd, block, sizeof block)) > 0) {
		if (left > 0 && n > left)
			n = left;
		client_put(c, block, (size_t)n);
		if (left > 0)
			left -= n;
	}
	if (fd >= 0 && left == 0 && (n = fd_read(fd, block, 1)) > 0)
		client_adds(c, "\n\n--- End of message stripped.\n");
	fd_close(fd);
	return n < 0 ? -1 : 0;
}

/* The site's own program decides: 0 send, 1 drop, -1 later. */
static int processor(const char *program, const struct letter *l, uint64_t id, const char *q, struct buf *log)
{
	struct buf fn = BUF_INIT, report = BUF_INIT;
	long form = 5;
	int status, code = -1;

	file_name(id, &fn);
	conf_int(CONF_BOUNCEPROCESSOR_ARGS, &form, NULL);
	buf_set(&report, str_from(buf_str(&l->report), str_chr(buf_str(&l->report), ':') + 1));
	char *sender = mem_copy(l->twice ? "#@[]" : "", l->twice ? 4 : 0), *orig = mem_copy(l->last.p, l->last.n);
	char *five[] = {(char *)(size_t)program, fn.p, report.p, sender, orig, l->rcpt.p, NULL};
	char *six[] = {(char *)(size_t)program, l->mess.p, fn.p, report.p, sender, orig, l->rcpt.p, NULL};
	pid_t pid = proc_fork();

	if (pid == 0) {
		sig_reset();
		fd_close_from(3);
		proc_exec_file(program, form == 6 ? six : five);
		proc_exit(111);
	}
	if (pid > 0 && proc_wait(pid, &status, false) == pid && !proc_crashed(status))
		code = proc_code(status);
	buf_adds(log, "bounce processor sender <");
	qlog_safe(log, str_z(sender));
	buf_adds(log, "> recipient <");
	qlog_safe(log, buf_str(&l->rcpt));
	buf_fmt(log, "> messfn <%s> bouncefn <%s> exit=%d %s\n", l->mess.p, fn.p, code, q);
	mem_free(sender);
	mem_free(orig);
	buf_free(&fn);
	buf_free(&report);
	return code == 0 || code == 1 ? code : -1;
}

/* Compose and queue: 1 queued, 0 dropped by the processor, -1 later. */
static int submit(const struct letter *l, uint64_t id, const char *q, struct buf *log)
{
	const char *program = conf_env(CONF_BOUNCEPROCESSOR);
	struct client *c = client_new();
	struct err e = {0};
	int r = -1;

	if (client_open(c, &e) < 0)
		goto out;
	compose_head(c, l);
	if (compose_copy(c, l) < 0)
		client_fail(c);
	int verdict = program && *program ? processor(program, l, id, q, log) : 0;

	if (verdict != 0)
		client_fail(c);
	client_from(c, l->twice ? STR("#@[]") : STR(""));
	client_to(c, buf_str(&l->rcpt));
	const char *why = client_close(c);

	if (verdict == 1) {
		buf_fmt(log, "delete bounce: bounce/%llu %s\n", (unsigned long long)id, q);
		r = 0;
	} else if (verdict == 0 && !*why) {
		qlog_bounce(log, id, client_qp(c), q);
		r = 1;
	}
out:
	client_free(c);
	return r;
}

/* A bounce has its own queue program and rules; everything is as before afterwards. */
static int submit_in_environment(struct letter *l, uint64_t id, const char *q, struct buf *log)
{
	struct env_copy *before = env_save();
	const char *queue = conf_env(CONF_BOUNCEQUEUE);
	struct bounce_conf changed = {.from = BUF_INIT};
	struct err e = {0};
	int r = -1;

	if (queue && *queue)
		env_put("QMAILQUEUE", queue);
	env_unset("SPAMFILTER");
	env_unset("FILTERARGS");
	int rule = rules_apply(CONF_BOUNCERULES, buf_str(&l->rcpt), &e);

	if (rule == 0) {
		r = submit(l, id, q, log);
	} else if (rule > 0 && bounce_load(&changed, &e) == 0) {
		const struct bounce_conf *usual = l->conf;

		l->conf = &changed;
		r = submit(l, id, q, log);
		l->conf = usual;
		bounce_free(&changed);
	}
	env_restore(before);
	env_copy_free(before);
	return r;
}

/* Who gets the bounce?  false: nobody, and the log says why. */
static bool address(struct letter *l, uint64_t id, const char *q, struct buf *log)
{
	const struct bounce_conf *k = l->conf;

	if (str_ends(l->sender, STR("-@[]")))
		l->sender = str_to(l->sender, l->sender.n - 4);
	if (str_starts(l->sender, STR("sb*-")))
		l->sender = str_from(l->sender, 4);
	if (str_eq(l->sender, STR("#@[]"))) {
		qlog_discard(log, "triple", id, q);
		return false;
	}
	l->twice = l->sender.n == 0;
	if (!l->twice) {
		buf_set(&l->rcpt, l->sender);
		return true;
	}
	if (k->to.n == 0 || k->to.p[0] == '@') {
		qlog_discard(log, "double", id, q);
		return false;
	}
	buf_fmt(&l->rcpt, "%s@%s", k->to.p, k->dhost.p);
	return true;
}

enum bounce_result bounce_send(const struct bounce_conf *c, const struct layout *lay, uint64_t id, struct str sender,
	const char *q, struct buf *log)
{
	struct letter l = {.conf = c, .rcpt = BUF_INIT, .report = BUF_INIT, .mess = BUF_INIT, .sender = sender};
	struct buf fn = BUF_INIT;
	enum bounce_result result = BOUNCE_LATER;

	file_name(id, &fn);
	if (file_slurp(fn.p, &l.report, 1 << 30) < 0) {
		result = errno == ENOENT ? BOUNCE_NONE : BOUNCE_LATER;
		goto out;
	}
	l.last = last_failure(buf_str(&l.report));
	layout_path(lay, Q_MESS, id, &l.mess);
	if (address(&l, id, q, log) && submit_in_environment(&l, id, q, log) < 0) {
		qlog_say(log, "warn", "qmail-send", q, "trouble injecting bounce message, will try later");
		goto out;
	}
	if (file_unlink(fn.p) < 0 && errno != ENOENT)
		qlog_say(log, "warn", "qmail-send", q, "unable to unlink %s; will try again later", fn.p);
	else
		result = BOUNCE_DONE;
out:
	buf_free(&fn);
	buf_free(&l.rcpt);
	buf_free(&l.report);
	buf_free(&l.mess);
	return result;
}
