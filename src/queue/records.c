/* records - what todo-proc tells send; see records.h. */
#include "queue/records.h"

#include "core/base/num.h"
#include "queue/qlog.h"

enum { RECORD_MAX = 1 << 20 };

/* J id birth length NUL, then length bytes.  Returns what it used, 0 when more must come. */
static size_t first_attempt(struct sched *s, struct str rest, size_t end)
{
	struct str head = str_from(str_to(rest, end), 1);
	uint64_t id, birth, len;

	if (!num_parse(str_cut(&head, ' '), UINT64_MAX, &id) || !head.p ||
		!num_parse(str_cut(&head, ' '), INT64_MAX, &birth) || !head.p || !num_parse(head, RECORD_MAX, &len)) {
		qlog_say(&s->log, "warn", s->program, s->q, "unintelligible record from todo-proc");
		return end + 1;
	}
	if (rest.n < end + 1 + len)
		return 0;
	sched_first(s, id, (time_t)birth, str_to(str_from(rest, end + 1), len));
	return end + 1 + len;
}

static void settled(struct sched *s, struct str text)
{
	uint64_t id;

	if (text.n > 1 && num_parse(str_from(text, 1), UINT64_MAX, &id))
		sched_settled(s, text.p[0], id);
}

void records_take(struct sched *s, struct buf *records)
{
	size_t used = 0;

	while (used < records->n) {
		struct str rest = str_from(buf_str(records), used);
		size_t end = str_chr(rest, 0), n = end + 1;

		if (end == rest.n)
			break;
		if (rest.p[0] == 'J')
			n = first_attempt(s, rest, end);
		else if (rest.p[0] == 'D')
			settled(s, str_from(str_to(rest, end), 1));
		else if (rest.p[0] == 'L')
			buf_add(&s->log, str_from(str_to(rest, end), 1));
		else if (rest.p[0] != 'X')
			qlog_say(&s->log, "warn", s->program, s->q, "unknown record from todo-proc");
		if (!n)
			break;
		used += n;
	}
	buf_drop(records, used);
}
