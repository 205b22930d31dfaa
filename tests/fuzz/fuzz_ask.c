/* fuzz_ask - whatever a client says to svstatd: what is accepted leads to no other place and is no option. */
#include <stdint.h>
#include <stdlib.h>

#include "svc/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ask a = {0};

	if (!ask_parse(str_make((const char *)data, size), &a))
		return 0;
	if (a.scandir.p[0] != '/' || !a.name.n || a.name.p[0] == '/' || str_eq(a.name, STR("..")))
		abort();
	if (str_find(a.scandir, STR("/../")) < a.scandir.n || str_ends(a.scandir, STR("/..")) ||
		str_find(a.name, STR("../")) == 0)
		abort();
	if (a.program.n && (!a.container.n || a.container.p[0] == '-'))
		abort();
	for (size_t i = 0; i < size; i++)
		if (data[i] == 0)
			abort();
	return 0;
}
