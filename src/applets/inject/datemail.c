/* datemail - sendmail with a Date field in the sender's time zone: predate sendmail in one word. */
#include "core/app/applet.h"
#include "core/app/run.h"
#include "core/base/vec.h"

static int datemail_main(int argc, char **argv)
{
	VEC(char *) words = {0};

	vec_push(&words, "predate");
	vec_push(&words, "sendmail");
	for (int i = 1; i < argc; i++)
		vec_push(&words, argv[i]);
	vec_push(&words, NULL);
	run_become(words.p);
}

APPLET(datemail) = {
	.name = "datemail", .family = "inject",
	.brief = "sendmail that adds a Date field", .args = "[sendmail argument ...]", .role = AS_CALLER,
	.flags = APPLET_RAW, .main = datemail_main,
};
