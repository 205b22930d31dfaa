/* token - the lexical tokens of structured header fields (RFC 5322 section 3.2, RFC 822 section 3.3). */
#ifndef CORE_MAIL_TOKEN_H
#define CORE_MAIL_TOKEN_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"

/* Those up to TOKEN_AT are parts of phrases and mailboxes, the rest separates. */
enum token_kind {
	TOKEN_ATOM,
	TOKEN_QUOTED,	/* the text is the content, unquoted */
	TOKEN_LITERAL,	/* with its brackets, as it was */
	TOKEN_COMMENT,	/* with its parentheses and whatever is nested in them, as it was */
	TOKEN_DOT,
	TOKEN_AT,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_SEMI,
	TOKEN_LT,
	TOKEN_GT,
};

struct token {
	enum token_kind kind;
	bool blank;	/* white space stood before it */
	size_t pos, n;	/* in tokens.text */
};

struct tokens {
	struct buf text;	/* line ends removed */
	VEC(struct token) list;
};
#define TOKENS_INIT {BUF_INIT, {0}}

/* Split value.  -1: ERR_PERM, something is not closed or a byte has no place in a header. */
int tokens_read(struct tokens *t, struct str value, struct err *e);
void tokens_free(struct tokens *t);
struct str token_text(const struct tokens *t, size_t i);
/* Whether c may stand in an atom; bytes above 127 may (RFC 6532). */
bool token_plain(char c);

#endif
