/* proctree - descendants of a process; see proctree.h. */
#include "svc/proctree.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/sys/file.h"

enum { COMMAND_MAX = 4096, DEPTH_MAX = 64 };

struct process {
	pid_t pid, parent;
};
struct processes {
	VEC(struct process) list;
};

static int read_about(pid_t pid, const char *what, struct buf *text)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "/proc/%ld/%s", (long)pid, what);
	int r = file_slurp(fn.p, text, COMMAND_MAX);

	if (r < 0 && errno == EFBIG)
		r = 0;
	buf_free(&fn);
	return r;
}

int proctree_command(pid_t pid, struct buf *out)
{
	struct buf text = BUF_INIT;
	int r = read_about(pid, "cmdline", &text);
	struct str s = buf_str(&text);

	while (s.n && !s.p[s.n - 1])
		s.n--;
	if (r == 0 && s.n == 0) {	/* a process without a command line has a name all the same */
		buf_clear(&text);
		r = read_about(pid, "comm", &text);
		s = str_rtrim(buf_str(&text));
	}
	for (size_t i = 0; r == 0 && i < s.n && i < COMMAND_MAX; i++)
		buf_addc(out, !s.p[i] ? ' ' : (unsigned char)s.p[i] < 32 || s.p[i] == 127 ? '?' : s.p[i]);
	buf_free(&text);
	return r;
}

/* The parent is the second word behind the name, which stands in parentheses and may hold some itself. */
static pid_t parent_of(pid_t pid)
{
	struct buf text = BUF_INIT;
	uint64_t parent = 0;

	if (read_about(pid, "stat", &text) == 0) {
		struct str rest = buf_str(&text);

		rest = str_from(rest, str_rchr(rest, ')') + 1);
		str_word(&rest);
		num_parse(str_word(&rest), INT32_MAX, &parent);
	}
	buf_free(&text);
	return (pid_t)parent;
}

static int compare(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int read_all(struct processes *all, struct err *e)
{
	const char *name;
	struct dir d;
	uint64_t pid;

	if (dir_open(&d, "/proc") < 0)
		return err_temp(e, errno, "unable to open /proc");
	while (dir_next(&d, &name) > 0)
		if (num_parse(str_z(name), INT32_MAX, &pid)) {
			struct process p = {(pid_t)pid, parent_of((pid_t)pid)};

			vec_push(&all->list, p);
		}
	dir_close(&d);
	if (all->list.n)
		qsort(all->list.p, all->list.n, sizeof *all->list.p, compare);
	return 0;
}

static void put(const struct processes *all, pid_t pid, int depth, struct buf *out)
{
	buf_fmt(out, "%7ld %*s", (long)pid, 2 * depth, "");
	if (proctree_command(pid, out) < 0)
		buf_adds(out, "(gone)");
	buf_addc(out, '\n');
	for (size_t i = 0; i < all->list.n && depth < DEPTH_MAX; i++)
		if (all->list.p[i].parent == pid && all->list.p[i].pid != pid)
			put(all, all->list.p[i].pid, depth + 1, out);
}

int proctree_text(pid_t root, struct buf *out, struct err *e)
{
	struct processes all = {{0}};

	if (read_all(&all, e) < 0)
		return -1;
	put(&all, root, 0, out);
	vec_free(&all.list);
	return 0;
}
