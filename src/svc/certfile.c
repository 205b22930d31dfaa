/* certfile - the certificate of a mail system, and where services look for it; see certfile.h. */
#include "svc/certfile.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/net/cert.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "svc/setting.h"

enum { VALUE_MAX = 4096 };

static const char client[] = "clientcert.pem", cache[] = "couriersslcache";

/* ---- where ---- */

struct place {
	struct buf dir;		/* as services know it */
	struct buf file;	/* with its directory */
};

static void free_place(struct place *p)
{
	buf_free(&p->dir);
	buf_free(&p->file);
}

/* A path of --certfile also says where the directory is, unless --certdir does. */
static int find_place(const struct admin *a, struct place *p, struct err *e)
{
	const char *name = a->certfile ? a->certfile : "servercert.pem";
	size_t slash = str_rchr(str_z(name), '/');
	bool path = slash < strlen(name);

	if (!*name || name[strlen(name) - 1] == '/')
		return err_usage(e, "--certfile: no name of a file");
	if (a->certdir)
		buf_adds(&p->dir, a->certdir);
	else if (path)
		buf_set(&p->dir, str_to(str_z(name), slash ? slash : 1));
	else if (conf_line(CONF_CERTDIR, &p->dir, e) < 0)
		return -1;
	if (!path)
		buf_fmt(&p->file, "%s/", p->dir.p);
	buf_adds(&p->file, name);
	return 0;
}

/* ---- the certificate ---- */

static int give_to_group(const char *fn, struct err *e)
{
	gid_t gid;

	if (proc_euid() != 0 || pw_group(STR("qcerts"), &gid) != 1 || file_chown(fn, 0, gid) == 0)
		return 0;
	return err_temp(e, errno, "unable to chown %s", fn);
}

static int make_dir(const char *fn, struct err *e)
{
	return file_mkdirs(fn, 0755) < 0 ? err_temp(e, errno, "unable to create %s", fn) : 0;
}

/* What clients show is the same, unless there is something of their own. */
static int make_link(const char *file, struct err *e)
{
	struct buf fn = BUF_INIT;
	size_t slash = str_rchr(str_z(file), '/'), base = slash < strlen(file) ? slash + 1 : 0;
	int r = 0;

	buf_fmt(&fn, "%.*s%s", STR_FMT(str_to(str_z(file), base)), client);
	if (!str_eq(str_z(file + base), str_z(client)) && !file_exists(fn.p) && file_symlink(file + base, fn.p) < 0)
		r = err_temp(e, errno, "unable to create %s", fn.p);
	buf_free(&fn);
	return r;
}

/* Have who trusts what is in --capath trust it: there may be others of that hash. */
static int into_capath(const struct admin *a, struct str pem, unsigned long hash, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r;

	buf_fmt(&fn, "%s%s", a->destdir, a->capath);
	r = make_dir(fn.p, e);
	for (int i = 0; r == 0 && i < 100; i++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s%s/%08lx.%d", a->destdir, a->capath, hash, i);
		if (!file_exists(fn.p) || i == 99) {
			r = i == 99 ? err_perm(e, 0, "%s: too many of this name", fn.p) :
				file_replace(fn.p, pem, 0644, e);
			break;
		}
	}
	buf_free(&fn);
	return r;
}

int certfile_install(const char *file, struct str pem, struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = 0;

	buf_set(&dir, str_to(str_z(file), str_rchr(str_z(file), '/')));
	if ((dir.n && dir.n < strlen(file) && make_dir(dir.p, e) < 0) || file_replace(file, pem, 0640, e) < 0 ||
			give_to_group(file, e) < 0 || make_link(file, e) < 0)
		r = -1;
	buf_free(&dir);
	return r;
}

static int write_files(const struct admin *a, const char *file, const struct cert *c, struct err *e)
{
	struct buf pem = BUF_INIT, key = BUF_INIT;
	unsigned long hash = 0;
	int r = cert_make(c, &pem, &key, &hash, e);

	if (r == 0 && !pem.n)
		r = err_perm(e, 0, "this build cannot make certificates");
	if (r == 0) {
		size_t n = pem.n;

		buf_add(&pem, buf_str(&key));
		if (certfile_install(file, buf_str(&pem), e) < 0 ||
				(a->capath && into_capath(a, str_to(buf_str(&pem), n), hash, e) < 0))
			r = -1;
	}
	buf_free(&pem);
	buf_free(&key);
	return r;
}

static int make(const struct admin *a, const char *file, struct err *e)
{
	char host[256];
	struct cert c = {.host = a->common_name ? a->common_name : host, .email = a->postmaster,
		.days = a->validity_days};
	bool there = file_exists(file);

	proc_hostname(host, sizeof host);
	if (there && !a->force)
		return a->update_certs ? 0 : err_perm(e, 0, "%s exists. Use --force to overwrite", file);
	if (c.days < 1 || c.days > CERT_DAYS_MAX)
		return err_usage(e, "--validity_days takes 1 to %d", CERT_DAYS_MAX);
	if (!cert_host_valid(c.host))
		return err_usage(e, "%s: no host name", c.host);
	if (c.email && !cert_email_valid(c.email))
		return err_usage(e, "%s: no address", c.email);
	return write_files(a, file, &c, e);
}

/* ---- services ---- */

/* The value a variable has; false when it is missing, empty or unset: that is somebody's will. */
static bool value_of(const char *dir, const char *name, struct buf *value)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", dir, name);
	buf_clear(value);
	bool ok = file_slurp(fn.p, value, VALUE_MAX) == 0;

	buf_set(value, str_to(buf_str(value), str_chr(buf_str(value), '\n')));
	buf_free(&fn);
	return ok && value->n;
}

static int lead(struct admin *a, const char *dir, const char *name, struct str to, bool *changed,
	struct err *e)
{
	struct buf old = BUF_INIT, own = BUF_INIT;
	bool there = value_of(dir, name, &old);
	int r = 0;

	/* whoever showed the clients' certificate goes on doing so */
	if (there && str_ends(buf_str(&old), STR("/clientcert.pem"))) {
		buf_fmt(&own, "%.*s/%s", STR_FMT(str_to(to, str_rchr(to, '/'))), client);
		to = buf_str(&own);
	}
	if (there && !str_eq(buf_str(&old), to)) {
		admin_progress(a, "setting env variable %s=[%.*s]", name, STR_FMT(to));
		r = variables_set(dir, name, to, &a->files, e);
		*changed = true;
	}
	buf_free(&old);
	buf_free(&own);
	return r;
}

static int update_service(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct place p = {BUF_INIT, BUF_INIT};
	struct buf session = BUF_INIT;
	bool changed = false;
	int r = find_place(a, &p, e);

	buf_fmt(&session, "%s/%s", p.dir.p, cache);
	if (r == 0 && (lead(a, dir, "CERTDIR", buf_str(&p.dir), &changed, e) < 0 ||
		lead(a, dir, "CERTFILE", buf_str(&p.file), &changed, e) < 0 ||
		lead(a, dir, "TLS_CERTFILE", buf_str(&p.file), &changed, e) < 0 ||
		lead(a, dir, "TLS_CACHEFILE", buf_str(&session), &changed, e) < 0 ||
		(changed && setting_save(a, dir, name, e) < 0)))
		r = -1;
	buf_free(&session);
	free_place(&p);
	return r;
}

int certfile_config(struct admin *a, const char *arg, struct err *e)
{
	struct place p = {BUF_INIT, BUF_INIT};
	struct buf file = BUF_INIT;
	int r = find_place(a, &p, e);

	(void)arg;
	if (r == 0) {
		buf_fmt(&file, "%s%s", a->destdir, p.file.p);
		r = make(a, file.p, e);
	}
	if (r == 0 && a->update_certs)
		r = admin_each_variables(a, update_service, e);
	buf_free(&file);
	free_place(&p);
	return r;
}
