/* archive - further recipients by rule; see archive.h. */
#include "queue/archive.h"

#include "core/conf/pattern.h"
#include "queue/layout.h"

/* %u local part, %d domain, %e the whole address. */
static void expand(struct str dest, struct str addr, struct buf *b)
{
	size_t at = str_rchr(addr, '@');

	for (size_t i = 0; i < dest.n; i++) {
		char c = dest.p[i], next = i + 1 < dest.n ? dest.p[i + 1] : 0;

		if (c != '%' || (next != 'u' && next != 'd' && next != 'e')) {
			buf_addc(b, c);
			continue;
		}
		buf_add(b, next == 'u' ? str_to(addr, at) : next == 'd' ? str_from(addr, at + 1) : addr);
		i++;
	}
}

/* Is this record, with its NUL, among those of list? */
static bool recorded(struct str list, struct str rec)
{
	while (list.n) {
		size_t n = str_chr(list, 0) + 1;

		if (str_eq(str_to(list, n), rec))
			return true;
		list = str_from(list, n);
	}
	return false;
}

void archive_address(const struct list *rules, char type, struct str addr, struct buf *archived)
{
	struct buf t = BUF_INIT;
	struct str shown = addr.n ? addr : STR("<>");

	for (size_t i = 0; i < rules->lines.n; i++) {
		struct str rest = rules->lines.p[i];
		struct str kind = str_cut(&rest, ':');
		struct str pattern = rest.p ? str_cut(&rest, ':') : rest;
		bool rcpt = !kind.n || kind.p[0] == 'T' || kind.p[0] == '*';
		bool negate = pattern.n && pattern.p[0] == '!';

		if (!rest.p || rcpt != (type == 'T'))
			continue;
		if (negate)
			pattern = str_from(pattern, 1);
		if (pattern.n && pattern_match(shown, pattern) == negate)
			continue;
		buf_set(&t, STR("T"));
		expand(rest, shown, &t);
		buf_addc(&t, 0);
		if (t.n > 2 && t.n <= LAYOUT_ADDR_MAX && !recorded(buf_str(archived), buf_str(&t)))
			buf_add(archived, buf_str(&t));
	}
	buf_free(&t);
}
