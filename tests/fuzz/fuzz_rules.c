/* fuzz_rules - any bytes as lines of access rules, as a record, as a client's names and as a compiled file.  Checks on
 * the way: a line has at most 256 keys, what it writes is read back as it was meant, and an address that was written
 * is found. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/cdb.h"
#include "core/net/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int keys;

static int check(void *ctx, struct str key, struct str data)
{
	struct rule_item item;
	size_t items = 0, ends = 0;

	(void)ctx;
	keys++;
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] >= 'A' && key.p[i] <= 'Z')
			abort();
	for (size_t i = 0; i < data.n; i++)
		ends += data.p[i] == 0;
	while (rule_item(&data, &item))
		items++;
	if (items != ends || data.n)
		abort();
	return 0;
}

static void lines(struct str s)
{
	while (s.p) {
		keys = 0;
		rule_parse(str_cut(&s, '\n'), check, NULL);
		if (keys > 256)
			abort();
	}
}

static void record(struct str s)
{
	struct rule_item item;

	while (rule_item(&s, &item))
		if (item.kind != 'D' && item.name.n == 0)
			abort();
}

/* The first line is a key, the rest a compiled file. */
static void compiled(struct str s)
{
	struct str key = str_cut(&s, '\n');
	struct buf found = BUF_INIT;
	struct cdb c;

	cdb_memory(&c, s.p ? s : STR(""));
	cdb_sound(&c);
	if (cdb_find(&c, key, &found, NULL) == 1) {
		record(buf_str(&found));
		while (cdb_next(&c, &found, NULL) == 1)
			;
	}
	buf_free(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);

	lines(s);
	record(s);
	compiled(s);
	return 0;
}
