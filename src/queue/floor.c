/* floor - the latest time a queue has seen; see floor.h. */
#include "queue/floor.h"

#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"

enum {
	TEXT_MAX = 32,
	SET_SINCE = 946684800,	/* 2000: no clock that was ever set says less */
};

static time_t saved;	/* what is in the file */

time_t floor_read(void)
{
	struct buf b = BUF_INIT;
	uint64_t t = 0;

	if (file_slurp("steer/floor", &b, TEXT_MAX) < 0 || !num_parse(str_trim(buf_str(&b)), INT64_MAX / 4, &t))
		t = 0;
	buf_free(&b);
	return (time_t)t;
}

bool floor_stale(time_t used, long ossified)
{
	return !clock_behind() && used > SET_SINCE && clock_now() > used + ossified;
}

long floor_load(void)
{
	time_t now = clock_now();

	saved = floor_read();
	if (saved <= now + FLOOR_SLACK)
		return 0;
	clock_set_floor(saved);
	return (long)(saved - now);
}

void floor_end(time_t now)
{
	struct buf b = BUF_INIT;
	struct err e;

	buf_fmt(&b, "%lld\n", (long long)now);
	if (now != saved && file_replace("steer/floor", buf_str(&b), 0600, &e) == 0)
		saved = now;
	buf_free(&b);
}

void floor_save(time_t now)
{
	/* tried once in a while only, even when it fails; a clock put back counts from there */
	static time_t tried;

	if (now >= tried && now < tried + FLOOR_EVERY)
		return;
	tried = now;
	floor_end(now);
}
