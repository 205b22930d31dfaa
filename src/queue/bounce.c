/* bounce - non-delivery reports; see bounce.h. */
#include "queue/bounce.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/conf/rules.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"
#include "queue/qlog.h"

enum { FILE_MAX = 1 << 30, ARGUMENT_MAX = 100000 };	/* the kernel takes 131,071 bytes of an argument */

int bounce_load(struct bounce_conf *c, struct err *e)
{
	struct bounce_conf n = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT,
		BUF_INIT, 0, 0};

	if (conf_line(CONF_ME, &n.me, e) < 0 || conf_line(CONF_BOUNCEFROM, &n.from, e) < 0 || conf_line(CONF_BOUNCEHOST, &n.host, e) < 0 ||
		conf_line(CONF_BOUNCESUBJECT, &n.subject, e) < 0 ||
		conf_line(CONF_DOUBLEBOUNCESUBJECT, &n.dsubject, e) < 0 ||
		conf_line(CONF_DOUBLEBOUNCETO, &n.to, e) < 0 || conf_line(CONF_DOUBLEBOUNCEHOST, &n.dhost, e) < 0 ||
		conf_raw(CONF_BOUNCEMESSAGE, &n.message, e) < 0 ||
		conf_raw(CONF_DOUBLEBOUNCEMESSAGE, &n.dmessage, e) < 0 ||
		conf_int(CONF_BOUNCEMAXBYTES, &n.maxbytes, e) < 0 || conf_int(CONF_BOUNCEMIME, &n.mime, e) < 0) {
		bounce_free(&n);
		return -1;
	}
	*c = n;
	return 0;
}

void bounce_free(struct bounce_conf *c)
{
	struct buf *all[] = {&c->from, &c->host, &c->subject, &c->dsubject, &c->to, &c->dhost, &c->me, &c->message,
		&c->dmessage};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_free(all[i]);
}

static void file_name(uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "bounce/%llu", (unsigned long long)id);
}

/* A crash may have left half a paragraph: its recipient has not been marked and fails again.  The length to keep. */
static off_t complete(const char *fn, off_t size)
{
	struct buf text = BUF_INIT;
	off_t keep = 0;

	if (size > 0 && file_slurp(fn, &text, FILE_MAX) == 0)
		for (size_t i = text.n; i >= 2 && !keep; i--)
			if (text.p[i - 1] == '\n' && text.p[i - 2] == '\n')
				keep = (off_t)i;
	buf_free(&text);
	return keep;
}

static bool torn(int fd, off_t size)
{
	char tail[2];

	return size > 0 && (size == 1 || fd_read_at(fd, tail, 2, size - 2) != 2 || tail[0] != '\n' || tail[1] != '\n');
}

/* Where the file ends with a whole paragraph, -1 on failure. */
static off_t whole_end(int fd, const char *fn)
{
	struct stat st;

	if (file_fstat(fd, &st) < 0)
		return -1;
	if (!torn(fd, st.st_size))
		return st.st_size;
	off_t end = complete(fn, st.st_size);

	return file_truncate(fd, end) < 0 ? -1 : end;
}

static int append(int fd, const char *fn, struct str text, struct err *e)
{
	off_t end = whole_end(fd, fn);

	if (end < 0)
		return err_temp(e, errno, "unable to look at %s", fn);
	if (fd_write_all(fd, text.p, text.n) == 0 && (!conf_enabled(CONF_USE_FSYNC) || file_sync(fd) == 0))
		return 0;
	err_temp(e, errno, "unable to write %s", fn);
	/* half a paragraph would be there twice after the next attempt */
	if (file_truncate(fd, end) < 0)
		err_temp(e, errno, "unable to write or truncate %s", fn);
	return -1;
}

int bounce_append(const struct rewrite *r, uint64_t id, struct str rcpt, struct str report, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	int result = -1;

	file_name(id, &fn);
	outcome_paragraph(rewrite_strip(r, rcpt), report, &text);
	int fd = file_open(fn.p, O_RDWR | O_APPEND | O_CREAT, 0600);

	if (fd < 0)
		err_temp(e, errno, "unable to open %s", fn.p);
	else
		result = append(fd, fn.p, buf_str(&text), e);
	fd_close(fd);
	buf_free(&fn);
	buf_free(&text);
	return result;
}

/* Everything one bounce needs while it is composed. */
struct work {
	struct letter letter;
	struct buf to, report, mess;	/* what letter's views point into */
	VEC(struct outcome) outcomes;
	uint64_t id;
	const struct bounce_log *log;
};

/* The next paragraph of *rest: the address in its first line, and its other lines.  False at the end. */
static bool next_failure(struct str *rest, struct str *rcpt, struct str *text)
{
	while (rest->n) {
		size_t end = str_find(*rest, STR("\n\n"));
		struct str p = str_to(*rest, end), first = str_cut(&p, '\n');

		*rest = str_from(*rest, end + 2);
		if (first.n < 3 || first.p[0] != '<')
			continue;
		*rcpt = str_to(str_from(first, 1), first.n - (str_ends(first, STR(">:")) ? 3 : 2));
		*text = p;
		return true;
	}
	return false;
}

/* As outcome_paragraph writes the note's address. */
static bool same_address(const struct rewrite *r, const struct note *n, struct str shown)
{
	struct str addr = rewrite_strip(r, n->rcpt);

	if (addr.n != shown.n)
		return false;
	for (size_t i = 0; i < addr.n; i++)
		if (addr.p[i] != shown.p[i] && !(addr.p[i] == '\n' && shown.p[i] == '_'))
			return false;
	return true;
}

/* What the sender said about a recipient; the failures stand in the order of the notes, nearly. */
static struct str params_of(const struct rewrite *r, const struct notes *notes, struct str shown, size_t *at)
{
	for (size_t i = 0; i < notes->v.n; i++) {
		size_t k = (*at + i) % notes->v.n;

		if (same_address(r, &notes->v.p[k], shown)) {
			*at = k + 1;
			return notes->v.p[k].params;
		}
	}
	return STR("");
}

static void failures(struct work *w, const struct rewrite *r, const struct notes *notes)
{
	struct outcome o = {.action = OUTCOME_FAILED};
	size_t at = 0;

	for (struct str rest = buf_str(&w->report); next_failure(&rest, &o.rcpt, &o.text); ) {
		o.params = params_of(r, notes, o.rcpt, &at);
		vec_push(&w->outcomes, o);
	}
	w->letter.outcomes = w->outcomes.p;
	w->letter.n = w->outcomes.n;
}

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

/* The site's own program decides: 0 send, 1 drop, -1 later. */
static int processor(const char *program, const struct work *w)
{
	const struct letter *l = &w->letter;
	struct buf fn = BUF_INIT, report = BUF_INIT;
	long form = 5, seconds = 60;
	int status, code = -1;

	file_name(w->id, &fn);
	conf_int(CONF_BOUNCEPROCESSOR_ARGS, &form, NULL);
	conf_int(CONF_BOUNCEPROCESSOR_TIMEOUT, &seconds, NULL);
	buf_set(&report, str_to(str_from(l->paragraphs, str_chr(l->paragraphs, ':') + 1), ARGUMENT_MAX));
	char *sender = (char *)(size_t)(l->kind == LETTER_DOUBLE ? "#@[]" : ""), *orig = mem_copy(l->last.p, l->last.n);
	char *five[] = {(char *)(size_t)program, fn.p, report.p, sender, orig, w->to.p, NULL};
	char *six[] = {(char *)(size_t)program, w->mess.p, fn.p, report.p, sender, orig, w->to.p, NULL};
	pid_t pid = proc_fork();

	if (pid == 0) {
		sig_reset();
		/* what it says belongs in the log: our 1 and 2 may be pipes of a spawner that root runs */
		if (fd_copy(1, 0) < 0 || fd_copy(2, 0) < 0)
			proc_exit(111);
		fd_close_from(3);
		clock_alarm(seconds > 0 ? (unsigned)seconds : 0);	/* nothing else is delivered meanwhile */
		proc_exec_file(program, form == 6 ? six : five);
		proc_exit(111);
	}
	if (pid > 0 && proc_wait(pid, &status, false) == pid && !proc_crashed(status))
		code = proc_code(status);
	buf_fmt(w->log->text, "bounce processor sender <%s> recipient <", sender);
	qlog_safe(w->log->text, l->to);
	buf_fmt(w->log->text, "> messfn <%s> bouncefn <%s> exit=%d%s%s\n", w->mess.p, fn.p, code, *w->log->q ? " " : "",
		w->log->q);
	mem_free(orig);
	buf_free(&fn);
	buf_free(&report);
	return code == 0 || code == 1 ? code : -1;
}

static void log_queued(const struct work *w, unsigned long qp)
{
	static const char *const names[] = {[LETTER_DELAYED] = "delayed", [LETTER_SUCCESS] = "success"};
	enum letter_kind kind = w->letter.kind;

	if (kind == LETTER_BOUNCE || kind == LETTER_DOUBLE)
		qlog_bounce(w->log->text, w->id, qp, w->log->q);
	else
		qlog_say(w->log->text, "info", w->log->program, w->log->q, "%s report for msg %llu qp %lu", names[kind],
			(unsigned long long)w->id, qp);
}

/* Compose and queue: 1 queued, 0 dropped by the processor, -1 later. */
static int submit(const struct work *w)
{
	const struct letter *l = &w->letter;
	bool failed = l->kind == LETTER_BOUNCE || l->kind == LETTER_DOUBLE;
	const char *program = failed ? conf_env(CONF_BOUNCEPROCESSOR) : NULL;
	struct client *c = client_new();
	struct err e = {0};
	int r = -1;

	if (client_open(c, &e) < 0)
		goto out;
	if (letter_compose(c, l) < 0)
		client_fail(c);
	int verdict = program && *program ? processor(program, w) : 0;

	if (verdict != 0)
		client_fail(c);
	client_from(c, l->kind == LETTER_DOUBLE ? STR("#@[]") : STR(""));
	client_to(c, l->to);
	const char *why = client_close(c);

	if (verdict == 1) {
		buf_fmt(w->log->text, "delete bounce: bounce/%llu %s\n", (unsigned long long)w->id, w->log->q);
		r = 0;
	} else if (verdict == 0 && !*why) {
		log_queued(w, client_qp(c));
		r = 1;
	}
out:
	client_free(c);
	return r;
}

/* A bounce has its own queue program and rules; everything is as before afterwards. */
static int submit_in_environment(struct work *w)
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
	int rule = rules_apply(CONF_BOUNCERULES, w->letter.to, &e);

	if (rule == 0) {
		r = submit(w);
	} else if (rule > 0 && bounce_load(&changed, &e) == 0) {
		const struct bounce_conf *usual = w->letter.conf;

		w->letter.conf = &changed;
		r = submit(w);
		w->letter.conf = usual;
		bounce_free(&changed);
	}
	env_restore(before);
	env_copy_free(before);
	return r;
}

/* Without what VERP and BATV add. */
static struct str cleaned(struct str sender)
{
	if (str_ends(sender, STR("-@[]")))
		sender = str_to(sender, sender.n - 4);
	if (str_starts(sender, STR("sb*-")))
		sender = str_from(sender, 4);
	return sender;
}

/* Who gets the bounce?  false: nobody, and the log says why. */
static bool address(struct work *w)
{
	const struct bounce_conf *k = w->letter.conf;
	struct str sender = w->letter.sender;

	if (str_eq(sender, STR("#@[]"))) {
		qlog_discard(w->log->text, "triple", w->id, w->log->q);
		return false;
	}
	if (sender.n) {
		buf_set(&w->to, sender);
	} else if (k->to.n == 0 || k->to.p[0] == '@') {
		qlog_discard(w->log->text, "double", w->id, w->log->q);
		return false;
	} else {
		w->letter.kind = LETTER_DOUBLE;
		buf_fmt(&w->to, "%s@%s", k->to.p, k->dhost.p);
	}
	w->letter.to = buf_str(&w->to);
	return true;
}

static void work_open(struct work *w, const struct bounce_conf *c, const struct layout *l, const struct bounced *m,
	const struct bounce_log *log)
{
	*w = (struct work){.to = BUF_INIT, .report = BUF_INIT, .mess = BUF_INIT, .id = m->id, .log = log};
	layout_path(l, Q_MESS, m->id, &w->mess);
	w->letter = (struct letter){.conf = c, .id = m->id, .birth = m->birth, .expires = m->expires, .mess = w->mess.p,
		.sender = cleaned(m->sender), .params = m->params};
}

static void work_free(struct work *w)
{
	buf_free(&w->to);
	buf_free(&w->report);
	buf_free(&w->mess);
	vec_free(&w->outcomes);
}

enum bounce_result bounce_send(const struct bounce_conf *c, const struct rewrite *r, const struct layout *l,
	const struct bounced *m, const struct bounce_log *log)
{
	struct work w;
	struct buf fn = BUF_INIT;
	enum bounce_result result = BOUNCE_LATER;

	work_open(&w, c, l, m, log);
	file_name(m->id, &fn);
	if (file_slurp(fn.p, &w.report, FILE_MAX) < 0) {
		result = errno == ENOENT ? BOUNCE_NONE : BOUNCE_LATER;
		goto out;
	}
	w.letter.paragraphs = buf_str(&w.report);
	w.letter.last = last_failure(w.letter.paragraphs);
	if (address(&w)) {
		w.letter.report = w.letter.kind == LETTER_BOUNCE && (m->params.p || m->notes->v.n);
		if (w.letter.report)
			failures(&w, r, m->notes);
		if (submit_in_environment(&w) < 0) {
			qlog_say(log->text, "warn", log->program, log->q, "trouble injecting bounce message, will try later");
			goto out;
		}
	}
	if (file_unlink(fn.p) < 0 && errno != ENOENT)
		qlog_say(log->text, "warn", log->program, log->q, "unable to unlink %s; will try again later", fn.p);
	else
		result = BOUNCE_DONE;
out:
	buf_free(&fn);
	work_free(&w);
	return result;
}

bool bounce_reports_to(struct str sender)
{
	sender = cleaned(sender);
	return sender.n && !str_eq(sender, STR("#@[]"));
}

bool bounce_report(const struct bounce_conf *c, const struct layout *l, const struct bounced *m, enum letter_kind kind,
	const struct outcome *o, size_t n, const struct bounce_log *log)
{
	static const char *const words[] = {[OUTCOME_DELAYED] = "Not delivered yet.", [OUTCOME_DELIVERED] = "Delivered.",
		[OUTCOME_RELAYED] = "Handed to a host that sends no reports of delivery."};
	struct work w;

	work_open(&w, c, l, m, log);
	buf_set(&w.to, w.letter.sender);
	w.letter.to = buf_str(&w.to);
	for (size_t i = 0; i < n; i++)
		outcome_paragraph(o[i].rcpt, kind == LETTER_DELAYED && o[i].text.n ? o[i].text :
			str_z(words[o[i].action]), &w.report);
	w.letter.kind = kind;
	w.letter.report = true;
	w.letter.paragraphs = buf_str(&w.report);
	w.letter.outcomes = o;
	w.letter.n = n;
	bool queued = submit_in_environment(&w) > 0;

	if (!queued)
		qlog_say(log->text, "warn", log->program, log->q, "trouble injecting a delivery report, will try later");
	work_free(&w);
	return queued;
}
