/* fuzz_proxy - any bytes as a PROXY header.  Checks on the way: a header is at most what its version allows, every
 * beginning of it only wants more, and no byte behind it is taken for a part of it. */
#include <stdint.h>
#include <stdlib.h>

#include "core/net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);
	struct proxy p = {.size = 0}, q;
	enum proxy_status status = proxy_parse(s, &p);

	if (proxy_part(s) > s.n)
		abort();
	if (status == PROXY_OK) {
		if (p.size > s.n || p.size > PROXY_MAX || proxy_part(s) != p.size || p.from.port > 65535)
			abort();
		for (size_t n = 0; n < p.size; n++)
			if (proxy_parse(str_to(s, n), &q) != PROXY_MORE || proxy_part(str_to(s, n)) != n)
				abort();
	} else if (p.size) {
		abort();
	}
	proxy_listed(s, &p.from.ip);
	return 0;
}
