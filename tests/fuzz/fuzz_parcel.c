/* fuzz_parcel - any bytes as a parcel of a message, and as a line of a log that is JSON.
 * Checks on the way: what is taken for a parcel is all of the file, and its envelope can be read. */
#include <stdint.h>
#include <stdlib.h>

#include "queue/parcel.h"
#include "queue/qlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);
	struct parcel p = {.text = BUF_INIT};
	struct qlog_line l;
	struct envelope v;
	struct err e;

	buf_add(&p.text, s);
	if (parcel_parse(&p, &e) == 0) {
		if (p.body.p + p.body.n != p.text.p + p.text.n || envelope_parse(p.env, &v, &e) < 0)
			abort();
		envelope_free(&v);
	}
	parcel_free(&p);
	if (qlog_parse_json(s, &l) && l.text.n > size)
		abort();
	return 0;
}
