/* qbiff - tell a user who is logged in that mail has arrived.  Run from .qmail with the message on fd 0.
 * Promises: exit 0 whatever happens, and no byte of the message can steer a terminal. */
#include "core/app/applet.h"
#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"
#include "core/sys/login.h"
#include "core/sys/proc.h"

enum { SHOWN = 200, LINE = 4096, HEADER_LINES = 1000 };

/* Printable ASCII only; the rest of the text is cut. */
static void add_visible(struct buf *b, struct str s)
{
	s = str_to(s, SHOWN);
	for (size_t i = 0; i < s.n; i++)
		buf_addc(b, s.p[i] < 32 || s.p[i] > 126 ? '?' : s.p[i]);
}

/* The Subject field's first line. */
static void add_subject(struct buf *b)
{
	struct buf line = BUF_INIT;
	char space[LINE];
	struct in in;

	in_init(&in, 0, space, sizeof space);
	for (int i = 0; i < HEADER_LINES && in_line(&in, &line, '\n', LINE) == 1 && line.n > 1; i++) {
		if (str_istarts(buf_str(&line), STR("Subject:"))) {
			add_visible(b, str_trim(str_from(buf_str(&line), 8)));
			break;
		}
		buf_clear(&line);
	}
	buf_free(&line);
}

/* To a terminal of ours that invites messages: biff y sets its execute bit. */
static void tell(const char *device, void *arg)
{
	const struct buf *text = arg;
	struct stat st;
	int fd = file_open(device, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0)
		return;
	if (file_fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_uid == proc_uid() && st.st_mode & 0110)
		fd_write(fd, text->p, text->n);
	fd_close(fd);
}

static int qbiff_main(int argc, char **argv)
{
	const char *user = conf_getenv("USER");
	struct buf text = BUF_INIT;

	(void)argc;
	(void)argv;
	buf_adds(&text, "\r\n\a*** TO <");
	add_visible(&text, str_z(conf_getenv("LOCAL")));
	buf_adds(&text, "> FROM <");
	add_visible(&text, str_z(conf_getenv("SENDER")));
	buf_adds(&text, ">\r\n");
	add_subject(&text);
	buf_adds(&text, "\r\n");
	if (user && *user)
		login_each(user, tell, &text);
	buf_free(&text);
	return 0;
}

APPLET(qbiff) = {
	.name = "qbiff", .family = "deliver",
	.brief = "announce new mail on the user's terminals",
	.args = "", .role = AS_CALLER, .main = qbiff_main,
};
