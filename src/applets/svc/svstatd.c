/* svstatd - tell a client over the network how a service is.  Run under tcpserver; reads one line and becomes svstat.
 * The client may name a directory of services and a service in it, or one in a container, and nothing else. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"
#include "core/sys/proc.h"

enum { LINE_LONGEST = 1024, TIMEOUT_MS = 60000, WORDS = 4 };

static void refuse(void) __attribute__((noreturn));

static void refuse(void)
{
	static const char text[] = "svstatd: fatal: invalid input\n";

	fd_write_all(1, text, sizeof text - 1);
	fd_write_all(2, text, sizeof text - 1);
	proc_exit(111);
}

/* Printable ASCII, and no component is .. */
static bool good_path(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 32 || s.p[i] == 127)
			return false;
	for (struct str rest = s; rest.p; )
		if (str_eq(str_cut(&rest, '/'), STR("..")))
			return false;
	return s.n > 0;
}

/* NAME or NAME/log */
static bool good_name(struct str s)
{
	struct str rest = s, name = str_cut(&rest, '/');

	return good_path(s) && name.n && (!rest.p || str_eq(rest, STR("log")));
}

static bool good_container(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!chr_alnum(s.p[i]) && (i == 0 || (s.p[i] != '_' && s.p[i] != '.' && s.p[i] != '-')))
			return false;
	return s.n > 0;
}

static void read_line(struct buf *line)
{
	char space[256];
	struct in in;

	in_init(&in, 0, space, sizeof space);
	in.timeout = TIMEOUT_MS;
	if (in_line(&in, line, '\n', LINE_LONGEST) != 1)
		refuse();
}

/* How many words the line has, at most WORDS + 1. */
static size_t split(struct str line, struct str word[WORDS + 1])
{
	size_t n = 0;

	line = str_rtrim(line);
	while (n <= WORDS && (word[n] = str_word(&line)).n)
		n++;
	return n;
}

static int svstatd_main(int argc, char **argv)
{
	struct buf line = BUF_INIT, dir = BUF_INIT, container = BUF_INIT;
	struct str word[WORDS + 1];

	(void)argv;
	if (argc != 1)
		die_usage();
	read_line(&line);
	size_t n = split(buf_str(&line), word);

	if ((n != 2 && n != 4) || word[0].p[0] != '/' || !good_path(word[0]) || !good_name(word[1]))
		refuse();
	buf_fmt(&dir, "%.*s/%.*s", STR_FMT(word[0]), STR_FMT(word[1]));
	if (n == 2)
		run_chain((char *[]){(char []){"svstat"}, dir.p, NULL});
	bool docker = str_eq(word[2], STR("docker"));

	if ((!docker && !str_eq(word[2], STR("podman"))) || !good_container(word[3]))
		refuse();
	buf_set(&container, word[3]);
	run_chain((char *[]){docker ? (char []){"docker"} : (char []){"podman"}, (char []){"exec"}, container.p,
		(char []){"svstat"}, dir.p, NULL});
}

APPLET(svstatd) = {
	.name = "svstatd", .family = "svc",
	.brief = "tell a client over the network how a service is",
	.args = "", .role = AS_CALLER, .main = svstatd_main,
};
