/* pattern - configured patterns; see pattern.h. */
#include "core/conf/pattern.h"

#include <fnmatch.h>
#include <regex.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/conf/wildmat.h"

static bool regex_match(const char *text, const char *pattern)
{
	regex_t re;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
		return false;
	bool hit = regexec(&re, text, 0, NULL, 0) == 0;

	regfree(&re);
	return hit;
}

bool pattern_match_shell(struct str text, struct str pattern)
{
	if (!conf_set(CONF_USE_FNMATCH))
		return wildmat(text, pattern);
	char *t = mem_copy(text.p, text.n), *p = mem_copy(pattern.p, pattern.n);
	bool hit = fnmatch(p, t, FNM_PATHNAME | FNM_CASEFOLD) == 0;

	mem_free(t);
	mem_free(p);
	return hit;
}

bool pattern_regex(void)
{
	long regex = 0;

	return conf_int(CONF_QREGEX, &regex, NULL) >= 0 && regex;
}

bool pattern_match_regex(struct str text, struct str pattern)
{
	char *t = mem_copy(text.p, text.n), *p = mem_copy(pattern.p, pattern.n);
	bool hit = regex_match(t, p);

	mem_free(t);
	mem_free(p);
	return hit;
}

bool pattern_match(struct str text, struct str pattern)
{
	return pattern_regex() ? pattern_match_regex(text, pattern) : pattern_match_shell(text, pattern);
}
