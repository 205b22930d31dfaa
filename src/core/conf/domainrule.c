/* domainrule - values by domain; see domainrule.h. */
#include "core/conf/domainrule.h"

#include "core/conf/pattern.h"

/* Does this look like the beginning of NAME=value? */
static bool assigns(struct str s)
{
	size_t i = 0;

	if (!s.n || chr_digit(s.p[0]))
		return false;
	while (i < s.n && (chr_alnum(s.p[i]) || s.p[i] == '_'))
		i++;
	return i > 0 && i < s.n && s.p[i] == '=';
}

/* A value may hold colons of its own: the environment begins behind the first one that a name and = follow. */
static void split(struct str rest, struct domainrule *r)
{
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] == ':' && assigns(str_from(rest, i + 1))) {
			r->value = str_trim(str_to(rest, i));
			r->env = str_from(rest, i + 1);
			return;
		}
	r->value = str_trim(rest);
	r->env = STR("");
}

static bool for_domain(struct str pattern, struct str domain)
{
	struct buf lower = BUF_INIT;

	buf_set(&lower, domain);
	buf_lower(&lower);
	bool yes = str_ieq(pattern, domain) || pattern_match(buf_str(&lower), pattern);

	buf_free(&lower);
	return yes;
}

bool domainrule_find(const struct list *l, struct str domain, bool remote, struct domainrule *r)
{
	for (size_t i = 0; i < l->lines.n; i++) {
		struct str rest = l->lines.p[i], pattern = str_cut(&rest, ':');

		if (!rest.p || !pattern.n)
			continue;
		bool local_only = str_starts(rest, STR("local:")), remote_only = str_starts(rest, STR("remote:"));

		if ((local_only && remote) || (remote_only && !remote) || !for_domain(pattern, domain))
			continue;
		split(str_from(rest, local_only ? 6 : remote_only ? 7 : 0), r);
		return true;
	}
	return false;
}
