/* words - split a command line; see words.h. */
#include "core/base/words.h"

#include "core/base/buf.h"

static bool separates(char c)
{
	return chr_blank(c) || c == '\n' || c == '\r';
}

/* Append a quoted part, from behind its opening quote; *rest goes behind the closing one. */
static bool quoted(struct str *rest, char quote, struct buf *word)
{
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->p[i] == quote) {
			*rest = str_from(*rest, i + 1);
			return true;
		}
		if (quote == '"' && rest->p[i] == '\\' && i + 1 < rest->n &&
			(rest->p[i + 1] == '"' || rest->p[i + 1] == '\\'))
			i++;
		buf_addc(word, rest->p[i]);
	}
	return false;
}

/* One word from the start of *rest, which does not begin with a blank. */
static bool word(struct str *rest, struct buf *out)
{
	while (rest->n && !separates(rest->p[0])) {
		char c = rest->p[0];

		*rest = str_from(*rest, 1);
		if (c == '\'' || c == '"') {
			if (!quoted(rest, c, out))
				return false;
			continue;
		}
		if (c == '\\' && rest->n) {
			c = rest->p[0];
			*rest = str_from(*rest, 1);
		}
		buf_addc(out, c);
	}
	return str_chr(buf_str(out), 0) == out->n;
}

bool words_add(struct words *w, struct str text)
{
	struct buf one = BUF_INIT;
	bool good = true;

	while (good) {
		while (text.n && separates(text.p[0]))
			text = str_from(text, 1);
		if (!text.n)
			break;
		buf_clear(&one);
		good = word(&text, &one);
		if (good)
			vec_push(&w->argv, arena_z(&w->mem, buf_str(&one)));
	}
	buf_free(&one);
	return good;
}

bool words_add_file(struct words *w, struct str text, const char *file)
{
	size_t begin = w->argv.n;

	if (!words_add(w, text) || w->argv.n == begin)
		return false;
	for (size_t i = begin; i < w->argv.n; i++)
		if (str_starts(str_z(w->argv.p[i]), STR("%s")))
			w->argv.p[i] = (char *)(size_t)file;
	if (w->argv.n == begin + 1)
		vec_push(&w->argv, (char *)(size_t)file);
	return true;
}

char *const *words_end(struct words *w)
{
	vec_push(&w->argv, NULL);
	return w->argv.p;
}

void words_free(struct words *w)
{
	arena_free(&w->mem);
	vec_free(&w->argv);
}
