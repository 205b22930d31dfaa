/* access - rules files and the search in them; see access.h. */
#include "core/net/access.h"

#include <errno.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/conf/cdb.h"
#include "core/net/rule.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

enum {
	KEEP_MAX = 1 << 20,	/* a larger cdb is read where it lies */
	TEXT_MAX = 16 << 20,
	SETTLED = 2,		/* seconds after which a text rewritten in place is believed to be whole */
};

enum form { NOTHING, CDB_KEPT, CDB_FILE, TEXT };

struct access {
	const char *fn;
	bool may_lack;
	enum form form;
	struct stat seen;	/* of the file read */
	struct buf bytes;	/* CDB_KEPT */
	struct arena mem;	/* TEXT: what the map points to */
	struct map map;
};

struct access *access_open(const char *fn, bool may_lack)
{
	struct access *a = mem_alloc(sizeof *a);

	*a = (struct access){.fn = fn, .may_lack = may_lack, .bytes = BUF_INIT};
	return a;
}

static void drop(struct access *a)
{
	buf_free(&a->bytes);
	map_free(&a->map);
	arena_free(&a->mem);
	a->map = (struct map){0};
	a->mem = (struct arena){0};
	a->form = NOTHING;
}

void access_close(struct access *a)
{
	if (a)
		drop(a);
	mem_free(a);
}

static bool same(const struct stat *x, const struct stat *y)
{
	return x->st_dev == y->st_dev && x->st_ino == y->st_ino && x->st_size == y->st_size &&
		x->st_mtim.tv_sec == y->st_mtim.tv_sec && x->st_mtim.tv_nsec == y->st_mtim.tv_nsec &&
		x->st_ctim.tv_sec == y->st_ctim.tv_sec && x->st_ctim.tv_nsec == y->st_ctim.tv_nsec;
}

static int keep_rule(void *ctx, struct str key, struct str data)
{
	struct access *a = ctx;

	map_put(&a->map, arena_str(&a->mem, key), arena_str(&a->mem, data));
	return 0;
}

static int read_text(struct access *a, struct str text, struct err *e)
{
	for (unsigned n = 1; text.p; n++) {
		struct str line = str_cut(&text, '\n');
		enum rule_line r = rule_parse(line, keep_rule, a);

		if (r != RULE_NONE && r != RULE_OK)
			return err_temp(e, EINVAL, "%s: line %u", a->fn, n);
	}
	a->form = TEXT;
	return 0;
}

/* What fd holds, into an empty a. */
static int read_file(struct access *a, int fd, struct err *e)
{
	bool named = str_ends(str_z(a->fn), STR(".cdb"));
	struct cdb c = {.fd = fd, .size = (uint64_t)a->seen.st_size};
	bool cdb = named || cdb_sound(&c);

	if (cdb && a->seen.st_size > KEEP_MAX) {
		a->form = CDB_FILE;
		return cdb_sound(&c) ? 0 : err_temp(e, EPROTO, "%s", a->fn);
	}
	if (file_slurp_fd(fd, &a->bytes, cdb ? KEEP_MAX : TEXT_MAX) < 0)
		return err_temp(e, errno, "%s", a->fn);
	if (!cdb) {
		int r = read_text(a, buf_str(&a->bytes), e);

		buf_free(&a->bytes);
		return r;
	}
	cdb_memory(&c, buf_str(&a->bytes));
	if (!cdb_sound(&c))
		return err_temp(e, EPROTO, "%s", a->fn);
	a->form = CDB_KEPT;
	return 0;
}

/* Is this the text we know, with somebody at work on it? */
static bool unsettled(const struct access *a, const struct stat *st)
{
	time_t age = clock_now() - st->st_mtim.tv_sec;

	return a->form == TEXT && st->st_ino == a->seen.st_ino && age >= 0 && age < SETTLED;
}

int access_refresh(struct access *a, struct err *e)
{
	struct access fresh = {.fn = a->fn, .may_lack = a->may_lack, .bytes = BUF_INIT};
	int fd, r;

	if (file_stat(a->fn, &fresh.seen) < 0) {
		if (errno != ENOENT || !a->may_lack)
			return err_temp(e, errno, "%s", a->fn);
		drop(a);
		a->seen = (struct stat){0};
		return 0;
	}
	if (a->form != NOTHING && (same(&fresh.seen, &a->seen) || unsettled(a, &fresh.seen)))
		return 0;
	fd = file_open(a->fn, O_RDONLY, 0);
	if (fd < 0 || file_fstat(fd, &fresh.seen) < 0) {
		r = err_temp(e, errno, "%s", a->fn);
		fd_close(fd);
		return r;
	}
	r = read_file(&fresh, fd, e);
	fd_close(fd);
	if (r < 0) {
		drop(&fresh);
		a->seen = fresh.seen;	/* said once */
		return a->form == NOTHING ? -1 : 1;
	}
	drop(a);
	*a = fresh;
	return 0;
}

/* ---- the search ---- */

struct search {
	struct access *a;
	struct cdb cdb;
	struct buf *key, *data;
	struct err *e;
};

/* 1 there is a record, 0, -1. */
static int try(struct search *s)
{
	struct str value;

	if (s->a->form != TEXT)
		return cdb_find(&s->cdb, buf_str(s->key), s->data, s->e);
	if (!map_get(&s->a->map, buf_str(s->key), &value))
		return 0;
	buf_set(s->data, value);
	return 1;
}

static int try2(struct search *s, struct str a, struct str b)
{
	buf_set(s->key, a);
	buf_add(s->key, b);
	buf_lower(s->key);
	return try(s);
}

/* The address as the rules write it: dotted, or the expanded form; what is no address stays as it is. */
struct forms {
	struct ip ip;
	bool valid, v4;
	struct buf first, second;
};

static void make_forms(struct forms *f, struct str text)
{
	*f = (struct forms){.first = BUF_INIT, .second = BUF_INIT};
	f->valid = ip_scan(text, &f->ip);
	f->v4 = f->valid && ip_is4(&f->ip);
	if (!f->valid) {
		buf_set(&f->first, text);
	} else if (f->v4) {
		ip_fmt(&f->first, &f->ip);
	} else {
		rule_expanded(&f->first, &f->ip);
		ip_fmt(&f->second, &f->ip);
	}
}

static int try_user(struct search *s, const struct access_who *w, const struct forms *f)
{
	struct buf head = BUF_INIT;
	int r;

	if (!w->info)
		return 0;
	buf_fmt(&head, "%s@", w->info);
	r = try2(s, buf_str(&head), buf_str(&f->first));
	buf_addc(&head, '=');
	if (r == 0 && w->host)
		r = try2(s, buf_str(&head), str_z(w->host));
	buf_free(&head);
	return r;
}

/* "10.1.2." and so on, from the longest. */
static int try_prefixes(struct search *s, const struct forms *f)
{
	struct str text = buf_str(&f->first);
	int r = 0;

	for (size_t n = text.n; r == 0 && n > 0 && (f->v4 || !f->valid); n--)
		if (text.p[n - 1] == '.')
			r = try2(s, str_to(text, n), STR(""));
	return r;
}

static int try_networks(struct search *s, const struct forms *f)
{
	int r = 0;

	if (!f->valid)
		return 0;
	rule_network_key(s->key, &f->ip);
	for (; r == 0 && s->key->n > 1; ) {
		r = try(s);
		if (r == 0)
			buf_trunc(s->key, s->key->n - 1);
	}
	return r;
}

static int try_suffixes(struct search *s, struct str host)
{
	int r = 0;

	for (; r == 0 && host.n; host = str_from(host, 1))
		if (host.p[0] == '.')
			r = try2(s, STR("="), host);
	return r ? r : try2(s, STR("="), STR(""));
}

static int search(struct search *s, const struct access_who *w, const struct forms *f)
{
	int r = try_user(s, w, f);

	if (r == 0)
		r = try2(s, buf_str(&f->first), STR(""));
	if (r == 0 && f->second.n)
		r = try2(s, buf_str(&f->second), STR(""));
	if (r == 0 && w->host)
		r = try2(s, STR("="), str_z(w->host));
	if (r == 0)
		r = try_prefixes(s, f);
	if (r == 0)
		r = try_networks(s, f);
	if (r == 0 && w->host)
		r = try_suffixes(s, str_z(w->host));
	return r ? r : try2(s, STR(""), STR(""));
}

int access_find(struct access *a, const struct access_who *who, struct buf *key, struct buf *data, struct err *e)
{
	struct search s = {.a = a, .cdb = {.fd = -1}, .key = key, .data = data, .e = e};
	struct forms f;
	int r = 1;

	if (a->form == NOTHING)
		return 0;
	if (a->form == CDB_FILE)
		r = cdb_open(&s.cdb, a->fn, e);
	else
		cdb_memory(&s.cdb, buf_str(&a->bytes));
	if (r != 1)
		return r < 0 || a->may_lack ? r : err_temp(e, ENOENT, "%s", a->fn);
	make_forms(&f, str_z(who->ip));
	r = search(&s, who, &f);
	buf_free(&f.first);
	buf_free(&f.second);
	cdb_close(&s.cdb);
	return r;
}

bool access_apply(struct str data, long *per_ip)
{
	struct buf name = BUF_INIT;
	struct rule_item item;
	bool allowed = true;

	while (allowed && rule_item(&data, &item)) {
		buf_set(&name, item.name);
		if (item.kind == 'D')
			allowed = false;
		else if (item.kind == '-')
			env_unset(name.p);
		else
			env_put_str(name.p, item.value);
		if (item.kind == '+' && str_eq(item.name, STR("MAXPERIP")))
			num_lead(item.value, per_ip);
	}
	buf_free(&name);
	return allowed;
}
