/* await - a service that waits for another one; see await.h. */
#include "svc/await.h"

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/file.h"
#include "svc/state.h"

enum { FILE_MAX = 4096, SECONDS_MAX = 32767, SECONDS_DEFAULT = 60 };

bool await_read(const char *file, const char *scandir, long *seconds, struct buf *other)
{
	struct buf text = BUF_INIT;
	struct str rest, name;

	buf_clear(other);
	*seconds = 0;
	if (file_slurp(file, &text, FILE_MAX) == 0) {
		rest = buf_str(&text);
		num_lead(str_trim(str_cut(&rest, '\n')), seconds);
		name = str_trim(str_cut(&rest, '\n'));
		if (str_starts(name, STR("../")))
			name = str_from(name, 3);
		if (name.n && name.p[0] != '/')
			buf_fmt(other, "%s/", scandir);
		buf_add(other, name);
	}
	/* the status has room for 15 bits */
	if (*seconds > SECONDS_MAX)
		*seconds = SECONDS_DEFAULT;
	if (*seconds < 0)
		*seconds = 0;
	buf_free(&text);
	return other->n > 0;
}

bool await_up(const char *other)
{
	struct buf path = BUF_INIT, fifo = BUF_INIT;
	bool up = !file_exists(other);

	if (!up && conf_line(CONF_UPFIFO, &fifo, NULL) >= 0 && state_find(other, &path, NULL) == 0)
		up = state_reached(path.p, fifo.p) == 1;
	buf_free(&path);
	buf_free(&fifo);
	return up;
}
