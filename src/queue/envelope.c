/* envelope - record files of a queue; see envelope.h. */
#include "queue/envelope.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/sys/file.h"

enum { FILE_MAX = 1 << 30 };

int envelope_next(struct str *rest, struct str *text)
{
	size_t n = str_chr(*rest, 0);

	if (rest->n == 0)
		return 0;
	if (n == rest->n || n == 0)
		return -1;
	*text = str_from(str_to(*rest, n), 1);
	int letter = (unsigned char)rest->p[0];

	*rest = str_from(*rest, n + 1);
	return letter;
}

/* A y record belongs to the recipient before it; without one the file is info. */
static void dsn_record(struct envelope *v, struct str text)
{
	if (!v->rcpts.n) {
		vec_push(&v->notes, text);
		return;
	}
	while (v->dsn.n < v->rcpts.n)
		vec_push(&v->dsn, STR(""));
	v->dsn.p[v->rcpts.n - 1] = text;
}

struct str envelope_dsn(const struct envelope *v, size_t i)
{
	return i < v->dsn.n ? v->dsn.p[i] : STR("");
}

/* Views into text: the caller sees that it stays. */
static int parse(struct str text, struct envelope *v, struct err *e)
{
	struct str rest = text, r;
	int letter;

	while ((letter = envelope_next(&rest, &r)) > 0) {
		switch (letter) {
		case 'u':
			num_scan(r, &v->uid);
			break;
		case 'p':
			num_scan(r, &v->pid);
			break;
		case 'F':
			v->sender = r;
			break;
		case 'e':
			v->extra = r;
			break;
		case 'h':
			v->headers = r;
			break;
		case 'T':
			vec_push(&v->rcpts, r);
			break;
		case 'x':
			v->params = r;
			break;
		case 'y':
			dsn_record(v, r);
			break;
		default:
			return err_perm(e, 0, "unknown record type in");
		}
	}
	if (letter < 0)
		return err_perm(e, 0, "cut record in");
	if (!v->sender.p)
		return err_perm(e, 0, "no sender in");
	return 0;
}

int envelope_parse(struct str text, struct envelope *v, struct err *e)
{
	*v = (struct envelope){0};
	v->whole = arena_str(&v->mem, text);
	if (parse(v->whole, v, e) == 0)
		return 0;
	envelope_free(v);
	return -1;
}

int envelope_read(const char *fn, struct envelope *v, struct err *e)
{
	struct buf b = BUF_INIT;
	int r = -1;

	*v = (struct envelope){0};
	if (file_slurp(fn, &b, FILE_MAX) < 0)
		err_temp(e, errno, "unable to read %s", fn);
	else
		r = envelope_parse(buf_str(&b), v, e);
	buf_free(&b);
	return r;
}

void envelope_free(struct envelope *v)
{
	arena_free(&v->mem);
	vec_free(&v->rcpts);
	vec_free(&v->dsn);
	vec_free(&v->notes);
	*v = (struct envelope){0};
}
