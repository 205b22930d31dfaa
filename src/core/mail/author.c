/* author - the user's own address and name; see author.h. */
#include "core/mail/author.h"

#include "core/conf/conf.h"

/* The first of the variables that says anything. */
static struct str first_of(const enum conf_id *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *v = conf_env(ids[i]);

		if (v && *v)
			return str_z(v);
	}
	return str_z(NULL);
}
#define FIRST_OF(...) first_of((const enum conf_id[]){__VA_ARGS__}, \
	sizeof (const enum conf_id[]){__VA_ARGS__} / sizeof(enum conf_id))

void author_init(struct author *w)
{
	*w = (struct author){.value = {BUF_INIT, BUF_INIT, BUF_INIT}};
}

void author_free(struct author *w)
{
	for (int i = 0; i < 3; i++)
		buf_free(&w->value[i]);
}

struct str author_value(void *ctx, enum addr_default which)
{
	static const enum conf_id ids[] = {
		[ADDR_HOST] = CONF_DEFAULTHOST, [ADDR_DOMAIN] = CONF_DEFAULTDOMAIN, [ADDR_PLUS] = CONF_PLUSDOMAIN,
	};
	struct author *w = ctx;

	if (!w->have[which]) {
		conf_line(ids[which], &w->value[which], &w->e);
		w->have[which] = true;
	}
	return buf_str(&w->value[which]);
}

static struct str user(void)
{
	struct str s = FIRST_OF(CONF_QMAILUSER, CONF_MAILUSER, CONF_USER, CONF_LOGNAME);

	return s.n ? s : STR("anonymous");
}

static struct str host(void)
{
	return FIRST_OF(CONF_QMAILHOST, CONF_MAILHOST);
}

static bool header_byte(char c)
{
	return c && c != '\n' && c != '\r';
}

static void build(struct author *w, struct str box, struct str suffix, struct str at, struct addr *a)
{
	buf_set(&a->text, box);
	buf_add(&a->text, suffix);
	a->at = a->text.n;
	if (at.n) {
		buf_addc(&a->text, '@');
		buf_add(&a->text, at);
	}
	for (size_t i = 0; i < a->text.n; i++)
		if (!header_byte(a->text.p[i]))
			a->text.p[i] = '_';
	addr_complete(a, author_value, w);
}

void author_address(struct author *w, struct addr *a)
{
	build(w, user(), str_z(""), host(), a);
}

void author_sender(struct author *w, struct str suffix, struct addr *a)
{
	struct str box = FIRST_OF(CONF_QMAILSUSER), at = FIRST_OF(CONF_QMAILSHOST);

	build(w, box.n ? box : user(), suffix, at.n ? at : host(), a);
}

void author_from(struct author *w, bool comment, struct buf *b)
{
	struct str name = FIRST_OF(CONF_QMAILNAME, CONF_MAILNAME, CONF_NAME);
	struct addr a = ADDR_INIT;

	author_address(w, &a);
	if (name.n && !comment) {
		addr_phrase(b, name);
		buf_adds(b, " <");
	}
	addr_quote(b, &a);
	if (name.n && comment) {
		buf_addc(b, ' ');
		addr_comment(b, name);
	} else if (name.n) {
		buf_addc(b, '>');
	}
	addr_free(&a);
}
