/* layout - paths inside a queue and the collection of queues; see layout.h. */
#include "queue/layout.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/file.h"
#include "core/sys/rand.h"
#include "queue/figures.h"

const char *const layout_names[Q_PARTS] = {"mess", "intd", "todo", "info", "local", "remote", "bounce"};

struct layout layout_conf(void)
{
	long split = 0, big = 1;

	conf_int(CONF_CONFSPLIT, &split, NULL);
	conf_int(CONF_BIGTODO, &big, NULL);
	if (split < 1 || split > LAYOUT_SPLIT_MAX)
		split = LAYOUT_SPLIT_MAX;
	return (struct layout){(int)split, big != 0};
}

bool layout_is_split(const struct layout *l, enum part p)
{
	if (p == Q_BOUNCE)
		return false;
	return l->bigtodo || (p != Q_INTD && p != Q_TODO);
}

static void number(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t i = sizeof digits;

	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	buf_put(b, digits + i, sizeof digits - i);
}

void layout_messid(const struct layout *l, uint64_t id, struct buf *b)
{
	number(b, id % (uint64_t)l->split);
	buf_addc(b, '/');
	number(b, id);
}

void layout_path(const struct layout *l, enum part p, uint64_t id, struct buf *b)
{
	buf_adds(b, layout_names[p]);
	buf_addc(b, '/');
	if (layout_is_split(l, p))
		layout_messid(l, id, b);
	else
		number(b, id);
}

const char *layout_qname(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash && slash[1] ? slash + 1 : dir;
}

const char *queue_here(void)
{
	const char *dir = conf_env(CONF_QUEUEDIR);

	return dir && *dir ? dir : "queue";
}

static int collection(struct buf *base, long *start, long *count, struct err *e)
{
	if (conf_line(CONF_QUEUE_BASE, base, e) < 0 || conf_int(CONF_QUEUE_START, start, e) < 0 ||
		conf_int(CONF_QUEUE_COUNT, count, e) < 0)
		return -1;
	if (*count < 1)
		*count = 1;
	return 0;
}

int queue_choose(struct buf *dir, struct err *e)
{
	static uint32_t turn;
	static bool begun;
	const char *one = conf_env(CONF_QUEUEDIR);
	long start, count;

	if (one && *one) {
		buf_set(dir, str_z(one));
		return 0;
	}
	if (collection(dir, &start, &count, e) < 0)
		return -1;
	if (!begun)
		turn = rand_below(1u << 30);
	begun = true;
	long number = conf_set(CONF_DYNAMIC_QUEUE) ? figures_choose(dir->p, start, turn) : -1;

	if (number < 0)
		number = start + (long)(turn % (uint32_t)count);
	turn++;
	buf_fmt(dir, "/queue%ld", number);
	return 0;
}

int queue_walk(int (*each)(const char *dir, void *arg), void *arg, struct err *e)
{
	static const char *const others[] = {"nqueue", "slowq", "qmta"};
	const char *one = conf_env(CONF_QUEUEDIR);
	struct buf base = BUF_INIT, dir = BUF_INIT;
	long start, count;
	int r = 0;

	if (one && *one)
		return each(one, arg);
	if (collection(&base, &start, &count, e) < 0)
		return -1;
	if (conf_set(CONF_DYNAMIC_QUEUE))
		count = FIGURES_QUEUES_MAX;	/* whatever there is */
	for (long i = 0; r == 0 && i < count; i++) {
		buf_clear(&dir);
		buf_fmt(&dir, "%s/queue%ld", base.p, start + i);
		if (!file_exists(dir.p))
			break;
		r = each(dir.p, arg);
	}
	for (size_t i = 0; r == 0 && i < sizeof others / sizeof *others; i++) {
		buf_clear(&dir);
		buf_fmt(&dir, "%s/%s", base.p, others[i]);
		if (file_exists(dir.p))
			r = each(dir.p, arg);
	}
	buf_free(&base);
	buf_free(&dir);
	return r;
}

int queue_look(int (*each)(const char *dir, void *arg), void *arg, struct err *e)
{
	const char *one = conf_env(CONF_QUEUEDIR);
	struct stat st;

	if (one && *one && file_stat(one, &st) < 0)
		return err_temp(e, errno, "unable to enter %s", one);
	return queue_walk(each, arg, e);
}
