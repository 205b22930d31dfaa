/* run-cleanq - have the service qscanq clean up once.  Run by qscanq and by cron: svc -o on the service. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/file.h"

static int run_cleanq_main(int argc, char **argv)
{
	struct buf service = BUF_INIT;
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (conf_line(CONF_SERVICEDIR, &service, &e) < 0)
		die_err(&e);
	buf_adds(&service, "/qscanq");
	if (!file_exists(service.p))
		die(111, "there is no service %s", service.p);
	run_become((char *[]){(char[]){"svc"}, (char[]){"-o"}, service.p, NULL});
}

APPLET(run_cleanq) = {
	.name = "run-cleanq", .family = "queue",
	.brief = "have the service qscanq clean up once",
	.args = "", .role = AS_CALLER, .main = run_cleanq_main,
};
