/* qlogselect - filter a log of qmail-send by sender and time.  Run by people over logs with decimal time stamps, in
 * front of the analysers; knows which deliveries belong to which message. */
#include <errno.h>
#include <regex.h>
#include <string.h>
#include <time.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/sys/in.h"
#include "core/sys/out.h"
#include "queue/qlog.h"

enum { BUCKETS = 4096, LINE_MAX_BYTES = 1 << 20 };

/* A message or a delivery that has begun and not ended.  Numbers count per queue. */
struct item {
	struct item *next;
	uint64_t number, queue;
	bool delivery, selected, remote;
	struct buf first;	/* the line "new msg", until the sender is known */
};

static struct item *table[BUCKETS];
static regex_t pattern;
static bool by_sender, strip, add;
static uint64_t from_time, to_time = UINT64_MAX;
static unsigned long local_now, remote_now;

static void invalid(void) __attribute__((noreturn));
static void invalid(void)
{
	die(1, "Invalid argument");
}

/* ---- what is under way */

static uint64_t hash(struct str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

static struct item **find(bool delivery, uint64_t number, uint64_t queue)
{
	struct item **i = &table[(number ^ queue ^ queue >> 32 ^ delivery) % BUCKETS];

	while (*i && ((*i)->delivery != delivery || (*i)->number != number || (*i)->queue != queue))
		i = &(*i)->next;
	return i;
}

static void forget(struct item **i)
{
	struct item *old = *i;

	if (!old)
		return;
	*i = old->next;
	buf_free(&old->first);
	mem_free(old);
}

static struct item *begin(bool delivery, uint64_t number, uint64_t queue)
{
	struct item **i = find(delivery, number, queue);

	forget(i);
	i = find(delivery, number, queue);
	*i = mem_alloc(sizeof **i);
	**i = (struct item){.number = number, .queue = queue, .delivery = delivery, .first = BUF_INIT};
	return *i;
}

/* ---- one line; whether it is printed */

static bool matches(struct str sender)
{
	struct buf b = BUF_INIT;
	regmatch_t m;

	buf_add(&b, sender);
	bool yes = regexec(&pattern, b.p, 1, &m, 0) == 0 && m.rm_so == 0 && (size_t)m.rm_eo == b.n;

	buf_free(&b);
	return yes;
}

/* The sender decides; until then the line before this one waits. */
static bool on_info(const struct qlog_line *l, uint64_t queue, struct out *out, bool in_time)
{
	struct item **i = find(false, l->id, queue), *m = *i ? *i : begin(false, l->id, queue);

	m->selected = matches(l->sender);
	if (m->selected && in_time)
		out_add(out, buf_str(&m->first));
	buf_clear(&m->first);
	return m->selected;
}

static bool on_start(const struct qlog_line *l, uint64_t queue)
{
	struct item *m = *find(false, l->id, queue), *d = begin(true, l->delivery, queue ^ hash(l->qident));

	d->remote = l->remote;
	d->selected = !by_sender || (m && m->selected);
	if (d->selected)
		++*(d->remote ? &remote_now : &local_now);
	return d->selected;
}

static bool on_report(const struct qlog_line *l, uint64_t queue)
{
	struct item **d = find(true, l->delivery, queue ^ hash(l->qident));
	bool selected = *d ? (*d)->selected : !by_sender;

	if (*d && selected)
		--*((*d)->remote ? &remote_now : &local_now);
	forget(d);
	return selected;
}

static bool selected(const struct qlog_line *l, struct str whole, struct out *out, bool in_time)
{
	uint64_t queue = hash(l->queue);
	struct item **m = find(false, l->id, queue);
	bool yes = *m && (*m)->selected;

	switch (l->event) {
	case QLOG_STATUS:
		return !strip;
	case QLOG_START:
		return on_start(l, queue);
	case QLOG_REPORT:
		return on_report(l, queue);
	case QLOG_NEW:
		if (by_sender && in_time)
			buf_set(&begin(false, l->id, queue)->first, whole);
		return !by_sender;
	case QLOG_INFO:
		return !by_sender || on_info(l, queue, out, in_time);
	case QLOG_END:
		forget(m);
		return yes || !by_sender;
	case QLOG_BOUNCE:
		return yes || !by_sender;
	default:
		return !by_sender;
	}
}

/* SECONDS.FRACTION and a blank; what follows is left in *text. */
static bool time_of(struct str *text, uint64_t *sec)
{
	size_t i = num_scan(*text, sec);

	while (i < text->n && (text->p[i] == '.' || chr_digit(text->p[i])))
		i++;
	if (!i || i >= text->n || text->p[i] != ' ')
		return false;
	*text = str_from(*text, i + 1);
	return true;
}

static void line(struct str whole, struct out *out)
{
	struct str text = str_rtrim(whole), stamp;
	struct qlog_line l;
	uint64_t sec = 0;

	stamp = str_to(text, str_chr(text, ' '));
	if (!time_of(&text, &sec)) {
		out_flush(out);
		die(1, "Bad line");
	}
	bool in_time = sec >= from_time && sec < to_time;

	qlog_parse(text, &l);
	if (!selected(&l, whole, out, in_time) || !in_time)
		return;
	out_add(out, whole);
	if (add && (l.event == QLOG_START || l.event == QLOG_REPORT))
		out_fmt(out, "%.*s status: status: local %lu/? remote %lu/?\n", STR_FMT(stamp), local_now, remote_now);
}

/* ---- arguments */

/* Midnight here of YYYY-MM-DD, or seconds since 1970. */
static uint64_t moment(const char *text)
{
	struct str rest = str_z(text);
	uint64_t v[3], n;

	if (num_parse(rest, UINT64_MAX, &n))
		return n;
	for (int i = 0; i < 3; i++)
		if (!num_parse(str_cut(&rest, '-'), 9999, &v[i]))
			invalid();
	if (rest.p || v[0] < 1970 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
		invalid();
	struct tm tm = {.tm_year = (int)v[0] - 1900, .tm_mon = (int)v[1] - 1, .tm_mday = (int)v[2], .tm_isdst = -1};
	time_t t = mktime(&tm);

	return t < 0 ? 0 : (uint64_t)t;
}

static void arguments(char **argv)
{
	for (char **a = argv + 1; *a; a++) {
		if (strcmp(*a, "stripstatus") == 0) {
			strip = true;
		} else if (strcmp(*a, "addstatus") == 0) {
			add = true;
		} else if (!a[1]) {
			invalid();
		} else if (strcmp(*a, "start") == 0) {
			from_time = moment(*++a);
		} else if (strcmp(*a, "end") == 0) {
			to_time = moment(*++a);
		} else if (strcmp(*a, "from") == 0 && !by_sender) {
			if (regcomp(&pattern, *++a, REG_EXTENDED | REG_ICASE) != 0)
				invalid();
			by_sender = true;
		} else {
			invalid();
		}
	}
}

static int qlogselect_main(int argc, char **argv)
{
	static char space[65536], room[65536];
	struct buf text = BUF_INIT;
	struct out out;
	struct in in;
	int r;

	(void)argc;
	arguments(argv);
	in_init(&in, 0, space, sizeof space);
	out_init(&out, 1, room, sizeof room);
	while ((r = in_line(&in, &text, '\n', LINE_MAX_BYTES)) == 1 || (r == 0 && text.n)) {
		line(buf_str(&text), &out);
		buf_clear(&text);
	}
	if (r < 0)
		die(1, "unable to read input: %s", log_errno(errno));
	if (out_flush(&out) < 0)
		die(1, "unable to write output: %s", log_errno(errno));
	buf_free(&text);
	for (int i = 0; i < BUCKETS; i++)
		while (table[i])
			forget(&table[i]);
	if (by_sender)
		regfree(&pattern);
	return 0;
}

APPLET(qlogselect) = {
	.name = "qlogselect", .family = "svc",
	.brief = "filter a log of qmail-send by sender and time",
	.args = "[from regex] [start time] [end time] [stripstatus] [addstatus]",
	.role = AS_CALLER, .flags = APPLET_RAW, .main = qlogselect_main,
};
