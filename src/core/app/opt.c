/* opt - command-line options from rows; see opt.h. */
#include "core/app/opt.h"

#include <string.h>

#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/sys/fd.h"

static int apply(const struct opt *o, const char *arg)
{
	long n;

	switch (o->kind) {
	case OPT_FLAG:
		*(int *)o->target = o->value;
		return 0;
	case OPT_NUM:
		if (!num_lead(str_z(arg), &n))
			return -1;
		*(long *)o->target = n;
		return 0;
	case OPT_TEXT:
		*(const char **)o->target = arg;
		return 0;
	case OPT_CALL:
		return o->call(o->letter, arg);
	case OPT_END:
		break;
	}
	return -1;
}

static const struct opt *by_letter(const struct opt *o, char c)
{
	for (; o->kind != OPT_END; o++)
		if (o->letter == c)
			return o;
	return NULL;
}

static const struct opt *by_name(const struct opt *o, struct str name)
{
	for (; o->kind != OPT_END; o++)
		if (o->name && str_eq(str_z(o->name), name))
			return o;
	return NULL;
}

static int refuse(bool act, const char *why, const char *word, size_t n)
{
	if (act)
		log_line("%s: %s: %.*s", log_program(), why, (int)n, word);
	return -1;
}

/* --name, --name=value, --name value; returns how many words it took.  Without act nothing happens but counting. */
static int long_option(const struct opt *opts, int left, char **argv, bool act)
{
	struct str value = str_z(argv[0] + 2);
	struct str name = str_cut(&value, '=');
	const struct opt *o = by_name(opts, name);
	int used = 1;

	if (!o)
		return refuse(act, "unknown option", argv[0], strlen(argv[0]));
	if (!o->arg) {
		if (value.p)
			return refuse(act, "option takes no value", argv[0], strlen(argv[0]));
	} else if (!value.p) {
		if (left < 2)
			return refuse(act, "option needs a value", argv[0], strlen(argv[0]));
		value = str_z(argv[1]);
		used = 2;
	}
	if (act && apply(o, value.p) < 0)
		return refuse(act, "bad value", argv[0], strlen(argv[0]));
	return used;
}

/* A cluster of letters; returns how many words it took. */
static int short_options(const struct opt *opts, int left, char **argv, bool act)
{
	for (const char *p = argv[0] + 1; *p; p++) {
		const struct opt *o = by_letter(opts, *p);
		const char *arg = p + 1;
		int used = 1;

		if (!o)
			return refuse(act, "unknown option", argv[0], strlen(argv[0]));
		if (!o->arg) {
			if (act && apply(o, NULL) < 0)
				return refuse(act, "bad option", argv[0], strlen(argv[0]));
			continue;
		}
		if (!*arg) {
			if (left < 2)
				return refuse(act, "option needs a value", argv[0], strlen(argv[0]));
			arg = argv[1];
			used = 2;
		}
		return act && apply(o, arg) < 0 ? refuse(act, "bad value", arg, strlen(arg)) : used;
	}
	return 1;
}

static int parse(const struct opt *opts, int argc, char **argv, bool act)
{
	int i = 1;

	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		int used;

		if (strcmp(argv[i], "--") == 0)
			return i;
		if (argv[i][1] == '-')
			used = long_option(opts, argc - i, argv + i, act);
		else
			used = short_options(opts, argc - i, argv + i, act);
		if (used < 0)
			return -1;
		i += used;
	}
	return i - 1;
}

int opt_parse(const struct opt *opts, int argc, char **argv)
{
	return parse(opts, argc, argv, true);
}

int opt_count(const struct opt *opts, int argc, char **argv)
{
	return parse(opts, argc, argv, false);
}

void opt_help(const struct opt *opts, int fd)
{
	struct buf b = BUF_INIT;

	for (const struct opt *o = opts; o->kind != OPT_END; o++) {
		struct buf left = BUF_INIT;

		if (o->letter)
			buf_fmt(&left, "-%c", o->letter);
		if (o->name)
			buf_fmt(&left, "%s--%s", o->letter ? ", " : "", o->name);
		if (o->arg)
			buf_fmt(&left, " %s", o->arg);
		buf_fmt(&b, "  %-22s %s\n", left.p, o->help);
		buf_free(&left);
	}
	fd_write_all(fd, b.p, b.n);
	buf_free(&b);
}
