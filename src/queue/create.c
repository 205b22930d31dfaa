/* create - make a queue directory usable; see create.h. */
#include "queue/create.h"

#include <errno.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"

enum { TCPTO_SIZE = 2048 };

const struct queue_entry queue_entries[] = {
	{".", 'q', 0, 0750},
	{"pid", 'q', 0, 0700},
	{"mess", 'q', 'p', 0750},
	{"intd", 'q', 't', 0700},
	{"todo", 'q', 't', 0750},
	{"info", 's', 'p', 0700},
	{"local", 's', 'p', 0700},
	{"remote", 's', 'p', 0700},
	{"bounce", 's', 0, 0700},
	{"journal", 'q', 0, 0700},
	{"steer", 's', 0, 0700},
	{"lock", 'q', 0, 0750},
	{"lock/sendmutex", 's', 'f', 0600},
	{"lock/tcpto", 'r', 'f', 0644},
	{"lock/trigger", 's', 'F', 0622},
};
const size_t queue_entries_count = sizeof queue_entries / sizeof *queue_entries;

uid_t queue_owner_uid(const struct queue_owners *o, char owner)
{
	return owner == 's' ? o->send : owner == 'r' ? o->remote : o->queue;
}

static int own(const char *fn, const struct queue_entry *q, const struct queue_owners *o, struct err *e)
{
	if (o->change && file_chown(fn, queue_owner_uid(o, q->owner), o->group) < 0)
		return err_temp(e, errno, "unable to chown %s", fn);
	/* the queue itself may be behind a link of its administrator's; what is in it belongs to others than root */
	if ((q->name[0] == '.' ? file_chmod(fn, q->mode) : file_chmod_own(fn, q->mode)) < 0)
		return err_temp(e, errno, "unable to chmod %s", fn);
	return 0;
}

static int make_dir(const char *fn, const struct queue_entry *q, const struct queue_owners *o, struct err *e)
{
	if (file_mkdir(fn, q->mode) < 0 && errno != EEXIST)
		return err_temp(e, errno, "unable to create %s", fn);
	return own(fn, q, o, e);
}

static int make_file(const char *fn, const struct queue_entry *q, const struct queue_owners *o, struct err *e)
{
	static const char zeros[TCPTO_SIZE];
	struct stat st;
	bool tcpto = str_ends(str_z(fn), STR("tcpto"));
	int fd = file_open(fn, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, q->mode), r = 0;

	if (fd < 0)
		return err_temp(e, errno, "unable to create %s", fn);
	if (tcpto && (file_fstat(fd, &st) < 0 || (st.st_size < TCPTO_SIZE && fd_write_all(fd, zeros, TCPTO_SIZE) < 0)))
		r = err_temp(e, errno, "unable to write %s", fn);
	fd_close(fd);
	return r < 0 ? r : own(fn, q, o, e);
}

int queue_make(const char *fn, const struct queue_entry *q, const struct queue_owners *o, struct err *e)
{
	if (q->kind == 'f')
		return make_file(fn, q, o, e);
	if (q->kind != 'F')
		return make_dir(fn, q, o, e);
	if (file_mkfifo(fn, q->mode) < 0 && errno != EEXIST)
		return err_temp(e, errno, "unable to create %s", fn);
	return own(fn, q, o, e);
}

bool queue_entry_split(const struct queue_entry *q, const struct layout *l)
{
	return q->kind == 'p' || (q->kind == 't' && l->bigtodo);
}

int queue_create_journal(const char *base, const struct queue_owners *o, struct err *e)
{
	static const struct queue_entry journal = {"journal", 'q', 0, 0700};
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", base, journal.name);
	int r = queue_make(fn.p, &journal, o, e);

	buf_free(&fn);
	return r;
}

int queue_create(const char *dir, const struct layout *l, const struct queue_owners *o, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < queue_entries_count; i++) {
		const struct queue_entry *q = &queue_entries[i];
		bool split = queue_entry_split(q, l);

		buf_set(&fn, str_z(dir));
		if (i > 0)	/* the first entry is the queue itself */
			buf_fmt(&fn, "/%s", q->name);
		r = queue_make(fn.p, q, o, e);
		for (int part = 0; r == 0 && split && part < l->split; part++) {
			buf_clear(&fn);
			buf_fmt(&fn, "%s/%s/%d", dir, q->name, part);
			r = queue_make(fn.p, q, o, e);
		}
	}
	buf_free(&fn);
	return r;
}
