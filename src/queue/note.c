/* note - delivery status parameters on disk; see note.h. */
#include "queue/note.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

void note_add(struct buf *b, char state, char channel, size_t mpos, struct str params, struct str rcpt)
{
	buf_fmt(b, "y%c%c%zu %.*s\n", state, channel, mpos, STR_FMT(params));
	buf_add(b, rcpt);
	buf_addc(b, 0);
}

static bool parse(struct str text, struct note *n)
{
	struct str rest = str_from(text, 2), place = str_cut(&rest, ' ');
	uint64_t mpos;

	if (text.n < 3 || !rest.p || str_chr(STR("-wkr."), text.p[0]) == 5 || str_chr(STR("LR"), text.p[1]) == 2 ||
		!num_parse(place, INT64_MAX, &mpos))
		return false;
	n->state = text.p[0];
	n->channel = text.p[1];
	n->mpos = (off_t)mpos;
	n->params = str_cut(&rest, '\n');
	n->rcpt = rest;
	return rest.p != NULL;
}

void notes_take(const struct envelope *v, char channel, struct notes *n)
{
	struct note note;

	for (size_t i = 0; i < v->notes.n; i++) {
		note.at = v->notes.p[i].p - v->whole.p;
		if (parse(v->notes.p[i], &note) && (!channel || note.channel == channel))
			vec_push(&n->v, note);
	}
}

struct note *notes_find(const struct notes *n, off_t mpos)
{
	size_t low = 0, high = n->v.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (n->v.p[mid].mpos == mpos)
			return &n->v.p[mid];
		if (n->v.p[mid].mpos < mpos)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

int note_mark(const char *info, struct note *n, char state, struct err *e)
{
	int fd = file_open(info, O_WRONLY, 0), r = 0;

	n->state = state;
	bool sync = (state == NOTE_DELIVERED || state == NOTE_RELAYED) && conf_enabled(CONF_USE_FSYNC);

	if (fd < 0 || fd_seek(fd, n->at) < 0 || fd_write_all(fd, &state, 1) < 0 || (sync && file_sync(fd) < 0))
		r = err_temp(e, errno, "trouble marking %s", info);
	fd_close(fd);
	return r;
}
