/* newmrh - compile control/morercpthosts into morercpthosts.cdb, which smtpd reads.
 * Run by the administrator; the old file stays in place until the new one is complete and on disk. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/cdb.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static int write_domains(const struct list *l, int fd, struct err *e)
{
	struct cdb_make make;
	struct buf key = BUF_INIT;
	int r = cdb_make_begin(&make, fd);

	if (r < 0)
		return err_temp(e, errno, "unable to write morercpthosts.tmp");
	for (size_t i = 0; i < l->lines.n && r == 0; i++) {
		buf_set(&key, l->lines.p[i]);
		buf_lower(&key);
		r = cdb_make_add(&make, buf_str(&key), STR(""), e);
	}
	if (cdb_make_end(&make, r == 0 ? e : NULL) < 0)
		r = -1;
	buf_free(&key);
	return r;
}

static int compile(const struct list *l, struct err *e)
{
	struct buf cdb = BUF_INIT, tmp = BUF_INIT;
	int r = -1, fd;

	control_path(conf_rows[CONF_MORERCPTHOSTS].file, &cdb);
	control_path("morercpthosts.tmp", &tmp);
	fd = file_open(tmp.p, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0) {
		err_temp(e, errno, "unable to create %s", tmp.p);
		goto out;
	}
	r = write_domains(l, fd, e);
	fd_close(fd);
	if (r == 0 && file_rename(tmp.p, cdb.p) < 0)
		r = err_temp(e, errno, "unable to move %s to %s", tmp.p, cdb.p);
	if (r < 0)
		file_unlink(tmp.p);
	else if (file_sync_dir(conf_controldir()) < 0)
		r = err_temp(e, errno, "unable to sync %s", conf_controldir());
out:
	buf_free(&cdb);
	buf_free(&tmp);
	return r;
}

static int newmrh_main(int argc, char **argv)
{
	struct list l = LIST_INIT;
	struct err e = {0};
	int r;

	(void)argv;
	if (argc > 1)
		die_usage();
	file_umask(022);
	r = conf_list(CONF_MORERCPTHOSTS_LIST, &l, &e);
	if (r == 0)
		die(111, "there is no %s/morercpthosts", conf_controldir());
	if (r < 0 || compile(&l, &e) < 0)
		die(111, "%s", log_err(&e));
	list_free(&l);
	return 0;
}

APPLET(newmrh) = {
	.name = "newmrh", .aliases = "qmail-newmrh", .family = "smtp",
	.brief = "compile morercpthosts",
	.args = "", .role = AS_CALLER, .main = newmrh_main,
};
