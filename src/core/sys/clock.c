/* clock - time; see clock.h. */
#include "core/sys/clock.h"

#include <errno.h>
#include <unistd.h>

static time_t floor_time;
static long long floor_mono;

void clock_set_floor(time_t t)
{
	floor_time = t;
	floor_mono = clock_mono_ms();
}

bool clock_behind(void)
{
	return time(NULL) < floor_time;
}

time_t clock_now(void)
{
	time_t t = time(NULL);

	return t < floor_time ? floor_time + (time_t)((clock_mono_ms() - floor_mono) / 1000) : t;
}

void clock_us(time_t *sec, long *usec)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	*sec = t.tv_sec;
	*usec = t.tv_nsec / 1000;
}

bool clock_local(time_t t, struct tm *tm)
{
	return localtime_r(&t, tm) != NULL;
}

long long clock_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

long long clock_coarse_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

void clock_nap_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

void clock_nap_us(long us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&t, NULL);
}

void clock_alarm(unsigned sec)
{
	alarm(sec);
}
