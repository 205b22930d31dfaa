/* runfile - run scripts that need no shell; see runfile.h. */
#include "svc/runfile.h"

#include <string.h>

#include "core/base/buf.h"

struct reader {
	struct runfile *r;
	const char *(*variable)(const char *name);
	struct str rest;	/* of the line */
	bool executed;		/* the last exec has been seen */
};

/* Characters that mean themselves wherever they stand in a word. */
static bool harmless(char c)
{
	return chr_alnum(c) || (c && strchr("_@%+:,./-^", c));
}

static char next(const struct reader *rd)
{
	return rd->rest.n ? rd->rest.p[0] : 0;
}

static void skip(struct reader *rd, size_t n)
{
	rd->rest = str_from(rd->rest, n);
}

static void skip_blanks(struct reader *rd)
{
	while (chr_blank(next(rd)))
		skip(rd, 1);
}

/* The name behind a $, in braces or not, and its value; false when it is no plain name. */
static bool expansion(struct reader *rd, struct str *value)
{
	struct buf name = BUF_INIT;
	bool brace;

	skip(rd, 1);
	brace = next(rd) == '{';
	if (brace)
		skip(rd, 1);
	for (; chr_alnum(next(rd)) || next(rd) == '_'; skip(rd, 1))
		buf_addc(&name, next(rd));
	bool good = name.n && !chr_digit(name.p[0]) && (!brace || next(rd) == '}');

	if (good) {
		if (brace)
			skip(rd, 1);
		*value = str_z(rd->variable(name.p));
	}
	buf_free(&name);
	return good;
}

static bool quoted(struct reader *rd, char quote, struct buf *word)
{
	struct str value;

	for (skip(rd, 1); rd->rest.n && next(rd) != quote; ) {
		if (quote == '"' && next(rd) == '$') {
			if (!expansion(rd, &value))
				return false;
			buf_add(word, value);
		} else if (quote == '"' && strchr("\\`!", next(rd))) {
			return false;
		} else {
			buf_addc(word, next(rd));
			skip(rd, 1);
		}
	}
	if (!rd->rest.n)
		return false;
	skip(rd, 1);
	return true;
}

static void add_word(struct reader *rd, struct str word)
{
	vec_push(&rd->r->argv, arena_z(&rd->r->arena, word));
}

/* An unquoted value is split into words, as the shell does; with wildcards it is the shell's. */
static bool bare_value(struct reader *rd, struct str value, struct buf *word, bool *started)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (strchr("*?[", c))
			return false;
		if (!chr_blank(c) && c != '\n') {
			buf_addc(word, c);
			*started = true;
		} else if (*started) {
			add_word(rd, buf_str(word));
			buf_clear(word);
			*started = false;
		}
	}
	return true;
}

/* One word; none when all its parts are empty values. */
static bool word(struct reader *rd)
{
	struct buf text = BUF_INIT;
	bool started = false, good = true;
	struct str value;

	while (good && rd->rest.n && !chr_blank(next(rd))) {
		char c = next(rd);

		if (c == '\'' || c == '"') {
			good = quoted(rd, c, &text);
			started = true;
		} else if (c == '$') {
			good = expansion(rd, &value) && bare_value(rd, value, &text, &started);
		} else if (harmless(c) || (c == '=' && rd->r->argv.n)) {
			buf_addc(&text, c);
			started = true;
			skip(rd, 1);
		} else {
			good = false;
		}
	}
	if (good && started)
		add_word(rd, buf_str(&text));
	buf_free(&text);
	return good;
}

/* N>&M, N<&M, N>&-: true when one stands here.  *bad: something else that begins like one does. */
static bool redirection(struct reader *rd, bool *bad)
{
	struct str s = rd->rest;
	size_t i = chr_digit(next(rd)) ? 1 : 0;

	if (i >= s.n || (s.p[i] != '<' && s.p[i] != '>'))
		return false;
	struct runfile_fd fd = {i ? s.p[0] - '0' : s.p[i] == '>', -1};

	*bad = i + 2 >= s.n || s.p[i + 1] != '&' || (s.p[i + 2] != '-' && !chr_digit(s.p[i + 2])) ||
		(i + 3 < s.n && !chr_blank(s.p[i + 3]));
	if (!*bad && s.p[i + 2] != '-')
		fd.from = s.p[i + 2] - '0';
	if (!*bad)
		vec_push(&rd->r->fds, fd);
	skip(rd, i + 3);
	return true;
}

/* What follows exec: redirections alone, or the program with its words. */
static bool command(struct reader *rd)
{
	bool bad = false;

	for (skip_blanks(rd); rd->rest.n; skip_blanks(rd)) {
		if (next(rd) == '#')
			break;
		if (redirection(rd, &bad) ? bad : !word(rd))
			return false;
	}
	rd->executed = rd->r->argv.n > 0;
	return true;
}

static bool line(struct reader *rd)
{
	skip_blanks(rd);
	if (!rd->rest.n || next(rd) == '#')
		return true;
	if (rd->executed || !str_starts(rd->rest, STR("exec")) || !chr_blank(str_from(rd->rest, 4).n ? rd->rest.p[4] : 0))
		return false;
	skip(rd, 4);
	return command(rd);
}

/* #!/bin/sh and its relatives, without options. */
static bool for_shell(struct str first)
{
	static const char *const shells[] = {"/sh", "/dash", "/bash", "/ash", "/ksh"};

	if (!str_starts(first, STR("#!")))
		return false;
	first = str_trim(str_from(first, 2));
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (str_ends(first, str_z(shells[i])) && str_chr(first, ' ') == first.n)
			return true;
	return false;
}

bool runfile_plain(struct runfile *r, struct str text, const char *(*variable)(const char *name))
{
	struct reader rd = {.r = r, .variable = variable};
	struct buf joined = BUF_INIT;
	bool good = memchr(text.p, 0, text.n) == NULL && for_shell(str_to(text, str_chr(text, '\n')));

	/* a backslash at the end of a line continues it */
	for (size_t i = 0; good && i < text.n; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == '\n')
			i++;
		else
			buf_addc(&joined, text.p[i]);
	}
	for (struct str rest = buf_str(&joined); good && rest.p; ) {
		rd.rest = str_cut(&rest, '\n');
		good = line(&rd);
	}
	buf_free(&joined);
	vec_push(&r->argv, NULL);
	return good && rd.executed;
}

void runfile_free(struct runfile *r)
{
	arena_free(&r->arena);
	vec_free(&r->argv);
	vec_free(&r->fds);
}
