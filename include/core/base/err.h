/* err - an error as a value: its class, errno and one sentence without a final dot,
 * such as "unable to open queue/pid/17".  Functions that can fail take a struct err *,
 * return -1 and leave their outputs untouched. */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

enum err_class {
	ERR_NONE,
	ERR_TEMP,	/* try again: exit 111, SMTP 4xx */
	ERR_PERM,	/* never: exit 100, SMTP 5xx */
	ERR_USAGE,	/* the caller's words are wrong: exit 100 */
	ERR_BUG,	/* ours: exit 111, please report */
};

struct err {
	enum err_class class;
	int num;	/* errno, 0 when no system call failed */
	int code;	/* an exit code of exit.def, 0 when the class decides */
	char text[240];
};

/* Fill *e and return -1, so that callers write: return err_temp(e, errno, "unable to open %s", fn);
 * e may be NULL. */
int err_set(struct err *e, enum err_class class, int num, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int err_code(struct err *e, int code, int num, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
#define err_temp(e, num, ...) err_set((e), ERR_TEMP, (num), __VA_ARGS__)
#define err_perm(e, num, ...) err_set((e), ERR_PERM, (num), __VA_ARGS__)
#define err_usage(e, ...) err_set((e), ERR_USAGE, 0, __VA_ARGS__)

/* 100 for permanent and usage errors, 111 for the rest. */
int err_exit(const struct err *e);
/* Whether errno says that trying again may help. */
int err_temporary(int num);

#endif
