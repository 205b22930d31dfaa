/* sig - signals; see sig.h. */
#include "core/sys/sig.h"

#include <time.h>

void sig_catch(int sig, void (*handler)(int))
{
	struct sigaction a = {.sa_handler = handler};

	sigemptyset(&a.sa_mask);
	sigaction(sig, &a, NULL);
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
	sigprocmask(how, &s, NULL);
}

void sig_block(int sig)
{
	mask(SIG_BLOCK, sig);
}

void sig_reset(void)
{
	static const int used[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2};
	sigset_t none;

	for (unsigned i = 0; i < sizeof used / sizeof *used; i++)
		sig_default(used[i]);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
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
