/* admit - from accept to the program; see admit.h. */
#include "core/net/admit.h"

#include <errno.h>
#include <string.h>

#include "core/net/proxy.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

enum { PROXY_MS = 10000 };	/* patience with a proxy's header */

static int drop(const struct admission *a, const char *what, const struct err *e)
{
	a->warn("tcpserver: warning: dropping connection%s: %s%s%s", what, e->text, e->num ? ": " : "",
		e->num ? strerror(e->num) : "");
	return 111;
}

/* Who the client is behind a proxy. */
static int ask_proxy(const struct admission *a, int s, const struct arrival *j, struct ucspi *u)
{
	char ip[IP_TEXT];
	struct proxy p;

	if (proxy_read(s, PROXY_MS, &p) < 0) {
		a->warn("tcpserver: warning: dropping connection, no PROXY header from %s: %s", ip_text(&j->peer.ip, ip),
			strerror(errno));
		return 111;
	}
	if (p.known) {
		u->peer = p.from;
		u->local = p.to;
		u->told = true;
		seats_rename(a->seats, j->seat, &p.from.ip);
	}
	return 0;
}

/* Look the client up and take over what its rule says: whether it is allowed; -1 the rules cannot be read. */
static int ask_rules(const struct admission *a, struct ucspi *u, struct err *e)
{
	char ip[IP_TEXT] = "";
	struct access_who who = {ip, u->info.n ? u->info.p : NULL, u->peer_name.n ? u->peer_name.p : NULL};
	struct buf key = BUF_INIT, data = BUF_INIT;
	int r;

	if (!a->rules)
		return 1;
	if (!u->path)
		ip_text(&u->peer.ip, ip);
	r = access_refresh(a->rules, e);
	if (r > 0)
		a->warn("tcpserver: warning: the old rules stay, unable to read CDB: %s", e->text);
	if (r >= 0)
		r = access_find(a->rules, &who, &key, &data, e);
	if (r >= 0)
		r = access_apply(buf_str(&data), &u->per_ip);
	buf_free(&key);
	buf_free(&data);
	return r;
}

static void tell(const struct admission *a, const struct ucspi *u, bool allowed)
{
	struct buf line = BUF_INIT;

	if (!a->info)
		return;
	ucspi_verdict_line(u, allowed, (long)proc_pid(), &line);
	a->info("%s", line.p);
	buf_free(&line);
}

static int judge(const struct admission *a, struct ucspi *u)
{
	struct err e = {0};
	int allowed = ask_rules(a, u, &e);

	if (allowed < 0)
		return drop(a, ", unable to read CDB", &e);
	if (allowed > 0 && a->ask && !u->path)
		allowed = a->ask(u, &u->per_ip, &e);
	if (allowed < 0)
		return drop(a, ", unable to read SQL rules", &e);
	tell(a, u, allowed);
	return allowed ? 0 : 100;
}

/* Too many from there?  The limit may be one the rules have set. */
static int check_seats(const struct admission *a, const struct ucspi *u, int seat)
{
	if (u->path || u->per_ip <= 0 || seats_rank(a->seats, seat, &u->peer.ip) <= (size_t)u->per_ip)
		return 0;
	a->warn("tcpserver: warning: dropping connection, no ip slots for %s, perIPlimit %ld: %s", u->peer_ip.p, u->per_ip,
		strerror(EAGAIN));
	return 111;
}

static void announce(const struct admission *a, const struct ucspi *u)
{
	struct buf line = BUF_INIT;

	if (!a->info)
		return;
	ucspi_start_line(u, (long)proc_pid(), &line);
	a->info("%s", line.p);
	buf_free(&line);
}

int admit(const struct admission *a, int s, const struct arrival *j)
{
	struct ucspi u = {.peer = j->peer, .per_ip = a->per_ip, .dual = a->dual, .path = j->path};
	struct err e = {0};

	if (j->proxied && ask_proxy(a, s, j, &u) != 0)
		return 111;
	announce(a, &u);
	int r = ucspi_prepare(&u, s, a->how, &e) < 0 ? drop(a, "", &e) : judge(a, &u);

	if (r == 0)
		r = check_seats(a, &u, j->seat);
	ucspi_free(&u);
	if (r == 0 && (fd_copy(0, s) < 0 || fd_copy(1, s) < 0)) {
		err_temp(&e, errno, "unable to place the socket");
		r = drop(a, "", &e);
	}
	return r;
}
