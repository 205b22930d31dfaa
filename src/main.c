/* main - the one entry point; ties the rooms together that must not see each other. */
#include "core/app/applet.h"
#include "core/app/run.h"
#include "queue/client.h"
#include "queue/queueprog.h"
#include "svc/script.h"
#include "config.h"

int main(int argc, char **argv)
{
	client_exec = run_become;
#ifdef PROFILE_MINI
	queueprog_default = "qmail-qmqpc";
#endif
	script_ours = run_chain_ours;
	script_run = run_fresh;
	return applet_main(argc, argv);
}
