/* tlskeeper - the process with the keys; see tlskeeper.h. */
#include "config.h"
#include "core/net/tlskeeper.h"

#include <errno.h>
#include <string.h>

#ifdef HAVE_TLS
#include "core/base/mem.h"
#include "core/net/tlsctx.h"
#include "core/sys/clock.h"
#include "core/sys/idle.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/ready.h"
#include "core/sys/sig.h"

enum {
	WORDS_MAX = 32768,	/* of one request */
	CONTEXTS = 8,		/* configurations known at a time */
	SWEEP_MS = 1000,
	LAST_MS = 30000,	/* for the last words to a client that does not read */
	PEER = 1, PLAIN = 2,	/* what a descriptor of the set is, in the low bits of who; 0: requests */
};

struct request {
	int timeout_ms;
	/* the words of the configuration follow */
};

struct answer {
	int good;
	int num;		/* errno */
	char text[200];
	struct tls_facts facts;
};

struct conn {
	struct conn *next, *prev;
	struct tls *tls;
	int net, plain;
	bool shaking;
	long long end;		/* of the handshake, or of the last words; 0 none */
	struct relay relay;
	bool over;
	short wants[3];		/* what is watched for, by PEER and PLAIN; -1 not in the set */
};

static struct known {
	struct buf words;
	struct tls_ctx *ctx;
} known[CONTEXTS];

static int set;
static struct conn *conns, *graves;	/* what is over is freed when no event can speak of it any more */

/* ---- contexts ---- */

static struct tls_ctx *context(struct str words, struct err *e)
{
	static unsigned next;
	struct known *k = NULL;
	struct tls_conf c;

	for (int i = 0; i < CONTEXTS && !k; i++)
		if (known[i].ctx && str_eq(buf_str(&known[i].words), words))
			k = &known[i];
	if (k && tls_ctx_fresh(k->ctx))
		return k->ctx;
	if (!k)
		k = &known[next++ % CONTEXTS];
	tls_ctx_free(k->ctx);
	k->ctx = NULL;
	buf_free(&k->words);
	buf_set(&k->words, words);
	if (!tls_files_read_back(buf_str(&k->words), &c)) {
		err_set(e, ERR_BUG, 0, "unable to initialise: a request nobody understands");
		return NULL;
	}
	k->ctx = tls_server(&c, e);
	return k->ctx;
}

/* ---- connections ---- */

static void drop(struct conn *c)
{
	if (c->over)
		return;
	c->over = true;
	if (c->shaking)
		tls_drop(c->tls);
	else
		tls_close(c->tls);
	relay_end(&c->relay);
	/* the session may still have both open, and what is open somewhere stays in the set */
	ready_forget(set, c->net);
	ready_forget(set, c->plain);
	fd_close(c->net);
	fd_close(c->plain);
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		conns = c->next;
	c->next = graves;
	graves = c;
}

static void bury(void)
{
	while (graves) {
		struct conn *c = graves;

		graves = c->next;
		mem_free(c);
	}
}

static uint64_t who(const struct conn *c, int what)
{
	return (uint64_t)(size_t)c | (unsigned)what;
}

static int watch(struct conn *c, int what, int fd, short events)
{
	if (c->wants[what] == events)
		return 0;
	c->wants[what] = events;
	return ready_watch(set, fd, events, who(c, what));
}

/* Not even its end is wanted to be known just now. */
static void ignore(struct conn *c, int what, int fd)
{
	c->wants[what] = -1;
	ready_forget(set, fd);
}

/* What came of it: a connection, or nothing but good news when e is empty. */
static void tell(int fd, struct tls *t, const struct err *e)
{
	struct answer a;

	memset(&a, 0, sizeof a);
	a.good = t || e->class == ERR_NONE;
	if (t) {
		tls_facts(t, &a.facts);
	} else {
		a.num = e->num;
		memcpy(a.text, e->text, strlen(e->text) < sizeof a.text ? strlen(e->text) : sizeof a.text - 1);
	}
	fd_write_all(fd, &a, sizeof a);
}

/* Watch for what the relay waits for.  -1: it cannot be done. */
static int watch_relay(struct conn *c)
{
	struct pollfd p[4];

	relay_wants(&c->relay, p);
	return watch(c, PEER, c->net, (short)((p[0].fd >= 0 ? POLLIN : 0) | (p[3].fd >= 0 ? POLLOUT : 0))) < 0 ||
		watch(c, PLAIN, c->plain, (short)((p[2].fd >= 0 ? POLLIN : 0) | (p[1].fd >= 0 ? POLLOUT : 0))) < 0 ? -1 : 0;
}

/* Let it go on as far as it can by the events on one of its ends; false: it is over. */
static bool pass_on(struct conn *c, int what, short events)
{
	struct pollfd p[4];
	int more;

	/* an end that is gone and not asked for anything would be reported for ever */
	if (events & POLLHUP && !(c->wants[what] & (POLLIN | POLLOUT)))
		ignore(c, what, what == PEER ? c->net : c->plain);
	if (events & POLLHUP)
		events |= POLLIN | POLLOUT;
	relay_wants(&c->relay, p);
	p[0].revents = what == PEER && events & POLLIN;
	p[3].revents = what == PEER && events & POLLOUT;
	p[2].revents = what == PLAIN && events & POLLIN;
	p[1].revents = what == PLAIN && events & POLLOUT;
	while ((more = relay_move(&c->relay, p)) > 0) {
		memset(p, 0, sizeof p);
		p[0].revents = POLLIN;
	}
	if (more < 0 || !relay_busy(&c->relay))
		return false;
	if (!c->relay.out.open && !c->end)
		c->end = clock_mono_ms() + LAST_MS;
	return watch_relay(c) == 0;
}

static bool shake(struct conn *c)
{
	struct err e = {0};
	short events;
	int r = tls_shake(c->tls, &events, &e);

	if (r == 0)
		return watch(c, PEER, c->net, events) == 0;
	tell(c->plain, r > 0 ? c->tls : NULL, &e);
	if (r < 0)
		return false;
	c->shaking = false;
	c->end = 0;
	relay_begin(&c->relay, c->tls, c->plain, c->plain, true);
	return pass_on(c, PEER, POLLIN);
}

static void go_on(struct conn *c, int what, short events)
{
	bool alive;

	if (c->shaking)	/* a session that has gone away ends the handshake */
		alive = what == PEER ? shake(c) : !(events & POLLHUP);
	else
		alive = pass_on(c, what, events);
	if (!alive)
		drop(c);
}

static void welcome(struct str words, int timeout_ms, int net, int plain)
{
	struct err e = {0};
	struct tls_ctx *x = context(words, &e);
	struct tls *t = x ? tls_new(x, net, net, &e) : NULL;

	if (!t) {
		tell(plain, NULL, &e);
		fd_close(net);
		fd_close(plain);
		return;
	}
	struct conn *c = mem_alloc(sizeof *c);

	*c = (struct conn){.next = conns, .tls = t, .net = net, .plain = plain, .shaking = true,
		.end = clock_mono_ms() + timeout_ms, .wants = {-1, -1, -1}};
	if (conns)
		conns->prev = c;
	conns = c;
	if (watch(c, PLAIN, plain, 0) < 0 || !shake(c))
		drop(c);
}

/* The plain socket comes first; alone it only asks whether these words would do. */
static void answer(struct str words, int timeout_ms, const int *fds, int n)
{
	struct err e = {0};

	if (n == 2) {
		welcome(words, timeout_ms, fds[1], fds[0]);
		return;
	}
	context(words, &e);
	tell(fds[0], NULL, &e);
	fd_close(fds[0]);
}

/* false: nobody will ask any more. */
static bool take_request(int sock)
{
	static char text[sizeof(struct request) + WORDS_MAX];
	struct request q;
	int fds[2], n;
	ssize_t got = fd_recv(sock, text, sizeof text, fds, 2, &n);

	if (got == 0)
		return false;
	if (got < (ssize_t)sizeof q || n < 1) {
		for (int i = 0; got > 0 && i < n; i++)
			fd_close(fds[i]);
		return true;
	}
	memcpy(&q, text, sizeof q);
	answer(str_make(text + sizeof q, (size_t)got - sizeof q), q.timeout_ms, fds, n);
	return true;
}

static void sweep(long long now)
{
	for (struct conn *c = conns, *next; c; c = next) {
		struct err e = {0};

		next = c->next;
		if (!c->end || now < c->end)
			continue;
		err_temp(&e, ETIMEDOUT, "connection failed");
		if (c->shaking)
			tell(c->plain, NULL, &e);
		drop(c);
	}
}

static void keep(int sock)
{
	struct ready out[READY_MAX];
	long long next = 0;
	bool asked = true, idle = false;

	while (asked || conns) {
		if (!conns)
			idle_poll(&(struct pollfd){set, POLLIN, 0}, 1, -1);
		int n = ready_wait(set, out, conns ? SWEEP_MS : 0);

		for (int i = 0; i < n; i++) {
			struct conn *c = (struct conn *)(size_t)(out[i].who & ~3ull);

			if (c && !c->over)
				go_on(c, (int)(out[i].who & 3), out[i].events);
			if (!c && asked && !(asked = take_request(sock)))
				ready_forget(set, sock);
		}
		bury();
		if (n == 0 && !idle)
			idle_release();
		idle = n == 0;
		if (clock_mono_ms() >= next) {
			sweep(clock_mono_ms());
			next = clock_mono_ms() + SWEEP_MS;
		}
	}
}

static void keeper(int sock) __attribute__((noreturn));
static void keeper(int sock)
{
	sig_reset();
	sig_ignore(SIGPIPE);
	proc_title("tlskeeper", NULL);
	if (fd_copy(3, sock) < 0)
		proc_exit(111);
	fd_close_from(4);
	fd_null(0);
	fd_null(1);
	set = ready_open();
	if (set < 0 || ready_watch(set, 3, POLLIN, 0) < 0)
		proc_exit(111);
	keep(3);
	proc_exit(0);
}

pid_t tlskeeper_start(int *sock, struct err *e)
{
	int pair[2];

	if (local_pair_packets(pair) < 0)
		return err_temp(e, errno, "unable to create a socket");
	tls_share_sessions();
	pid_t pid = proc_fork();

	if (pid == 0) {
		fd_close(pair[0]);
		keeper(pair[1]);
	}
	fd_close(pair[1]);
	if (pid < 0) {
		fd_close(pair[0]);
		return err_temp(e, errno, "unable to fork");
	}
	*sock = pair[0];
	return pid;
}

/* ---- the session's side ---- */

static int ask(int sock, const int *fds, int n, const struct tls_files *f, int timeout_ms, struct err *e)
{
	struct request q = {.timeout_ms = timeout_ms};
	struct buf b = BUF_INIT;

	buf_put(&b, &q, sizeof q);
	tls_files_write_down(f, &b);
	int r = b.n > sizeof q + WORDS_MAX ? err_temp(e, 0, "unable to initialise: too many words") :
		fd_send(sock, b.p, b.n, fds, n) < 0 ? err_temp(e, errno, "unable to initialise: no keeper of keys") : 0;

	buf_free(&b);
	return r;
}

/* The keeper ends the handshake in time; when it has gone away itself, so has the connection. */
static int hear(int fd, struct tls_facts *facts, struct err *e)
{
	struct answer a;

	if (fd_read_all(fd, &a, sizeof a) < 0)
		return err_temp(e, ECONNRESET, "connection failed");
	*facts = a.facts;
	a.text[sizeof a.text - 1] = 0;
	return a.good ? 0 : err_temp(e, a.num, "%s", a.text);
}

int tlskeeper_secure(int sock, int fd, const struct tls_files *f, int timeout_ms, struct tls_facts *facts, struct err *e)
{
	int pair[2], num = 0;

	if (local_pair(pair) < 0)
		return err_temp(e, errno, "unable to initialise");
	int r = ask(sock, (int[]){pair[1], fd}, fd >= 0 ? 2 : 1, f, timeout_ms, e);

	if (r < 0)
		num = EPIPE;
	fd_close(pair[1]);
	if (r == 0)
		r = hear(pair[0], facts, e);
	if (r < 0)
		fd_close(pair[0]);
	errno = num;
	return r < 0 ? -1 : pair[0];
}

int tlskeeper_check(int sock, const struct tls_files *f, struct err *e)
{
	struct tls_facts none;
	int fd = tlskeeper_secure(sock, -1, f, 0, &none, e);

	if (fd >= 0)
		fd_close(fd);
	return fd < 0 ? -1 : 0;
}
#else
int tlskeeper_check(int sock, const struct tls_files *f, struct err *e)
{
	return tlskeeper_secure(sock, -1, f, 0, NULL, e);
}

pid_t tlskeeper_start(int *sock, struct err *e)
{
	(void)sock;
	return err_perm(e, 0, "unable to initialise: this build has no TLS");
}

int tlskeeper_secure(int sock, int fd, const struct tls_files *f, int timeout_ms, struct tls_facts *facts, struct err *e)
{
	(void)sock;
	(void)fd;
	(void)f;
	(void)timeout_ms;
	(void)facts;
	errno = EPIPE;
	return err_perm(e, 0, "unable to initialise: this build has no TLS");
}
#endif
