/* spawners - lspawn and rspawn on demand; see spawners.h. */
#include "queue/spawners.h"

#include <errno.h>
#include <string.h>

#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "queue/qlog.h"
#include "queue/spawner.h"

enum {
	IDLE_MS = 3000,		/* before one that is not needed ends */
	AGAIN_MS = 10000,	/* before one that could not be started is tried again */
};

static void end(struct spawners *p, int c)
{
	fd_close(p->out[c]);
	fd_close(p->in[c]);
	p->out[c] = p->in[c] = -1;
}

/* It announces its limit in two bytes. */
static bool read_limit(int fd, int *limit)
{
	unsigned char b[2];

	if (fd_read(fd, b, 1) != 1 || fd_read(fd, b + 1, 1) != 1)
		return false;
	*limit = b[0] | b[1] << 8;
	return true;
}

static bool start(struct spawners *p, struct sched *s, int c)
{
	int limit;

	if (p->start(c, &p->out[c], &p->in[c]) == 0) {
		if (read_limit(p->in[c], &limit)) {
			fd_nonblock(p->out[c], true);
			fd_nonblock(p->in[c], true);
			return true;
		}
		end(p, c);
		errno = EPIPE;
	}
	qlog_say(&s->log, "warn", s->program, s->q, "unable to start a spawner: %s; will try again later", strerror(errno));
	return false;
}

bool spawners_open(struct spawners *p, struct sched *s)
{
	for (int c = 0; c < CHANS; c++) {
		int limit = SPAWNER_SLOTS;

		if (p->start)
			p->out[c] = p->in[c] = -1;
		else if (!read_limit(p->in[c], &limit))
			return false;
		sched_slots(s, c, limit);
		fd_nonblock(p->out[c], true);
		fd_nonblock(p->in[c], true);
	}
	return true;
}

void spawners_look(struct spawners *p, struct sched *s)
{
	long long now = clock_mono_ms();

	for (int c = 0; p->start && c < CHANS; c++) {
		bool wanted = s->c[c].out.n || s->c[c].used;

		if (wanted && p->out[c] >= 0) {
			p->at[c] = now;
		} else if (wanted && now >= p->at[c]) {
			p->at[c] = now + (start(p, s, c) ? 0 : AGAIN_MS);
		} else if (!wanted && p->out[c] >= 0 && now - p->at[c] >= IDLE_MS) {
			end(p, c);
			p->at[c] = 0;
		}
	}
}

bool spawners_active(const struct spawners *p, const struct sched *s)
{
	for (int c = 0; p->start && c < CHANS; c++)
		if (p->out[c] >= 0 || s->c[c].out.n)
			return true;
	return false;
}
