/* env - the environment; see env.h. */
#include "core/sys/env.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/mem.h"

extern char **environ;

const char *env_get(const char *name)
{
	return getenv(name);
}

const char *env_find(const char *name, const char **file)
{
	static const char suffix[] = "_FILE=";
	size_t n = strlen(name);

	*file = NULL;
	for (char **v = environ; v && *v; v++) {
		/* most differ here: this loop is run for every setting of every message */
		if (**v != *name || strncmp(*v, name, n) != 0)
			continue;
		if ((*v)[n] == '=')
			return *v + n + 1;
		if (!*file && strncmp(*v + n, suffix, sizeof suffix - 1) == 0)
			*file = *v + n + sizeof suffix - 1;
	}
	return NULL;
}

void env_put(const char *name, const char *value)
{
	while (setenv(name, value, 1) < 0 && *name && !strchr(name, '='))
		mem_exhausted(strlen(value));
}

void env_put_str(const char *name, struct str value)
{
	char *z = mem_copy(value.p, value.n);

	env_put(name, z);
	mem_free(z);
}

void env_unset(const char *name)
{
	unsetenv(name);
}

void env_clear(void)
{
	clearenv();
}

char *const *env_all(void)
{
	return environ;
}

struct env_copy {
	struct arena mem;
	char **vars;	/* NULL-terminated */
	char **work;	/* what environ is after env_share: the strings stay those of vars */
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
	c->work = arena_alloc(&c->mem, (c->n + 1) * sizeof *c->work);
	return c;
}

void env_share(const struct env_copy *c)
{
	/* setenv replaces pointers of the array, never what they point to */
	clearenv();
	memcpy(c->work, c->vars, (c->n + 1) * sizeof *c->work);
	environ = c->work;
}

static const char *find(char *const *vars, const char *entry)
{
	size_t n = strcspn(entry, "=");

	for (; vars && *vars; vars++)
		if (strncmp(*vars, entry, n) == 0 && ((*vars)[n] == '=' || !(*vars)[n]))
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

	if (environ == c->work)
		clearenv();
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
