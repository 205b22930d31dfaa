/* date - times as mail writes them; see date.h. */
#include "core/mail/date.h"

static const char day[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static struct tm local(time_t t)
{
	struct tm tm;

	if (!localtime_r(&t, &tm))
		gmtime_r(&(time_t){0}, &tm);
	return tm;
}

static void add_local(struct buf *b, const struct tm *tm)
{
	long off = tm->tm_gmtoff;
	char sign = off < 0 ? '-' : '+';

	/* zones of old differ by seconds: to the nearest minute */
	off = ((off < 0 ? -off : off) + 30) / 60;
	buf_fmt(b, "%d %s %04d %02d:%02d:%02d %c%02ld%02ld", tm->tm_mday, month[tm->tm_mon], tm->tm_year + 1900,
		tm->tm_hour, tm->tm_min, tm->tm_sec, sign, off / 60, off % 60);
}

void date_rfc822(struct buf *b, time_t t)
{
	struct tm tm = local(t);

	buf_fmt(b, "%s, ", day[tm.tm_wday]);
	add_local(b, &tm);
}

void date_local(struct buf *b, time_t t)
{
	struct tm tm = local(t);

	add_local(b, &tm);
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
