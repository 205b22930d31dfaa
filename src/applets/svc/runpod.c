/* runpod - start a container of an IndiMail image with podman or docker: builds the long command line and
 * becomes it. */
#include <stdio.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/sys/out.h"

/* local:container, for the names of services */
static const char *const ports[] = {"2025:25", "2106:106", "2110:110", "2143:143", "2209:209", "2366:366",
	"2465:465", "2587:587", "2628:628", "2993:993", "2995:995", "3110:4110", "3143:4143", "5110:9110",
	"5143:9143", "8080:80", "8081:443"};
static const char *const capabilities[] = {"SYS_PTRACE", "SYS_ADMIN", "IPC_LOCK", "SYS_RESOURCE", "NET_ADMIN",
	"CAP_NET_RAW", "SYS_NICE"};
enum { PORTS = sizeof ports / sizeof *ports, CAPABILITIES = sizeof capabilities / sizeof *capabilities };

static const char *image, *name, *host, *cgroup, *command = "podman";
static VEC(const char *) extra, published, volumes, added;
static int dry_run;

static int collect(char letter, const char *arg);

static const struct opt opts[] = {
	TEXT('i', "id", &image, "IMAGE", "the image (required)"),
	TEXT('n', "name", &name, "NAME", "name; indimail, indimail-mta, webmail: with their ports"),
	CALL('a', "args", collect, "WORD", "one more word for podman or docker"),
	TEXT('h', "host", &host, "HOST", "host name of the container"),
	CALL('p', "port", collect, "L:R", "port L here is port R of the container"),
	CALL('v', "volume", collect, "D:M", "directory D here is M in the container"),
	CALL('C', "capability", collect, "CAP", "a capability; auto: those a mail system can use (default)"),
	TEXT('g', "cgroup", &cgroup, "GROUP", "parent control group"),
	TEXT('c', "cmd", &command, "podman|docker", "what runs the container (podman)"),
	TEXT(0, "command", &command, "podman|docker", "the same"),
	FLAG(0, "dry-run", &dry_run, "print the command instead"),
	OPTS_END
};

static int collect(char letter, const char *arg)
{
	if ((letter == 'p' || letter == 'v') && !strchr(arg, ':'))
		return -1;
	if (letter == 'a')
		vec_push(&extra, arg);
	else if (letter == 'p')
		vec_push(&published, arg);
	else if (letter == 'v')
		vec_push(&volumes, arg);
	else
		vec_push(&added, arg);
	return 0;
}

static VEC(char *) words;

static void word(const char *text)
{
	vec_push(&words, mem_copy(text, strlen(text)));
}

static void pair(const char *option, const char *value)
{
	word(option);
	word(value);
}

static bool service(const char *s)
{
	static const char *const names[] = {"indimail", "indimail-mta", "webmail"};

	for (size_t i = 0; s && i < sizeof names / sizeof *names; i++)
		if (strcmp(s, names[i]) == 0)
			return true;
	return false;
}

static bool shell(const char *s)
{
	return s && (strcmp(s, "test") == 0 || strcmp(s, "devel") == 0);
}

static void add_ports(void)
{
	for (size_t i = 0; i < published.n; i++)
		pair("--publish", published.p[i]);
	for (int i = 0; i < PORTS && !published.n && service(name); i++)
		pair("--publish", ports[i]);
	word("--publish-all");
}

static void add_capabilities(void)
{
	if (!added.n)
		vec_push(&added, "auto");
	for (size_t i = 0; i < added.n; i++) {
		bool all = strcmp(added.p[i], "auto") == 0;

		for (int k = 0; all && k < CAPABILITIES; k++)
			pair("--cap-add", capabilities[k]);
		if (!all)
			pair("--cap-add", added.p[i]);
	}
}

/* What runs inside: the words given; test and devel mean a shell. */
static void add_program(int argc, char **argv)
{
	if (argc < 2 ? shell(name) : shell(argv[1]))
		word("bash");
	else if (argc > 1)
		word(argv[1]);
	for (int i = 2; i < argc; i++)
		word(argv[i]);
}

static void build(int argc, char **argv)
{
	bool daemon = argc > 1 ? service(argv[1]) || strcmp(argv[1], "svscan") == 0 : !shell(name);

	pair(command, "run");
	word(daemon ? "-d" : "-ti");
	if (name)
		pair("--name", name);
	if (host)
		pair("--hostname", host);
	add_ports();
	for (size_t i = 0; i < volumes.n; i++)
		pair("--volume", volumes.p[i]);
	add_capabilities();
	if (cgroup)
		pair("--cgroup-parent", cgroup);
	pair("--device", "/dev/fuse");
	for (size_t i = 0; i < extra.n; i++)
		word(extra.p[i]);
	word(image);
	add_program(argc, argv);
}

static int print(void)
{
	char space[1024];
	struct out o;

	out_init(&o, 1, space, sizeof space);
	for (size_t i = 0; i < words.n; i++)
		out_fmt(&o, "%s%s", i ? " " : "", words.p[i]);
	out_addc(&o, '\n');
	return out_flush(&o) < 0 ? 111 : 0;
}

static int runpod_main(int argc, char **argv)
{
	if (!image || !*image || *image == '-')
		die_usage();
	if (strcmp(command, "podman") != 0 && strcmp(command, "docker") != 0)
		die_usage();
	build(argc, argv);
	vec_push(&words, NULL);
	words.n--;
	if (dry_run)
		return print();
	run_chain(words.p);
}

APPLET(runpod) = {
	.name = "runpod", .family = "svc",
	.brief = "start a container of an IndiMail image",
	.args = "[program [argument ...]]", .opts = opts, .role = AS_CALLER, .main = runpod_main,
};
