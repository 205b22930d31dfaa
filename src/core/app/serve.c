/* serve - jobs of a server's workers; see serve.h. */
#include "core/app/serve.h"

#include <stdint.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/run.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"

static int run_words(char *const *words)
{
	char *argv[SERVE_WORDS + 1];
	int argc = 0;

	words = run_named(words);
	for (; words[argc] && argc < SERVE_WORDS; argc++)
		argv[argc] = words[argc];
	argv[argc] = NULL;
	return applet_run(run_applet(argv[0]), argc, argv);
}

/* A parked one: the end of the chain goes on in the environment it had. */
static int resume(const struct serve *v, struct str text, int s, bool late)
{
	struct workers_aside head;
	uint32_t vars;

	if (text.n < sizeof head)
		return 111;
	memcpy(&head, text.p, sizeof head);
	text = str_from(text, sizeof head + head.farewell);
	if (text.n < sizeof vars || fd_copy(0, s) < 0 || fd_copy(1, s) < 0)
		return 111;
	fd_close(s);
	memcpy(&vars, text.p, sizeof vars);
	text = str_from(text, sizeof vars);
	env_repeat(str_to(text, vars));
	applet_park.resumed = true;
	applet_park.late = late;
	buf_set(&applet_park.state, str_from(text, vars));
	return run_words(v->last);
}

static void put_aside(const struct serve *v)
{
	struct workers_aside head = {applet_park.patience_ms, applet_park.farewell.n};
	struct buf b = BUF_INIT, vars = BUF_INIT;

	env_changes(v->env, &vars);
	uint32_t n = (uint32_t)vars.n;

	buf_put(&b, &head, sizeof head);
	buf_add(&b, buf_str(&applet_park.farewell));
	buf_put(&b, &n, sizeof n);
	buf_add(&b, buf_str(&vars));
	buf_add(&b, buf_str(&applet_park.state));
	workers_put_aside(buf_str(&b), 0);
	buf_free(&b);
	buf_free(&vars);
}

int serve_job(const struct serve *v, struct str text, int s)
{
	struct workers_job job;

	if (text.n < sizeof job)
		return 111;
	memcpy(&job, text.p, sizeof job);
	text = str_from(text, sizeof job);
	applet_park.allowed = true;
	applet_park.resumed = applet_park.late = false;
	int r = job.resumed ? resume(v, text, s, job.late) : v->begin(text, s);

	if (r == 0 && !job.resumed)
		r = run_words(v->program);
	if (r == APPLET_PARKED)
		put_aside(v);
	buf_free(&applet_park.state);
	buf_free(&applet_park.farewell);
	return r;
}
