/* todo - from S4 to S5 or straight to the first attempt; see todo.h. */
#include "queue/todo.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/mail/sync.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/out.h"
#include "queue/loose.h"
#include "queue/note.h"
#include "queue/qlog.h"

static const enum part written[3] = {Q_INFO, Q_LOCAL, Q_REMOTE};

static int damaged(struct err *e, const char *fn)
{
	struct err why = *e;

	return err_perm(e, 0, "%s %s", why.text, fn);
}

/* 1, 0: it has files, -1 */
static int read_loose(struct todo_msg *m, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = loose_read(".", m->id, &text, NULL, &m->size);

	if (r && envelope_parse(buf_str(&text), &m->env, e) < 0)
		r = damaged(e, "the journal's record");
	buf_free(&text);
	return r;
}

/* 1, 0: there are none, -1 */
static int read_files(const struct layout *l, struct todo_msg *m, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int r = 1;

	layout_path(l, Q_TODO, m->id, &fn);
	if (envelope_read(fn.p, &m->env, e) < 0) {
		r = e->num == ENOENT ? 0 : e->num ? -1 : damaged(e, fn.p);
		goto out;
	}
	buf_clear(&fn);
	layout_path(l, Q_MESS, m->id, &fn);
	if (file_stat(fn.p, &st) < 0) {
		r = err_temp(e, errno, "unable to stat %s", fn.p);
		todo_free(m);
	} else {
		m->size = (uint64_t)st.st_size;
	}
out:
	buf_free(&fn);
	return r;
}

int todo_read(const struct layout *l, const struct rewrite *r, uint64_t id, struct todo_msg *m, struct err *e)
{
	struct buf addr = BUF_INIT;

	*m = (struct todo_msg){.id = id, .remote = BUF_INIT, .fds = {-1, -1, -1}};
	int result = read_loose(m, e);

	if (result == 0)
		result = read_files(l, m, e);
	if (result <= 0)
		return result;
	for (size_t i = 0; i < m->env.rcpts.n; i++) {
		bool remote = rewrite_rcpt(r, m->env.rcpts.p[i], &addr);

		vec_push(&m->rcpts, arena_str(&m->env.mem, buf_str(&addr)));
		buf_addc(&m->remote, remote ? '1' : '0');
		m->has_remote |= remote;
		m->has_local |= !remote;
	}
	buf_free(&addr);
	return 1;
}

void todo_free(struct todo_msg *m)
{
	for (int i = 0; i < 3; i++)
		fd_close(m->fds[i]);
	vec_free(&m->rcpts);
	buf_free(&m->remote);
	envelope_free(&m->env);
}

void todo_restore(struct todo_msg *m, struct str records, struct buf *marks)
{
	vec_clear(&m->rcpts);
	buf_clear(&m->remote);
	while (records.n > 2) {
		struct str r = str_cut(&records, 0);

		if (r.n < 2)
			continue;
		vec_push(&m->rcpts, arena_str(&m->env.mem, str_from(r, 2)));
		buf_addc(&m->remote, r.p[1] == 'R' ? '1' : '0');
		buf_addc(marks, r.p[0]);
	}
}

int todo_unlink_old(const struct layout *l, uint64_t id, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	for (int i = 2; r == 0 && i >= 0; i--) {
		buf_clear(&fn);
		layout_path(l, written[i], id, &fn);
		if (file_unlink(fn.p) < 0 && errno != ENOENT)
			r = err_temp(e, errno, "unable to unlink %s", fn.p);
	}
	buf_free(&fn);
	return r;
}

static int write_file(const struct layout *l, struct todo_msg *m, int which, struct str text, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = -1;

	layout_path(l, written[which], m->id, &fn);
	m->fds[which] = file_open(fn.p, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (m->fds[which] < 0)
		err_temp(e, errno, "unable to create %s", fn.p);
	else if (fd_write_all(m->fds[which], text.p, text.n) < 0)
		err_temp(e, errno, "trouble writing to %s", fn.p);
	else
		r = 0;
	if (r == 0 && conf_enabled(CONF_USE_FSYNC))
		file_sync_start(m->fds[which]);
	buf_free(&fn);
	return r;
}

static void add_record(struct buf *b, char letter, struct str text)
{
	buf_addc(b, letter);
	buf_add(b, text);
	buf_addc(b, 0);
}

/* What info begins with, and an announcement, too. */
static void info_records(const struct todo_msg *m, struct buf *b)
{
	add_record(b, 'F', m->env.sender);
	if (m->env.params.p)
		add_record(b, 'x', m->env.params);
	if (m->env.extra.p)
		add_record(b, 'e', m->env.extra);
	if (m->env.headers.p)
		add_record(b, 'h', m->env.headers);
}

int todo_write(const struct layout *l, struct todo_msg *m, const char *done, struct err *e)
{
	struct buf text[3] = {BUF_INIT, BUF_INIT, BUF_INIT};
	bool wanted[3] = {true, false, false};
	int r = 0;

	info_records(m, &text[0]);
	for (size_t i = 0; i < m->rcpts.n; i++) {
		int which = m->remote.p[i] == '1' ? 2 : 1;
		bool finished = done && done[i] != '0';
		struct str params = envelope_dsn(&m->env, i);

		char state = !finished ? NOTE_OPEN : done[i] == '1' ? NOTE_CLOSED : done[i];

		if (params.n)
			note_add(&text[0], state, which == 2 ? 'R' : 'L', text[which].n, params, m->rcpts.p[i]);
		add_record(&text[which], finished ? 'D' : 'T', m->rcpts.p[i]);
		wanted[which] |= !finished;
	}
	m->has_local = wanted[1];
	m->has_remote = wanted[2];
	for (int i = 0; r == 0 && i < 3; i++)
		if (wanted[i])
			r = write_file(l, m, i, buf_str(&text[i]), e);
	for (int i = 0; i < 3; i++)
		buf_free(&text[i]);
	return r;
}

int todo_sync(const struct layout *l, struct todo_msg *m, time_t birth, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	layout_path(l, Q_INFO, m->id, &fn);
	if (file_mtime(fn.p, birth) < 0)
		r = err_temp(e, errno, "unable to utime %s", fn.p);
	for (int i = 2; r == 0 && i >= 0; i--)
		if (m->fds[i] >= 0 && sync_file(m->fds[i]) < 0)
			r = err_temp(e, errno, "trouble fsyncing %s/%llu", layout_names[written[i]],
				(unsigned long long)m->id);
	for (int i = 0; i < 3; i++) {
		fd_close(m->fds[i]);
		m->fds[i] = -1;
	}
	buf_free(&fn);
	return r;
}

void todo_log(const struct todo_msg *m, const char *q, const char *mode, struct buf *log)
{
	qlog_new(log, m->id, q);
	qlog_info(log, m->id, m->size, m->env.sender, m->env.pid, m->env.uid, q);
	for (size_t i = 0; i < m->rcpts.n; i++)
		qlog_rcpt(log, m->remote.p[i] == '1', m->env.sender, m->rcpts.p[i], m->id, m->size, q, mode);
}

void todo_announce(const struct todo_msg *m, time_t birth, struct buf *out)
{
	struct buf b = BUF_INIT;

	info_records(m, &b);
	for (size_t i = 0; i < m->rcpts.n; i++) {
		struct str params = envelope_dsn(&m->env, i);

		add_record(&b, m->remote.p[i] == '1' ? 'R' : 'L', m->rcpts.p[i]);
		if (params.n)
			add_record(&b, 'y', params);
	}
	buf_fmt(out, "J%llu %lld %zu", (unsigned long long)m->id, (long long)birth, b.n);
	buf_addc(out, 0);
	buf_add(out, buf_str(&b));
	buf_free(&b);
}

void todo_sync_settings(void)
{
	static const struct {
		enum conf_id file, env;
	} pairs[] = {{CONF_CONF_FSYNC, CONF_USE_FSYNC}, {CONF_CONF_FDATASYNC, CONF_USE_FDATASYNC},
		{CONF_CONF_SYNCDIR, CONF_USE_SYNCDIR}};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		long on = 0;

		if (conf_int(pairs[i].file, &on, NULL) == 1)
			env_put(conf_rows[pairs[i].env].env, on > 0 ? "1" : "");
	}
}
