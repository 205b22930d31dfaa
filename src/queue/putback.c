/* putback - messages that have left the files of the queue, or never had any, get them (again); see put.h. */
#include <errno.h>

#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/numbers.h"
#include "queue/putstate.h"

/* A put for queue dir as far as its message's number is concerned. */
static struct put *bare_put(const char *dir)
{
	struct put *p = put_new(&(struct put_origin){.uid = proc_uid(), .pid = proc_pid()});

	buf_set(&p->dir, str_z(dir));
	return p;
}

int put_store(const char *dir, struct str env, struct str body, uint64_t *id, struct err *e)
{
	struct put *p = bare_put(dir);

	if (put_create(p, e) < 0)
		goto fail;
	buf_add(&p->text.b, body);
	if (put_body_end(p, e) < 0)
		goto fail;
	buf_set(&p->env.b, env);
	if (put_flush(p, &p->env) < 0) {
		put_write_failed(&p->intd, e);
		goto fail;
	}
	*id = p->id;
	put_free(p);
	return 0;
fail:
	put_abort(p);
	return -1;
}

/* The files of a message whose number is known; what an earlier try has left is overwritten. */
static int write_files(struct put *p, struct str env, struct str body, struct err *e)
{
	if (!put_claim(p)) {
		/* another file would not have the number for its own */
		if (errno != ENOENT && errno != EEXIST)
			return err_code(e, 67, errno, "unable to claim message %llu", (unsigned long long)p->id);
		put_path(p, Q_MESS, &p->mess);
		p->text.fd = put_new_file(p->mess.p, O_TRUNC);
	}
	if (p->text.fd < 0)
		return err_code(e, 67, errno, "unable to create %s", p->mess.p);
	buf_add(&p->text.b, body);
	if (put_flush(p, &p->text) < 0)
		return put_write_failed(&p->mess, e);
	if (put_create_envelope(p, e) < 0)
		return -1;
	buf_add(&p->env.b, env);
	if (put_flush(p, &p->env) < 0)
		return put_write_failed(&p->intd, e);
	put_path(p, Q_TODO, &p->todo);
	if (file_link(p->intd.p, p->todo.p) < 0 && errno != EEXIST)
		return err_code(e, 66, errno, "unable to link %s to %s", p->intd.p, p->todo.p);
	return 0;
}

int put_files(const char *dir, uint64_t id, struct str env, struct str body, struct err *e)
{
	struct put *p = bare_put(dir);
	struct buf kept = BUF_INIT;

	p->id = id;
	int r = write_files(p, env, body, e);

	if (r < 0) {
		/* its number must stay taken */
		buf_fmt(&kept, "%s/", dir);
		numbers_file(id, &kept);
		if (p->intd.n)
			file_unlink(p->intd.p);
		if (p->mess.n && file_empty(p->mess.p) == 0)
			file_rename_new(p->mess.p, kept.p);
		buf_free(&kept);
	}
	put_free(p);
	return r;
}

int put_release(const char *dir, uint64_t id, struct err *e)
{
	struct put *p = bare_put(dir);
	int r = 0;

	p->id = id;
	put_path(p, Q_INTD, &p->intd);
	put_path(p, Q_TODO, &p->todo);
	if (file_link(p->intd.p, p->todo.p) < 0)
		r = err_code(e, 66, errno, "unable to link %s to %s", p->intd.p, p->todo.p);
	put_free(p);
	return r;
}

void put_withdraw(const char *dir, uint64_t id)
{
	struct put *p = bare_put(dir);

	p->id = id;
	put_path(p, Q_TODO, &p->todo);
	put_path(p, Q_INTD, &p->intd);
	put_path(p, Q_MESS, &p->mess);
	put_abort(p);
}
