/* instance - a mail system below one directory; see instance.h. */
#include "queue/instance.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/net/cert.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static void place(const struct instance *i, const char *name, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/%s", i->root, name);
}

static void point(const struct instance *i, enum conf_id id, const char *name)
{
	struct buf fn = BUF_INIT;

	place(i, name, &fn);
	if (!conf_env(id))
		env_put(conf_rows[id].env, fn.p);
	buf_free(&fn);
}

void instance_environment(const struct instance *i)
{
	point(i, CONF_SYSCONFDIR, "");
	point(i, CONF_CONTROLDIR, "control");
	point(i, CONF_QUEUE_BASE, "queue");
	point(i, CONF_ASSIGNDIR, "users");
	point(i, CONF_CERTDIR, "certs");
	point(i, CONF_INTAKE_SOCKET, "run/queue.sock");
	if (i->small)
		point(i, CONF_QUEUEDIR, "queue/qmta");
}

static int make_dir(const struct instance *i, const char *name, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	place(i, name, &fn);
	if (!file_exists(fn.p)) {
		if (file_mkdir(fn.p, mode) < 0 || file_chmod(fn.p, mode) < 0)
			r = err_temp(e, errno, "unable to create %s", fn.p);
		else if (i->owners.change && file_chown(fn.p, uid, gid) < 0)
			r = err_temp(e, errno, "unable to chown %s", fn.p);
	}
	buf_free(&fn);
	return r;
}

/* A new file with this content; an existing one is left alone. */
static int make_file_mode(const struct instance *i, const char *name, const char *text, mode_t mode, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	place(i, name, &fn);
	if (!file_exists(fn.p))
		r = file_replace(fn.p, str_z(text), mode, e);
	buf_free(&fn);
	return r;
}

static int make_file(const struct instance *i, const char *name, const char *text, struct err *e)
{
	return make_file_mode(i, name, text, 0644, e);
}

static int make_line(const struct instance *i, const char *name, const char *line, struct err *e)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "%s\n", line);
	int r = make_file(i, name, text.p, e);

	buf_free(&text);
	return r;
}

static int control_files(const struct instance *i, struct err *e)
{
	struct buf me = BUF_INIT;
	int r = -1;

	if (make_line(i, "control/me", i->domain, e) < 0 || control_line("me", &me, e) < 0)
		goto out;
	/* postmaster also at localhost; addresses without a dot keep the host's own name */
	struct buf locals = BUF_INIT;

	buf_fmt(&locals, "%s\nlocalhost\n", me.p);
	r = make_file(i, "control/locals", locals.p, e);
	if (r == 0)
		r = make_file(i, "control/rcpthosts", locals.p, e);
	buf_free(&locals);
	if (r == 0)
		r = make_line(i, "control/concurrencylocal", "5", e);
	if (r == 0)
		r = make_line(i, "control/concurrencyremote", "10", e);
	if (r == 0)
		r = make_line(i, "control/defaultdelivery", "./Maildir/", e);
	if (r == 0) {
		struct buf services = BUF_INIT;

		place(i, "service", &services);
		r = make_line(i, "control/servicedir.conf", services.p, e);
		buf_free(&services);
	}
out:
	buf_free(&me);
	return r;
}

static int make_maildir(const struct instance *i, const char *home, struct err *e)
{
	static const char *const parts[] = {"", "/Maildir", "/Maildir/tmp", "/Maildir/new", "/Maildir/cur"};
	struct buf dir = BUF_INIT;
	int r = 0;

	for (size_t k = 0; r == 0 && k < sizeof parts / sizeof *parts; k++) {
		buf_clear(&dir);
		buf_fmt(&dir, "%s%s", home, parts[k]);
		r = make_dir(i, dir.p, 0700, i->user, i->user_gid, e);
	}
	buf_free(&dir);
	return r;
}

/* Lines for users/assign: every mailbox, then everything else to the alias directory. */
static void assign_mailbox(const struct instance *i, struct str name, struct buf *text)
{
	for (int k = 0; k < 2; k++)
		buf_fmt(text, "%c%.*s%s:%s:%lu:%lu:%s/home/%.*s:%s::\n", k ? '+' : '=', STR_FMT(name), k ? "-" : "",
			i->user_name, (unsigned long)i->user, (unsigned long)i->user_gid, i->root, STR_FMT(name), k ? "-" : "");
}

/* Is this name assigned in the text already? */
static bool assigned(struct str text, struct str name)
{
	for (struct str rest = text; rest.p; ) {
		struct str line = str_cut(&rest, '\n');

		if (line.n && line.p[0] == '=' && str_eq(str_to(str_from(line, 1), str_chr(str_from(line, 1), ':')), name))
			return true;
	}
	return false;
}

/* New mailboxes are added to users/assign before its last line; everything else in it stays. */
static int users(const struct instance *i, struct err *e)
{
	struct buf fn = BUF_INIT, old = BUF_INIT, text = BUF_INIT, home = BUF_INIT;
	int r = 0;

	place(i, "users/assign", &fn);
	bool fresh = file_slurp(fn.p, &old, 64 << 20) < 0;

	if (fresh && errno != ENOENT)
		r = err_temp(e, errno, "unable to read %s", fn.p);
	for (struct str rest = i->mailboxes, w; r == 0 && (w = str_word(&rest)).n; ) {
		buf_clear(&home);
		buf_fmt(&home, "home/%.*s", STR_FMT(w));
		r = make_maildir(i, home.p, e);
		if (r == 0 && !assigned(buf_str(&old), w))
			assign_mailbox(i, w, &text);
	}
	if (r == 0 && (fresh || text.n)) {
		if (fresh)
			buf_fmt(&text, "+:%s:%lu:%lu:%s/alias:-::\n.\n", i->user_name, (unsigned long)i->user,
				(unsigned long)i->user_gid, i->root);
		else
			buf_add(&text, buf_str(&old));
		r = file_replace(fn.p, buf_str(&text), 0644, e);
	}
	buf_free(&fn);
	buf_free(&old);
	buf_free(&text);
	buf_free(&home);
	return r;
}

static int alias_files(const struct instance *i, struct err *e)
{
	static const char *const names[] = {"postmaster", "mailer-daemon", "abuse", "root"};
	struct buf fn = BUF_INIT;
	int r = make_maildir(i, "alias", e);

	for (size_t k = 0; r == 0 && k < sizeof names / sizeof *names; k++) {
		buf_clear(&fn);
		buf_fmt(&fn, "alias/.qmail-%s", names[k]);
		r = make_line(i, fn.p, "./Maildir/", e);
	}
	buf_free(&fn);
	return r;
}

/* The queue of a small instance: send is qmailq. */
static int small_queue(const struct instance *i, struct err *e)
{
	struct layout l = layout_conf();
	struct queue_owners o = i->owners;
	const char *dir = queue_here();

	o.send = o.queue;
	return file_exists(dir) ? 0 : queue_create(dir, &l, &o, e);
}

static int queues(const struct instance *i, struct err *e)
{
	struct layout l = layout_conf();
	struct buf dir = BUF_INIT;
	const char *base = conf_env(CONF_QUEUE_BASE);
	long start = 1;
	int r = conf_int(CONF_QUEUE_START, &start, e);

	if (r >= 0 && file_mkdirs(base, 0755) == 0)
		r = queue_create_journal(base, &i->owners, e);
	for (long k = 0; r >= 0 && k < i->queues; k++) {
		buf_clear(&dir);
		buf_fmt(&dir, "%s/queue%ld", base, start + k);
		if (!file_exists(dir.p))
			r = queue_create(dir.p, &l, &i->owners, e);
	}
	buf_free(&dir);
	return r < 0 ? -1 : 0;
}

/* certs/clientcert.pem: remote uses TLS where there is one. */
static int client_certificate(const struct instance *i, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	place(i, "certs/clientcert.pem", &fn);
	if (file_symlink("servercert.pem", fn.p) < 0 && errno != EEXIST)
		r = err_temp(e, errno, "unable to create %s", fn.p);
	buf_free(&fn);
	return r;
}

/* certs/servercert.pem, self-signed, readable by the single user, or by the network daemons alone. */
static int certificate(const struct instance *i, struct err *e)
{
	struct buf fn = BUF_INIT, me = BUF_INIT, pem = BUF_INIT;
	int r = 0;

	place(i, "certs/servercert.pem", &fn);
	if (!file_exists(fn.p)) {
		r = conf_line(CONF_ME, &me, e) < 0 ? -1 : cert_self_signed(me.p, &pem, e);
		if (r == 0 && pem.n)
			r = make_file_mode(i, "certs/servercert.pem", pem.p, 0600, e);
		if (r == 0 && pem.n && i->owners.change && (file_chown(fn.p, i->key_owner, i->key_group) < 0 ||
				(!i->key_owner && file_chmod(fn.p, 0640) < 0)))
			r = err_temp(e, errno, "unable to chown %s", fn.p);
		if (r == 0 && pem.n)
			r = client_certificate(i, e);
	}
	buf_free(&fn);
	buf_free(&me);
	buf_free(&pem);
	return r;
}

/* The text in single quotes, for a shell. */
static void quoted(struct buf *b, const char *z)
{
	buf_addc(b, '\'');
	for (; *z; z++) {
		if (*z == '\'')
			buf_adds(b, "'\\'");
		buf_addc(b, *z);
	}
	buf_addc(b, '\'');
}

/* env, for shells: ". DIR/env" makes every command use this instance. */
static int environment_file(const struct instance *i, struct err *e)
{
	static const enum conf_id ids[] = {CONF_SYSCONFDIR, CONF_CONTROLDIR, CONF_QUEUE_BASE, CONF_QUEUE_COUNT,
		CONF_DYNAMIC_QUEUE, CONF_ASSIGNDIR, CONF_CERTDIR, CONF_INTAKE_SOCKET, CONF_QUEUEDIR};
	struct buf text = BUF_INIT, bin = BUF_INIT;

	place(i, "bin", &bin);
	buf_adds(&text, "# . this file: commands use this mail system\nexport PATH=");
	quoted(&text, bin.p);
	buf_adds(&text, ":\"$PATH\"\n");
	for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
		const char *v = conf_env(ids[k]);

		if (!v || (ids[k] == CONF_QUEUEDIR && !i->small))
			continue;
		buf_fmt(&text, "export %s=", conf_rows[ids[k]].env);
		quoted(&text, v);
		buf_addc(&text, '\n');
	}
	int r = make_file(i, "env", text.p, e);

	buf_free(&text);
	buf_free(&bin);
	return r;
}

/* ---- an instance in another place than at its last start: moved, a copy, or a volume mounted elsewhere ---- */

/* Where it was, as control/servicedir.conf has it; the same directory by another name does not count. */
static bool former_root(const struct instance *i, struct buf *old)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct stat was, is;

	place(i, "control/servicedir.conf", &fn);
	if (file_slurp(fn.p, &text, 1 << 16) == 0) {
		struct str rest = buf_str(&text), line = str_rtrim(str_cut(&rest, '\n'));

		if (line.n && line.p[0] == '/' && str_ends(line, STR("/service")))
			buf_set(old, str_to(line, line.n - (sizeof "/service" - 1)));
	}
	buf_free(&fn);
	buf_free(&text);
	return old->n && file_stat(i->root, &is) == 0 && !str_eq(buf_str(old), str_z(i->root)) &&
		(file_stat(old->p, &was) < 0 || was.st_dev != is.st_dev || was.st_ino != is.st_ino);
}

static bool change_all(struct str text, struct str from, struct str to, struct buf *out)
{
	bool found = false;

	for (size_t at; (at = str_find(text, from)) < text.n; text = str_from(text, at + from.n)) {
		buf_add(out, str_to(text, at));
		buf_add(out, to);
		found = true;
	}
	buf_add(out, text);
	return found;
}

/* Change paths in a file, if it is there; what is made of it, if anything, is removed first.  1 when there was one. */
static int change_paths(const struct instance *i, const char *name, const char *made, struct str from, struct str to,
	struct err *e)
{
	struct buf fn = BUF_INIT, other = BUF_INIT, old = BUF_INIT, text = BUF_INIT;
	struct stat st;
	int r = 0;

	place(i, name, &fn);
	if (made)
		place(i, made, &other);
	if (file_stat(fn.p, &st) == 0 && file_slurp(fn.p, &old, 64 << 20) == 0 &&
			change_all(buf_str(&old), from, to, &text)) {
		r = made && file_unlink(other.p) < 0 && errno != ENOENT ?
			err_temp(e, errno, "unable to remove %s", other.p) :
			file_replace(fn.p, buf_str(&text), st.st_mode & 0777, e);
		r = r < 0 ? -1 : 1;
	}
	buf_free(&fn);
	buf_free(&other);
	buf_free(&old);
	buf_free(&text);
	return r;
}

/* The paths that up has written are led here, lest a copy delivers into the original; servicedir.conf is the last of
 * them, so that what is interrupted is done again. */
static int settle(const struct instance *i, struct err *e)
{
	struct buf old = BUF_INIT, from = BUF_INIT, to = BUF_INIT;
	int users = 0, env = 0, r = 0;

	if (former_root(i, &old)) {
		buf_fmt(&from, ":%s/", old.p);
		buf_fmt(&to, ":%s/", i->root);
		users = change_paths(i, "users/assign", "users/cdb", buf_str(&from), buf_str(&to), e);
		buf_clear(&from);
		buf_clear(&to);
		quoted(&from, old.p);
		quoted(&to, i->root);
		from.p[from.n - 1] = to.p[to.n - 1] = '/';
		env = users < 0 ? -1 : change_paths(i, "env", NULL, buf_str(&from), buf_str(&to), e);
	}
	if (users < 0 || env < 0) {
		r = -1;
	} else if (users || env) {
		buf_adds(&old, "/service");
		place(i, "service", &to);
		r = change_paths(i, "control/servicedir.conf", NULL, buf_str(&old), buf_str(&to), e) < 0 ? -1 : 0;
	}
	buf_free(&old);
	buf_free(&from);
	buf_free(&to);
	return r;
}

int instance_create(const struct instance *i, struct err *e)
{
	if (file_mkdirs(i->root, 0755) < 0)
		return err_temp(e, errno, "unable to create %s", i->root);
	if (settle(i, e) < 0)
		return -1;
	if (make_dir(i, "control", 0755, 0, 0, e) < 0 || make_dir(i, "users", 0755, 0, 0, e) < 0 ||
		make_dir(i, "home", 0755, 0, 0, e) < 0 || make_dir(i, "certs", 0755, 0, 0, e) < 0 ||
		make_dir(i, "queue", 0755, 0, 0, e) < 0 ||
		make_dir(i, "run", 0755, i->owners.queue, i->owners.group, e) < 0)
		return -1;
	if (control_files(i, e) < 0 || alias_files(i, e) < 0 || users(i, e) < 0 || certificate(i, e) < 0 ||
		environment_file(i, e) < 0)
		return -1;
	return i->small ? small_queue(i, e) : queues(i, e);
}
