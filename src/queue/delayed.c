/* delayed - rate control: remote recipients that wait for their domain's turn; see job.h and rate.h. */
#include <string.h>

#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "queue/job.h"
#include "queue/qlog.h"
#include "queue/rate.h"

enum { REFUSALS_MAX = 50 };	/* in a row, before partners and signals are looked at again */

void sched_rates(struct sched *s)
{
	s->rates = rate_dir(".", &s->rate_dir) && (s->always_rates || file_exists(s->rate_dir.p));
}

static struct str domain_of(struct str rcpt)
{
	size_t at = str_rchr(rcpt, '@');

	return str_from(rcpt, at < rcpt.n ? at + 1 : at);
}

void delayed_begin(struct sched *s, uint64_t id)
{
	idset_del(&s->delayed, id);
	s->refused_id = 0;
}

/* A list of recipients in one domain is asked about once in a pass. */
static bool refused_already(const struct sched *s, const struct job *j, struct str domain, time_t now)
{
	return s->refused_id == j->id && now < s->refused_until && str_ieq(buf_str(&s->refused), domain);
}

static void refuse(struct sched *s, struct job *j, struct str domain, time_t until)
{
	j->refused++;
	if (j->refused == 1 || until < j->turn)
		j->turn = until;
	s->refusals++;
	s->refused_id = j->id;
	s->refused_until = until;
	buf_set(&s->refused, domain);
}

bool delayed_may(struct sched *s, int chan, struct job *j, struct str rcpt)
{
	struct str domain = domain_of(rcpt);
	struct rate_verdict v;
	struct err e = {0};

	if (chan != CHAN_REMOTE || !s->rates)
		return true;
	time_t now = clock_now();

	if (refused_already(s, j, domain, now)) {
		refuse(s, j, domain, s->refused_until);
		return false;
	}
	if (rate_ask(s->rate_dir.p, rcpt, now, &v, &e) < 0) {
		qlog_say(&s->log, "warn", s->program, s->q, "%s%s%s; delivered without limit", e.text, e.num ? ": " : "",
			e.num ? strerror(e.num) : "");
		return true;
	}
	if (v.limited)
		qlog_rate(&s->log, domain, j->id, &v, s->q);
	if (v.wait)
		refuse(s, j, domain, now + v.seconds);
	return !v.wait;
}

bool delayed_pause(const struct sched *s)
{
	return s->refusals >= REFUSALS_MAX;
}

time_t delayed_turn(struct sched *s, int chan, const struct job *j, size_t left, time_t retry)
{
	if (j->warn && j->warn < retry)
		retry = j->warn;
	if (chan != CHAN_REMOTE || !j->refused)
		return retry;
	idset_add(&s->delayed, j->id);
	/* others failed for a while: whichever is sooner */
	return left > j->refused && retry < j->turn ? retry : j->turn;
}
