/* tls: two ends in one test, the server in a child. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "config.h"
#include "core/net/cert.h"
#include "core/net/tls.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

enum { LIMIT_MS = 10000 };

#ifdef HAVE_TLS
#include "../../scratch.h"

static void write_file(const char *fn, struct str s)
{
	struct err e = {0};

	assert_int_equal(file_replace(fn, s, 0600, &e), 0);
}

static void make_certificate(const char *fn, const char *host, const char *email)
{
	struct buf b = BUF_INIT;
	struct err e = {0};

	assert_int_equal(cert_make(&(struct cert){.host = host, .email = email, .days = 2}, &b, &b, NULL, &e), 0);
	write_file(fn, buf_str(&b));
	buf_free(&b);
}

static int setup(void **state)
{
	if (scratch_enter(state) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	make_certificate("server.pem", "mail.example.org", NULL);
	make_certificate("client.pem", "client.example.org", "friend@example.org");
	return 0;
}

/* A child that runs serve on its end of a socket pair; our end. */
static int in_child(void (*serve)(int fd))
{
	int p[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close(p[0]);
		serve(p[1]);
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

static void reap(int fd)
{
	int status;

	close(fd);
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
}

static struct tls_conf serving = {.cert = "server.pem"};

static struct tls *accept_one(int fd)
{
	struct err e = {0};
	struct tls_ctx *x = tls_server(&serving, &e);
	struct tls *t = x ? tls_accept(x, fd, fd, LIMIT_MS, &e) : NULL;

	if (!t)
		_exit(3);
	return t;
}

static void echo(int fd)
{
	struct tls *t = accept_one(fd);
	char p[70000];
	ssize_t n;

	while ((n = tls_read(t, p, sizeof p, LIMIT_MS)) > 0)
		if (tls_write(t, p, (size_t)n, LIMIT_MS) != n)
			_exit(4);
	tls_close(t);
	_exit(n == 0 ? 0 : 5);
}

static struct tls *dial(const struct tls_conf *c, int fd, const char *host)
{
	struct err e = {0};
	struct tls_ctx *x = tls_client(c, &e);

	assert_non_null(x);
	struct tls *t = tls_connect(x, fd, fd, host, LIMIT_MS, &e);

	if (!t)
		print_message("%s\n", e.text);
	assert_non_null(t);
	return t;	/* the context lives as long as the test */
}

static void test_versions(void **state)
{
	static const char *const methods[] = {"TLSv1_2", "TLSv1_3", "TLSv1_2:TLSv1_3", "SSLv23"};
	static const char *const want[] = {"TLSv1.2", "TLSv1.3", "TLSv1.3", "TLSv1.3"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		static char big[60000], back[60000];
		int fd = in_child(echo);
		struct tls *t = dial(&(struct tls_conf){.method = methods[i]}, fd, NULL);
		struct buf b = BUF_INIT;
		size_t got = 0;

		assert_string_equal(tls_version(t), want[i]);
		assert_true(tls_bits(t) >= 128);
		tls_describe(t, &b);
		assert_non_null(strstr(b.p, want[i]));
		memset(big, 'x', sizeof big);
		assert_int_equal(tls_write(t, big, sizeof big, LIMIT_MS), sizeof big);
		while (got < sizeof back) {
			ssize_t n = tls_read(t, back + got, sizeof back - got, LIMIT_MS);

			assert_true(n > 0);
			got += (size_t)n;
		}
		assert_memory_equal(big, back, sizeof big);
		/* nothing more to come: a wait that ends, and a connection that lives on */
		assert_int_equal(tls_read(t, back, 1, 20), -1);
		assert_int_equal(errno, ETIMEDOUT);
		assert_int_equal(tls_write(t, "y", 1, LIMIT_MS), 1);
		assert_int_equal(tls_read(t, back, 1, LIMIT_MS), 1);
		tls_close(t);
		buf_free(&b);
		reap(fd);
	}
}

static void report_peer(int fd)
{
	struct tls *t = accept_one(fd);
	struct buf b = BUF_INIT, email = BUF_INIT;
	const char *why;
	bool good = tls_verified(t, &why);

	buf_fmt(&b, "%d %s ", good, good ? "-" : why);
	buf_adds(&b, tls_peer_email(t, &email) ? email.p : "nobody");
	tls_write(t, b.p, b.n, LIMIT_MS);
	tls_close(t);
}

static void test_client_certificate(void **state)
{
	char p[200] = {0};

	(void)state;
	serving.ca = "client.pem";
	for (int tls12 = 0; tls12 < 2; tls12++) {
		const char *method = tls12 ? "TLSv1_2" : NULL;
		int fd = in_child(report_peer);
		struct tls *t = dial(&(struct tls_conf){.cert = "client.pem", .method = method}, fd, NULL);

		memset(p, 0, sizeof p);
		assert_true(tls_read(t, p, sizeof p - 1, LIMIT_MS) > 0);
		assert_string_equal(p, "1 - friend@example.org");
		tls_close(t);
		reap(fd);
		/* without one, and with one that nobody vouches for: no failure, no trust */
		fd = in_child(report_peer);
		t = dial(&(struct tls_conf){.method = method}, fd, NULL);
		memset(p, 0, sizeof p);
		assert_true(tls_read(t, p, sizeof p - 1, LIMIT_MS) > 0);
		assert_string_equal(p, "0 no certificate nobody");
		tls_close(t);
		reap(fd);
		fd = in_child(report_peer);
		t = dial(&(struct tls_conf){.cert = "server.pem", .method = method}, fd, NULL);
		memset(p, 0, sizeof p);
		assert_true(tls_read(t, p, sizeof p - 1, LIMIT_MS) > 0);
		assert_memory_equal(p, "0 ", 2);
		tls_close(t);
		reap(fd);
	}
	serving.ca = NULL;
}

static void test_server_certificate(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	const char *why;
	int fd = in_child(echo);

	(void)state;
	struct tls *t = dial(&(struct tls_conf){.ca = "server.pem"}, fd, "mail.example.org");

	assert_true(tls_verified(t, &why));
	assert_true(tls_peer_named(t, "mail.example.org"));
	assert_true(tls_peer_named(t, "MAIL.example.org"));
	assert_false(tls_peer_named(t, "ail.example.org"));
	assert_false(tls_peer_named(t, "192.0.2.1"));
	assert_true(tls_peer_tlsa(t, 0, 0, 1, &a) && a.n == 32);
	assert_true(tls_peer_tlsa(t, 0, 1, 2, &b) && b.n == 64);
	assert_true(tls_peer_tlsa(t, 0, 0, 0, &b) && b.n > 200);
	assert_false(tls_peer_tlsa(t, 0, 2, 1, &b) || tls_peer_tlsa(t, 0, 0, 3, &b) || tls_peer_tlsa(t, 7, 0, 1, &b));
	tls_close(t);
	reap(fd);
	fd = in_child(echo);
	t = dial(&(struct tls_conf){.ca = "client.pem"}, fd, NULL);
	assert_false(tls_verified(t, &why));
	assert_non_null(why);
	tls_close(t);
	reap(fd);
	buf_free(&a);
	buf_free(&b);
}

static void test_names(void **state)
{
	static const struct {
		const char *ask, *get;
	} cases[] = {{"one.example.net", "one.example.net"}, {"ONE.example.net", "one.example.net"},
		{"x.wild.example", "any.wild.example"}, {"../server", "mail.example.org"}, {"other.example", "mail.example.org"}};

	(void)state;
	assert_int_equal(file_mkdirs("sni", 0755), 0);
	make_certificate("sni/one.example.net.pem", "one.example.net", NULL);
	make_certificate("sni/*.wild.example.pem", "any.wild.example", NULL);
	write_file("sni/spoilt.example.pem", STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
	serving.sni = "sni";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int fd = in_child(echo);
		struct tls *t = dial(&(struct tls_conf){0}, fd, cases[i].ask);

		assert_true(tls_peer_named(t, cases[i].get));
		tls_close(t);
		reap(fd);
	}
	int fd = in_child(echo);
	struct tls *t = dial(&(struct tls_conf){0}, fd, "spoilt.example");

	assert_true(tls_peer_named(t, "mail.example.org"));
	tls_close(t);
	reap(fd);
	serving.sni = NULL;
}

static void refused(const struct tls_conf *c, const char *reason)
{
	struct err e = {0};

	assert_null(tls_server(c, &e));
	if (strncmp(e.text, reason, strlen(reason)) != 0)
		fail_msg("%s", e.text);
}

static void test_bad_files(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT, other = BUF_INIT;
	struct err e = {0};

	(void)state;
	refused(&(struct tls_conf){.cert = "none.pem"}, "missing certificate: none.pem");
	write_file("empty.pem", STR(""));
	refused(&(struct tls_conf){.cert = "empty.pem"}, "missing certificate: there is none");
	cert_make(&(struct cert){.host = "a.example", .days = 1}, &a, &b, NULL, &e);
	write_file("lonely.pem", buf_str(&a));
	refused(&(struct tls_conf){.cert = "lonely.pem"}, "no valid private key: there is none");
	buf_clear(&a);
	cert_make(&(struct cert){.host = "b.example", .days = 1}, &a, &other, NULL, &e);
	buf_add(&a, buf_str(&b));
	write_file("mixed.pem", buf_str(&a));
	refused(&(struct tls_conf){.cert = "mixed.pem"}, "no valid private key: it belongs to no certificate");
	write_file("garbage.pem", STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
	refused(&(struct tls_conf){.cert = "garbage.pem"}, "no valid private key: garbage.pem");
	refused(&(struct tls_conf){.cert = "server.pem", .method = "SSLv3"}, "unable to initialise: SSLv3");
	refused(&(struct tls_conf){.cert = "server.pem", .method = "TLSv1_3:TLSv1_2"}, "unable to initialise");
	refused(&(struct tls_conf){.cert = "server.pem", .ciphers = "nonsense"}, "unable to initialise: ciphers");
	refused(&(struct tls_conf){.cert = "server.pem", .suites = "nonsense"}, "unable to initialise: cipher suites");
	refused(&(struct tls_conf){.cert = "server.pem", .ca = "none.pem"}, "unable to initialise: authorities");
	refused(&(struct tls_conf){.cert = "server.pem", .crl = "none.pem"}, "unable to initialise: revocations");
	refused(&(struct tls_conf){.cert = "server.pem", .dh = "server.pem"}, "unable to initialise: parameters");
	buf_free(&a);
	buf_free(&b);
	buf_free(&other);
}

static void test_fresh(void **state)
{
	struct err e = {0};

	(void)state;
	make_certificate("changing.pem", "a.example", NULL);
	struct tls_ctx *x = tls_server(&(struct tls_conf){.cert = "changing.pem"}, &e);

	assert_non_null(x);
	assert_true(tls_ctx_fresh(x));
	make_certificate("changing.pem", "b.example", NULL);
	assert_false(tls_ctx_fresh(x));
	tls_ctx_free(x);
}

/* ---- peers that misbehave: an end within the limit, and a reason ---- */

static void silent(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
}

static void babbler(int fd)
{
	fd_write_all(fd, "GET / HTTP/1.0\r\n\r\n", 18);
	silent(fd);
}

static void vanisher(int fd)
{
	char p[100];

	if (read(fd, p, sizeof p) < 0)
		_exit(9);
}

static void cut_off(int fd)
{
	accept_one(fd);	/* and gone without goodbye */
}

static void test_bad_peers(void **state)
{
	struct err e = {0};
	struct tls_ctx *x = tls_client(&(struct tls_conf){0}, &e);
	long long start = clock_mono_ms();
	char c;
	int fd = in_child(silent);

	(void)state;
	assert_null(tls_connect(x, fd, fd, NULL, 50, &e));
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(clock_mono_ms() - start < 5000);
	reap(fd);
	fd = in_child(babbler);
	assert_null(tls_connect(x, fd, fd, NULL, LIMIT_MS, &e));
	assert_int_equal(errno, EPROTO);
	reap(fd);
	fd = in_child(vanisher);
	assert_null(tls_connect(x, fd, fd, NULL, LIMIT_MS, &e));
	assert_int_equal(errno, ECONNRESET);
	reap(fd);
	fd = in_child(cut_off);
	struct tls *t = tls_connect(x, fd, fd, NULL, LIMIT_MS, &e);

	assert_non_null(t);
	assert_int_equal(tls_read(t, &c, 1, LIMIT_MS), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(tls_write(t, "x", 1, LIMIT_MS), -1);
	tls_close(t);
	reap(fd);
	tls_ctx_free(x);
}

/* ---- relay ---- */

/* A program behind a relay: cat on two pipes. */
static void relay_to_cat(int fd)
{
	struct tls *t = accept_one(fd);
	int to[2], from[2];

	if (pipe(to) < 0 || pipe(from) < 0)
		_exit(6);
	if (fork() == 0) {
		char p[5000];
		ssize_t n;

		close(to[1]);
		close(from[0]);
		while ((n = read(to[0], p, sizeof p)) > 0)
			fd_write_all(from[1], p, (size_t)n);
		fd_write_all(from[1], "last words", 10);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	int r = tls_relay(t, from[0], to[1], LIMIT_MS, true);

	tls_close(t);
	_exit(r == 0 ? 0 : 7);
}

static void test_relay(void **state)
{
	enum { SIZE = 3000000, STEP = 10000 };
	static char sent[SIZE], got[SIZE + 20];
	int fd = in_child(relay_to_cat), to[2], from[2];
	struct tls *t = dial(&(struct tls_conf){0}, fd, NULL);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (char)(i * 7919 >> 5);
	/* our side is a relay as well, of a user with two pipes */
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid_t writer = fork();

	if (writer == 0) {
		fd_write_all(from[1], sent, SIZE);
		_exit(0);
	}
	pid_t mover = fork();

	if (mover == 0) {
		close(from[1]);
		close(to[0]);
		_exit(tls_relay(t, from[0], to[1], LIMIT_MS, false) == 0 ? 0 : 8);
	}
	close(from[0]);
	close(from[1]);
	close(to[1]);
	for (ssize_t r; (r = read(to[0], got + n, sizeof got - n)) > 0; )
		n += (size_t)r;
	assert_int_equal(n, SIZE + 10);
	assert_memory_equal(sent, got, SIZE);
	assert_memory_equal(got + SIZE, "last words", 10);
	close(to[0]);
	close(fd);
	for (int status, i = 0; i < 3; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions), cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_server_certificate), cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_files), cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_bad_peers), cmocka_unit_test(test_relay),
	};

	return cmocka_run_group_tests(tests, setup, scratch_leave);
}
#else
static void test_none(void **state)
{
	struct err e = {0};

	(void)state;
	assert_null(tls_server(&(struct tls_conf){.cert = "server.pem"}, &e));
	assert_non_null(strstr(e.text, "no TLS"));
	assert_null(tls_client(&(struct tls_conf){0}, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
