/* tcpto - show which hosts did not answer lately, for every queue.  Run by administrators; reads
 * lock/tcpto of each queue, prints on descriptor 2. */
#include "queue/tcpto.h"

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/clock.h"
#include "queue/layout.h"

static void show(const struct tcpto_entry *r, time_t now)
{
	char text[IP_TEXT];

	log_line("%s %s timed out %lld seconds ago; # recent timeouts: %u", ip_text(&r->ip, text),
		ip_is4(&r->ip) ? "ipv4" : "ipv6", (long long)(now - (time_t)r->when), r->count);
}

static int each(const char *dir, void *arg)
{
	struct tcpto t;

	(void)arg;
	log_line("processing queue %s", dir);
	tcpto_read(&t, dir);
	for (size_t i = 0; i < tcpto_count(&t); i++) {
		struct tcpto_entry r = tcpto_entry(&t, i);

		if (r.count)
			show(&r, clock_now());
	}
	tcpto_free(&t);
	log_line("%s", "");
	return 0;
}

static int tcpto_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (queue_look(each, NULL, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(tcpto) = {
	.name = "tcpto", .aliases = "qmail-tcpto", .family = "queue",
	.brief = "list hosts that did not answer lately",
	.args = "", .role = AS_CALLER, .flags = APPLET_CLIENT, .main = tcpto_main,
};
