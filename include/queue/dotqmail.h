/* dotqmail - the language of .qmail files (dot-qmail(5), queue-and-delivery section 14.4) and the
 * search for the file that rules an address (14.3). */
#ifndef QUEUE_DOTQMAIL_H
#define QUEUE_DOTQMAIL_H

#include "core/base/buf.h"
#include "core/base/err.h"

enum dot_kind {
	DOT_MBOX,	/* text: file name */
	DOT_MAILDIR,	/* text: directory, ends in '/' */
	DOT_PROGRAM,	/* text: command */
	DOT_FORWARD,	/* text: address */
	DOT_JUMP,	/* label, text: command, empty when the jump is unconditional */
	DOT_ENVDIR,	/* text: directory of variables */
	DOT_LIST,	/* only forwards may follow */
};

struct dot_line {
	enum dot_kind kind;
	struct str text;
	struct str label;
};

/* A reader over the text of a file; the text stays the caller's. */
struct dotqmail {
	struct str rest;	/* rest.p is NULL at the end */
	bool begun;
};

/* The next instruction; comments, labels and empty lines are skipped.  1, 0 at the end, -1 when the
 * first line is blank or a line cannot be understood: a temporary error, the owner will mend it. */
int dotqmail_next(struct dotqmail *d, struct dot_line *line, struct err *e);
/* Go on behind the next ":label"; without one nothing is left. */
void dotqmail_jump(struct dotqmail *d, struct str label);
/* Is the command only words of [A-Za-z0-9_@%+=:,./-] and blanks, so that a shell would change nothing? */
bool dotqmail_plain(struct str command);

struct dotfile {
	struct buf text;	/* the whole file */
	struct str dflt;	/* the part of ext that "default" stood for; p is NULL when none did */
	bool forward_only;	/* the owner's execute bit */
};
#define DOTFILE_INIT {BUF_INIT, {NULL, 0}, false}

/* The file for dash and ext in the current directory: 1 read, 0 none, -1.  dflt points into ext. */
int dotfile_find(struct str dash, struct str ext, struct dotfile *f, struct err *e);
/* Append the envelope sender of forwards: sender, local-owner@host or local-owner-@host-@[] as the
 * -owner and -owner-default files say (section 14.5).  0, or -1 when looking for them failed. */
int dotfile_owner(struct str dash, struct str ext, struct str sender, const char *local, const char *host,
	struct buf *out, struct err *e);

#endif
