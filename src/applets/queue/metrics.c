/* metrics - the counters of the queues as OpenMetrics text or JSON, once or over HTTP. Run by
 * administrators, or as a service beside the queues.  Only reads; a client gets one answer, within
 * seconds, and one is served at a time. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/net/sock.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/gauges.h"
#include "queue/layout.h"
#include "queue/scan.h"

enum { REQUEST_MAX = 4096, CLIENT_MS = 5000, BACKLOG = 20 };

static int json, look;
static const char *listen_at;
static VEC(struct gauges) all = {0};
static VEC(char *) dirs = {0};
static bool common;		/* a journal that several queues share has been told */

static const struct opt opts[] = {
	FLAG('j', "json", &json, "one JSON object per queue"),
	FLAG('o', "oldest", &look, "look into the queues: how many messages, how old"),
	TEXT('l', "listen", &listen_at, "IP:PORT", "answer HTTP requests there"),
	OPTS_END
};

static int note_queue(const char *dir, void *arg)
{
	struct buf b = BUF_INIT;

	(void)arg;
	file_absolute(dir, &b);
	vec_push(&dirs, buf_take(&b));
	return 0;
}

static int seen(const struct queue_file *f, void *arg)
{
	struct gauges *g = arg;
	time_t now = clock_now();

	if (!f->id)
		return 0;
	g->messages++;
	if (now > f->st->st_mtime && now - f->st->st_mtime > g->oldest)
		g->oldest = (long)(now - f->st->st_mtime);
	return 0;
}

static void read_journal(const char *dir, struct gauges *g)
{
	struct journal *j = journal_look(dir);

	if (!j)
		return;
	if (journal_own(dir))
		g->journal = g->queue;
	else if (!common)
		g->journal = "all";
	common |= !journal_own(dir);
	journal_count(j, &g->counts);
}

static void read_queue(const char *dir)
{
	struct gauges g = {.queue = layout_qname(dir)};
	struct err e = {0};

	if (file_chdir(dir) < 0)
		die(111, "unable to enter %s: %s", dir, log_errno(errno));
	g.m = metrics_open(false);
	if (g.m) {
		pid_t pid = (pid_t)metrics_get(g.m->pid);

		g.up = pid > 0 && (proc_kill(pid, 0) == 0 || errno == EPERM);
	}
	if (look) {
		g.looked = queue_scan(".", Q_INFO, seen, &g, &e) == 0 &&
			queue_scan(".", Q_TODO, seen, &g, &e) == 0;
		if (!g.looked)
			log_warn("%s", log_err(&e));
	}
	read_journal(dir, &g);
	vec_push(&all, g);
}

static void collect(bool as_json, struct buf *b)
{
	vec_clear(&all);
	common = false;
	for (size_t i = 0; i < dirs.n; i++)
		read_queue(dirs.p[i]);
	(as_json ? gauges_json : gauges_text)(all.p, all.n, b);
	for (size_t i = 0; i < all.n; i++)
		if (all.p[i].m)
			metrics_close(all.p[i].m);
}

/* ---- HTTP ---- */

/* The head of a request; false when none comes in time, or it is too long. */
static bool read_request(int fd, struct buf *b)
{
	long long end = clock_mono_ms() + CLIENT_MS;

	while (str_find(buf_str(b), STR("\r\n\r\n")) == b->n && str_find(buf_str(b), STR("\n\n")) == b->n) {
		long long left = end - clock_mono_ms();

		if (b->n >= REQUEST_MAX || left <= 0 || fd_wait(fd, POLLIN, (int)left) <= 0)
			return false;
		ssize_t n = fd_read(fd, buf_grow(b, 1024), 1024);

		if (n <= 0)
			return false;
		buf_advance(b, (size_t)n);
	}
	return true;
}

/* The status line's end; *as_json: what is wanted. */
static const char *judge(struct str request, bool *head, bool *as_json)
{
	struct str line = str_rtrim(str_cut(&request, '\n'));
	struct str method = str_cut(&line, ' '), path = line.p ? str_cut(&line, ' ') : STR("");

	*head = str_eq(method, STR("HEAD"));
	if (!line.p || !str_starts(line, STR("HTTP/1.")))
		return "400 Bad Request";
	if (!*head && !str_eq(method, STR("GET")))
		return "405 Method Not Allowed";
	path = str_to(path, str_chr(path, '?'));
	*as_json = str_eq(path, STR("/metrics.json")) || json;
	if (!str_eq(path, STR("/metrics")) && !str_eq(path, STR("/metrics.json")) && !str_eq(path, STR("/")))
		return "404 Not Found";
	return "200 OK";
}

/* Within the time a client has. */
static void send_all(int fd, struct buf *b)
{
	long long end = clock_mono_ms() + CLIENT_MS, left;

	while (b->n && (left = end - clock_mono_ms()) > 0 && fd_wait(fd, POLLOUT, (int)left) > 0) {
		ssize_t n = fd_write(fd, b->p, b->n);

		if (n <= 0)
			return;
		buf_drop(b, (size_t)n);
	}
}

static void answer(int fd, struct str request)
{
	struct buf body = BUF_INIT, b = BUF_INIT;
	bool head = false, as_json = false;
	const char *status = request.n ? judge(request, &head, &as_json) : "408 Request Timeout";
	bool good = status[0] == '2';

	if (good)
		collect(as_json, &body);
	else
		buf_fmt(&body, "%s\n", status);
	buf_fmt(&b, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n", status,
		!good ? "text/plain" : as_json ? "application/x-ndjson" :
		"application/openmetrics-text; version=1.0.0; charset=utf-8", body.n,
		status[2] == '5' ? "Allow: GET, HEAD\r\n" : "");
	if (!head)
		buf_add(&b, buf_str(&body));
	send_all(fd, &b);
	buf_free(&body);
	buf_free(&b);
}

static void serve(int listener)
{
	for (;;) {
		struct buf request = BUF_INIT;
		struct sock_end peer;
		int fd = sock_accept(listener, &peer);

		if (fd < 0) {
			clock_sleep_ms(100);	/* out of descriptors, or the client has gone already */
			continue;
		}
		fd_nonblock(fd, true);
		if (!read_request(fd, &request))
			buf_clear(&request);
		answer(fd, buf_str(&request));
		fd_close(fd);
		buf_free(&request);
	}
}

static int open_listener(void)
{
	struct str s = str_z(listen_at);
	size_t colon = str_rchr(s, ':');
	struct sock_end at;

	if (colon == s.n || !ip_scan(str_to(s, colon), &at.ip) || !sock_port(str_from(s, colon + 1), &at.port))
		die(100, "-l takes ADDRESS:PORT");
	int fd = sock_listen(&at, BACKLOG, ip_is4(&at.ip));

	if (fd < 0)
		die(111, "unable to listen on %s: %s", listen_at, log_errno(errno));
	return fd;
}

static int metrics_main(int argc, char **argv)
{
	struct buf b = BUF_INIT;
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (queue_look(note_queue, NULL, &e) < 0)
		die_err(&e);
	if (listen_at) {
		sig_ignore(SIGPIPE);
		serve(open_listener());
	}
	collect(json, &b);
	if (fd_write_all(1, b.p, b.n) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	buf_free(&b);
	return 0;
}

APPLET(metrics) = {
	.name = "metrics", .family = "queue",
	.brief = "counters of the queues as OpenMetrics text",
	.args = "", .opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT, .main = metrics_main,
};
