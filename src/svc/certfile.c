/* certfile - the certificate of a mail system; see certfile.h. */
#include "svc/certfile.h"

#include <errno.h>
#include <string.h>

#include "core/net/cert.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"

/* Nothing but a host name gets into a certificate. */
static bool is_host(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!chr_alnum(*p) && !strchr(".-*_", *p))
			return false;
	return *name;
}

static int give_to_group(const char *fn, struct err *e)
{
	gid_t gid;

	if (proc_euid() != 0 || pw_group(STR("qcerts"), &gid) != 1 || file_chown(fn, 0, gid) == 0)
		return 0;
	return err_temp(e, errno, "unable to chown %s", fn);
}

static int make_link(const char *dir, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s/clientcert.pem", dir);
	if (!file_exists(fn.p) && file_symlink("servercert.pem", fn.p) < 0)
		r = err_temp(e, errno, "unable to create %s", fn.p);
	buf_free(&fn);
	return r;
}

int certfile_make(const char *dir, const char *host, long days, bool force, struct err *e)
{
	struct buf fn = BUF_INIT, pem = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s/servercert.pem", dir);
	if (file_exists(fn.p) && !force)
		r = err_perm(e, 0, "%s exists. Use --force to overwrite", fn.p);
	else if (!is_host(host))
		r = err_usage(e, "%s: no host name", host);
	else
		r = cert_self_signed_for(host, days, &pem, e);
	if (r == 0 && !pem.n)
		r = err_perm(e, 0, "this build cannot make certificates");
	if (r == 0)
		r = file_replace(fn.p, buf_str(&pem), 0640, e) < 0 || give_to_group(fn.p, e) < 0 ? -1 : make_link(dir, e);
	buf_free(&fn);
	buf_free(&pem);
	return r;
}
