/* gauges - counters of queues as text; see gauges.h. */
#include "queue/gauges.h"

#include "core/base/json.h"

static const char *const chans[METRICS_CHANS] = {"local", "remote"};
static const char *const results[METRICS_RESULTS] = {"success", "deferral", "failure"};

/* What a family's samples are taken from: it adds them for one queue. */
struct family {
	const char *name, *type, *unit, *help;
	void (*add)(struct buf *b, const char *name, const struct gauges *g);
};

static void label(struct buf *b, const char *value)
{
	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addc(b, '\\');
		buf_addc(b, (unsigned char)*p < 32 ? '_' : *p);
	}
}

/* NAME{queue="Q",KEY="VALUE"} N; key NULL: without. */
static void sample(struct buf *b, const char *name, const char *end, const char *queue, const char *key,
	const char *value, long long n)
{
	buf_fmt(b, "%s%s{queue=\"", name, end);
	label(b, queue);
	if (key)
		buf_fmt(b, "\",%s=\"%s", key, value);
	buf_fmt(b, "\"} %lld\n", n);
}

#define COUNTER(fn, expr) static void fn(struct buf *b, const char *name, const struct gauges *g) \
{ if (g->m) sample(b, name, "_total", g->queue, NULL, NULL, (long long)(expr)); }
#define GAUGE(fn, expr) static void fn(struct buf *b, const char *name, const struct gauges *g) \
{ if (g->m) sample(b, name, "", g->queue, NULL, NULL, (long long)(expr)); }
#define BY_CHANNEL(fn, field) static void fn(struct buf *b, const char *name, const struct gauges *g) \
{ for (int c = 0; g->m && c < METRICS_CHANS; c++) \
	sample(b, name, "", g->queue, "channel", chans[c], (long long)metrics_get(g->m->field[c])); }
#define JOURNAL(fn, end, field) static void fn(struct buf *b, const char *name, const struct gauges *g) \
{ if (g->journal) sample(b, name, end, g->journal, NULL, NULL, (long long)g->counts.field); }

COUNTER(messages, metrics_get(g->m->messages))
COUNTER(bytes, metrics_get(g->m->bytes))
COUNTER(bounces, metrics_get(g->m->bounces))
GAUGE(first, metrics_get(g->m->first))
GAUGE(held, metrics_get(g->m->held))
GAUGE(started, metrics_get(g->m->started))
BY_CHANNEL(running, running)
BY_CHANNEL(limit, limit)
BY_CHANNEL(waiting, waiting)
JOURNAL(journal_messages, "_total", messages)
JOURNAL(journal_bytes, "_total", bytes)
JOURNAL(journal_syncs, "_total", syncs)
JOURNAL(journal_refused, "_total", refused)
JOURNAL(journal_segments, "", segments_used)
JOURNAL(journal_limit, "", segments_max)

static void up(struct buf *b, const char *name, const struct gauges *g)
{
	sample(b, name, "", g->queue, NULL, NULL, g->up);
}

static void queued(struct buf *b, const char *name, const struct gauges *g)
{
	if (g->looked)
		sample(b, name, "", g->queue, NULL, NULL, (long long)g->messages);
}

static void oldest(struct buf *b, const char *name, const struct gauges *g)
{
	if (g->looked)
		sample(b, name, "", g->queue, NULL, NULL, g->oldest);
}

static void deliveries(struct buf *b, const char *name, const struct gauges *g)
{
	for (int c = 0; g->m && c < METRICS_CHANS; c++)
		for (int r = 0; r < METRICS_RESULTS; r++) {
			buf_fmt(b, "%s_total{queue=\"", name);
			label(b, g->queue);
			buf_fmt(b, "\",channel=\"%s\",result=\"%s\"} %llu\n", chans[c], results[r],
				(unsigned long long)metrics_get(g->m->deliveries[c][r]));
		}
}

static void ages(struct buf *b, const char *name, const struct gauges *g)
{
	uint64_t sum = 0;
	struct buf le = BUF_INIT;

	for (int i = 0; g->m && i < METRICS_AGES; i++) {
		sum += metrics_get(g->m->age[i]);
		buf_clear(&le);
		if (i < METRICS_AGES - 1)
			buf_fmt(&le, "%ld.0", metrics_ages[i]);
		else
			buf_adds(&le, "+Inf");
		sample(b, name, "_bucket", g->queue, "le", le.p, (long long)sum);
	}
	if (g->m) {
		sample(b, name, "_count", g->queue, NULL, NULL, (long long)sum);
		sample(b, name, "_sum", g->queue, NULL, NULL, (long long)metrics_get(g->m->age_sum));
	}
	buf_free(&le);
}

static const struct family families[] = {
	{"indimail_up", "gauge", NULL, "Whether qmail-send runs.", up},
	{"indimail_start_time_seconds", "gauge", "seconds", "When qmail-send was started, since 1970.", started},
	{"indimail_messages", "counter", NULL, "Messages taken into the queue.", messages},
	{"indimail_messages_bytes", "counter", "bytes", "Their size.", bytes},
	{"indimail_deliveries", "counter", NULL, "Deliveries that have ended, by result.", deliveries},
	{"indimail_bounces", "counter", NULL, "Messages whose bounce was sent or discarded.", bounces},
	{"indimail_age_seconds", "histogram", "seconds", "Age of messages when they left the queue.", ages},
	{"indimail_running", "gauge", NULL, "Deliveries under way.", running},
	{"indimail_concurrency", "gauge", NULL, "How many there may be.", limit},
	{"indimail_waiting", "gauge", NULL, "Messages that wait for their next try.", waiting},
	{"indimail_first_attempts", "gauge", NULL, "Messages in their first attempt.", first},
	{"indimail_held", "gauge", NULL, "Messages held by order.", held},
	{"indimail_queued", "gauge", NULL, "Messages in the queue.", queued},
	{"indimail_oldest_seconds", "gauge", "seconds", "Age of the oldest message in the queue.", oldest},
	{"indimail_journal_messages", "counter", NULL, "Messages accepted through the journal since the boot.",
		journal_messages},
	{"indimail_journal_bytes", "counter", "bytes", "Bytes written to the journal since the boot.",
		journal_bytes},
	{"indimail_journal_syncs", "counter", NULL, "Syncs of the journal since the boot.", journal_syncs},
	{"indimail_journal_refused", "counter", NULL, "Messages the journal had no room for.", journal_refused},
	{"indimail_journal_segments", "gauge", NULL, "Segments of the journal in use.", journal_segments},
	{"indimail_journal_segments_limit", "gauge", NULL, "How many there may be.", journal_limit},
};

void gauges_text(const struct gauges *g, size_t n, struct buf *b)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		const struct family *f = &families[i];

		buf_fmt(b, "# TYPE %s %s\n", f->name, f->type);
		if (f->unit)
			buf_fmt(b, "# UNIT %s %s\n", f->name, f->unit);
		buf_fmt(b, "# HELP %s %s\n", f->name, f->help);
		for (size_t k = 0; k < n; k++)
			f->add(b, f->name, &g[k]);
	}
	buf_adds(b, "# EOF\n");
}

static void open_object(struct buf *b, const char *name)
{
	json_key(b, name);
	buf_addc(b, '{');
}

static void counters_json(struct metrics *m, struct buf *b)
{
	json_number(b, "messages", (long long)metrics_get(m->messages));
	json_number(b, "bytes", (long long)metrics_get(m->bytes));
	json_number(b, "ended", (long long)metrics_get(m->ended));
	json_number(b, "bounces", (long long)metrics_get(m->bounces));
	json_number(b, "first_attempts", (long long)metrics_get(m->first));
	json_number(b, "held", (long long)metrics_get(m->held));
	json_number(b, "started", (long long)metrics_get(m->started));
	for (int c = 0; c < METRICS_CHANS; c++) {
		open_object(b, chans[c]);
		for (int r = 0; r < METRICS_RESULTS; r++)
			json_number(b, results[r], (long long)metrics_get(m->deliveries[c][r]));
		json_number(b, "running", (long long)metrics_get(m->running[c]));
		json_number(b, "concurrency", (long long)metrics_get(m->limit[c]));
		json_number(b, "waiting", (long long)metrics_get(m->waiting[c]));
		buf_addc(b, '}');
	}
}

static void journal_json(const struct journal_counts *c, struct buf *b)
{
	open_object(b, "journal");
	json_number(b, "messages", (long long)c->messages);
	json_number(b, "bytes", (long long)c->bytes);
	json_number(b, "syncs", (long long)c->syncs);
	json_number(b, "refused", (long long)c->refused);
	json_number(b, "segments", (long long)c->segments_used);
	json_number(b, "segments_limit", (long long)c->segments_max);
	buf_addc(b, '}');
}

void gauges_json(const struct gauges *g, size_t n, struct buf *out)
{
	struct buf b = BUF_INIT;

	for (size_t k = 0; k < n; k++) {
		buf_clear(&b);
		buf_addc(&b, '{');
		json_pair(&b, "queue", str_z(g[k].queue));
		json_bool(&b, "up", g[k].up);
		if (g[k].m)
			counters_json(g[k].m, &b);
		if (g[k].looked) {
			json_number(&b, "queued", (long long)g[k].messages);
			json_number(&b, "oldest", g[k].oldest);
		}
		if (g[k].journal)
			journal_json(&g[k].counts, &b);
		buf_adds(&b, "}\n");
		buf_add(out, buf_str(&b));
	}
	buf_free(&b);
}
