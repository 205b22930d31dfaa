/* spam - in front of a spam filter; see spam.h. */
#include "core/smtp/spam.h"

#include <errno.h>

#include "core/smtp/match.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

enum { REMARK_MAX = 500 };

int spam_exempt(struct str sender, struct err *e)
{
	struct match m = MATCH_INIT;
	int r = match_open(&m, CONF_SPAMIGNORE, CONF_SPAMIGNOREPATTERNS, e);

	if (r == 0)
		r = match_find(&m, sender, e);
	match_close(&m);
	return r;
}

bool spam_logs(void)
{
	const char *to = conf_env(CONF_LOGFILTER);

	return to && *to == '/';
}

int spam_log_open(int *logfd, struct err *e)
{
	struct buf dir = BUF_INIT;
	long n = 255;

	conf_int(CONF_LOGFD, &n, NULL);
	*logfd = n > 2 && n < 1024 ? (int)n : 255;
	int fd = conf_line(CONF_TMPDIR, &dir, NULL) < 0 ? -1 : file_temp(dir.p);

	if (fd < 0)
		err_temp(e, errno, "unable to create a temporary file in %s", dir.p);
	buf_free(&dir);
	return fd;
}

/* Foreign text within one line. */
static void add_safe(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(b, (unsigned char)s.p[i] < 32 || s.p[i] == 127 ? '?' : s.p[i]);
}

void spam_log_remark(int fd, struct buf *remark)
{
	char block[REMARK_MAX];
	ssize_t n = fd_read_at(fd, block, sizeof block, 0);
	struct str s = str_make(block, n > 0 ? (size_t)n : 0);

	buf_clear(remark);
	add_safe(remark, str_trim(str_to(s, str_chr(s, '\n'))));
	fd_close(fd);
}

void spam_log(const char *program, long pid, struct str sender, struct str rcpt, unsigned long long size,
	struct str remark)
{
	struct buf line = BUF_INIT;
	int fd = file_open(conf_env(CONF_LOGFILTER), O_WRONLY | O_APPEND | O_NONBLOCK, 0);

	if (fd < 0)
		return;
	buf_fmt(&line, "%s: pid %ld MAIL from <", program, pid);
	add_safe(&line, sender);
	buf_adds(&line, "> RCPT <");
	add_safe(&line, rcpt);
	buf_fmt(&line, "> Size: %llu%s%.*s\n", size, remark.n ? " " : "", STR_FMT(remark));
	fd_write_all(fd, line.p, line.n);
	fd_close(fd);
	buf_free(&line);
}
