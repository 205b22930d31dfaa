/* svalert - tell another host that a service has started, stopped or died.  Run from run, alert and
 * shutdown scripts with their arguments, or linked to as one of them: one UDP datagram, never a long wait. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/conf/control.h"
#include "core/net/dns.h"
#include "core/net/sock.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/syslog.h"

enum { LOOKUP_MS = 5000, TEXT_MAX = 1200, FILTER_MAX = 1 << 20, FACILITY_DAEMON = 3 };

/* One word of the message: blanks become dashes, what cannot be printed question marks. */
static void add_word(struct buf *b, const char *word)
{
	if (b->n)
		buf_addc(b, ' ');
	for (; *word; word++)
		buf_addc(b, chr_blank(*word) ? '-' : (unsigned char)*word < 32 || *word == 127 ? '?' : *word);
}

static void add_number(struct buf *b, long long n)
{
	buf_fmt(b, " %lld", n);
}

/* Three words, by the arguments supervise gives its scripts: shutdown (dir pid), alert (dir pid value how),
 * run (dir how). */
static void add_event(struct buf *b, int argc, char **argv)
{
	uint64_t pid;

	if (argc > 3) {
		add_word(b, "abnormal-shutdown");
		add_word(b, argc > 4 ? argv[4] : "unknown");
		add_word(b, argv[3]);
	} else if (num_parse(str_z(argv[2]), INT32_MAX, &pid)) {
		add_word(b, "normal-shutdown");
		add_word(b, "PID");
		add_word(b, argv[2]);
	} else {
		add_word(b, argv[2]);
		add_word(b, "PID");
		add_number(b, proc_parent());
	}
}

/* Is the event a word of svalerts.filter? */
static bool filtered(struct str event)
{
	struct buf fn = BUF_INIT;
	struct list l = LIST_INIT;
	struct err e = {0};
	bool hit = false;

	if (conf_line(CONF_SYSCONFDIR, &fn, &e) < 0)
		die_err(&e);
	buf_adds(&fn, "/svalerts.filter");
	if (file_slurp(fn.p, &l.text, FILTER_MAX) < 0 && errno != ENOENT && errno != ENOTDIR)
		die(111, "unable to read %s: %s", fn.p, log_errno(errno));
	list_parse(&l);
	for (size_t i = 0; i < l.lines.n; i++)
		for (struct str rest = l.lines.p[i], w; (w = str_word(&rest)).n; )
			hit = hit || str_eq(w, event);
	buf_free(&fn);
	list_free(&l);
	return hit;
}

static bool resolve(struct str name, struct ip *ip)
{
	struct dns_answer a = {0};
	struct err e = {0};
	bool found = ip_scan(name, ip);
	struct dns *d = found ? NULL : dns_open(LOOKUP_MS, &e);

	if (d && dns_ip(d, name, &a) == DNS_FOUND && a.ips.n) {
		*ip = a.ips.p[0];
		found = true;
	}
	dns_answer_free(&a);
	dns_close(d);
	return found;
}

static void send_text(struct str text)
{
	struct buf server = BUF_INIT;
	struct sock_end to = {0};
	struct err e = {0};
	long port;

	if (conf_line(CONF_PROBE_SERVER, &server, &e) < 0 || conf_int(CONF_SV_ALERT_PORT, &port, &e) < 0)
		die_err(&e);
	if (port < 1 || port > 65535)
		die(100, "SV_ALERT_PORT is no port");
	to.port = (unsigned)port;
	/* a site without a probe server is no error */
	if (resolve(buf_str(&server), &to.ip) && sock_datagram(&to, text) < 0)
		die(111, "unable to tell %s: %s", server.p, log_errno(errno));
	buf_free(&server);
}

static void log_text(struct str text)
{
	struct buf path = BUF_INIT;
	struct err e = {0};

	if (conf_line(CONF_SYSLOG_SOCKET, &path, &e) < 0)
		die_err(&e);
	int fd = syslog_open(path.p);

	if (fd < 0 || syslog_send(fd, FACILITY_DAEMON, SYSLOG_INFO, "svalert", text) < 0)
		die(111, "unable to reach the system logger: %s", log_errno(errno));
	fd_close(fd);
	buf_free(&path);
}

/* Whose service: the host and the directory of services. */
static void add_place(struct buf *b)
{
	const char *name = conf_env(CONF_HOSTNAME), *scandir = conf_env(CONF_SCANDIR);
	struct buf cwd = BUF_INIT;
	char host[256];

	proc_hostname(host, sizeof host);
	add_word(b, name && *name ? name : *host ? host : "unknown");
	if (!scandir && file_cwd(&cwd) < 0)
		buf_adds(&cwd, "unknown");
	add_word(b, scandir ? scandir : cwd.p);
	buf_free(&cwd);
}

static int svalert_main(int argc, char **argv)
{
	struct buf text = BUF_INIT, event = BUF_INIT;

	if (argc < 3 || argc > 5)
		die_usage();
	add_event(&event, argc, argv);
	struct str rest = buf_str(&event);

	if (!filtered(str_word(&rest))) {
		add_word(&text, "svalert");
		add_place(&text);
		add_word(&text, argv[1]);
		buf_fmt(&text, " %s", event.p);
		add_number(&text, clock_now());
		struct str all = str_to(buf_str(&text), TEXT_MAX);

		if (conf_set(CONF_USE_SYSLOG))
			log_text(str_from(all, sizeof "svalert"));
		else
			send_text(all);
	}
	buf_free(&text);
	buf_free(&event);
	return 0;
}

APPLET(svalert) = {
	.name = "svalert", .family = "svc",
	.brief = "tell another host that a service has started, stopped or died",
	.args = "dir arg2 [arg3 [arg4]]", .role = AS_CALLER, .flags = APPLET_RAW, .main = svalert_main,
};
