/* listener - sockets to accept on; see listener.h. */
#include "core/net/listener.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/net/dns.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"

enum { LOOKUP_MS = 30000, FIRST_PASSED = 3, PASSED_MAX = 256 };

static int look_up(const char *host, struct ip *ip, struct err *e)
{
	struct dns_answer a = {0};
	struct dns *d = dns_open(LOOKUP_MS, e);
	int r = 0;

	if (!d)
		return -1;
	enum dns_status found = dns_ip_qualify(d, str_z(host), NULL, &a);

	if (found == DNS_SOFT)
		r = err_temp(e, EAGAIN, "temporarily unable to figure out IP address for %s", host);
	else if (found != DNS_FOUND || a.ips.n == 0)
		r = err_temp(e, 0, "no IP address for %s", host);
	else
		*ip = a.ips.p[0];
	dns_answer_free(&a);
	dns_close(d);
	return r;
}

/* An address, perhaps with %interface, or a name with one. */
static int find_host(const char *host, const char *interface, struct ip *ip, struct err *e)
{
	struct str zone = str_z(host), address = str_cut(&zone, '%');

	*ip = (struct ip){0};
	if (!*host || strcmp(host, "0") == 0)
		return 0;
	if (!ip_scan(address, ip))
		return look_up(host, ip, e);
	if (zone.p)
		interface = zone.p;
	if (interface && ip->a[0] == 0xfe && (ip->a[1] & 0xc0) == 0x80) {
		ip->scope = if_nametoindex(interface);
		if (!ip->scope)
			return err_temp(e, errno, "unable to find interface %s", interface);
	}
	return 0;
}

static int keep(struct listeners *l, int fd, const char *path, bool made, struct err *e)
{
	if (fd_nonblock(fd, true) < 0 || fd_cloexec(fd, true) < 0)
		return err_temp(e, errno, "unable to use descriptor %d", fd);
	vec_push(&l->v, ((struct listener){fd, path ? mem_copy(path, strlen(path)) : NULL, made}));
	return 0;
}

static int add_path(struct listeners *l, const char *path, const struct listener_how *how, struct err *e)
{
	int fd = local_connect(path);
	mode_t mask = file_umask(0);

	file_umask(mask);
	if (fd >= 0) {
		fd_close(fd);
		return err_temp(e, EADDRINUSE, "unable to bind");
	}
	fd = local_listen(path, 0777 & ~mask);
	if (fd < 0 || local_backlog(fd, how->backlog) < 0) {
		err_temp(e, errno, "unable to bind");
		fd_close(fd);
		return -1;
	}
	return keep(l, fd, path, true, e);
}

int listener_add(struct listeners *l, const char *host, const char *port, const struct listener_how *how, struct err *e)
{
	struct sock_end at = {.port = 0};

	if (!port)
		return add_path(l, host, how, e);
	if (!sock_port(str_z(port), &at.port))
		return err_temp(e, 0, "unable to figure out port number for %s", port);
	if (find_host(host, how->interface, &at.ip, e) < 0)
		return -1;
	int fd = sock_listen(&at, how->backlog, how->only4);

	return fd < 0 ? err_temp(e, errno, "unable to bind") : keep(l, fd, NULL, true, e);
}

int listener_add_word(struct listeners *l, const char *word, const struct listener_how *how, struct err *e)
{
	struct str s = str_z(word);
	size_t colon = str_rchr(s, ':');

	if (*word == '/')
		return listener_add(l, word, NULL, how, e);
	if (colon == s.n)
		return err_usage(e, "no port in %s", word);
	char *host = mem_copy(word, colon);
	int r = listener_add(l, host, word + colon + 1, how, e);

	mem_free(host);
	return r;
}

int listener_inherit(struct listeners *l, int fd, struct err *e)
{
	struct buf path = BUF_INIT;
	bool local = sock_path(fd, &path);
	int r = keep(l, fd, local ? path.p : NULL, false, e);

	buf_free(&path);
	return r;
}

int listener_passed(struct listeners *l, struct err *e)
{
	long pid = 0, n = 0;

	if (conf_int(CONF_LISTEN_PID, &pid, e) < 0 || conf_int(CONF_LISTEN_FDS, &n, e) < 0)
		return -1;
	if (pid != (long)proc_pid() || n < 1)
		return 0;
	if (n > PASSED_MAX)
		return err_temp(e, 0, "too many sockets: %ld", n);
	for (int i = 0; i < n; i++)
		if (listener_inherit(l, FIRST_PASSED + i, e) < 0)
			return -1;
	env_unset("LISTEN_PID");
	env_unset("LISTEN_FDS");
	env_unset("LISTEN_FDNAMES");
	return (int)n;
}

int listener_ports(const struct listeners *l, int fd)
{
	struct buf text = BUF_INIT;
	struct sock_end at;
	int r = 0;

	for (size_t i = 0; i < l->v.n && r == 0; i++) {
		if (l->v.p[i].path)
			continue;
		r = sock_local(l->v.p[i].fd, &at);
		buf_fmt(&text, "%u\n", at.port);
	}
	if (r == 0)
		r = fd_write_all(fd, text.p, text.n);
	buf_free(&text);
	return r;
}

void listener_end(const struct listeners *l)
{
	for (size_t i = 0; i < l->v.n; i++)
		if (l->v.p[i].path && l->v.p[i].made)
			file_unlink(l->v.p[i].path);
}

int listener_accept(const struct listener *l, struct sock_end *peer)
{
	*peer = (struct sock_end){.port = 0};
	return l->path ? local_accept(l->fd) : sock_accept(l->fd, peer);
}
