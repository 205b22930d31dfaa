/* shellvars - assignments in a text written for the shell; see shellvars.h. */
#include "svc/shellvars.h"

#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '\r';
}

static void skip_line(struct str *rest)
{
	*rest = str_from(*rest, str_chr(*rest, '\n'));
}

/* Take NAME= off; an empty name when something else stands there. */
static struct str take_name(struct str *rest)
{
	size_t n = 0;

	while (n < rest->n && (chr_alnum(rest->p[n]) || rest->p[n] == '_'))
		n++;
	if (!n || chr_digit(rest->p[0]) || n == rest->n || rest->p[n] != '=')
		return STR("");
	struct str name = str_to(*rest, n);

	*rest = str_from(*rest, n + 1);
	return name;
}

/* Take what stands between quotes, up to the second one: false when it is more than plain text. */
static bool take_quoted(struct str *rest, char quote, struct buf *value)
{
	bool plain = true;

	while (rest->n && rest->p[0] != quote) {
		if (quote == '"' && rest->p[0] == '\\' && rest->n > 1 && rest->p[1] && strchr("\"\\$`\n", rest->p[1]))
			*rest = str_from(*rest, 1);
		else if (quote == '"' && (rest->p[0] == '$' || rest->p[0] == '`'))
			plain = false;
		buf_addc(value, rest->p[0]);
		*rest = str_from(*rest, 1);
	}
	plain = plain && rest->n;
	*rest = str_from(*rest, 1);
	return plain;
}

static bool take_value(struct str *rest, struct buf *value)
{
	bool plain = true;

	buf_clear(value);
	while (rest->n && !blank(rest->p[0])) {
		char c = rest->p[0];

		*rest = str_from(*rest, 1);
		if (c == '\'' || c == '"') {
			plain = take_quoted(rest, c, value) && plain;
			continue;
		}
		if (c == '\\' && rest->n) {
			c = rest->p[0];
			*rest = str_from(*rest, 1);
		} else if (strchr("$`&|<>()~*?[", c)) {
			plain = false;	/* a NUL as well */
		}
		buf_addc(value, c);
	}
	return plain;
}

int shellvars_find(struct str text, const char *name, struct buf *value)
{
	struct buf one = BUF_INIT;
	int r = 0;

	while (text.n) {
		if (blank(text.p[0])) {
			text = str_from(text, 1);
			continue;
		}
		if (str_starts(text, STR("export ")))
			text = str_from(text, 7);
		struct str found = take_name(&text);

		if (!found.n) {
			skip_line(&text);
			continue;
		}
		bool plain = take_value(&text, &one);

		if (str_eq(found, str_z(name))) {
			buf_set(value, buf_str(&one));
			r = plain ? 1 : -1;
		}
	}
	buf_free(&one);
	return r;
}
