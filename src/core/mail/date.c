/* date - times as mail writes them; see date.h. */
#include "core/mail/date.h"

static const char day[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void date_rfc822(struct buf *b, time_t t)
{
	struct tm tm;

	if (!localtime_r(&t, &tm))
		gmtime_r(&(time_t){0}, &tm);
	long off = tm.tm_gmtoff / 60;
	char sign = off < 0 ? '-' : '+';

	if (off < 0)
		off = -off;
	buf_fmt(b, "%s, %d %s %04d %02d:%02d:%02d %c%02ld%02ld", day[tm.tm_wday], tm.tm_mday, month[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, sign, off / 60, off % 60);
}

static struct tm utc(time_t t)
{
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		gmtime_r(&(time_t){0}, &tm);
	return tm;
}

void date_utc(struct buf *b, time_t t)
{
	struct tm tm = utc(t);

	buf_fmt(b, "%d %s %04d %02d:%02d:%02d", tm.tm_mday, month[tm.tm_mon], tm.tm_year + 1900,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void date_asctime(struct buf *b, time_t t)
{
	struct tm tm = utc(t);

	buf_fmt(b, "%s %s %02d %02d:%02d:%02d %04d", day[tm.tm_wday], month[tm.tm_mon], tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

void date_compact(struct buf *b, time_t t)
{
	struct tm tm = utc(t);

	buf_fmt(b, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}
