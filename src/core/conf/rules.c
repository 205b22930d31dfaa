/* rules - environment by address; see rules.h. */
#include "core/conf/rules.h"

#include "core/conf/pattern.h"
#include "core/sys/env.h"

/* Cut the next item off *rest up to an unescaped comma into item, escapes removed. */
static void next_item(struct str *rest, struct buf *item)
{
	size_t i = 0;

	buf_clear(item);
	for (; i < rest->n && rest->p[i] != ','; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n && rest->p[i + 1] == ',')
			i++;
		buf_addc(item, rest->p[i]);
	}
	*rest = i < rest->n ? str_from(*rest, i + 1) : (struct str){NULL, 0};
}

void rules_assign(struct str list)
{
	struct buf item = BUF_INIT, name = BUF_INIT;

	while (list.p) {
		next_item(&list, &item);
		struct str value = buf_str(&item);

		while (value.n && chr_blank(value.p[0]))
			value = str_from(value, 1);
		buf_set(&name, str_cut(&value, '='));
		if (!name.n)
			continue;
		if (value.p && value.n)
			env_put_str(name.p, value);
		else
			env_unset(name.p);
	}
	buf_free(&item);
	buf_free(&name);
}

static bool applies(struct str subject, struct str pattern, bool regex)
{
	if (subject.n == 0)
		return pattern.n == 0 || str_eq(pattern, STR("<>"));
	return pattern.n > 0 && (regex ? pattern_match_regex(subject, pattern) : pattern_match_shell(subject, pattern));
}

int rules_apply_domain(const struct list *l, struct str address)
{
	struct buf domain = BUF_INIT;
	size_t at = str_rchr(address, '@');
	int last = 0;

	buf_set(&domain, str_from(address, at + 1));
	buf_lower(&domain);
	for (size_t i = 0; i < l->lines.n; i++) {
		struct str list = l->lines.p[i];
		struct str pattern = str_cut(&list, ':');

		if (!list.p || !pattern_match_shell(buf_str(&domain), pattern))
			continue;
		rules_assign(list);
		last = (int)i + 1;
	}
	buf_free(&domain);
	return last;
}

int rules_apply_list(const struct list *l, struct str subject)
{
	bool regex = l->lines.n && subject.n && pattern_regex();
	int last = 0;

	for (size_t i = 0; i < l->lines.n; i++) {
		struct str list = l->lines.p[i];
		struct str pattern = str_cut(&list, ':');

		if (!list.p || !applies(subject, pattern, regex))
			continue;
		rules_assign(list);
		last = (int)i + 1;
	}
	return last;
}

int rules_apply(enum conf_id id, struct str subject, struct err *e)
{
	struct list l = LIST_INIT;
	int last = conf_list(id, &l, e) < 0 ? -1 : rules_apply_list(&l, subject);

	list_free(&l);
	return last;
}
