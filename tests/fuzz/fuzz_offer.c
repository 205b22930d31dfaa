/* fuzz_offer - hostile clients and confused programs through the watch for STARTTLS.  The first byte chooses
 * the protocol, the second how many of the next bytes the program says (in 16ths), the rest is the client's.
 * Checks on the way: the program hears no more than the client said, apart from one RSET, and nothing the
 * client said behind the command that begins TLS is left. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The program's text, a line at a time, as a program that answers would say it. */
static ssize_t speak(struct in *in, char *p, size_t n)
{
	struct str *rest = in->ctx;
	size_t len = str_chr(*rest, '\n');

	len = len < rest->n ? len + 1 : len;
	if (len > n)
		len = n;
	if (len)
		memcpy(p, rest->p, len);
	*rest = str_from(*rest, len);
	return (ssize_t)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char space[512];
	struct buf heard = BUF_INIT, seen = BUF_INIT;
	struct offer o = {.line = BUF_INIT, .answer = BUF_INIT};

	if (size < 2)
		return 0;
	struct str all = str_make((const char *)data + 2, size - 2), said = str_to(all, all.n * (data[1] % 17) / 16);
	struct str client = str_from(all, said.n);

	in_init_mem(&o.client, client);
	in_init(&o.program, -1, space, sizeof space);
	o.program.op = speak;
	o.program.ctx = &said;
	out_init_mem(&o.to_client, &seen);
	out_init_mem(&o.to_program, &heard);
	int end = offer_run(&o, (enum starttls)(data[0] % 3 + 1));

	if (heard.n > client.n + 6 || (end == OFFER_TLS && in_peek(&o.client).n))
		abort();
	offer_flush(&o);
	buf_free(&heard);
	buf_free(&seen);
	buf_free(&o.line);
	buf_free(&o.answer);
	return 0;
}
