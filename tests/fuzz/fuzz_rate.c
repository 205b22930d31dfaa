/* fuzz_rate - any bytes as a file of rate control and as an expression.  Checks on the way: what is read
 * is written so that the same is read again; a verdict asks for a wait within the interval, and never when
 * the rate only counts. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "queue/rate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct rate *r)
{
	struct rate copy = RATE_INIT;
	struct buf b = BUF_INIT;

	rate_print(r, &b);
	if (!rate_parse(buf_str(&b), &copy) || copy.count != r->count || copy.start != r->start || copy.last != r->last ||
			!str_eq(buf_str(&copy.expr), buf_str(&r->expr)))
		abort();
	buf_free(&b);
	rate_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);
	struct rate r = RATE_INIT;
	double v;

	if (rate_eval(s, &v) && !isfinite(v))
		abort();
	if (rate_parse(s, &r)) {
		again(&r);
		struct rate_verdict j = rate_judge(&r, 1000000, 86400);

		if (j.seconds < 0 || j.seconds > 86400 || (j.wait && (j.seconds < 1 || r.value < 0)))
			abort();
		rate_count(&r, 1000000);
		again(&r);
	}
	rate_free(&r);
	return 0;
}
