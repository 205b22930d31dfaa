/* limit - resource limits; see limit.h. */
#include "core/sys/limit.h"

#include <sys/resource.h>

/* What the system calls it; -1: it has no such limit. */
static int resource(enum limit what)
{
	switch (what) {
	case LIMIT_CORE:
		return RLIMIT_CORE;
	case LIMIT_CPU:
		return RLIMIT_CPU;
	case LIMIT_DATA:
		return RLIMIT_DATA;
	case LIMIT_FSIZE:
		return RLIMIT_FSIZE;
	case LIMIT_NOFILE:
		return RLIMIT_NOFILE;
	case LIMIT_STACK:
		return RLIMIT_STACK;
	case LIMIT_AS:
#if defined RLIMIT_AS
		return RLIMIT_AS;
#elif defined RLIMIT_VMEM
		return RLIMIT_VMEM;
#endif
		break;
#ifdef RLIMIT_MEMLOCK
	case LIMIT_MEMLOCK:
		return RLIMIT_MEMLOCK;
#endif
#ifdef RLIMIT_MSGQUEUE
	case LIMIT_MSGQUEUE:
		return RLIMIT_MSGQUEUE;
#endif
#ifdef RLIMIT_NPROC
	case LIMIT_NPROC:
		return RLIMIT_NPROC;
#endif
#ifdef RLIMIT_RSS
	case LIMIT_RSS:
		return RLIMIT_RSS;
#endif
	default:
		break;
	}
	return -1;
}

static int change(enum limit what, rlim_t soft, rlim_t hard)
{
	int r = resource(what);
	struct rlimit l = {soft, hard};

	return r < 0 ? 0 : setrlimit((unsigned)r, &l);
}

int limit_soft(enum limit what, uint64_t n)
{
	int r = resource(what);
	struct rlimit l;

	if (r < 0)
		return 0;
	if (getrlimit((unsigned)r, &l) < 0)
		return -1;
	return change(what, n < l.rlim_max ? n : l.rlim_max, l.rlim_max);
}

int limit_to_hard(enum limit what)
{
	return limit_soft(what, RLIM_INFINITY);
}

int limit_lift(enum limit what)
{
	if (change(what, RLIM_INFINITY, RLIM_INFINITY) == 0)
		return 0;
	/* descriptors are never without limit */
	return what == LIMIT_NOFILE ? limit_to_hard(what) : -1;
}
