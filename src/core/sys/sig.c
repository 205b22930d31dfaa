/* sig - signals; see sig.h. */
#include "core/sys/sig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* What this process has made of its signals since it was started.  A child made by fork inherits both, and what a
 * program finds at its start is in neither: it may ignore signals. */
static struct {
	bool known;
	void (*handler)(int);
} now[NSIG];
static bool none_blocked;	/* for certain */
static bool unsure;

void sig_unsure(void)
{
	unsure = true;
}

void sig_catch(int sig, void (*handler)(int))
{
	struct sigaction a = {.sa_handler = handler};

	if (now[sig].known && now[sig].handler == handler && !unsure)
		return;
	sigemptyset(&a.sa_mask);
	now[sig].known = sigaction(sig, &a, NULL) == 0;
	now[sig].handler = handler;
}

void sig_ignore(int sig)
{
	sig_catch(sig, SIG_IGN);
}

void sig_default(int sig)
{
	sig_catch(sig, SIG_DFL);
}

static void mask(int how, int sig)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig);
	none_blocked = false;
	sigprocmask(how, &s, NULL);
}

void sig_block(int sig)
{
	mask(SIG_BLOCK, sig);
}

void sig_unblock(int sig)
{
	mask(SIG_UNBLOCK, sig);
}

static sigset_t before;
static bool was_none;

void sig_hold(void)
{
	sigset_t all;

	sigfillset(&all);
	was_none = none_blocked;
	none_blocked = false;
	sigprocmask(SIG_BLOCK, &all, &before);
}

void sig_release(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
	none_blocked = was_none;
}

void sig_reset(void)
{
	static const int used[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2};
	sigset_t none;

	for (unsigned i = 0; i < sizeof used / sizeof *used; i++)
		sig_default(used[i]);
	if (none_blocked && !unsure)
		return;
	sigemptyset(&none);
	none_blocked = sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

int sig_wait(const int *sigs, int n, long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < n; i++)
		sigaddset(&set, sigs[i]);
	int sig = sigtimedwait(&set, NULL, &t);

	return sig > 0 ? sig : 0;
}

int sig_fd(const int *sigs, int n)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < n; i++)
		sigaddset(&set, sigs[i]);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int pipe_end = -1;

static void to_pipe(int sig)
{
	int keep = errno;

	/* a full pipe has woken whoever reads it */
	if (write(pipe_end, &(unsigned char){(unsigned char)sig}, 1) < 0)
		errno = keep;
}

int sig_pipe(const int *sigs, int n)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	pipe_end = p[1];
	for (int i = 0; i < n; i++)
		sig_catch(sigs[i], to_pipe);
	return p[0];
}
