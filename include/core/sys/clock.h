/* clock - what time is it, and waiting. */
#ifndef CORE_SYS_CLOCK_H
#define CORE_SYS_CLOCK_H

#include <stdbool.h>
#include <time.h>

time_t clock_now(void);				/* seconds since 1970 */
/* It is at least t: as long as the clock says less, clock_now counts on from t.  0: as the clock says. */
void clock_set_floor(time_t t);
bool clock_behind(void);			/* does the clock say less? */
void clock_us(time_t *sec, long *usec);		/* the same with microseconds */
bool clock_local(time_t t, struct tm *tm);	/* the time of this place; false: the year is beyond words */
long long clock_mono_ms(void);			/* milliseconds, never jumps */
long long clock_coarse_ms(void);		/* the same, up to a tick ago: never a system call */
void clock_sleep_ms(long ms);			/* full time, even when signals arrive */
void clock_nap_ms(long ms);			/* a signal ends it */
void clock_nap_us(long us);			/* the same, microseconds */
void clock_alarm(unsigned sec);			/* SIGALRM after sec seconds; 0 cancels */

#endif
