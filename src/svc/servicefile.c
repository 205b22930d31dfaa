/* servicefile - the text of generated run scripts; see servicefile.h. */
#include "svc/servicefile.h"

#include <string.h>

#include "core/mail/date.h"

static bool harmless(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!chr_alnum(word.p[i]) && (!word.p[i] || !strchr("_@%+=:,./-", word.p[i])))
			return false;
	return word.n > 0;
}

void servicefile_word(struct buf *out, struct str word)
{
	if (harmless(word)) {
		buf_add(out, word);
		return;
	}
	buf_addc(out, '\'');
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '\'')
			buf_adds(out, "'\\''");
		else if (word.p[i])
			buf_addc(out, word.p[i]);
	buf_addc(out, '\'');
}

void servicefile_words(struct buf *out, const char *const *words)
{
	for (int i = 0; words[i]; i++) {
		if (i)
			buf_addc(out, ' ');
		servicefile_word(out, str_z(words[i]));
	}
}

static void comment(struct buf *out, const char *what, struct str text)
{
	buf_fmt(out, "# %s", what);
	for (size_t i = 0; i < text.n; i++)
		buf_addc(out, (unsigned char)text.p[i] < ' ' || text.p[i] == 127 ? '?' : text.p[i]);
	buf_addc(out, '\n');
}

void servicefile_head(struct buf *out, const char *generator, const char *host, time_t when,
	struct str command)
{
	struct buf where = BUF_INIT;

	buf_fmt(&where, "%s on ", host);
	date_local(&where, when);
	buf_adds(out, "#!/bin/sh\n");
	comment(out, "", str_z(generator));
	comment(out, "generated run script for ", str_rtrim(buf_str(&where)));
	comment(out, "by the below command", STR(""));
	comment(out, "", command);
	buf_free(&where);
}
