/* fuzz_tai - any bytes as a TAI64N label and as a pattern of multilog over a line (pattern, NUL, line).
 * Checks on the way: a label that is read is written the same but for capitals; a pattern without stars
 * matches itself only. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/tai.h"
#include "svc/logmatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void label(struct str s)
{
	struct tai_pen pen = TAI_PEN_INIT;
	char out[TAI_LABEL];
	uint32_t nsec;
	int64_t sec;

	if (!tai_parse(s, &sec, &nsec))
		return;
	if (nsec > 999999999)
		abort();
	tai_label(&pen, out, sec, nsec);
	if (!str_ieq(str_make(out, sizeof out), str_to(s, TAI_LABEL)))
		abort();
}

static void match(struct str s)
{
	struct buf pattern = BUF_INIT;
	struct str line = s, p = str_cut(&line, 0);

	buf_add(&pattern, p);
	if (!line.p)
		line = STR("");
	bool yes = logmatch(pattern.p, line);

	if (str_chr(p, '*') == p.n && yes != str_eq(p, line))
		abort();
	buf_free(&pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);

	label(s);
	match(s);
	return 0;
}
