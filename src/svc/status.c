/* status - how a service is, in 21 bytes; see status.h. */
#include "svc/status.h"

#include <string.h>

/* TAI64: seconds since 1970 above 2^62, and the ten seconds TAI was ahead of UTC then */
static const uint64_t TAI_BASE = 4611686018427387914u;

/* Offsets of the fields. */
enum { SECONDS = 0, NANO = 8, PID = 12, PAUSED = 16, WANT = 17, WAIT = 18, UP = 20 };

static void put_big(unsigned char *p, int n, uint64_t v)
{
	while (n--) {
		p[n] = (unsigned char)v;
		v >>= 8;
	}
}

static uint64_t get_big(const unsigned char *p, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

void status_pack(const struct status *s, unsigned char out[STATUS_SIZE])
{
	put_big(out + SECONDS, 8, TAI_BASE + (uint64_t)s->since);
	put_big(out + NANO, 4, s->nsec);
	for (int i = 0; i < 4; i++)
		out[PID + i] = (unsigned char)(s->pid >> 8 * i);
	out[PAUSED] = s->paused;
	out[WANT] = (unsigned char)s->want;
	out[WAIT] = (unsigned char)s->wait;
	out[WAIT + 1] = (unsigned char)((uint16_t)s->wait >> 8);
	out[UP] = s->up;
}

bool status_unpack(struct status *s, const unsigned char *p, size_t n)
{
	uint64_t tai;

	if (n != STATUS_SIZE && n != STATUS_CLASSIC_SIZE)
		return false;
	tai = get_big(p + SECONDS, 8);
	/* beyond any clock: not a time, and the subtraction must not overflow */
	if (tai < TAI_BASE || tai - TAI_BASE > INT64_MAX / 2 || get_big(p + NANO, 4) > 999999999)
		return false;
	memset(s, 0, sizeof *s);
	s->since = (time_t)(tai - TAI_BASE);
	s->nsec = (uint32_t)get_big(p + NANO, 4);
	for (int i = 3; i >= 0; i--)
		s->pid = s->pid << 8 | p[PID + i];
	s->paused = p[PAUSED] != 0;
	s->want = (char)p[WANT];
	s->up = s->pid != 0;
	if (n == STATUS_SIZE) {
		s->wait = (int16_t)(p[WAIT] | p[WAIT + 1] << 8);
		s->up = p[UP] != 0;
	}
	return true;
}

unsigned long status_seconds(const struct status *s, time_t now)
{
	return now > s->since ? (unsigned long)(now - s->since) : 0;
}
