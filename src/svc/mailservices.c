/* mailservices - the service directories of a mail system; see mailservices.h.  Every program is the binary that svscan is:
 * `indimail NAME`, found along PATH. */
#include "svc/mailservices.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/sys/file.h"

/* Only the SMTP servers may see the listening sockets; intake becomes another user where there are any, tcpserver and the
 * queues do so themselves. */
#define UNHEARD " 3<&- 4<&-"
enum profile { ALWAYS, USUAL, SMALL, SMTPS };
struct service {
	const char *name, *account, *command;
	const char *variable;	/* in the directory of variables */
	enum profile when;
	bool server;
};
static const struct service services[] = {
	{"intake", "qmailq", "indimail intake" UNHEARD, NULL, ALWAYS, false},
	{"qmail-send", NULL, NULL, NULL, USUAL, false},
	{"qmta-send", NULL, "indimail qmta-send -d \"$DEFAULTDELIVERY\"" UNHEARD, NULL, SMALL, false},
	{"qmail-smtpd", NULL, "indimail tcpserver -RHl \"$LOCALNAME\" -c 200 -C 100 -F 3 ", "STARTTLS", ALWAYS, true},
	{"qmail-smtps", NULL, "indimail tcpserver -RHl \"$LOCALNAME\" -c 200 -C 100 -F 4 ", "SMTPS", SMTPS, true},
};
enum { SERVICES = sizeof services / sizeof *services };
_Static_assert(MAILSERVICES_SMTP == 3 && MAILSERVICES_SMTPS == 4, "they stand in the commands");

static bool wanted(const struct mailservices *m, const struct service *s)
{
	switch (s->when) {
	case USUAL: return !m->small;
	case SMALL: return m->small;
	case SMTPS: return m->smtps;
	default: return true;
	}
}

static int make_dir(const char *dir, struct err *e)
{
	return file_mkdirs(dir, 0755) < 0 ? err_temp(e, errno, "unable to create %s", dir) : 0;
}

/* A new file of a service; one that is there is the administrator's. */
static int make_file(const char *dir, const char *name, struct str text, mode_t mode, struct err *e)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", dir, name);
	int r = file_exists(fn.p) ? 0 : file_replace(fn.p, text, mode, e);

	buf_free(&fn);
	return r;
}

static void as_user(const struct mailservices *m, const char *account, struct buf *run)
{
	if (account && !m->single)
		buf_fmt(run, "indimail setuidgid -s %s ", account);
}

/* The directory of rotated files, root/log/NAME. */
static int make_log_dir(const struct mailservices *m, const char *name, struct err *e)
{
	struct buf dir = BUF_INIT;

	buf_fmt(&dir, "%s/log/%s", m->root, name);
	int r = make_dir(dir.p, e);

	if (r == 0 && !m->single && file_chown(dir.p, m->log_user, m->log_group) < 0)
		r = err_temp(e, errno, "unable to give %s to the log user", dir.p);
	buf_free(&dir);
	return r;
}

/* DIR/log/run: rotated files below log/NAME of the instance, wherever that will be moved. */
static int make_logger(const struct mailservices *m, const char *dir, const char *name, struct err *e)
{
	struct buf log = BUF_INIT, run = BUF_INIT;

	buf_fmt(&log, "%s/log", dir);
	buf_adds(&run, "#!/bin/sh\nexec ");
	as_user(m, "qmaill", &run);
	buf_fmt(&run, "indimail multilog t s1000000 n20 ../../../log/%s\n", name);
	int r = make_dir(log.p, e) < 0 || make_file(log.p, "run", buf_str(&run), 0755, e) < 0 ||
		make_log_dir(m, name, e) < 0 ? -1 : 0;

	buf_free(&log);
	buf_free(&run);
	return r;
}

/* variables: a file per variable, for the administrator to add to. */
static int make_variables(const char *dir, const char *name, struct err *e)
{
	struct buf vars = BUF_INIT;

	buf_fmt(&vars, "%s/variables", dir);
	int r = file_exists(vars.p) ? 0 :
		make_dir(vars.p, e) < 0 || make_file(vars.p, name, STR("1\n"), 0644, e) < 0 ? -1 : 0;

	buf_free(&vars);
	return r;
}

/* A service of an earlier start that is not wanted this time stays down. */
static int rest(const struct mailservices *m, const struct service *s, struct err *e)
{
	static const char no_smtps[] = "up: --smtps was not given\n", no_small[] = "up: --small was not given\n",
		is_small[] = "up: --small was given\n";
	const char *mark = s->when == SMTPS ? no_smtps : m->small ? is_small : no_small;
	struct buf fn = BUF_INIT, text = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s/service/%s", m->root, s->name);
	bool there = file_exists(fn.p);

	buf_adds(&fn, "/down");
	if (!wanted(m, s) && there && !file_exists(fn.p))
		r = file_replace(fn.p, str_z(mark), 0644, e);
	if (wanted(m, s) && file_slurp(fn.p, &text, 64) == 0 && (str_eq(buf_str(&text), STR(no_smtps)) ||
			str_eq(buf_str(&text), STR(no_small)) || str_eq(buf_str(&text), STR(is_small))))
		file_unlink(fn.p);
	buf_free(&fn);
	buf_free(&text);
	return r;
}

static void scheduler_run(bool dynamic, struct buf *run)
{
	buf_fmt(run, "#!/bin/sh\nexec 2>&1\nexec indimail qscheduler %s \"$DEFAULTDELIVERY\"" UNHEARD "\n",
		dynamic ? "-d" : "-s");
}

/* What an earlier start with another number of queues has written is replaced, unless somebody has edited it. */
static void choose_scheduler(const struct mailservices *m, const char *dir, struct buf *run)
{
	struct buf fn = BUF_INIT, other = BUF_INIT, text = BUF_INIT;

	scheduler_run(m->dynamic, run);
	scheduler_run(!m->dynamic, &other);
	buf_fmt(&fn, "%s/run", dir);
	if (file_slurp(fn.p, &text, other.n) == 0 && str_eq(buf_str(&text), buf_str(&other)))
		file_unlink(fn.p);
	buf_free(&fn);
	buf_free(&other);
	buf_free(&text);
}

static void service_run(const struct mailservices *m, const struct service *s, struct buf *run)
{
	buf_adds(run, "#!/bin/sh\nexec 2>&1\nexec ");
	if (s->variable)
		buf_adds(run, "indimail envdir variables ");
	as_user(m, s->account, run);
	buf_adds(run, s->command);
	if (s->server)
		buf_adds(run, m->single ? "indimail qmail-smtpd" : "-u qmaild indimail qmail-smtpd");
	buf_addc(run, '\n');
}

static int make_service(const struct mailservices *m, const struct service *s, struct err *e)
{
	struct buf dir = BUF_INIT, run = BUF_INIT;

	buf_fmt(&dir, "%s/service/%s", m->root, s->name);
	int r = make_dir(dir.p, e);

	if (s->command)
		service_run(m, s, &run);
	else
		choose_scheduler(m, dir.p, &run);
	if (r == 0 && s->variable)
		r = make_variables(dir.p, s->variable, e);
	if (r == 0 && s->server)
		r = make_file(dir.p, "wait", STR("0\nintake\n"), 0644, e);
	if (r == 0)
		r = make_file(dir.p, "run", buf_str(&run), 0755, e);
	if (r == 0 && m->log_to_files)
		r = make_logger(m, dir.p, s->name, e);
	buf_free(&dir);
	buf_free(&run);
	return r;
}

static int make_own_logger(const struct mailservices *m, struct err *e)
{
	struct buf own = BUF_INIT;

	buf_fmt(&own, "%s/service/.svscan", m->root);
	int r = make_dir(own.p, e) < 0 ? -1 : make_logger(m, own.p, "svscan", e);

	buf_free(&own);
	return r;
}

int mailservices_make(const struct mailservices *m, struct err *e)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (wanted(m, &services[i]) && make_service(m, &services[i], e) < 0)
			return -1;
		if (rest(m, &services[i], e) < 0)
			return -1;
	}
	return m->log_to_files ? make_own_logger(m, e) : 0;
}

bool mailservices_logged(const struct mailservices *m)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/service/.svscan/log", m->root);
	bool yes = file_exists(fn.p);

	buf_free(&fn);
	return yes;
}
