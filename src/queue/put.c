/* put - the four stages of accepting a message; see put.h. */
#include "queue/put.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/smtp/dsn.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "queue/archive.h"
#include "queue/journal.h"
#include "queue/loose.h"
#include "queue/numbers.h"
#include "queue/putstate.h"
#include "queue/scanner.h"
#include "queue/trigger.h"

enum { BLOCK = 16384 /* written at once */ };

static int unloose(struct put *p, struct err *e);

static int add(struct put *p, struct stage *t, struct str s)
{
	buf_add(&t->b, s);
	if (p->journal && p->text.b.n + p->env.b.n > JOURNAL_MESSAGE_MAX) {
		/* it goes the other way: nothing has to be kept */
		if (unloose(p, &(struct err){0}) < 0)
			return -1;
		p->journal = NULL;
		if (t == &p->env)
			buf_free(&p->text.b);
	}
	return p->journal || t->b.n - t->written < BLOCK ? 0 : put_flush(p, t);
}

static int keep(void *arg, struct str s)
{
	struct put *p = arg;

	return add(p, &p->text, s);
}

/* uid of an account of the platform, (uid_t)-1 when this machine has none; asked once. */
static uid_t account(const char *name, uid_t *known)
{
	struct pw pw;

	if (*known == (uid_t)-2)
		*known = pw_name(str_z(name), &pw) == 1 ? pw.uid : (uid_t)-1;
	return *known;
}

static void received_line(struct put *p, struct buf *b)
{
	static uid_t alias = (uid_t)-2, send = (uid_t)-2;
	const char *host = conf_env(CONF_HOSTNAME), *ip = p->origin.ip;
	bool hide = conf_set(CONF_HIDE_HOST);
	char name[256];

	if (!host) {
		proc_hostname(name, sizeof name);
		host = name[0] ? name : "unknown";
	}
	buf_fmt(b, "Received: indimail-mta queue %ld", (long)p->origin.pid);
	if (!hide)
		buf_fmt(b, " by host %s", host);
	/* who writes the queue himself is neither: no need to look */
	bool other = p->origin.uid != proc_euid();

	if (other && p->origin.uid == account("alias", &alias))
		buf_adds(b, " (invoked by alias); ");
	else if (other && p->origin.uid == account("qmails", &send))
		buf_adds(b, " (invoked for bounce); ");
	else if (ip)
		buf_fmt(b, " (invoked from network%s%s, by uid %lu); ", hide ? "" : " ", hide ? "" : ip,
			(unsigned long)p->origin.uid);
	else
		buf_fmt(b, " (invoked by uid %lu); ", (unsigned long)p->origin.uid);
	date_rfc822(b, clock_now());
	buf_addc(b, '\n');
}

static int origin_ip_field(struct put *p, struct buf *b, struct err *e)
{
	long on = 0;

	if (conf_int(CONF_ORIGINIPFIELD, &on, e) < 0)
		return -1;
	if (on && p->origin.ip && (conf_set(CONF_RELAYCLIENT) || conf_set(CONF_TCPREMOTEINFO)))
		buf_fmt(b, "X-Originating-IP: %s\n", p->origin.ip);
	return 0;
}

/* The settings of section 6.4; an empty variable switches a feature off. */
static int settings(struct put *p, struct err *e)
{
	long fast = -1;

	conf_int(CONF_FASTQUEUE, &fast, NULL);
	p->optional = !(conf_env(CONF_FASTQUEUE) && (uid_t)fast == p->origin.uid);
	p->sync = conf_enabled(CONF_USE_FSYNC) || conf_on(CONF_USE_FDATASYNC);
	p->syncdir = conf_enabled(CONF_USE_SYNCDIR);
	if (!p->optional)
		return 0;
	if (headerfilter_open(&p->filter, e) < 0 || conf_list(CONF_EXTRAQUEUE, &p->extra, e) < 0 ||
		conf_list(CONF_MAILARCHIVE, &p->archive, e) < 0 || conf_line(CONF_QUARANTINE, &p->quarantine, e) < 0)
		return -1;
	return 0;
}

static int enough_space(const struct put *p, struct err *e)
{
	unsigned long long bytes;
	long min = 0;

	if (conf_int(CONF_MIN_FREE, &min, e) < 0)
		return -1;
	if (min <= 0)
		return 0;
	if (file_free(p->dir.p, &bytes) < 0)
		return err_code(e, 54, errno, "unable to get the free space of %s", p->dir.p);
	if (bytes >> 20 < (unsigned long long)min >> 20)
		return err_code(e, 53, ENOSPC, "less than MIN_FREE bytes left in %s", p->dir.p);
	return 0;
}

/* No files for now: all that is taken is a number. */
static bool stay_loose(struct put *p)
{
	bool files = !p->journal || conf_set(CONF_QUEUE_FILES) || (p->optional && conf_set(CONF_QHPSI));

	p->id = files ? 0 : numbers_take(p->dir.p);
	p->loose = p->id != 0;
	return p->loose;
}

struct put *put_open(const char *dir, const struct put_origin *o, struct err *e)
{
	struct put *p = put_new(o);
	struct buf head = BUF_INIT;
	int r = -1;

	if (dir)
		buf_set(&p->dir, str_z(dir));
	else if (queue_choose(&p->dir, e) < 0)
		goto out;
	if (settings(p, e) < 0 || enough_space(p, e) < 0)
		goto out;
	/* before there is a file: it may put back messages first */
	if (p->sync)
		p->journal = journal_of(p->dir.p);
	if (!stay_loose(p) && put_create(p, e) < 0)
		goto out;
	received_line(p, &head);
	if (p->optional && origin_ip_field(p, &head, e) < 0)
		goto out;
	r = keep(p, buf_str(&head));
out:
	buf_free(&head);
	if (r == 0)
		return p;
	put_abort(p);
	return NULL;
}

int put_data(struct put *p, const void *data, size_t n, struct err *e)
{
	struct str s = str_make(data, n);
	int r = p->filter.active ? headerfilter_feed(&p->filter, s, keep, p) : keep(p, s);

	return r < 0 ? put_write_failed(&p->mess, e) : 0;
}

/* Ask the virus scanner, when there is one: what it says may refuse the message, throw it away or lead it elsewhere. */
static int scan(struct put *p, struct err *e)
{
	enum scanner_verdict v;
	long reject = 0;

	if (scanner_ask(p->mess.p, p->text.fd, &v, e) < 0)
		return -1;
	if (v == SCANNER_NONE)
		return 0;
	p->virus = v == SCANNER_CLEAN ? "X-QHPSI: clean\n" : "X-QHPSI: Virus found\n";
	if (v == SCANNER_CLEAN)
		return 0;
	const char *forward = conf_env(CONF_VIRUSFORWARD);

	if (conf_int(CONF_REJECTVIRUS, &reject, e) < 0)
		return -1;
	if (reject != 0 && reject != 2)
		return err_code(e, 33, 0, "the message contains a virus");
	if (forward && *forward)
		buf_set(&p->quarantine, str_z(forward));
	p->discard = reject == 2 && !p->quarantine.n;
	return 0;
}

/* Files after all, as far as they would have been there by now. */
static int unloose(struct put *p, struct err *e)
{
	if (!p->loose)
		return 0;
	p->loose = false;
	if (!put_claim(p) && put_create(p, e) < 0)
		return -1;
	if (!p->env.b.n)
		return 0;
	return put_flush(p, &p->text) < 0 ? put_write_failed(&p->mess, e) : put_create_envelope(p, e);
}

/* Stage 2 ends: the message is written.  Stage 3 begins: the envelope, in intd. */
int put_body_end(struct put *p, struct err *e)
{
	if ((p->optional && headerfilter_end(&p->filter, keep, p) < 0) || put_flush(p, &p->text) < 0)
		return put_write_failed(&p->mess, e);
	if (p->sync && !p->journal)
		file_sync_start(p->text.fd);
	if (!p->loose && ((p->optional && scan(p, e) < 0) || put_create_envelope(p, e) < 0))
		return -1;
	buf_fmt(&p->env.b, "u%lu", (unsigned long)p->origin.uid);
	buf_addc(&p->env.b, 0);
	buf_fmt(&p->env.b, "p%ld", (long)p->origin.pid);
	buf_addc(&p->env.b, 0);
	return 0;
}

static int record(struct put *p, char letter, struct str text, struct err *e)
{
	if (text.n >= LAYOUT_ADDR_MAX)
		return err_code(e, 11, 0, "envelope address of %zu bytes is too long", text.n);
	if (str_chr(text, 0) < text.n)
		return err_code(e, 79, 0, "envelope address contains a zero byte");
	buf_addc(&p->env.b, letter);
	buf_add(&p->env.b, text);
	return add(p, &p->env, str_make("", 1)) < 0 ? put_write_failed(&p->intd, e) : 0;
}

int put_from(struct put *p, struct str sender, struct err *e)
{
	if (record(p, 'F', sender, e) < 0)
		return -1;
	archive_address(&p->archive, 'F', sender, &p->archived);
	for (size_t i = 0; i < p->extra.lines.n; i++)
		if (record(p, 'T', p->extra.lines.p[i], e) < 0)
			return -1;
	return p->quarantine.n ? record(p, 'T', buf_str(&p->quarantine), e) : 0;
}

int put_to(struct put *p, struct str rcpt, struct err *e)
{
	archive_address(&p->archive, 'T', rcpt, &p->archived);
	if (!p->quarantine.n)
		return record(p, 'T', rcpt, e);
	buf_addc(&p->quarantined, ',');
	buf_add(&p->quarantined, rcpt);
	return 0;
}

int put_params(struct put *p, char letter, struct str text, struct err *e)
{
	struct dsn d;

	if (!text.n || !dsn_read(&d, letter, text))
		return err_code(e, 79, 0, "bad delivery status parameters");
	/* in quarantine there is no recipient to tell anything of */
	return letter == 'y' && p->quarantine.n ? 0 : record(p, letter, text, e);
}

/* The e and h records.  A NUL cannot be part of a record. */
static int trailing_records(struct put *p, struct err *e)
{
	const char *qqeh = conf_env(CONF_QQEH);
	struct buf b = BUF_INIT;

	if (p->virus)
		buf_adds(&b, p->virus);
	if (p->quarantine.n)
		buf_fmt(&b, "X-Quarantine-ID: %s%s\n", p->quarantine.p, p->quarantined.p);
	if (p->optional && qqeh && *qqeh) {
		buf_adds(&b, qqeh);
		if (b.p[b.n - 1] != '\n')
			buf_addc(&b, '\n');
	}
	buf_add(&p->env.b, buf_str(&p->archived));
	if (b.n) {
		buf_addc(&p->env.b, 'e');
		buf_put(&p->env.b, b.p, b.n + 1);
	}
	if (p->filter.collected.n) {
		for (size_t i = 0; i < p->filter.collected.n; i++)
			if (!p->filter.collected.p[i])
				p->filter.collected.p[i] = ' ';
		buf_addc(&p->env.b, 'h');
		buf_put(&p->env.b, p->filter.collected.p, p->filter.collected.n + 1);
	}
	buf_free(&b);
	return add(p, &p->env, STR("")) < 0 ? put_write_failed(&p->intd, e) : 0;
}

/* The files themselves, when there is no journal: the message is durable before the name in todo appears, and the
 * envelope with that name or, without USE_SYNCDIR, before it. */
static int sync_files(struct put *p, struct err *e)
{
	if (!p->sync)
		return 0;
	file_sync_start(p->env.fd);
	if (file_sync(p->text.fd) < 0)
		return err_code(e, 64, errno, "unable to sync %s", p->mess.p);
	if (!p->syncdir && file_sync(p->env.fd) < 0)
		return err_code(e, 64, errno, "unable to sync %s", p->intd.p);
	return 0;
}

/* Its record is all there is, and whoever takes it from there knows of it, or it gets files. */
static int announce_loose(struct put *p, struct err *e)
{
	journal_accepted(p->journal, p->id, true);
	/* who ends says so first and then looks for loose messages: one of us two sees the other */
	if ((numbers_taken(p->dir.p) && trigger_tell(p->dir.p, p->id)) || loose_file(p->dir.p, p->id, e) == 0 ||
		loose_done(p->dir.p, p->id) == 0)
		return 0;
	p->loose = false;	/* it was, and is gone */
	e->code = 66;
	return -1;
}

/* Stage 4: the message is durable, then it gets its name in todo.  With a journal one record holds all of it.  Without,
 * a sync of the envelope makes that name durable (syncing an inode covers its names on ext4, xfs and btrfs); a crash
 * before it may leave a todo file without content: it was never acknowledged, and todo-proc ignores it. */
static int accept(struct put *p, struct err *e)
{
	struct buf todo = BUF_INIT;
	int r = p->journal ? journal_accept(p->journal, p->id, buf_str(&p->env.b), buf_str(&p->text.b), e) : 0;

	if (r == 1 && p->loose)
		return announce_loose(p, e);
	if (r == 0 && (unloose(p, e) < 0 || (put_flush(p, &p->env) < 0 && put_write_failed(&p->intd, e) < 0)))
		return -1;
	if (r != 1)
		p->journal = NULL;
	if (r < 0 || (r == 0 && sync_files(p, e) < 0))
		return -1;
	put_path(p, Q_TODO, &todo);
	r = -1;
	if (file_link(p->intd.p, todo.p) < 0) {
		err_code(e, 66, errno, "unable to link %s to %s", p->intd.p, todo.p);
		goto out;
	}
	buf_set(&p->todo, buf_str(&todo));
	if (p->journal) {
		journal_accepted(p->journal, p->id, false);
	} else if (p->syncdir && file_sync(p->env.fd) < 0) {
		err_code(e, 69, errno, "unable to sync %s", todo.p);
		goto out;
	}
	r = 0;
out:
	buf_free(&todo);
	return r;
}

int put_commit(struct put *p, struct err *e)
{
	if (p->discard) {
		put_abort(p);
		return 0;
	}
	if (trailing_records(p, e) < 0 || (put_flush(p, &p->env) < 0 && put_write_failed(&p->intd, e) < 0) || accept(p, e) < 0) {
		put_abort(p);
		return -1;
	}
	if (!p->loose)
		trigger_pull(p->dir.p, p->id);
	put_free(p);
	return 0;
}

/* Back to S1: the name in todo first, then the envelope, then the message.  What cannot be removed keeps
 * the rest: a name in todo without its message would take the next one of that number. */
void put_abort(struct put *p)
{
	if (!p)
		return;
	if (p->journal)
		journal_abandon(p->journal, p->id);
	if (p->loose)
		numbers_give(p->dir.p, p->id);
	const struct buf *names[] = {&p->todo, &p->intd, &p->mess};
	bool gone = true;

	for (size_t i = 0; gone && i < sizeof names / sizeof *names; i++)
		if (names[i]->n)
			gone = file_unlink(names[i]->p) == 0 || errno == ENOENT;
	put_free(p);
}
