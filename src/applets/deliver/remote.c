/* remote - deliver one message to another host in SMTP or QMTP (queue-and-delivery section 16).
 * Run by rspawn as qmailr; the message on fd 0, the report on fd 1.  The report says everything: the exit code
 * is 0, or that of a script run afterwards. */
#include <errno.h>
#include <string.h>
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/net/idn.h"
#include "core/net/sock.h"
#include "core/smtp/client.h"
#include "core/smtp/dsn.h"
#include "core/smtp/hops.h"
#include "core/smtp/route.h"
#include "core/smtp/source.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/layout.h"
#include "queue/tcpto.h"
#include "queue/transmit.h"

enum { DNS_LIMIT_MS = 60000, SECONDS_MAX = 86400, PORT_QMTP = 209 };

/* One run of remote. */
struct delivery {
	char **argv;
	struct str host;	/* as called */
	struct str *rcpts;
	size_t n;
	bool all_aliases;	/* every recipient's domain was an alias */
	struct route route;
	struct source source;
	struct dns *dns;
	struct hops hops;
	struct tcpto tcpto;
	struct transmit t;
	struct arena mem;
	long connect_s, penalty, tolerance;
	char from[IP_TEXT];	/* bound last, "" none */
	unsigned port;		/* tried last */
};

static int seconds(enum conf_id id, long *out, struct err *e)
{
	if (conf_int(id, out, e) < 0)
		return -1;
	if (*out < 1)
		*out = 1;
	if (*out > SECONDS_MAX)
		*out = SECONDS_MAX;
	return 0;
}

static int controls(struct delivery *d, struct err *e)
{
	long reply_s;

	if (seconds(CONF_TIMEOUTCONNECT, &d->connect_s, e) < 0 || seconds(CONF_TIMEOUTREMOTE, &reply_s, e) < 0 ||
			conf_int(CONF_MIN_PENALTY, &d->penalty, e) < 0 ||
			conf_int(CONF_MAX_TOLERANCE, &d->tolerance, e) < 0 ||
			source_open(&d->source, d->host, d->t.sender, clock_now(), e) < 0 ||
			route_find(d->host, d->t.sender, d->rcpts[0], &d->route, e) < 0)
		return -1;
	d->t.timeout_ms = (int)reply_s * 1000;
	d->t.utf8_headers = conf_set(CONF_SMTPUTF8);
	d->t.helo_next = conf_set(CONF_TRY_NEXT_MX_HELO_FAIL);
	if (d->route.penalty >= 0)
		d->penalty = d->route.penalty;
	if (d->route.tolerance >= 0)
		d->tolerance = d->route.tolerance;
	return 0;
}

/* What a route asks for that this build cannot do, or NULL. */
static const char *unsupported(const struct delivery *d)
{
	return d->route.login.n && conf_set(CONF_AUTH_SMTP) ? "authentication" : NULL;
}

static bool literal(struct str host)
{
	struct ip ip;

	return ip_literal(host, &ip) || ip_scan(host, &ip);
}

/* Recipient domains that are aliases are replaced by what they stand for.  false: reported. */
static bool canonicalise(struct delivery *d)
{
	struct buf last = BUF_INIT, canonical = BUF_INIT;
	enum dns_status s = DNS_NODATA;

	d->all_aliases = true;
	for (size_t i = 0; i < d->n && s != DNS_SOFT; i++) {
		size_t at = str_rchr(d->rcpts[i], '@');
		struct str domain = str_from(d->rcpts[i], at + 1);

		if (i == 0 || !str_ieq(domain, buf_str(&last))) {
			buf_set(&last, domain);
			s = domain.n && !literal(domain) && idn_ascii(domain, &canonical) ?
				dns_canonical(d->dns, &canonical) : DNS_NODATA;
		}
		if (s != DNS_FOUND) {
			d->all_aliases = false;
			continue;
		}
		struct buf full = BUF_INIT;

		buf_add(&full, str_to(d->rcpts[i], at + 1));
		buf_add(&full, buf_str(&canonical));
		d->rcpts[i] = arena_str(&d->mem, buf_str(&full));
		buf_free(&full);
	}
	if (s == DNS_SOFT)
		transmit_end(&d->t, 'Z', 0, "The name server did not tell whether %s is an alias. (#4.4.3)\n", last.p);
	buf_free(&last);
	buf_free(&canonical);
	return s != DNS_SOFT;
}

/* No address to try: the message part by the reason. */
static void unreachable(struct delivery *d, enum hops_status s)
{
	struct str name = d->route.relay.n ? d->route.relay : d->host;

	switch (s) {
	case HOPS_SOFT:
		transmit_end(&d->t, 'Z', 0, "The name server did not find %.*s for now. (#4.1.2)\n", STR_FMT(name));
		break;
	case HOPS_NONAME:
		transmit_end(&d->t, 'D', 0, "There is no host named %.*s. (#5.1.2)\n", STR_FMT(name));
		break;
	case HOPS_NULL:
		transmit_end(&d->t, 'D', 0, "The domain %.*s takes no mail. (#5.1.10)\n", STR_FMT(name));
		break;
	case HOPS_LOOP:
		transmit_end(&d->t, 'D', 0, "This host is the best mail exchanger of %.*s, but the name is not in %s/locals. "
			"(#5.4.6)\n", STR_FMT(name), conf_controldir());
		break;
	default:
		transmit_end(&d->t, 'D', 0, "%.*s has no mail exchanger with an address. (#5.4.4)\n", STR_FMT(name));
		break;
	}
}

static enum hops_status look_up(struct delivery *d, struct err *e)
{
	struct str name = d->route.relay.n ? d->route.relay : d->host;
	struct ip_list own = {{0}};
	struct buf ascii = BUF_INIT;
	enum hops_status s = HOPS_NONAME;

	if (!idn_ascii(name, &ascii))
		goto out;
	if (d->route.relay.n) {
		s = hops_relay(d->dns, buf_str(&ascii), &d->hops);
		goto out;
	}
	s = HOPS_SOFT;
	if (!d->all_aliases && ip_own_all(&own, e) < 0)
		goto out;
	s = hops_domain(d->dns, buf_str(&ascii), d->all_aliases ? NULL : &own, &d->hops);
out:
	vec_free(&own.v);
	buf_free(&ascii);
	return s;
}

/* Find the addresses.  false: reported. */
static bool find_hops(struct delivery *d)
{
	struct err e = {0};

	if (!literal(d->route.relay.n ? d->route.relay : d->host)) {
		d->dns = dns_open(DNS_LIMIT_MS, &e);
		if (!d->dns) {
			transmit_end(&d->t, 'Z', 0, "%s. (#4.3.0)\n", log_err(&e));
			return false;
		}
		if (!d->route.relay.n && !conf_set(CONF_DISABLE_CNAME_LOOKUP) && !canonicalise(d))
			return false;
	}
	enum hops_status s = look_up(d, &e);

	if (s != HOPS_FOUND)
		unreachable(d, s);
	return s == HOPS_FOUND;
}

static int dial(struct delivery *d, const struct hop *h, unsigned port, struct str *helo)
{
	struct sock_end to = {h->ip, port}, from = {0};

	d->from[0] = 0;
	d->port = port;
	bool bound = source_pick(&d->source, &h->ip, &from.ip, helo);

	if (bound)
		ip_text(&from.ip, d->from);
	int fd = sock_connect(&to, bound ? &from : NULL, (int)d->connect_s * 1000);

	/* non-blocking: each read and write has its time limit */
	if (fd >= 0 && fd_nonblock(fd, true) == 0)
		sock_nodelay(fd);
	return fd;
}

static void remember(const struct delivery *d, const struct ip *ip, bool failed)
{
	/* a host that works is written about only when it is on record */
	if (d->penalty && (failed || tcpto_known(&d->tcpto, ip)))
		tcpto_record(queue_here(), ip, failed, clock_now(), d->tolerance);
}

/* The dialogue on fd, which is closed or kept afterwards. */
static enum transmit_end talk(struct delivery *d, int fd, bool qmtp, struct str helo)
{
	fd_seek(0, 0);
	if (!qmtp)
		return transmit_smtp(&d->t, fd, helo);
	enum transmit_end r = transmit_qmtp(&d->t, fd);

	fd_close(fd);
	return r;
}

/* What a connection to this address is like: another message may use it when all of that is the same. */
static int describe(struct delivery *d, const struct hop *h, unsigned port, struct str helo, struct err *e)
{
	long max = 0;

	ip_text(&h->ip, d->t.ip);
	d->t.host = h->host;
	buf_clear(&d->t.key);
	outtls_free(&d->t.tls);
	if (outtls_find(&d->t.tls, h->host, d->rcpts, d->n, port, e) < 0 || conf_int(CONF_CONNECTION_REUSE, &max, e) < 0)
		return -1;
	if (max > 1)
		buf_fmt(&d->t.key, "%s %u %s %.*s %.*s %d %d %.*s", d->t.ip, port, d->from, STR_FMT(helo), STR_FMT(h->host),
			d->t.tls.level, d->t.tls.first, STR_FMT(buf_str(&d->t.tls.ca)));
	return 0;
}

/* Is there a connection from the last delivery that will do?  Then the message goes that way. */
static bool again(struct delivery *d, const struct hop *h, unsigned port)
{
	struct ip from;
	struct str helo;
	struct err e;

	if (!transmit_kept())
		return false;
	d->from[0] = 0;
	if (source_pick(&d->source, &h->ip, &from, &helo))
		ip_text(&from, d->from);
	if (describe(d, h, port, helo, &e) < 0)
		return false;
	fd_seek(0, 0);
	return transmit_again(&d->t);
}

static enum transmit_end hand_over(struct delivery *d, const struct hop *h, int fd, bool qmtp, struct str helo)
{
	struct err e = {0};

	if (describe(d, h, d->port, helo, &e) < 0) {
		fd_close(fd);
		transmit_end(&d->t, 'Z', 0, "%s. (#4.3.0)\n", log_err(&e));
		return TRANSMIT_DONE;
	}
	return talk(d, fd, qmtp, helo);
}

/* Try one address: whether the delivery is settled. */
static bool try_hop(struct delivery *d, const struct hop *h)
{
	bool mxps = h->qmtp && !d->route.relay.n && !conf_set(CONF_DISABLE_MXPS), qmtp = d->route.qmtp || mxps;
	struct str helo;

	if (!qmtp && again(d, h, d->route.port)) {
		remember(d, &h->ip, false);
		return true;
	}
	int fd = dial(d, h, mxps ? PORT_QMTP : d->route.port, &helo);

	if (fd < 0 && mxps) {
		qmtp = false;
		fd = dial(d, h, d->route.port, &helo);
	}
	if (fd < 0) {
		if (sock_unreachable(errno))
			remember(d, &h->ip, true);
		return false;
	}
	enum transmit_end r = hand_over(d, h, fd, qmtp, helo);

	if (r == TRANSMIT_PLAIN) {
		d->t.tls.level = OUTTLS_NEVER;
		buf_clear(&d->t.key);
		fd = dial(d, h, d->port, &helo);
		if (fd < 0)
			return false;
		r = talk(d, fd, qmtp, helo);
	}
	if (r == TRANSMIT_DONE || d->t.bad_greeting)
		remember(d, &h->ip, r == TRANSMIT_NEXT);
	return r == TRANSMIT_DONE;
}

/* Every address failed. */
static void no_connection(struct delivery *d)
{
	struct buf ips = BUF_INIT;
	char text[IP_TEXT];

	for (size_t i = 0; i < d->hops.v.n; i++)
		buf_fmt(&ips, "%s%s", i ? "," : "", ip_text(&d->hops.v.p[i].ip, text));
	transmit_end(&d->t, 'Z', 0, "Unable to establish a connection for %.*s to %s port %u bind IP [%s]. (#4.4.1)\n",
		STR_FMT(d->host), ips.p, d->port, d->from);
	buf_free(&ips);
}

static void deliver(struct delivery *d)
{
	struct err e = {0};
	const char *missing;

	if (controls(d, &e) < 0) {
		transmit_end(&d->t, 'Z', 0, "%s. (#4.3.0)\n", log_err(&e));
		return;
	}
	missing = unsupported(d);
	if (missing) {
		transmit_end(&d->t, 'Z', 0, "The route of %.*s needs %s, which this build does not have. (#4.3.5)\n",
			STR_FMT(d->host), missing);
		return;
	}
	d->port = d->route.port;
	if (!find_hops(d))
		return;
	tcpto_read(&d->tcpto, queue_here());
	for (size_t i = 0; i < d->hops.v.n; i++) {
		const struct hop *h = &d->hops.v.p[i];

		if (!tcpto_skip(&d->tcpto, &h->ip, clock_now(), d->penalty, proc_pid()) && try_hop(d, h))
			return;
	}
	if (d->t.letter)
		transmit_give_up(&d->t);
	else
		no_connection(d);
}

/* The script for this outcome, when there is one: its exit code. */
static int run_script(struct delivery *d)
{
	static const enum conf_id ids[] = {CONF_ONSUCCESS_REMOTE, CONF_ONFAILURE_REMOTE, CONF_ONTEMPORARY_REMOTE};
	size_t mine = str_chr(STR("KDZ"), d->t.letter);
	const char *script = conf_env(ids[mine]);
	struct err e = {0};
	char code[8], status[2] = {d->t.letter, 0};

	if (!script || !*script)
		return 0;
	for (size_t i = 0; i < 3; i++)
		if (i != mine)
			env_unset(conf_rows[ids[i]].env);
	snprintf(code, sizeof code, "%d", d->t.code);
	env_put(d->t.qmtp ? "QMTPTEXT" : "SMTPTEXT", d->t.text.p);
	env_put(d->t.qmtp ? "QMTPCODE" : "SMTPCODE", code);
	env_put("SMTPHOST", d->t.ip);
	env_put("SMTPSTATUS", status);
	fd_seek(0, 0);
	pid_t pid = run_start(d->argv, &(struct run){.keep_role = true, .file = script}, &e);
	int r = pid < 0 ? -1 : run_wait(pid);

	/* a script that cannot run does not change what happened to the message */
	return r < 0 || r == 120 ? 0 : r;
}

static int finish(struct delivery *d)
{
	if (fd_write_all(1, d->t.report.p, d->t.report.n) < 0)
		die(111, "unable to write the report: %s", log_errno(errno));
	return run_script(d);
}

/* Header lines for the message: each line, the last one too, has its newline. */
static struct str head_lines(struct delivery *d, const char *qqeh)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, qqeh);
	if (b.n && b.p[b.n - 1] != '\n')
		buf_addc(&b, '\n');
	struct str s = arena_str(&d->mem, buf_str(&b));

	buf_free(&b);
	return s;
}

static struct str words(struct delivery *d, const struct dsn *dsn)
{
	struct buf b = BUF_INIT;

	dsn_write(dsn, &b);
	struct str s = arena_str(&d->mem, buf_str(&b));

	buf_free(&b);
	return s;
}

/* What send says about the sender's wishes. */
static void status_params(struct delivery *d)
{
	struct dsn mail, rcpt;

	dsn_environment(&mail, &rcpt);
	if (d->n > 1)
		rcpt.orcpt = STR("");
	d->t.mail_params = words(d, &mail);
	d->t.rcpt_params = words(d, &rcpt);
}

/* The arguments.  false: reported. */
static bool arguments(struct delivery *d, int argc, char **argv)
{
	if (argc < 6) {
		transmit_end(&d->t, 'D', 0, "Internal error: remote was called with too few arguments. (#5.3.5)\n");
		return false;
	}
	d->host = str_z(argv[1]);
	d->t.sender = str_z(argv[2]);
	d->t.head = head_lines(d, argv[3]);
	if (num_parse(str_z(argv[4]), INT64_MAX, &d->t.size) && d->t.size)
		d->t.size += d->t.head.n;
	d->n = (size_t)argc - 5;
	d->rcpts = arena_alloc(&d->mem, d->n * sizeof *d->rcpts);
	if (!smtpc_address_valid(d->t.sender)) {
		transmit_end(&d->t, 'D', 0, "The sender's address cannot be sent in SMTP. (#5.1.7)\n");
		return false;
	}
	for (size_t i = 0; i < d->n; i++) {
		d->rcpts[i] = str_z(argv[5 + i]);
		if (!smtpc_address_valid(d->rcpts[i])) {
			transmit_end(&d->t, 'D', 0, "The recipient's address cannot be sent in SMTP. (#5.1.3)\n");
			return false;
		}
	}
	d->t.rcpts = d->rcpts;
	d->t.n = d->n;
	status_params(d);
	return true;
}

static void clean_up(struct delivery *d)
{
	if (d->dns)
		dns_close(d->dns);
	route_free(&d->route);
	source_free(&d->source);
	hops_free(&d->hops);
	transmit_free(&d->t);
	arena_free(&d->mem);
}

static int remote_main(int argc, char **argv)
{
	static struct delivery d;

	/* a worker runs this again and again */
	memset(&d, 0, sizeof d);
	sig_ignore(SIGPIPE);
	d.argv = argv;
	buf_init(&d.t.report);
	buf_init(&d.t.text);
	buf_init(&d.t.key);
	if (arguments(&d, argc, argv))
		deliver(&d);
	int code = finish(&d);

	clean_up(&d);
	return code;
}

APPLET(remote) = {
	.name = "remote", .aliases = "qmail-remote", .family = "deliver",
	.brief = "deliver a message to another host",
	.args = "host sender extra-header size recipient ...", .role = AS_REMOTE, .flags = APPLET_RAW,
	.main = remote_main,
};
