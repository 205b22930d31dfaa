/* parcel - messages on their way out of a queue and into another; see parcel.h. */
#include "queue/parcel.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/smtp/dsn.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/note.h"

enum { BLOCK = 65536, HEAD_MAX = 1000, FILE_MAX = 1 << 30 };

void parcel_name(const struct view *v, const char *end, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s.%llu.%lld.%s", v->queue, (unsigned long long)v->id, (long long)v->birth, end);
}

static void record(struct buf *b, char letter, struct str text)
{
	buf_addc(b, letter);
	buf_add(b, text);
	buf_addc(b, 0);
}

/* Recipients as the outside knows them: the next queue decides again where they belong. */
static void envelope(const struct rewrite *r, const struct view *v, struct buf *b)
{
	struct notes notes = {{0}};

	notes_take(&v->env, 0, &notes);
	buf_fmt(b, "u%llu", (unsigned long long)v->env.uid);
	buf_addc(b, 0);
	buf_fmt(b, "p%llu", (unsigned long long)v->env.pid);
	buf_addc(b, 0);
	record(b, 'F', v->env.sender);
	if (v->env.params.n)
		record(b, 'x', v->env.params);
	for (size_t i = 0; i < v->rcpts.n; i++) {
		const struct view_rcpt *t = &v->rcpts.p[i];
		struct str params = t->channel == 'N' ? envelope_dsn(&v->env, i) : STR("");

		if (t->done)
			continue;
		for (size_t k = 0; k < notes.v.n && t->channel != 'N'; k++)
			if (notes.v.p[k].channel == t->channel && notes.v.p[k].mpos == t->mpos)
				params = notes.v.p[k].params;
		record(b, 'T', t->channel == 'N' ? t->addr : rewrite_strip(r, t->addr));
		if (params.n)
			record(b, 'y', params);
	}
	if (v->env.extra.n)
		record(b, 'e', v->env.extra);
	if (v->env.headers.n)
		record(b, 'h', v->env.headers);
	vec_free(&notes.v);
}

static int copy(int to, int from, uint64_t n)
{
	static char block[BLOCK];

	while (n) {
		ssize_t got = fd_read(from, block, n < BLOCK ? (size_t)n : BLOCK);

		if (got <= 0 || fd_write_all(to, block, (size_t)got) < 0)
			return -1;
		n -= (uint64_t)got;
	}
	return 0;
}

static int write_file(const char *fn, int from, struct str head, uint64_t bytes, struct err *e)
{
	int fd = file_open(fn, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int r = fd < 0 || fd_write_all(fd, head.p, head.n) < 0 || copy(fd, from, bytes) < 0 || file_sync(fd) < 0 ?
		err_temp(e, errno, "unable to write %s", fn) : 0;

	fd_close(fd);
	if (r < 0)
		file_unlink(fn);
	return r;
}

int parcel_write(const struct parcel_way *w, const struct view *v, struct err *e)
{
	struct buf fn = BUF_INIT, name = BUF_INIT, env = BUF_INIT, head = BUF_INIT;
	struct stat st;
	int result = -1;

	layout_path(w->lay, Q_MESS, v->id, &fn);
	int from = file_open(fn.p, O_RDONLY, 0);

	if (from < 0 || file_fstat(from, &st) < 0) {
		err_temp(e, errno, "unable to open %s", fn.p);
		goto out;
	}
	envelope(w->rules, v, &env);
	buf_fmt(&head, "indimail-parcel 1\nqueue %s\nid %llu\nbirth %lld\nenvelope %zu\nmessage %llu\n\n", v->queue,
		(unsigned long long)v->id, (long long)v->birth, env.n, (unsigned long long)st.st_size);
	buf_add(&head, buf_str(&env));
	parcel_name(v, "part", &name);
	buf_clear(&fn);
	buf_fmt(&fn, "%s/%s", w->dir, name.p);
	result = write_file(fn.p, from, buf_str(&head), (uint64_t)st.st_size, e);
out:
	fd_close(from);
	buf_free(&fn);
	buf_free(&name);
	buf_free(&env);
	buf_free(&head);
	return result;
}

int parcel_rename(const char *dir, const char *from, const char *to, struct err *e)
{
	struct buf old = BUF_INIT, new = BUF_INIT;
	int r = 0;

	buf_fmt(&old, "%s/%s", dir, from);
	buf_fmt(&new, "%s/%s", dir, to);
	if (file_rename(old.p, new.p) < 0 || file_sync_dir(dir) < 0)
		r = err_temp(e, errno, "unable to rename %s", old.p);
	buf_free(&old);
	buf_free(&new);
	return r;
}

/* The last of the dotted words of *s, cut off. */
static struct str last_word(struct str *s)
{
	size_t dot = str_rchr(*s, '.');
	struct str w = str_from(*s, dot + 1);

	*s = str_to(*s, dot < s->n ? dot : 0);
	return w;
}

bool parcel_whose(struct str name, struct str *queue, uint64_t *id, uint64_t *birth)
{
	last_word(&name);
	if (!num_parse(last_word(&name), INT64_MAX, birth) || !num_parse(last_word(&name), UINT64_MAX, id))
		return false;
	*queue = name;
	return name.n > 0;
}

struct str parcel_queue(struct str name)
{
	last_word(&name);
	last_word(&name);
	return last_word(&name);
}

/* ---- reading ---- */

static bool head_number(struct str *rest, const char *name, uint64_t *n)
{
	struct str line = str_cut(rest, '\n');
	struct str key = str_cut(&line, ' ');

	return rest->p && line.p && str_eq(key, str_z(name)) && num_parse(line, INT64_MAX, n);
}

/* What put would take: a sender, a recipient, addresses of a size that fits; only letters it writes. */
static int check_envelope(struct str text, struct err *e)
{
	struct envelope v;
	struct str rest = text, r;
	int letter;
	bool good = true;

	if (envelope_parse(text, &v, e) < 0)
		return -1;
	good = v.rcpts.n > 0;
	envelope_free(&v);
	while ((letter = envelope_next(&rest, &r)) > 0) {
		struct dsn d;

		if ((letter == 'F' || letter == 'T') && r.n >= LAYOUT_ADDR_MAX)
			good = false;
		if ((letter == 'x' || letter == 'y') && !dsn_read(&d, (char)letter, r))
			good = false;
	}
	return good ? 0 : err_perm(e, 0, "bad envelope in");
}

int parcel_parse(struct parcel *p, struct err *e)
{
	struct str rest = buf_str(&p->text);
	uint64_t env, body;

	if (!str_eq(str_cut(&rest, '\n'), STR("indimail-parcel 1")) || !rest.p ||
		!str_starts(str_cut(&rest, '\n'), STR("queue ")) || !rest.p || !head_number(&rest, "id", &p->id) ||
		!head_number(&rest, "birth", &p->birth) || !head_number(&rest, "envelope", &env) ||
		!head_number(&rest, "message", &body) || !rest.n || rest.p[0] != '\n')
		return err_perm(e, 0, "no parcel:");
	rest = str_from(rest, 1);
	if (env > rest.n || body != rest.n - env)
		return err_perm(e, 0, "cut parcel:");
	p->env = str_to(rest, env);
	p->body = str_from(rest, env);
	return check_envelope(p->env, e);
}

int parcel_read(const char *fn, struct parcel *p, struct err *e)
{
	*p = (struct parcel){.text = BUF_INIT};
	if (file_slurp(fn, &p->text, FILE_MAX) < 0) {
		parcel_free(p);
		return err_temp(e, errno, "unable to read %s", fn);
	}
	if (parcel_parse(p, e) == 0)
		return 0;
	struct err why = *e;

	parcel_free(p);
	return err_perm(e, 0, "%.100s %s", why.text, fn);
}

void parcel_free(struct parcel *p)
{
	buf_free(&p->text);
}
