/* ucspi - the environment of a connection; see ucspi.h. */
#include "core/net/ucspi.h"

#include <errno.h>

#include "core/net/dns.h"
#include "core/net/ident.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"

static void show(struct buf *b, const struct ip *ip, bool force6)
{
	buf_clear(b);
	if (force6)
		ip_fmt6(b, ip);
	else
		ip_fmt(b, ip);
}

static void set(const char *name, const struct buf *value)
{
	if (value->n)
		env_put_str(name, buf_str(value));
	else
		env_unset(name);
}

static void set_port(const char *name, unsigned port)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "%u", port);
	set(name, &text);
	buf_free(&text);
}

static void set_plain(const struct ucspi *u, bool native6)
{
	env_unset("UNIXLOCALPATH");
	env_put("PROTO", native6 ? "TCP6" : "TCP");
	set("TCPLOCALIP", &u->local_ip);
	set_port("TCPLOCALPORT", u->local.port);
	set("TCPLOCALHOST", &u->local_name);
	set("TCPREMOTEIP", &u->peer_ip);
	set_port("TCPREMOTEPORT", u->peer.port);
	set("TCPREMOTEHOST", &u->peer_name);
	set("TCPREMOTEINFO", &u->info);
}

static void set_six(const struct ucspi *u)
{
	struct buf ip = BUF_INIT;

	show(&ip, &u->local.ip, true);
	set("TCP6LOCALIP", &ip);
	set_port("TCP6LOCALPORT", u->local.port);
	set("TCP6LOCALHOST", &u->local_name);
	show(&ip, &u->peer.ip, true);
	set("TCP6REMOTEIP", &ip);
	buf_clear(&ip);
	sock_interface(&u->peer.ip, &ip);
	set("TCP6INTERFACE", &ip);
	set_port("TCP6REMOTEPORT", u->peer.port);
	set("TCP6REMOTEHOST", &u->peer_name);
	set("TCP6REMOTEINFO", &u->info);
	buf_free(&ip);
}

void ucspi_forget(void)
{
	static const char *const tcp[] = {"LOCALIP", "LOCALPORT", "LOCALHOST", "REMOTEIP", "REMOTEPORT", "REMOTEHOST",
		"REMOTEINFO", "INTERFACE"};
	struct buf name = BUF_INIT;

	for (size_t i = 0; i < 2 * sizeof tcp / sizeof *tcp; i++) {
		buf_clear(&name);
		buf_fmt(&name, "TCP%s%s", i % 2 ? "6" : "", tcp[i / 2]);
		env_unset(name.p);
	}
	env_unset("TCPPARANOID");
	buf_free(&name);
}

/* A Unix socket has a path and nothing else. */
static void set_path(const char *path)
{
	ucspi_forget();
	env_put("PROTO", "UNIX");
	env_put("UNIXLOCALPATH", path);
}

enum { NAMES_MS = 20000 };	/* what looking up names may take altogether */

static void first_name(const struct dns_answer *a, struct buf *name)
{
	if (a->status == DNS_FOUND && a->texts.n)
		buf_set(name, a->texts.p[0]);
}

/* The name must lead back to the address; otherwise it is only mentioned in TCPPARANOID. */
static void distrust(struct ucspi *u, struct dns *d)
{
	struct dns_answer a = {0};
	bool same = false;

	if (u->peer_name.n && dns_ip(d, buf_str(&u->peer_name), &a) == DNS_FOUND)
		for (size_t i = 0; i < a.ips.n && !same; i++)
			same = ip_same(&a.ips.p[i], &u->peer.ip);
	dns_answer_free(&a);
	if (same || !u->peer_name.n)
		return;
	env_put_str("TCPPARANOID", buf_str(&u->peer_name));
	buf_clear(&u->peer_name);
}

static void look_up(struct ucspi *u, const struct ucspi_options *o)
{
	struct dns_answer ours = {.status = DNS_NODATA}, theirs = {.status = DNS_NODATA};
	struct dns *d = o->local_name && !o->names ? NULL : dns_open(NAMES_MS, NULL);

	if (!d)
		return;
	if (!o->local_name)
		dns_ask_ptr(d, &u->local.ip, &ours);
	if (o->names)
		dns_ask_ptr(d, &u->peer.ip, &theirs);
	dns_wait(d);
	first_name(&ours, &u->local_name);
	first_name(&theirs, &u->peer_name);
	if (o->paranoid)
		distrust(u, d);
	dns_answer_free(&ours);
	dns_answer_free(&theirs);
	dns_close(d);
}

int ucspi_prepare(struct ucspi *u, int fd, const struct ucspi_options *o, struct err *e)
{
	buf_init(&u->peer_ip);
	buf_init(&u->local_ip);
	buf_init(&u->peer_name);
	buf_init(&u->local_name);
	buf_init(&u->info);
	if (!u->told && !u->path && sock_local(fd, &u->local) < 0)
		return err_temp(e, errno, "unable to learn the local address");
	if (!u->path && !o->ip_options)
		sock_no_options(fd);
	if (!u->path && o->nodelay)
		sock_nodelay(fd);
	if (o->banner && fd_write_all(fd, o->banner, str_z(o->banner).n) < 0)
		return err_temp(e, errno, "unable to write the banner");
	env_unset("TCPPARANOID");
	if (u->path) {
		buf_adds(&u->local_ip, u->path);
		set_path(u->path);
		return 0;
	}
	show(&u->peer_ip, &u->peer.ip, o->force6);
	show(&u->local_ip, &u->local.ip, o->force6);
	if (o->local_name)
		buf_adds(&u->local_name, o->local_name);
	look_up(u, o);
	if (o->ident)
		ident_ask(&u->local, &u->peer, (int)o->ident_timeout * 1000, &u->info);
	set_plain(u, o->force6 || !ip_is4(&u->peer.ip));
	if (u->dual)
		set_six(u);
	return 0;
}

void ucspi_free(struct ucspi *u)
{
	buf_free(&u->peer_ip);
	buf_free(&u->local_ip);
	buf_free(&u->peer_name);
	buf_free(&u->local_name);
	buf_free(&u->info);
}

/* A field of a log line: what others wrote must not look like more fields. */
static void field(struct buf *line, struct str text)
{
	enum { FIELD_MAX = 100 };

	for (size_t i = 0; i < text.n && i < FIELD_MAX; i++) {
		char c = text.p[i];

		buf_addc(line, (unsigned char)c < 33 || (unsigned char)c > 126 || c == '%' ? '?' : c);
	}
	if (text.n > FIELD_MAX)
		buf_adds(line, "...");
}

void ucspi_start_line(const struct ucspi *u, long pid, struct buf *line)
{
	buf_fmt(line, "tcpserver: pid %ld from ", pid);
	if (u->path)
		field(line, str_z(u->path));
	else
		ip_fmt(line, &u->peer.ip);
}

void ucspi_verdict_line(const struct ucspi *u, bool allowed, long pid, struct buf *line)
{
	buf_fmt(line, "tcpserver: %s %ld ", allowed ? "ok" : "deny", pid);
	field(line, buf_str(&u->local_name));
	buf_addc(line, '[');
	field(line, buf_str(&u->local_ip));
	buf_fmt(line, "]%u ", u->local.port);
	field(line, buf_str(&u->peer_name));
	buf_addc(line, '[');
	field(line, buf_str(&u->peer_ip));
	buf_addc(line, ']');
	field(line, buf_str(&u->info));
	buf_fmt(line, ":%u:maxperip=%ld", u->peer.port, u->per_ip);
}
