/* direct - store a message in the Maildir of one user: fd 0 the message, fd 1 the envelope, in place of the queue program
 * on hosts that have no queue (QMAILQUEUE).  Exit 0 promises that the message is on disk. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/mail/maildir.h"
#include "core/mail/quote.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/ids.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"

enum { LINE = 900 };	/* bytes of a header line after which it is folded */

/* Addresses are anybody's: none may begin another line. */
static void put_address(struct buf *b, struct str addr)
{
	struct buf clean = BUF_INIT;

	buf_add(&clean, addr);
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] < 32 || clean.p[i] == 127)
			clean.p[i] = '_';
	quote_address(b, buf_str(&clean));
	buf_free(&clean);
}

static void put_recipients(struct buf *b, const struct front_envelope *v)
{
	struct str rest = buf_str(&v->rcpts);
	unsigned long shown = 0;
	size_t start = b->n;

	buf_adds(b, "X-Recipients: ");
	for (; rest.n; shown++) {
		struct str addr = str_cut(&rest, '\n');

		if (shown)
			buf_adds(b, b->n - start > LINE ? ",\n\t" : ",");
		if (b->n - start > LINE)
			start = b->n;
		put_address(b, addr);
	}
	if (shown < v->count)
		buf_fmt(b, ",\n\t(and %lu more)", v->count - shown);
	buf_addc(b, '\n');
}

static void put_received(struct buf *b, uid_t by)
{
	char host[256];

	proc_hostname(host, sizeof host);
	buf_fmt(b, "Received: indimail-mta direct %ld", (long)proc_pid());
	if (!conf_set(CONF_HIDE_HOST))
		buf_fmt(b, " by host %s", host[0] ? host : "unknown");
	buf_fmt(b, " (invoked by uid %lu); ", (unsigned long)by);
	date_rfc822(b, clock_now());
	buf_addc(b, '\n');
}

/* Where the Maildir of USER is; root becomes that user, anybody else is himself and may say where his home is. */
static void find_maildir(struct buf *dir)
{
	const char *user = conf_env(CONF_USER), *home = conf_env(CONF_HOME);
	struct err e = {0};
	struct pw pw;

	if (!user || !*user)
		front_fail(87, "USER is not set");
	int r = pw_name(str_z(user), &pw);
	bool root = proc_euid() == 0;

	if (r < 0)
		front_fail(87, "unable to read the accounts: %s", log_errno(errno));
	if (r == 0 && (root || !home || !*home))
		front_fail(87, "there is no user %s", user);
	if (root && ids_take(user, NULL, &e) < 0)
		front_fail(78, "%s", log_err(&e));
	bool himself = !root && (r == 0 || pw.uid == proc_euid());

	buf_fmt(dir, "%s/Maildir", himself && home && *home ? home : pw.home);
}

static int direct_main(int argc, char **argv)
{
	struct buf dir = BUF_INIT, head = BUF_INIT;
	struct front_envelope v;
	struct err e = {0};
	uid_t by = proc_uid();

	(void)argc;
	(void)argv;
	front_start();
	file_umask(077);
	int message = front_message(), code = front_envelope(1, &v);

	if (code)
		return code;
	if (!v.count)
		return 79;
	find_maildir(&dir);
	buf_adds(&head, "Return-Path: <");
	put_address(&head, buf_str(&v.sender));
	buf_adds(&head, ">\n");
	put_recipients(&head, &v);
	put_received(&head, by);
	if (maildir_deliver(dir.p, buf_str(&head), message, 0, &e) < 0)
		front_fail(e.class == ERR_PERM ? 31 : 53, "%s", log_err(&e));
	fd_close(message);
	front_envelope_free(&v);
	buf_free(&dir);
	buf_free(&head);
	return 0;
}

APPLET(direct) = {
	.name = "direct", .aliases = "qmail-direct", .family = "queue",
	.brief = "store a message in a user's Maildir: fd 0 the message, fd 1 the envelope",
	.args = "", .role = AS_CALLER, .main = direct_main,
};
