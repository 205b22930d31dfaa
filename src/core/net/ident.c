/* ident - RFC 1413 client; see ident.h. */
#include "core/net/ident.h"

#include "core/sys/clock.h"
#include "core/sys/fd.h"

enum { IDENT_PORT = 113, INFO_MAX = 256, ANSWER_MAX = 999 };

/* One line, in what is left of the time. */
static bool read_answer(int fd, long long end, struct buf *line)
{
	char block[256];

	while (line->n < ANSWER_MAX && str_chr(buf_str(line), '\n') == line->n) {
		long long left = end - clock_mono_ms();

		if (left <= 0 || fd_wait(fd, POLLIN, (int)left) <= 0)
			return false;
		ssize_t n = fd_read(fd, block, sizeof block);

		if (n <= 0)
			return false;
		buf_put(line, block, (size_t)n);
	}
	return true;
}

/* "6193, 23 : USERID : UNIX : joe" */
static void take_user(struct str line, struct buf *info)
{
	line = str_to(line, str_chr(line, '\n'));
	for (int i = 0; i < 3; i++) {
		struct str part = str_trim(str_cut(&line, ':'));

		if (!line.p || (i == 1 && !str_eq(part, STR("USERID"))))
			return;
	}
	for (size_t i = 0; i < line.n && info->n < INFO_MAX; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r' && line.p[i])
			buf_addc(info, line.p[i]);
}

bool ident_ask(const struct sock_end *local, const struct sock_end *peer, int timeout_ms, struct buf *info)
{
	struct sock_end to = *peer, from = *local;
	long long end = clock_mono_ms() + timeout_ms;
	struct buf line = BUF_INIT;

	to.port = IDENT_PORT;
	from.port = 0;
	buf_clear(info);
	int fd = sock_connect(&to, &from, timeout_ms);

	if (fd < 0)
		return false;
	buf_fmt(&line, "%u, %u\r\n", peer->port, local->port);
	if (fd_write_all(fd, line.p, line.n) == 0) {
		buf_clear(&line);
		if (read_answer(fd, end, &line))
			take_user(buf_str(&line), info);
	}
	fd_close(fd);
	buf_free(&line);
	return info->n > 0;
}
