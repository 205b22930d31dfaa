/* softlimit - run a program with other resource limits.  Used in run scripts; the options count from left
 * to right. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/sys/limit.h"

static int limit(char letter, const char *arg);
static bool apply;	/* the options are read twice: nothing is set when one of them is wrong */

static const struct opt opts[] = {
	CALL('a', NULL, limit, "N", "bytes of all segments"),
	CALL('c', NULL, limit, "N", "bytes of a core file"),
	CALL('d', NULL, limit, "N", "bytes of the data segment"),
	CALL('f', NULL, limit, "N", "bytes of a file written"),
	CALL('l', NULL, limit, "N", "bytes of locked memory"),
	CALL('m', NULL, limit, "N", "the same as -d, -s, -l and -a"),
	CALL('o', NULL, limit, "N", "open descriptors"),
	CALL('p', NULL, limit, "N", "processes of the user"),
	CALL('q', NULL, limit, "N", "bytes in POSIX message queues"),
	CALL('r', NULL, limit, "N", "bytes of resident memory"),
	CALL('s', NULL, limit, "N", "bytes of the stack"),
	CALL('t', NULL, limit, "N", "seconds of processor time; N: a number, = the hard limit, -1 none"),
	OPTS_END
};

static const struct {
	char letter;
	enum limit what;
} limits[] = {
	{'a', LIMIT_AS}, {'c', LIMIT_CORE}, {'d', LIMIT_DATA}, {'f', LIMIT_FSIZE}, {'l', LIMIT_MEMLOCK},
	{'m', LIMIT_DATA}, {'m', LIMIT_STACK}, {'m', LIMIT_MEMLOCK}, {'m', LIMIT_AS},
	{'o', LIMIT_NOFILE}, {'p', LIMIT_NPROC}, {'q', LIMIT_MSGQUEUE}, {'r', LIMIT_RSS}, {'s', LIMIT_STACK},
	{'t', LIMIT_CPU},
};

/* A decimal number of any length; more than fits is the most there is. */
static bool number(const char *arg, uint64_t *n)
{
	struct str s = str_z(arg);

	*n = UINT64_MAX;
	for (size_t i = 0; i < s.n; i++)
		if (!chr_digit(s.p[i]))
			return false;
	return s.n && (num_parse(s, UINT64_MAX, n) || s.n > 19);
}

static int limit(char letter, const char *arg)
{
	bool to_hard = strcmp(arg, "=") == 0, lift = strcmp(arg, "-1") == 0;
	uint64_t n = 0;

	if (!to_hard && !lift && !number(arg, &n))
		return -1;
	for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
		enum limit what = limits[i].what;

		if (!apply || limits[i].letter != letter)
			continue;
		if ((to_hard ? limit_to_hard(what) : lift ? limit_lift(what) : limit_soft(what, n)) < 0)
			die(111, "unable to set limit -%c: %s", letter, log_errno(errno));
	}
	return 0;
}

/* A chained command of ours runs in this process, whose image may already be larger than what the limits
 * allow: it needs some memory that is mapped before they count.  The C library takes small blocks of its own,
 * for directories and the environment, from where blocks of that size lie already: every second one is left free
 * there. */
static void reserve(void)
{
	enum { BYTES = 1 << 20, EACH = 8, SMALLEST = 32, LARGEST = 4096 };
	void *pieces[EACH];

	if (!mem_reserve(BYTES))
		return;		/* an earlier link of the chain has done it */
	for (size_t size = SMALLEST; size <= LARGEST; size += size / 8) {
		for (int i = 0; i < EACH; i++)
			pieces[i] = mem_alloc(size);
		for (int i = 0; i < EACH; i += 2)
			mem_free(pieces[i]);
	}
}

static int softlimit_main(int argc, char **argv)
{
	int used = opt_parse(opts, argc, argv);

	if (used >= 0 && used + 1 < argc && strcmp(argv[used + 1], "--") == 0)
		used++;
	if (used < 0 || used + 1 >= argc)
		die_usage();
	reserve();
	apply = true;
	opt_parse(opts, argc, argv);
	run_chain(argv + used + 1);
}

APPLET(softlimit) = {
	.name = "softlimit", .family = "svc",
	.brief = "run a program with other resource limits",
	.args = "child [argument ...]", .opts = opts, .role = AS_CALLER, .flags = APPLET_RAW,
	.main = softlimit_main,
};
