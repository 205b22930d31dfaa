/* numbers - free message numbers in common memory; see numbers.h. */
#include "queue/numbers.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/rand.h"
#include "core/sys/share.h"

enum {
	NUMBERS = 512,
	RECHECK = 10,	/* seconds before the file is looked at again */
};

static const char magic[8] = "IMN-1\0\0";
static const char prefix[] = "loose.";

struct shared {
	char magic[8];
	char boot[40];			/* of which run of the machine: files of another may be gone */
	_Atomic int32_t taker;		/* process that takes loose messages, 0: nobody does */
	_Atomic uint64_t number[NUMBERS];
};

/* The numbers of one queue as this process knows them; no descriptors, see journalstate.h. */
struct numbers {
	struct buf dir;
	struct shared *s;	/* NULL: none */
	uint64_t ino;		/* of the mapped file */
	time_t again;
};
static VEC(struct numbers *) known;

static struct shared *map(int fd, uint64_t *ino)
{
	struct stat st;
	char boot[40];

	if (file_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != (off_t)sizeof(struct shared))
		return NULL;
	struct shared *s = share_file(fd, sizeof *s);

	if (s && (memcmp(s->magic, magic, sizeof magic) != 0 || !proc_boot(boot, sizeof boot) || strcmp(s->boot, boot) != 0)) {
		share_end(s, sizeof *s);
		s = NULL;
	}
	*ino = (uint64_t)st.st_ino;
	return s;
}

/* The file may have been made, or made anew, since it was looked at. */
static void look(struct numbers *n)
{
	struct buf fn = BUF_INIT;
	struct stat st;

	n->again = clock_now() + RECHECK;
	buf_fmt(&fn, "%s/steer/numbers", n->dir.p);
	if (n->s && (file_stat(fn.p, &st) < 0 || (uint64_t)st.st_ino != n->ino)) {
		share_end(n->s, sizeof *n->s);
		n->s = NULL;
	}
	if (!n->s) {
		int fd = file_open(fn.p, O_RDWR | O_NOFOLLOW, 0);

		if (fd >= 0)
			n->s = map(fd, &n->ino);
		fd_close(fd);
	}
	buf_free(&fn);
}

static struct numbers *handle(const char *dir)
{
	struct numbers *n = NULL;

	for (size_t i = 0; i < known.n && !n; i++)
		if (strcmp(known.p[i]->dir.p, dir) == 0)
			n = known.p[i];
	if (!n) {
		n = mem_alloc(sizeof *n);
		buf_init(&n->dir);
		buf_set(&n->dir, str_z(dir));
		vec_push(&known, n);
	}
	return n;
}

static struct shared *of(const char *dir)
{
	struct numbers *n = handle(dir);

	if (clock_now() >= n->again)
		look(n);
	return n->s;
}

void numbers_file(uint64_t number, struct buf *fn)
{
	buf_adds(fn, "pid/");
	buf_adds(fn, prefix);
	buf_fmt(fn, "%llu", (unsigned long long)number);
}

uint64_t numbers_of(const char *name)
{
	uint64_t n;

	return strncmp(name, prefix, sizeof prefix - 1) == 0 && num_parse(str_z(name + sizeof prefix - 1), UINT64_MAX, &n) ? n : 0;
}

/* Is the number's file there?  Somebody may have cleared the directory. */
static bool kept(const char *dir, uint64_t number)
{
	struct buf fn = BUF_INIT;
	struct stat st;

	buf_adds(&fn, dir);
	buf_addc(&fn, '/');
	numbers_file(number, &fn);
	bool there = file_stat(fn.p, &st) == 0 && (uint64_t)st.st_ino == number;

	buf_free(&fn);
	return there;
}

/* Files of an earlier run of the machine: their numbers are nobody's. */
static void remove_old(void)
{
	struct buf fn = BUF_INIT;
	struct dir d;
	const char *name;

	if (dir_open(&d, "pid") < 0)
		return;
	while (dir_next(&d, &name) > 0)
		if (numbers_of(name)) {
			buf_clear(&fn);
			buf_fmt(&fn, "pid/%s", name);
			file_unlink(fn.p);
		}
	dir_close(&d);
	buf_free(&fn);
}

static bool make(void)
{
	struct shared s = {.taker = 0};

	memcpy(s.magic, magic, sizeof magic);
	if (!proc_boot(s.boot, sizeof s.boot))
		return false;
	remove_old();
	int fd = file_open("steer/numbers.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	bool done = fd >= 0 && fd_write_all(fd, (const char *)&s, sizeof s) == 0 &&
		file_rename("steer/numbers.new", "steer/numbers") == 0;

	fd_close(fd);
	return done;
}

bool numbers_open(void)
{
	struct shared *s = of(".");

	if (!s && make()) {
		handle(".")->again = 0;
		s = of(".");
	}
	if (!s)
		return false;
	atomic_store(&s->taker, (int32_t)proc_pid());
	return true;
}

void numbers_close(void)
{
	struct shared *s = of(".");

	if (s && atomic_load(&s->taker) == (int32_t)proc_pid())
		atomic_store(&s->taker, 0);
}

bool numbers_taken(const char *dir)
{
	const struct shared *s = of(dir);

	return s && atomic_load(&s->taker);
}

/* Processes start at different places and go round. */
static unsigned begin(void)
{
	static unsigned at;
	static bool begun;

	if (!begun)
		at = rand_below(NUMBERS);
	begun = true;
	return at++;
}

uint64_t numbers_take(const char *dir)
{
	struct shared *s = of(dir);

	if (!s || !atomic_load(&s->taker))
		return 0;
	for (unsigned i = begin(), end = i + NUMBERS; i != end; i++) {
		_Atomic uint64_t *place = &s->number[i % NUMBERS];
		uint64_t n = atomic_load(place) ? atomic_exchange(place, 0) : 0;

		if (n && kept(dir, n))
			return n;
	}
	return 0;
}

static bool put(struct shared *s, uint64_t number)
{
	for (unsigned i = 0; s && i < NUMBERS; i++) {
		uint64_t none = 0;

		if (!atomic_load(&s->number[i]) && atomic_compare_exchange_strong(&s->number[i], &none, number))
			return true;
	}
	return false;
}

void numbers_give(const char *dir, uint64_t number)
{
	struct buf fn = BUF_INIT;

	if (put(of(dir), number))
		return;
	buf_fmt(&fn, "%s/", dir);
	numbers_file(number, &fn);
	file_unlink(fn.p);
	buf_free(&fn);
}

static bool wanted(const struct shared *s)
{
	if (s && atomic_load(&s->taker))
		for (int i = 0; i < NUMBERS; i++)
			if (!atomic_load(&s->number[i]))
				return true;
	return false;
}

bool numbers_park(const char *fn, uint64_t number)
{
	struct shared *s = of(".");
	struct buf name = BUF_INIT;
	struct stat st;
	bool done = false;

	numbers_file(number, &name);
	/* a number that is not its file's could become another file's */
	if (wanted(s) && file_stat(fn, &st) == 0 && (uint64_t)st.st_ino == number && file_empty(fn) == 0 &&
		file_rename_new(fn, name.p) == 0) {
		if (!put(s, number))
			file_unlink(name.p);
		done = true;
	}
	buf_free(&name);
	return done;
}

bool numbers_free(uint64_t number)
{
	const struct shared *s = of(".");

	for (int i = 0; s && i < NUMBERS; i++)
		if (atomic_load(&s->number[i]) == number)
			return true;
	return false;
}
