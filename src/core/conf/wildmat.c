/* wildmat - shell-style patterns in linear space; see wildmat.h. */
#include "core/conf/wildmat.h"

/* Does c belong to the class that starts behind '['?  *used is its length with the final ']',
 * 0 when the class is not closed (then '[' is an ordinary character). */
static bool in_class(struct str p, char c, size_t *used)
{
	bool negate = p.n && (p.p[0] == '^' || p.p[0] == '!');
	size_t i = negate ? 1 : 0, first = i;
	bool hit = false;

	for (; i < p.n && (p.p[i] != ']' || i == first); i++) {
		if (i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']') {
			if ((unsigned char)p.p[i] <= (unsigned char)c && (unsigned char)c <= (unsigned char)p.p[i + 2])
				hit = true;
			i += 2;
		} else if (p.p[i] == c) {
			hit = true;
		}
	}
	*used = i < p.n ? i + 1 : 0;
	return hit != negate;
}

/* One pattern element against one character; *used is the element's length. */
static bool one(struct str p, char c, size_t *used)
{
	*used = 1;
	switch (p.p[0]) {
	case '?':
		return true;
	case '\\':
		if (p.n < 2)
			return c == '\\';
		*used = 2;
		return p.p[1] == c;
	case '[': {
		size_t n;
		bool hit = in_class(str_from(p, 1), c, &n);

		if (n) {
			*used = n + 1;
			return hit;
		}
		return c == '[';
	}
	default:
		return p.p[0] == c;
	}
}

bool wildmat(struct str text, struct str pattern)
{
	struct str star = {NULL, 0}, at = {NULL, 0};

	while (text.n) {
		size_t used;

		if (pattern.n && pattern.p[0] == '*') {
			star = pattern = str_from(pattern, 1);
			at = text;
		} else if (pattern.n && one(pattern, text.p[0], &used)) {
			pattern = str_from(pattern, used);
			text = str_from(text, 1);
		} else if (star.p) {
			/* let the last * swallow one more character */
			at = str_from(at, 1);
			text = at;
			pattern = star;
		} else {
			return false;
		}
	}
	while (pattern.n && pattern.p[0] == '*')
		pattern = str_from(pattern, 1);
	return pattern.n == 0;
}
