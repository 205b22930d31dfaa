/* qlogjson - the log lines of the queue as JSON objects, one per line; see qlog.h.
 * The text line is what the typed functions wrote, so the same events come out either way. */
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "queue/qlog.h"

static const char *const names[] = {[QLOG_OTHER] = "text", [QLOG_NEW] = "new", [QLOG_INFO] = "info",
	[QLOG_RCPT] = "recipient", [QLOG_START] = "start", [QLOG_REPORT] = "report", [QLOG_BOUNCE] = "bounce",
	[QLOG_END] = "end", [QLOG_STATUS] = "status"};
enum { EVENTS = sizeof names / sizeof *names };

static const char *result(char letter)
{
	return letter == 'K' ? "success" : letter == 'D' ? "failure" : "deferral";
}

static void members(const struct qlog_line *l, struct buf *b)
{
	enum qlog_event v = l->event;

	if (v == QLOG_START || v == QLOG_REPORT) {
		json_number(b, "delivery", (long long)l->delivery);
		if (l->qident.n)
			json_pair(b, "qident", l->qident);
	}
	if (v != QLOG_REPORT)
		json_number(b, "id", (long long)l->id);
	if (v == QLOG_INFO || v == QLOG_RCPT) {
		json_number(b, "bytes", (long long)l->bytes);
		json_pair(b, "sender", l->sender);
	}
	if (v == QLOG_INFO || v == QLOG_BOUNCE)
		json_number(b, "qp", (long long)l->qp);
	if (v == QLOG_INFO)
		json_number(b, "uid", (long long)l->uid);
	if (v == QLOG_START || v == QLOG_RCPT) {
		json_pair(b, "channel", str_z(l->remote ? "remote" : "local"));
		json_pair(b, "recipient", l->rcpt);
	}
	if (v == QLOG_REPORT) {
		json_pair(b, "result", str_z(result(l->letter)));
		json_pair(b, "text", l->text);
	}
	json_pair(b, "queue", l->queue);
}

void qlog_json(struct str line, struct buf *out)
{
	struct qlog_line l;
	struct buf b = BUF_INIT;

	qlog_parse(line, &l);
	buf_addc(&b, '{');
	json_pair(&b, "event", str_z(names[l.event]));
	if (l.event == QLOG_OTHER)
		json_pair(&b, "text", line);
	else if (l.event == QLOG_STATUS)
		json_pair(&b, "text", str_from(line, sizeof "status: " - 1));
	else
		members(&l, &b);
	buf_addc(&b, '}');
	buf_addc(&b, '\n');
	buf_add(out, buf_str(&b));
	buf_free(&b);
}

bool qlog_wants_json(void)
{
	const char *format = conf_env(CONF_LOG_FORMAT);

	return format && str_ieq(str_z(format), STR("json"));
}

void qlog_write(int fd, struct buf *b)
{
	struct buf json = BUF_INIT;

	if (qlog_wants_json())
		for (struct str rest = buf_str(b); rest.n; )
			qlog_json(str_cut(&rest, '\n'), &json);
	/* a log that cannot be written is no reason to stop */
	(void)fd_write_all(fd, json.n ? json.p : b->p, json.n ? json.n : b->n);
	buf_free(&json);
	buf_clear(b);
}

/* ---- reading ---- */

static bool eat(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = str_from(*s, 1);
	return true;
}

/* A string without its quotes; one that has escapes is put together in hold, which is large enough from
 * the start. */
static bool text(struct str *s, struct buf *hold, struct str *out)
{
	size_t from = hold->n;

	if (!eat(s, '"'))
		return false;
	while (s->n && s->p[0] != '"') {
		if (eat(s, '\\')) {
			char c = s->n ? s->p[0] : 0;
			uint64_t code = 0;

			if (c == 'u' && num_scan_hex(str_to(str_from(*s, 1), 4), &code) == 4)
				*s = str_from(*s, 4);
			if (c == 'u')
				c = (char)(code < 128 ? code : '?');
			else
				c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
			buf_addc(hold, c);
		} else {
			buf_addc(hold, s->p[0]);
		}
		*s = str_from(*s, 1);
	}
	*out = str_from(buf_str(hold), from);
	return eat(s, '"');
}

static void number_member(struct str key, uint64_t n, struct qlog_line *out)
{
	const struct {
		const char *key;
		uint64_t *to;
	} all[] = {{"delivery", &out->delivery}, {"id", &out->id}, {"bytes", &out->bytes}, {"qp", &out->qp},
		{"uid", &out->uid}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_eq(key, str_z(all[i].key)))
			*all[i].to = n;
}

static void text_member(struct str key, struct str s, struct qlog_line *out)
{
	const struct {
		const char *key;
		struct str *to;
	} all[] = {{"qident", &out->qident}, {"sender", &out->sender}, {"recipient", &out->rcpt},
		{"text", &out->text}, {"queue", &out->queue}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_eq(key, str_z(all[i].key)))
			*all[i].to = s;
	if (str_eq(key, STR("channel")))
		out->remote = str_eq(s, STR("remote"));
	if (str_eq(key, STR("result")))
		out->letter = str_eq(s, STR("success")) ? 'K' : str_eq(s, STR("failure")) ? 'D' : 'Z';
	for (int i = 0; str_eq(key, STR("event")) && i < EVENTS; i++)
		if (str_eq(s, str_z(names[i])))
			out->event = (enum qlog_event)i;
}

static bool member(struct str *s, struct buf *hold, struct qlog_line *out)
{
	struct str key, value;
	uint64_t n;
	size_t used;

	if (!text(s, hold, &key) || !eat(s, ':'))
		return false;
	if (s->n && s->p[0] == '"') {
		if (!text(s, hold, &value))
			return false;
		text_member(key, value, out);
		return true;
	}
	used = num_scan(*s, &n);
	*s = str_from(*s, used);
	if (used)
		number_member(key, n, out);
	return used > 0;
}

bool qlog_parse_json(struct str line, struct qlog_line *out)
{
	static struct buf hold = BUF_INIT;	/* what the views point into: it must not move */
	bool good = eat(&line, '{');

	*out = (struct qlog_line){0};
	buf_clear(&hold);
	buf_grow(&hold, line.n + 1);
	do
		good = good && member(&line, &hold, out);
	while (good && eat(&line, ','));
	good = good && eat(&line, '}') && !line.n;
	if (!good)
		*out = (struct qlog_line){0};
	return good;
}
