/* qmqp - the sending side of QMQP; see qmqp.h. */
#include "core/smtp/qmqp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/smtp/qmtp.h"

void qmqp_address(struct buf *envelope, struct str addr)
{
	buf_fmt(envelope, "%zu:%.*s,", addr.n, STR_FMT(addr));
}

int qmqp_send(struct in *in, struct out *out, const struct qmqp_mail *m, struct buf *text)
{
	char head[32];
	int digits = snprintf(head, sizeof head, "%llu:", (unsigned long long)m->size);

	out_fmt(out, "%llu:%s", (unsigned long long)((uint64_t)digits + m->size + 1 + m->envelope.n), head);
	if (qmtp_body(out, m->body, m->size) < 0)
		return -1;
	out_addc(out, ',');
	out_add(out, m->envelope);
	out_addc(out, ',');
	if (out_flush(out) < 0 || qmtp_netstring(in, text, QMTP_ANSWER_MAX) < 0)
		return -1;
	if (text->n && strchr("KZD", text->p[0]))
		return text->p[0];
	errno = EPROTO;
	return -1;
}
