/* intake - the submission socket's protocol; see intake.h. */
#include "queue/intake.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"
#include "core/sys/local.h"
#include "queue/layout.h"
#include "queue/put.h"

/* What anybody may set: it changes only the caller's own message. */
static const char *const harmless[] = {"HIDE_HOST", "NULLQUEUE", "QMAIL_QUEUE_CUSTOM_ERROR", "QQEH", "TCPREMOTEIP"};
/* What those we trust may set besides: the choice of queue and the features of section 6.4. */
static const char *const others[] = {"BIGTODO", "CONFSPLIT", "DYNAMIC_QUEUE", "DYNAMIC_QUEUE_TIME",
	"ENVHEADERS", "EXTRAQUEUE", "FASTQUEUE", "LOGHEADERS", "MAILARCHIVE", "MIN_FREE", "ORIGINIPFIELD",
	"QHPSIMAXSIZE", "QHPSIMINSIZE", "QHPSIRC", "QHPSIRN", "QREGEX", "QUARANTINE", "QUEUEDIR", "QUEUE_BASE",
	"QUEUE_COUNT", "QUEUE_START", "REJECTVIRUS", "RELAYCLIENT", "REMOVEHEADERS", "TCPREMOTEINFO",
	"USE_FDATASYNC", "USE_FSYNC", "USE_SYNCDIR", "VIRUSFORWARD"};
/* Programs that would run as the queue's owner: our own choice, unless the caller is that user or root. */
static const char *const programs[] = {"QHPSI", "QUEUE_PLUGIN_SYMB", "SCANCMD"};

enum {
	HEAD = 5, HEAD_SHORT = 13,
	REQUEST_SIZE = 8192,	/* of most requests */
	SETTINGS_SIZE = 512,	/* of most settings */
};

static void pack(char *p, unsigned long v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (char)(v >> 8 * i);
}

static unsigned long unpack(const char *p, int bytes)
{
	unsigned long v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (unsigned long)(unsigned char)p[i] << 8 * i;
	return v;
}

int intake_connect(struct err *e)
{
	struct buf path = BUF_INIT;
	int fd = -1;

	if (conf_line(CONF_INTAKE_SOCKET, &path, e) >= 0) {
		fd = local_connect(path.p);
		if (fd < 0)
			err_code(e, 56, errno, "unable to connect to %s", path.p);
	}
	buf_free(&path);
	return fd;
}

static void add_settings(struct buf *b, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *v = conf_getenv(names[i]);

		if (v)
			buf_fmt(b, "%s=%s", names[i], v), buf_addc(b, 0);
	}
}

static int send_request(int sock, struct buf *b, const int *fds, int n, struct err *e)
{
	int r = fd_send(sock, b->p, b->n, fds, n) < 0 ? err_code(e, 56, errno, "unable to talk to the intake socket") : 0;

	buf_free(b);
	return r;
}

/* Room for a head of so many bytes, and the settings; n bytes will follow. */
static void begin_request(struct buf *b, size_t head, size_t n)
{
	buf_grow(b, head + SETTINGS_SIZE + n);
	buf_advance(b, head);
	add_settings(b, harmless, sizeof harmless / sizeof *harmless);
	add_settings(b, others, sizeof others / sizeof *others);
	add_settings(b, programs, sizeof programs / sizeof *programs);
	pack(b->p + 1, b->n - head, 4);
}

int intake_request(int sock, const int fds[2], struct err *e)
{
	struct buf b = BUF_INIT;

	begin_request(&b, HEAD, 0);
	b.p[0] = 'Q';
	return send_request(sock, &b, fds, 2, e);
}

int intake_request_short(int sock, struct str message, struct str envelope, bool last, struct err *e)
{
	struct buf b = BUF_INIT;

	begin_request(&b, HEAD_SHORT, message.n + envelope.n);
	b.p[0] = last ? 'L' : 'M';
	pack(b.p + 5, message.n, 4);
	pack(b.p + 9, envelope.n, 4);
	buf_add(&b, message);
	buf_add(&b, envelope);
	return send_request(sock, &b, NULL, 0, e);
}

int intake_read_answer(int sock, struct intake_answer *a, struct err *e)
{
	char head[7], text[INTAKE_TEXT_MAX];

	/* a process that sleeps in poll is left alone when the other side reads our request; one that reads is not */
	fd_wait(sock, POLLIN, -1);
	if (fd_read_all(sock, head, sizeof head) < 0)
		return err_code(e, 74, errno, "lost the intake socket");
	size_t n = unpack(head + 5, 2);

	if (n > sizeof text || fd_read_all(sock, text, n) < 0)
		return err_code(e, 74, errno, "lost the intake socket");
	a->code = (unsigned char)head[0];
	a->qp = unpack(head + 1, 4);
	buf_set(&a->text, str_make(text, n));
	return 0;
}

/* The rest of n bytes, of which text has a part. */
static int read_rest(int sock, struct buf *text, size_t n)
{
	if (text->n < n) {
		size_t rest = n - text->n;

		if (fd_read_all(sock, buf_grow(text, rest), rest) < 0)
			return -1;
		buf_advance(text, rest);
	}
	/* nobody sends more before there is an answer */
	return text->n == n ? 0 : -1;
}

static int parse_request(int sock, struct intake_request *r, int count)
{
	struct buf *b = &r->text;
	char letter = b->p[0];
	bool here = letter == 'M' || letter == 'L';
	size_t head = here ? HEAD_SHORT : HEAD;

	if ((!here && letter != 'Q') || count != (here ? 0 : 2) || (b->n < head && read_rest(sock, b, head) < 0))
		return -1;
	size_t settings = unpack(b->p + 1, 4), message = here ? unpack(b->p + 5, 4) : 0, envelope = here ? unpack(b->p + 9, 4) : 0;

	if (settings > INTAKE_SETTINGS_MAX || message > INTAKE_SHORT_MAX || envelope > INTAKE_SHORT_MAX ||
		read_rest(sock, b, head + settings + message + envelope) < 0)
		return -1;
	r->last = letter == 'L';
	r->settings = str_make(b->p + head, settings);
	r->message = str_make(b->p + head + settings, message);
	r->envelope = str_make(b->p + head + settings + message, envelope);
	return 0;
}

int intake_read_request(int sock, struct intake_request *r, struct err *e)
{
	int count;

	r->fds[0] = r->fds[1] = -1;
	buf_clear(&r->text);
	ssize_t n = fd_recv(sock, buf_grow(&r->text, REQUEST_SIZE), REQUEST_SIZE, r->fds, 2, &count);

	if (n == 0)
		return 0;
	if (n > 0) {
		buf_advance(&r->text, (size_t)n);
		if (parse_request(sock, r, count) == 0)
			return 1;
	}
	fd_close(r->fds[0]);
	fd_close(r->fds[1]);
	return err_perm(e, 0, "bad request on the intake socket");
}

int intake_answer(int sock, int code, unsigned long qp, struct str text)
{
	char b[7 + INTAKE_TEXT_MAX];

	text = str_to(text, INTAKE_TEXT_MAX);
	b[0] = (char)code;
	pack(b + 1, qp, 4);
	pack(b + 5, text.n, 2);
	memcpy(b + 7, text.n ? text.p : "", text.n);
	return fd_write_all(sock, b, 7 + text.n);
}

static bool among(struct str name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, str_z(names[i])))
			return true;
	return false;
}

/* A program that a trusted caller wants: the one we would run anyway. */
static int same_program(const char *name, struct str value, struct err *e)
{
	if (str_eq(value, str_z(conf_getenv(name))))
		return 0;
	return err_code(e, 77, 0, "%s is not that of intake", name);
}

int intake_apply(struct str settings, enum intake_trust trust, struct err *e)
{
	struct buf name = BUF_INIT;
	int r = 0;

	while (settings.n && r == 0) {
		struct str value = str_cut(&settings, 0);

		buf_set(&name, str_cut(&value, '='));
		if (!value.p)
			continue;
		bool program = among(buf_str(&name), programs, sizeof programs / sizeof *programs);

		if (program && trust == INTAKE_TRUSTED)
			r = same_program(name.p, value, e);
		else if (among(buf_str(&name), harmless, sizeof harmless / sizeof *harmless) || (program && trust == INTAKE_OWNER) ||
			(trust >= INTAKE_TRUSTED && among(buf_str(&name), others, sizeof others / sizeof *others)))
			env_put_str(name.p, value);
	}
	buf_free(&name);
	return r;
}

static int bad_record(char letter, struct err *e)
{
	return err_code(e, 79, 0, "envelope record of type %d", (unsigned char)letter);
}

/* The next record with its NUL; what is too long is told by its letter: an address, or garbage. */
static int read_record(struct in *in, struct buf *rec, char wanted, struct err *e)
{
	buf_clear(rec);
	int got = in_line(in, rec, 0, LAYOUT_ADDR_MAX + 1);

	if (got > 0)
		return 0;
	if (got < 0 && errno == EMSGSIZE) {
		char letter = rec->n ? rec->p[0] : in_peek(in).p[0];

		return letter == wanted ? err_code(e, 11, 0, "envelope address is too long") : bad_record(letter, e);
	}
	return err_code(e, 54, got < 0 ? errno : 0, "unable to read the envelope");
}

int intake_envelope(struct in *in, int (*record)(void *ctx, char letter, struct str addr, struct err *e), void *ctx,
	struct err *e)
{
	struct buf rec = BUF_INIT;
	char wanted = 'F', extra = 0;
	int r;

	do {
		r = read_record(in, &rec, wanted, e);
		/* the end */
		if (r < 0 || (wanted == 'T' && (rec.n == 1 || rec.p[0] == 'Q')))
			break;
		char letter = rec.p[0];
		bool known = letter == wanted || (extra && letter == extra);

		r = known ? record(ctx, letter, str_from(str_to(buf_str(&rec), rec.n - 1), 1), e) : bad_record(letter, e);
		/* parameters follow what they belong to, once */
		extra = letter == 'F' ? 'x' : letter == 'T' ? 'y' : 0;
		wanted = 'T';
	} while (r == 0);
	buf_free(&rec);
	return r;
}

static int put_record(void *put, char letter, struct str addr, struct err *e)
{
	return letter == 'F' ? put_from(put, addr, e) : letter == 'T' ? put_to(put, addr, e) :
		put_params(put, letter, addr, e);
}

/* The envelope behind a message that is whole. */
static int finish(struct put *p, struct in *envelope, struct err *e)
{
	if (put_body_end(p, e) < 0 || intake_envelope(envelope, put_record, p, e) < 0) {
		put_abort(p);
		return -1;
	}
	return put_commit(p, e);
}

int intake_copy(int message, int envelope, const struct put_origin *o, struct err *e)
{
	char block[32768];
	struct put *p = put_open(NULL, o, e);
	struct in in;
	ssize_t n;

	if (!p)
		return -1;
	while ((n = fd_read(message, block, sizeof block)) > 0)
		if (put_data(p, block, (size_t)n, e) < 0)
			goto fail;
	if (n < 0) {
		err_code(e, 54, errno, "unable to read the message");
		goto fail;
	}
	in_init(&in, envelope, block, sizeof block);
	return finish(p, &in, e);
fail:
	put_abort(p);
	return -1;
}

int intake_put(const struct intake_request *r, const struct put_origin *o, struct err *e)
{
	if (r->fds[0] >= 0)
		return intake_copy(r->fds[0], r->fds[1], o, e);
	struct put *p = put_open(NULL, o, e);
	struct in in;

	if (!p)
		return -1;
	if (put_data(p, r->message.p, r->message.n, e) < 0) {
		put_abort(p);
		return -1;
	}
	in_init_mem(&in, r->envelope);
	return finish(p, &in, e);
}
