/* qmqpc - leave a message to a QMQP server: fd 0 the message, fd 1 the envelope, in place of the queue program on hosts that
 * have no queue (QMAILQUEUE).  Exit 0 promises that a server has taken responsibility for the message. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/net/sock.h"
#include "core/smtp/qmqp.h"
#include "core/smtp/source.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/sig.h"
#include "queue/intake.h"

enum {
	IN_MEMORY = 1 << 18,	/* bytes of a message that need no file */
	ENVELOPE_MAX = 1 << 27,
	SECONDS_MAX = 86400,
};

/* What to send, and how. */
struct job {
	struct buf text;	/* the beginning of the message, all of it when ... */
	int file;		/* ... there is no file, -1 */
	uint64_t size;
	struct buf envelope;
	struct source source;
	long connect_s, response_s, port;
	int code;		/* exit code when no server answers */
};

static int spill(struct job *j, const char *p, size_t n, struct err *e)
{
	if (j->file < 0) {
		struct buf dir = BUF_INIT;

		j->file = conf_line(CONF_TMPDIR, &dir, e) < 0 ? -1 : file_temp(dir.p);
		int num = errno;

		if (j->file < 0)
			err_code(e, 68, num, "unable to create a temporary file in %s", dir.p);
		buf_free(&dir);
		if (j->file < 0)
			return -1;
		if (fd_write_all(j->file, j->text.p, j->text.n) < 0)
			return err_code(e, 53, errno, "unable to write a temporary file");
	}
	return fd_write_all(j->file, p, n) < 0 ? err_code(e, 53, errno, "unable to write a temporary file") : 0;
}

static int read_message(struct job *j, struct err *e)
{
	char block[32768];
	ssize_t n;

	while ((n = fd_read(0, block, sizeof block)) > 0) {
		j->size += (uint64_t)n;
		if (j->file < 0 && j->size <= IN_MEMORY)
			buf_put(&j->text, block, (size_t)n);
		else if (spill(j, block, (size_t)n, e) < 0)
			return -1;
	}
	return n < 0 ? err_code(e, 54, errno, "unable to read the message") : 0;
}

static int add_address(void *job, char letter, struct str addr, struct err *e)
{
	struct job *j = job;

	if (letter == 'x' || letter == 'y')
		return 0;	/* the protocol has no place for delivery status parameters */
	if (j->envelope.n > ENVELOPE_MAX)
		return err_code(e, 51, 0, "too many recipients");
	qmqp_address(&j->envelope, addr);
	return 0;
}

static int read_envelope(struct job *j, struct err *e)
{
	char space[4096];
	struct in in;

	in_init(&in, 1, space, sizeof space);
	return intake_envelope(&in, add_address, j, e);
}

/* The defaults here are not remote's: somebody waits. */
static int seconds(enum conf_id id, long otherwise, long *s, struct err *e)
{
	*s = otherwise;
	if (control_int(conf_rows[id].file, s, e) < 0)
		return -1;
	*s = *s < 1 ? 1 : *s > SECONDS_MAX ? SECONDS_MAX : *s;
	return 0;
}

static int read_settings(struct job *j, struct err *e)
{
	if (seconds(CONF_TIMEOUTCONNECT, 10, &j->connect_s, e) < 0 ||
			seconds(CONF_TIMEOUTREMOTE, 60, &j->response_s, e) < 0 ||
			conf_int(CONF_PORT_QMQP, &j->port, e) < 0)
		return -1;
	if (source_open(&j->source, STR(""), STR(""), clock_now(), e) < 0)
		return -1;
	/* those are for senders of the queue */
	table_free(&j->source.bindings);
	j->source.bindings = (struct table)TABLE_INIT;
	return 0;
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT. */
static bool parse_server(const struct job *j, struct str text, struct sock_end *at)
{
	size_t colon = str_rchr(text, ':');
	uint64_t port = (uint64_t)j->port;

	if (ip_scan(text, &at->ip))
		colon = text.n;
	else if (colon == text.n || !num_parse(str_from(text, colon + 1), 65535, &port) ||
			!ip_scan(str_to(text, colon), &at->ip))
		return false;
	at->port = (unsigned)port;
	return port >= 1 && port <= 65535;
}

static int talk(struct job *j, int fd)
{
	char in_space[1024], out_space[16384], body_space[32768];
	struct buf answer = BUF_INIT;
	struct in in, body;
	struct out out;

	in_init(&in, fd, in_space, sizeof in_space);
	out_init(&out, fd, out_space, sizeof out_space);
	in.timeout = out.timeout = (int)j->response_s * 1000;
	if (j->file < 0)
		in_init_mem(&body, buf_str(&j->text));
	else
		in_init(&body, j->file, body_space, sizeof body_space);
	int letter = j->file >= 0 && fd_seek(j->file, 0) < 0 ? -1 : qmqp_send(&in, &out,
		&(struct qmqp_mail){.body = &body, .size = j->size, .envelope = buf_str(&j->envelope)}, &answer);

	buf_free(&answer);
	return letter;
}

/* One server: true when it has answered, and j->code is final. */
static bool try(struct job *j, const struct sock_end *to)
{
	struct sock_end from = {0};
	struct str helo;
	bool bound = source_pick(&j->source, &to->ip, &from.ip, &helo);
	int fd = sock_connect(to, bound ? &from : NULL, (int)j->connect_s * 1000);

	if (fd < 0) {
		j->code = errno == ETIMEDOUT ? 72 : errno == EMFILE || errno == ENFILE || errno == ENOBUFS ? 56 : 73;
		return false;
	}
	/* each read and write has its time limit */
	int letter = fd_nonblock(fd, true) < 0 ? -1 : talk(j, fd);

	fd_close(fd);
	j->code = letter == 'K' ? 0 : letter == 'D' ? 31 : letter == 'Z' ? 71 : 74;
	return letter >= 0;
}

/* Which server is asked first, besides the order of the list. */
static size_t favourite(size_t n)
{
	struct buf fn = BUF_INIT;
	struct stat st;

	control_path(conf_rows[CONF_QMQPSERVERS].file, &fn);
	bool by_clock = n && file_stat(fn.p, &st) == 0 && st.st_mode & S_ISVTX;

	buf_free(&fn);
	return by_clock ? (size_t)clock_now() % n : 0;
}

static void try_all(struct job *j, const struct list *l, size_t first)
{
	struct sock_end to = {0};

	if (first < l->lines.n && parse_server(j, l->lines.p[first], &to) && try(j, &to))
		return;
	for (size_t i = 0; i < l->lines.n; i++)
		if (i != first && parse_server(j, l->lines.p[i], &to) && try(j, &to))
			return;
}

static int find_servers(char **argv, struct list *l, size_t *first, struct err *e)
{
	*first = 0;
	for (char **word = argv; *word; word++)
		vec_push(&l->lines, str_z(*word));
	if (*argv)
		return 0;
	if (conf_list(CONF_QMQPSERVERS, l, e) < 0)
		return -1;
	*first = favourite(l->lines.n);
	return 0;
}

static int qmqpc_main(int argc, char **argv)
{
	struct job j = {.text = BUF_INIT, .file = -1, .envelope = BUF_INIT, .code = 55};
	struct list servers = LIST_INIT;
	struct err e = {0};
	size_t first;

	(void)argc;
	sig_ignore(SIGPIPE);
	if (read_message(&j, &e) < 0 || read_envelope(&j, &e) < 0)
		return e.code ? e.code : 81;
	if (read_settings(&j, &e) < 0 || find_servers(argv + 1, &servers, &first, &e) < 0)
		return 55;
	try_all(&j, &servers, first);
	source_free(&j.source);
	list_free(&servers);
	buf_free(&j.text);
	buf_free(&j.envelope);
	fd_close(j.file);
	return j.code;
}

APPLET(qmqpc) = {
	.name = "qmqpc", .aliases = "qmail-qmqpc", .family = "inject",
	.brief = "leave a message to a QMQP server: fd 0 the message, fd 1 the envelope",
	.args = "[address ...]", .role = AS_CALLER, .main = qmqpc_main,
};
