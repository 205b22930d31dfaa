/* irmail - take a message from UUCP, as rmail.  uuxqt runs it with the recipients as arguments and, on fd 0, the
 * From_ lines that tell the way the message came, the nearest host first, and the message. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/feed.h"
#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/sys/fd.h"

enum { WAY_MAX = 65536 };	/* bytes of From_ lines */

/* A line's "user date remote from host": the way has one host more, and its end is this user. */
static void follow(struct str line, struct buf *hosts, struct buf *user)
{
	static const char mark[] = " remote from ";
	size_t at = str_find(line, STR(mark));
	struct str rest = str_from(line, at + sizeof mark - 1);

	buf_set(user, str_word(&line));
	if (!rest.n)
		return;
	buf_add(hosts, str_trim(rest));
	buf_addc(hosts, '!');
}

/* Is line i of b a From_ line?  *next is where the one after it begins. */
static bool from_line(const struct buf *b, size_t i, struct str *text, size_t *next)
{
	struct str s = str_from(buf_str(b), i);
	size_t n = str_chr(s, '\n');

	*next = i + n + 1;
	*text = str_to(s, n);
	if (str_starts(*text, STR(">")))
		*text = str_from(*text, 1);
	if (n == s.n || !str_starts(*text, STR("From ")))
		return false;
	*text = str_from(*text, 5);
	return true;
}

/* Read the From_ lines; b keeps what was read behind them. */
static void read_way(struct buf *b, struct buf *hosts, struct buf *user)
{
	size_t i = 0, next;
	struct str text;
	ssize_t r = 1;

	while (r > 0 && b->n < WAY_MAX) {
		r = fd_read(0, buf_grow(b, 4096), 4096);
		if (r < 0)
			die(111, "unable to read the message: %s", log_errno(errno));
		buf_advance(b, (size_t)r);
	}
	for (; i < b->n && from_line(b, i, &text, &next); i = next)
		follow(text, hosts, user);
	buf_drop(b, i);
}

/* a!b.org!user came from user@b.org; without a domain the way itself is the address. */
static void make_sender(struct buf *sender, const struct buf *hosts, const struct buf *user)
{
	struct buf way = BUF_INIT;

	buf_add(&way, buf_str(hosts));
	buf_add(&way, buf_str(user));
	struct str s = buf_str(&way), host = str_to(s, str_rchr(s, '!'));

	host = str_rchr(host, '!') < host.n ? str_from(host, str_rchr(host, '!') + 1) : host;
	if (str_chr(buf_str(user), '@') < user->n)
		buf_add(sender, buf_str(user));
	else if (str_rchr(s, '!') < s.n && str_chr(host, '.') < host.n)
		buf_fmt(sender, "%.*s@%.*s", STR_FMT(str_from(s, str_rchr(s, '!') + 1)), STR_FMT(host));
	else
		buf_add(sender, s);
	buf_free(&way);
}

static int irmail_main(int argc, char **argv)
{
	struct buf head = BUF_INIT, hosts = BUF_INIT, user = BUF_INIT, sender = BUF_INIT;
	VEC(char *) words = {0};

	if (argc < 2)
		die_usage();
	read_way(&head, &hosts, &user);
	make_sender(&sender, &hosts, &user);
	vec_push(&words, "sendmail");
	if (user.n) {
		vec_push(&words, "-f");
		vec_push(&words, sender.p);
	}
	vec_push(&words, "--");
	for (int i = 1; i < argc; i++)
		vec_push(&words, argv[i]);
	vec_push(&words, NULL);
	int code = feed_run(words.p, buf_str(&head));

	vec_free(&words);
	buf_free(&head);
	buf_free(&hosts);
	buf_free(&user);
	buf_free(&sender);
	return code;
}

APPLET(irmail) = {
	.name = "irmail", .aliases = "rmail", .family = "inject",
	.brief = "take a message from UUCP", .args = "recipient ...", .role = AS_CALLER,
	.flags = APPLET_SHORT, .main = irmail_main,
};
