/* opt - option rows give both the parser and the help text.  Options stop at the first operand. */
#ifndef CORE_APP_OPT_H
#define CORE_APP_OPT_H

enum opt_kind {
	OPT_END,
	OPT_FLAG,	/* int: set to value (1 when 0) */
	OPT_NUM,	/* long: decimal */
	OPT_TEXT,	/* const char * */
	OPT_CALL,	/* int (*)(char letter, const char *arg): 0, or -1 to refuse */
};

struct opt {
	enum opt_kind kind;
	char letter;		/* 0: only the long form */
	const char *name;	/* long form without --, or NULL */
	void *target;
	const char *arg;	/* name of the argument in help; NULL when none is taken */
	const char *help;
	int value;		/* for OPT_FLAG */
	int (*call)(char letter, const char *arg);
};

#define FLAG(l, n, t, h) {OPT_FLAG, l, n, t, 0, h, 1, 0}
#define FLAGV(l, n, t, v, h) {OPT_FLAG, l, n, t, 0, h, v, 0}
#define NUM(l, n, t, a, h) {OPT_NUM, l, n, t, a, h, 0, 0}
#define TEXT(l, n, t, a, h) {OPT_TEXT, l, n, t, a, h, 0, 0}
#define CALL(l, n, f, a, h) {OPT_CALL, l, n, 0, a, h, 0, f}
#define OPTS_END {OPT_END, 0, 0, 0, 0, 0, 0, 0}

/* Parse; returns how many words of argv (after argv[0]) were options, -1 after printing what is wrong. */
int opt_parse(const struct opt *opts, int argc, char **argv);
/* The same count without any effect, nothing printed. */
int opt_count(const struct opt *opts, int argc, char **argv);
void opt_help(const struct opt *opts, int fd);

#endif
