/* fuzz_journal - any bytes as the end of a journal segment.  Checks on the way: what is read lies within it and is
 * written the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "queue/journalfmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str segment = str_make((const char *)data, size);
	struct journal_record r;
	char head[JOURNAL_HEAD];
	uint64_t salt;

	if (size >= JOURNAL_HEAD && journal_segment_salt(segment.p, &salt)) {
		journal_segment_head(salt, head);
		if (memcmp(head, data, sizeof head) != 0)
			abort();
	}
	for (uint32_t off = 0; off < size; off += JOURNAL_HEAD) {
		if (!journal_record_read(segment, off, 0, &r))
			continue;
		if (r.body.p + r.body.n > segment.p + size || JOURNAL_OFF(r.pos) != off || off + JOURNAL_HEAD + r.env.n + r.body.n > size)
			abort();
		journal_record_head(&r, 0, head);
		/* the last bytes mean nothing, the sum covers them */
		if (memcmp(head, segment.p + off, 20) != 0)
			abort();
	}
	return 0;
}
