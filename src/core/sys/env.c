/* env - the environment; see env.h. */
#include "core/sys/env.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/mem.h"

extern char **environ;

/* What environ points to after the first change, NULL behind it.  The C library's setenv does the same more slowly. */
static VEC(char *) now;
/* Every string that was ever put into it, for views of them stay valid: mostly the same few again and again. */
static struct {
	char **slots;
	size_t size, used;
} texts;
static const struct env_copy *shared;	/* whose strings now has */

static size_t hash(const char *z)
{
	size_t h = 5381;

	while (*z)
		h = h * 33 ^ (unsigned char)*z++;
	return h;
}

static char **slot_of(const char *text)
{
	size_t i = hash(text) & (texts.size - 1);

	while (texts.slots[i] && strcmp(texts.slots[i], text) != 0)
		i = (i + 1) & (texts.size - 1);
	return &texts.slots[i];
}

static void more_slots(void)
{
	char **old = texts.slots;
	size_t n = texts.size;

	texts.size = n ? 2 * n : 64;
	texts.slots = mem_alloc(texts.size * sizeof *texts.slots);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			*slot_of(old[i]) = old[i];
	mem_free(old);
}

/* "NAME=value", for good. */
static char *text_of(const char *name, struct str value)
{
	static struct buf text = BUF_INIT;

	buf_clear(&text);
	buf_adds(&text, name);
	buf_addc(&text, '=');
	buf_add(&text, str_to(value, str_chr(value, 0)));
	if (2 * texts.used >= texts.size)
		more_slots();
	char **slot = slot_of(text.p);

	if (!*slot) {
		*slot = mem_copy(text.p, text.n);
		texts.used++;
	}
	return *slot;
}

static void use_now(void)
{
	vec_push(&now, NULL);
	now.n--;
	environ = now.p;
}

/* From now on environ is now. */
static void own(void)
{
	char **from = environ;

	if (from && from == now.p) {
		/* foreign code may have removed some */
		for (now.n = 0; from[now.n]; )
			now.n++;
		return;
	}
	vec_clear(&now);
	for (; from && *from; from++)
		vec_push(&now, *from);
	use_now();
}

/* Most differ in their first two characters, and every setting of every message asks. */
static bool begins(const char *entry, const char *name, size_t n)
{
	return entry[0] == name[0] && (n < 2 || entry[1] == name[1]) && strncmp(entry, name, n) == 0;
}

static bool is_named(const char *entry, const char *name, size_t n)
{
	return begins(entry, name, n) && entry[n] == '=';
}

const char *env_get(const char *name)
{
	size_t n = strlen(name);

	for (char **v = environ; n && v && *v; v++)
		if (is_named(*v, name, n))
			return *v + n + 1;
	return NULL;
}

const char *env_find(const char *name, const char **file)
{
	static const char suffix[] = "_FILE=";
	size_t n = strlen(name);

	*file = NULL;
	for (char **v = environ; v && *v; v++) {
		if (!begins(*v, name, n))
			continue;
		if ((*v)[n] == '=')
			return *v + n + 1;
		if (!*file && strncmp(*v + n, suffix, sizeof suffix - 1) == 0)
			*file = *v + n + sizeof suffix - 1;
	}
	return NULL;
}

static void put(const char *name, struct str value)
{
	size_t n = strlen(name), i = 0;

	if (!n || strchr(name, '='))
		return;
	char *text = text_of(name, value);

	own();
	while (i < now.n && !is_named(now.p[i], name, n))
		i++;
	if (i < now.n) {
		now.p[i] = text;
		return;
	}
	vec_push(&now, text);
	use_now();
}

void env_put(const char *name, const char *value)
{
	put(name, str_z(value));
}

void env_put_str(const char *name, struct str value)
{
	put(name, value);
}

void env_unset(const char *name)
{
	size_t n = strlen(name), kept = 0;

	if (!n || strchr(name, '='))
		return;
	own();
	for (size_t i = 0; i < now.n; i++)
		if (!is_named(now.p[i], name, n))
			now.p[kept++] = now.p[i];
	now.n = kept;
	use_now();
}

void env_clear(void)
{
	shared = NULL;
	vec_clear(&now);
	use_now();
}

char *const *env_all(void)
{
	return environ;
}

struct env_copy {
	struct arena mem;
	char **vars;	/* NULL-terminated */
	size_t n;
};

struct env_copy *env_save(void)
{
	struct env_copy *c = mem_alloc(sizeof *c);

	while (environ && environ[c->n])
		c->n++;
	c->vars = arena_alloc(&c->mem, (c->n + 1) * sizeof *c->vars);
	for (size_t i = 0; i < c->n; i++)
		c->vars[i] = arena_z(&c->mem, str_z(environ[i]));
	c->vars[c->n] = NULL;
	return c;
}

void env_share(const struct env_copy *c)
{
	env_clear();
	for (size_t i = 0; i < c->n; i++)
		vec_push(&now, c->vars[i]);
	use_now();
	shared = c;
}

static const char *find(char *const *vars, const char *entry)
{
	size_t n = strcspn(entry, "=");

	for (; vars && *vars; vars++)
		if (**vars == *entry && strncmp(*vars, entry, n) == 0 && ((*vars)[n] == '=' || !(*vars)[n]))
			return *vars;
	return NULL;
}

/* A variable that was not there then; NULL none. */
static const char *added(const struct env_copy *c)
{
	for (char **v = environ; v && *v; v++)
		if (**v != '=' && strchr(*v, '=') && !find(c->vars, *v))
			return *v;
	return NULL;
}

static void put_entry(const char *entry)
{
	struct str value = str_z(entry), name = str_cut(&value, '=');
	char *z = mem_copy(name.p, name.n);

	if (value.p)
		env_put(z, value.p);
	mem_free(z);
}

void env_restore(const struct env_copy *c)
{
	const char *v;

	if (shared == c)
		env_clear();
	while ((v = added(c))) {
		char *name = mem_copy(v, strcspn(v, "="));

		env_unset(name);
		mem_free(name);
	}
	/* what has not changed stays where it is: there may be views of it */
	for (size_t i = 0; i < c->n; i++) {
		v = find(environ, c->vars[i]);
		if (!v || v == c->vars[i] || strcmp(v, c->vars[i]) != 0)
			put_entry(c->vars[i]);
	}
}

static void name_only(const char *entry, struct buf *out)
{
	buf_put(out, entry, strcspn(entry, "="));
	buf_addc(out, 0);
}

void env_changes(const struct env_copy *c, struct buf *out)
{
	for (char **v = environ; v && *v; v++) {
		const char *was = find(c->vars, *v);

		if (!was || strcmp(was, *v) != 0)
			buf_put(out, *v, strlen(*v) + 1);
	}
	for (size_t i = 0; i < c->n; i++)
		if (!find(environ, c->vars[i]))
			name_only(c->vars[i], out);
}

void env_repeat(struct str changes)
{
	while (changes.n) {
		struct str entry = str_to(changes, str_chr(changes, 0)), value = entry;
		struct str name = str_cut(&value, '=');
		char *z = mem_copy(name.p, name.n);

		if (value.p)
			env_put_str(z, value);
		else
			env_unset(z);
		mem_free(z);
		changes = str_from(changes, entry.n + 1);
	}
}

void env_copy_free(struct env_copy *c)
{
	arena_free(&c->mem);
	mem_free(c);
}

/* Whether one of vars has the name of the variable entry. */
static bool covered(const char *entry, char *const *vars, size_t n)
{
	size_t len = strcspn(entry, "=") + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(entry, vars[i], len) == 0)
			return true;
	return false;
}

void env_lay(struct env_layer *l, char *const *vars, size_t n)
{
	l->saved = environ;
	vec_clear(&l->list);
	for (size_t i = 0; i < n; i++)
		if (!covered(vars[i], vars, i))
			vec_push(&l->list, vars[i]);
	for (char **v = environ; v && *v; v++)
		if (!covered(*v, vars, n))
			vec_push(&l->list, *v);
	vec_push(&l->list, NULL);
	environ = l->list.p;
}

void env_lift(struct env_layer *l)
{
	environ = l->saved;
}

void env_layer_free(struct env_layer *l)
{
	vec_free(&l->list);
}
