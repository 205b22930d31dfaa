/* letter - bounces and delivery reports; see letter.h. */
#include "queue/letter.h"

#include <errno.h>

#include "core/mail/date.h"
#include "core/smtp/dsn.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"
#include "queue/client.h"

enum { HEADER_MAX = 65536 };	/* bytes of a header that is returned without its message */

static void put(struct client *c, struct buf *b)
{
	client_put(c, b->p, b->n);
	buf_free(b);
}

static void one_line(struct str addr, struct buf *b)
{
	for (size_t i = 0; i < addr.n; i++)
		buf_addc(b, addr.p[i] == '\n' ? '_' : addr.p[i]);
}

static void boundary(const struct letter *l, struct buf *b)
{
	buf_fmt(b, "%lld%s%llu", (long long)l->birth, l->conf->host.p, (unsigned long long)l->id);
}

static const char *subject(const struct letter *l)
{
	switch (l->kind) {
	case LETTER_DOUBLE:
		return l->conf->dsubject.p;
	case LETTER_DELAYED:
		return "delivery is delayed";
	case LETTER_SUCCESS:
		return "delivery notice";
	default:
		return l->conf->subject.p;
	}
}

static bool mime(const struct letter *l)
{
	return l->report || l->conf->mime;
}

static void header(struct client *c, const struct letter *l)
{
	const struct bounce_conf *k = l->conf;
	time_t now = clock_now();
	struct buf b = BUF_INIT;

	buf_adds(&b, "Date: ");
	date_rfc822(&b, now);
	buf_addc(&b, '\n');
	if (l->kind == LETTER_BOUNCE || l->kind == LETTER_DOUBLE)
		buf_fmt(&b, "X-Bounced-Address: %.*s\n", STR_FMT(l->last));
	buf_fmt(&b, "From: %s@%s\nTo: ", k->from.p, k->host.p);
	one_line(l->to, &b);
	buf_addc(&b, '\n');
	if (l->report)
		buf_fmt(&b, "Message-ID: <%lld.%llu.%d.report@%s>\nAuto-Submitted: auto-replied\n", (long long)now,
			(unsigned long long)l->id, (int)l->kind, k->host.p);
	if (mime(l)) {
		buf_fmt(&b, "MIME-Version: 1.0\nContent-Type: multipart/%s; boundary=\"", l->report ?
			"report; report-type=delivery-status" : "mixed");
		boundary(l, &b);
		buf_adds(&b, "\"\n");
	}
	buf_fmt(&b, "Subject: %s\n\n", subject(l));
	put(c, &b);
}

/* The line between two parts, or behind the last one, and the header of the part. */
static void delimiter(const struct letter *l, const char *fields, struct buf *b)
{
	buf_adds(b, "--");
	boundary(l, b);
	buf_fmt(b, "%s\n", fields ? "" : "--");
	if (fields)
		buf_fmt(b, "%s\n", fields);
}

/* The first paragraph; list managers know bounces by the beginning of those two. */
static void introduction(const struct letter *l, struct buf *b)
{
	static const char *const words[] = {
		"Your message did not reach the addresses below; each is followed by the reason.\n"
		"No further attempt will be made.\n",
		"A report of failed delivery could itself not be delivered; here is what happened.\n",
		"Your message has not reached the addresses below yet; each is followed by the reason.\n"
		"You need not send it again: more attempts will be made.\n",
		"You asked to be told that your message reached the addresses below.\n"};
	const struct buf *own = l->kind == LETTER_BOUNCE ? &l->conf->message : &l->conf->dmessage;

	if (own->n && (l->kind == LETTER_BOUNCE || l->kind == LETTER_DOUBLE))
		buf_add(b, buf_str(own));
	else
		buf_fmt(b, "Hi. This is the indimail delivery program at %s.\n%s", l->conf->host.p, words[l->kind]);
	/* the next paragraph begins behind an empty line, however a file ends */
	buf_adds(b, b->p[b->n - 1] == '\n' ? "\n" : "\n\n");
}

static void return_path(const struct letter *l, struct buf *b)
{
	buf_adds(b, "Return-Path: <");
	one_line(l->sender, b);
	buf_adds(b, ">\n");
}

/* At most maxbytes of the original (0: all). */
static int copy_message(struct client *c, const struct letter *l)
{
	char block[16384];
	long left = l->conf->maxbytes;
	int fd = file_open(l->mess, O_RDONLY, 0);
	ssize_t n = -1;
	bool cut = false;

	while (fd >= 0 && !cut && (n = fd_read(fd, block, sizeof block)) > 0) {
		cut = l->conf->maxbytes > 0 && n > left;
		client_put(c, block, cut ? (size_t)left : (size_t)n);
		left -= n;
	}
	if (cut)
		client_adds(c, "\n\n--- End of message stripped.\n");
	fd_close(fd);
	return n < 0 ? -1 : 0;
}

/* The lines before the first empty one. */
static int copy_header(struct client *c, const struct letter *l)
{
	char space[8192];
	struct buf line = BUF_INIT;
	struct in in;
	size_t sent = 0;
	int fd = file_open(l->mess, O_RDONLY, 0), r = -1;

	if (fd >= 0) {
		in_init(&in, fd, space, sizeof space);
		while ((r = in_line(&in, &line, '\n', HEADER_MAX)) == 1 && line.n > 1 && sent + line.n <= HEADER_MAX) {
			client_put(c, line.p, line.n);
			sent += line.n;
			buf_clear(&line);
		}
	}
	fd_close(fd);
	buf_free(&line);
	return fd < 0 || (r < 0 && errno != EMSGSIZE) ? -1 : 0;
}

static int plain(struct client *c, const struct letter *l)
{
	struct buf b = BUF_INIT;

	introduction(l, &b);
	buf_add(&b, l->paragraphs);
	buf_adds(&b, l->kind == LETTER_DOUBLE ? "--- Below this line is the original bounce.\n\n" :
		"--- Below this line is a copy of the message.\n\n");
	return_path(l, &b);
	put(c, &b);
	return copy_message(c, l);
}

/* The same text as the first part, the original as the second. */
static int mixed(struct client *c, const struct letter *l)
{
	struct buf b = BUF_INIT;

	delimiter(l, "", &b);
	introduction(l, &b);
	buf_add(&b, l->paragraphs);
	buf_adds(&b, "--- Enclosed is a copy of the message.\n\n");
	delimiter(l, "Content-Type: message/rfc822\n", &b);
	return_path(l, &b);
	put(c, &b);
	int r = copy_message(c, l);

	buf_addc(&b, '\n');
	delimiter(l, NULL, &b);
	put(c, &b);
	return r;
}

static void status(const struct letter *l, struct buf *b)
{
	struct dsn d;

	delimiter(l, "Content-Type: message/delivery-status\n", b);
	dsn_read(&d, 'x', l->params);
	if (d.envid.n) {
		buf_adds(b, "Original-Envelope-Id: ");
		dsn_plain(d.envid, b);
		buf_addc(b, '\n');
	}
	buf_fmt(b, "Reporting-MTA: dns; %s\nArrival-Date: ", l->conf->me.p);
	date_rfc822(b, l->birth);
	buf_adds(b, "\n\n");
	for (size_t i = 0; i < l->n; i++) {
		outcome_fields(&l->outcomes[i], b);
		if (l->kind == LETTER_DELAYED) {
			buf_adds(b, "Will-Retry-Until: ");
			date_rfc822(b, l->expires);
			buf_addc(b, '\n');
		}
		buf_addc(b, '\n');
	}
}

/* Failures return the message (1) unless the sender wants its header only or it is too large; all else the header (0).
 * -1: who knows. */
static int whole(const struct letter *l)
{
	struct stat st;
	struct dsn d;

	dsn_read(&d, 'x', l->params);
	if (l->kind != LETTER_BOUNCE || d.ret == 'H')
		return 0;
	if (l->conf->maxbytes <= 0)
		return 1;
	return file_stat(l->mess, &st) < 0 ? -1 : st.st_size <= l->conf->maxbytes;
}

static int report(struct client *c, const struct letter *l)
{
	struct buf b = BUF_INIT;
	int full = whole(l);

	if (full < 0)
		return -1;
	delimiter(l, "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n", &b);
	introduction(l, &b);
	buf_add(&b, l->paragraphs);
	status(l, &b);
	delimiter(l, full ? "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n" :
		"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: 8bit\n", &b);
	return_path(l, &b);
	put(c, &b);
	int r = full ? copy_message(c, l) : copy_header(c, l);

	buf_addc(&b, '\n');
	delimiter(l, NULL, &b);
	put(c, &b);
	return r;
}

int letter_compose(struct client *c, const struct letter *l)
{
	header(c, l);
	return l->report ? report(c, l) : mime(l) ? mixed(c, l) : plain(c, l);
}
