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

static char *two(char *p, long n)
{
	*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

/* Written by hand: every message has four or five of these. */
static void add_local(struct buf *b, const struct tm *tm)
{
	char text[] = " hh:mm:ss +hhmm";
	long off = tm->tm_gmtoff;

	buf_fmt(b, "%d %s %04d", tm->tm_mday, month[tm->tm_mon], tm->tm_year + 1900);
	two(text + 1, tm->tm_hour);
	two(text + 4, tm->tm_min);
	two(text + 7, tm->tm_sec);
	text[10] = off < 0 ? '-' : '+';
	/* zones of old differ by seconds: to the nearest minute */
	off = ((off < 0 ? -off : off) + 30) / 60;
	two(two(text + 11, off / 60), off % 60);
	buf_put(b, text, sizeof text - 1);
}

void date_rfc822(struct buf *b, time_t t)
{
	struct tm tm = local(t);

	buf_adds(b, day[tm.tm_wday]);
	buf_adds(b, ", ");
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
