/* str - a view of bytes somebody else owns: the type every parser reads.
 * Passed by value, never NUL-terminated, may hold any byte. */
#ifndef CORE_BASE_STR_H
#define CORE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_FMT(s) (int)(s).n, (s).p	/* arguments for "%.*s" */

/* The bytes of a C string without its NUL; NULL gives the empty view. */
struct str str_z(const char *z);
struct str str_make(const char *p, size_t n);

bool str_eq(struct str a, struct str b);
bool str_ieq(struct str a, struct str b);		/* ASCII case ignored */
bool str_starts(struct str s, struct str head);
bool str_istarts(struct str s, struct str head);
bool str_ends(struct str s, struct str tail);
bool str_iends(struct str s, struct str tail);
int str_cmp(struct str a, struct str b);		/* bytewise order, <0 0 >0 */

/* Position of the first or last c; s.n when there is none. */
size_t str_chr(struct str s, char c);
size_t str_rchr(struct str s, char c);
/* Position of the first occurrence of part; s.n when there is none. */
size_t str_find(struct str s, struct str part);

struct str str_from(struct str s, size_t i);	/* s[i..], empty when i is past the end */
struct str str_to(struct str s, size_t i);	/* s[..i] */
struct str str_trim(struct str s);		/* without blanks, tabs, CR, LF at both ends */
struct str str_rtrim(struct str s);		/* the same at the right end only */

/* Cut the text before the next sep off *rest and return it; *rest keeps what follows sep.
 * Without a sep the whole rest is returned and *rest.p becomes NULL: loop while rest.p. */
struct str str_cut(struct str *rest, char sep);
/* The next blank-separated word of *rest; empty when none is left. */
struct str str_word(struct str *rest);

/* ASCII only, independent of the locale. */
char chr_lower(char c);
char chr_upper(char c);
bool chr_alnum(char c);
bool chr_digit(char c);
bool chr_blank(char c);		/* blank or tab */

#endif
