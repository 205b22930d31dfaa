/* words - a command line in a setting, split the way a shell would split it, and no more: blanks, '...',
 * "..." and backslash. */
#ifndef CORE_BASE_WORDS_H
#define CORE_BASE_WORDS_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/vec.h"

struct words {
	struct arena mem;
	VEC(char *) argv;	/* NULL-terminated after words_end */
};
#define WORDS_INIT {{NULL}, {NULL, 0, 0}}

/* Append the words of text.  False: a quote is not closed, or a word has a NUL; what came before it has been
 * appended. */
bool words_add(struct words *w, struct str text);
/* The same for a command about a file: a word that begins with %s is the file, and when the text is one word the file
 * follows it.  False, too, when there is no word. */
bool words_add_file(struct words *w, struct str text, const char *file);
char *const *words_end(struct words *w);
void words_free(struct words *w);

#endif
