/* servicefile - the text of generated run scripts.  Nothing that comes from outside leaves its place: words
 * are quoted, control bytes never reach a comment. */
#ifndef SVC_SERVICEFILE_H
#define SVC_SERVICEFILE_H

#include <time.h>

#include "core/base/buf.h"

/* Append a word as the shell reads it, in quotes unless it is harmless. */
void servicefile_word(struct buf *out, struct str word);
/* Append words, apart by blanks. */
void servicefile_words(struct buf *out, const char *const *words);
/* Append "#!/bin/sh" and the comments that tell how the file came to be: what generated it, for which host,
 * when, by which command. */
void servicefile_head(struct buf *out, const char *generator, const char *host, time_t when,
	struct str command);

#endif
