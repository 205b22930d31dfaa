/* mailsubj - send the text on fd 0 under a subject.  Run by scripts; exit 0 means that the queue has it. */
#include "core/app/applet.h"
#include "core/app/feed.h"
#include "core/app/log.h"
#include "core/base/buf.h"

/* A line of ours must stay one line. */
static void add_word(struct buf *b, const char *word)
{
	for (; *word; word++)
		buf_addc(b, *word == '\n' || *word == '\r' ? ' ' : *word);
}

static int mailsubj_main(int argc, char **argv)
{
	char *inject[] = {"qmail-inject", NULL};
	struct buf head = BUF_INIT;

	if (argc < 3)
		die_usage();
	buf_adds(&head, "Subject: ");
	add_word(&head, argv[1]);
	buf_adds(&head, "\nTo:");
	for (int i = 2; i < argc; i++) {
		buf_addc(&head, ' ');
		add_word(&head, argv[i]);
	}
	buf_adds(&head, "\n\n");
	int code = feed_run(inject, buf_str(&head));

	buf_free(&head);
	return code;
}

APPLET(mailsubj) = {
	.name = "mailsubj", .family = "inject",
	.brief = "send standard input as a message with a subject",
	.args = "subject recipient ...", .role = AS_CALLER, .main = mailsubj_main,
};
