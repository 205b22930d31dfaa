/* delivery - header lines and environment of a local delivery; see delivery.h. */
#include "queue/delivery.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/mail/quote.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"

enum { BLOCK = 65536 };

void delivery_lines(struct delivery *d)
{
	buf_clear(&d->dtline);
	buf_fmt(&d->dtline, "Delivered-To: %s@%s", d->local, d->host);
	for (size_t i = 0; i < d->dtline.n; i++)
		if (d->dtline.p[i] == '\n')
			d->dtline.p[i] = '_';
	buf_addc(&d->dtline, '\n');
	buf_set(&d->rpline, STR("Return-Path: <"));
	quote_address(&d->rpline, str_z(d->sender));
	buf_adds(&d->rpline, ">\n");
}

void delivery_from_line(struct buf *b, const char *sender, time_t now)
{
	buf_adds(b, "From ");
	for (const char *s = *sender ? sender : "MAILER-DAEMON"; *s; s++)
		buf_addc(b, *s == ' ' || *s == '\t' || *s == '\n' ? '-' : *s);
	buf_addc(b, ' ');
	date_asctime(b, now);
	buf_addc(b, '\n');
}

/* EXT2 to EXT4: what follows the first, second, third '-'. */
static void export_ext(const char *ext)
{
	char name[] = "EXT2";
	struct str s = str_z(ext);

	env_put("EXT", ext);
	for (; name[3] <= '4'; name[3]++) {
		s = str_from(s, str_chr(s, '-') + 1);
		env_put_str(name, s);
	}
}

/* HOST2 to HOST4: without the last, the last two, the last three labels. */
static void export_host(const char *host)
{
	char name[] = "HOST2";
	struct str s = str_z(host);

	env_put("HOST", host);
	for (; name[4] <= '4'; name[4]++) {
		s = str_to(s, str_rchr(s, '.'));
		env_put_str(name, s);
	}
}

void delivery_export(const struct delivery *d)
{
	struct buf b = BUF_INIT;

	env_put("USER", d->user);
	env_put("HOME", d->home);
	env_put("LOCAL", d->local);
	env_put("SENDER", d->sender);
	env_put("DTLINE", d->dtline.p);
	env_put("RPLINE", d->rpline.p);
	env_put("QQEH", d->qqeh);
	buf_fmt(&b, "%s@%s", d->local, d->host);
	env_put("RECIPIENT", b.p);
	buf_clear(&b);
	delivery_from_line(&b, d->sender, clock_now());
	env_put("UFLINE", b.p);
	buf_free(&b);
	export_ext(d->ext);
	export_host(d->host);
	/* forwards are archived by rules of their own and filtered where they arrive */
	env_put("MAILARCHIVE", "forward.arch");
	env_unset("SPAMFILTER");
	env_unset("DEFAULT");
}

void delivery_sanitize(void)
{
	const char *names = conf_env(CONF_SANITIZE_ENV);
	struct buf list = BUF_INIT, keep = BUF_INIT;

	if (!names)
		return;
	buf_fmt(&list, "USE_FSYNC:USE_FDATASYNC:USE_SYNCDIR:MESSID:%s", names);
	/* name NUL value NUL, before everything goes */
	for (char *name = list.p, *end; name; name = end ? end + 1 : NULL) {
		if ((end = strchr(name, ':')))
			*end = 0;
		const char *value = conf_getenv(name);

		if (value)
			buf_fmt(&keep, "%s%c%s%c", name, 0, value, 0);
	}
	env_clear();
	for (const char *p = keep.p, *value; p < keep.p + keep.n; p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		env_put(p, value);
	}
	buf_free(&list);
	buf_free(&keep);
}

int delivery_loops(const struct delivery *d, int fd, long max, struct err *e)
{
	char block[BLOCK];
	struct buf line = BUF_INIT;
	struct in in;
	int r = 1;
	long hits = 0;

	if (max < 0)
		return 0;
	if (fd_seek(fd, 0) < 0)
		return err_temp(e, errno, "unable to rewind the message (#4.3.0)");
	in_init(&in, fd, block, sizeof block);
	while (hits <= max && (r = in_line(&in, &line, '\n', BLOCK)) != 0) {
		if (r < 0 && errno != EMSGSIZE)
			break;
		if (r > 0 && line.n == 1)
			break;
		hits += str_eq(buf_str(&line), buf_str(&d->dtline));
		buf_clear(&line);
	}
	buf_free(&line);
	if (r < 0)
		return err_temp(e, errno, "unable to read the message (#4.3.0)");
	return hits > max;
}

int delivery_sender_local(const struct delivery *d, struct err *e)
{
	struct table t = TABLE_INIT;
	struct str sender = str_z(d->sender);
	size_t at = str_rchr(sender, '@');
	int r;

	if (at == sender.n)
		return 1;
	r = conf_table(CONF_LOCALDOMAINS_LIST, &t, e);
	if (r >= 0)
		r = table_has(&t, str_from(sender, at + 1));
	table_free(&t);
	return r;
}
