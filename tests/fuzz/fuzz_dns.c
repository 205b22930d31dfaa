/* fuzz_dns - any bytes as an answer of a name server.  Byte 0 chooses the type asked for; the rest is read once as a
 * whole message and once as header and records behind a question that is ours, so that little luck is needed to get
 * far; then as a name.  Checks on the way: bounds, nothing taken from what is refused, and every name that is handed
 * out can be asked for again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/dnsmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned types[] = {DNS_A, DNS_AAAA, DNS_TXT, DNS_MX, DNS_PTR, DNS_CNAME, DNS_NS, DNS_TLSA};

static void must(bool yes)
{
	if (!yes)
		abort();
}

/* A name from a message has a textual form that means the same name. */
static void again(struct str name)
{
	struct buf one = BUF_INIT;

	if (name.n)
		must(dnsmsg_ask(&one, 1, name, DNS_A, true) && one.n <= DNSMSG_NAME + 12 + 4 + 11);
	buf_free(&one);
}

static void check(struct str msg, struct str name, unsigned type)
{
	struct dns_answer a = {.ttl = UINT32_MAX};
	struct dnsmsg_end end;
	enum dns_status s = dnsmsg_read(msg, name, type, &a, &end);
	size_t n = a.ips.n + a.mxs.n + a.texts.n + a.tlsas.n, bytes = 0;

	must(n <= DNSMSG_RECORDS);
	must((s == DNS_FOUND) == (n > 0));
	must(s == DNS_FOUND || !n);
	must(!end.again || s == DNS_NODATA);
	if (s != DNS_SOFT)
		again(end.name);
	for (size_t i = 0; i < a.mxs.n; i++)
		again(a.mxs.p[i].host);
	for (size_t i = 0; i < a.texts.n; i++) {
		bytes += a.texts.p[i].n;
		if (type != DNS_TXT)
			again(a.texts.p[i]);
	}
	must(type != DNS_TXT || bytes <= msg.n);
	dns_answer_free(&a);
}

static void behind_question(struct str rest, unsigned type)
{
	struct buf msg = BUF_INIT;

	dnsmsg_ask(&msg, 1, STR("a.b"), type, false);
	for (size_t i = 2; i < 12 && rest.n; i++, rest = str_from(rest, 1))
		if (i != 4 && i != 5)
			msg.p[i] = rest.p[0];
	msg.p[2] = (char)(0x80 | (msg.p[2] & 7));
	buf_add(&msg, rest);
	check(buf_str(&msg), STR("a.b"), type);
	buf_free(&msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf question = BUF_INIT;

	if (!size)
		return 0;
	unsigned type = types[data[0] % (sizeof types / sizeof *types)];
	struct str rest = str_make((const char *)data + 1, size - 1);

	check(rest, STR("a.b"), type);
	behind_question(rest, type);
	if (dnsmsg_ask(&question, 1, rest, type, true))
		must(question.n <= DNSMSG_NAME + 12 + 4 + 11);
	else
		must(question.n == 0);
	buf_free(&question);
	return 0;
}
