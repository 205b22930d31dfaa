/* spawnjob - what one delivery is about: the fields of its command, the message, the variables made of header lines, and
 * a job on its way to a worker; see spawner.h and spawnjob.h.  No byte of a command leads to anything but a regular file
 * in mess, or steers a program by a variable it must not set. */
#include "queue/spawnjob.h"

#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/workers.h"
#include "queue/loose.h"

enum { ID_MAX = 100 };

static bool name_refused(struct str name)
{
	static const char *const exact[] = {"PATH", "SHELL", "IFS", "HOME", "USER", "LOGNAME", "ENV", "BASH_ENV",
		"CDPATH", "TMPDIR", "MESSID", "QUEUEDIR", "CONTROLDIR", "SYSCONFDIR", "REEXEC", "UID", "EUID",
		"PS4", "SHELLOPTS", "BASHOPTS", "GLOBIGNORE", "NLSPATH", "LOCPATH", "GCONV_PATH", "HOSTALIASES",
		"MALLOC_TRACE", "RES_OPTIONS", "LOCALDOMAIN", "DNS_SERVERS", "FILTERARGS", "SPAMFILTER", "SPAMFILTERARGS",
		"LOGFILTER", "FROMRULES", "RCPTRULES", "QLOCAL", "QREMOTE"};
	static const char *const heads[] = {"LD_", "BASH_FUNC", "MALLOC_", "PERL", "PYTHON", "RUBY", "ASAN_", "UBSAN_",
		"QMAIL", "ONSUCCESS_", "ONFAILURE_", "ONTEMPORARY_"};

	if (!name.n || chr_digit(name.p[0]) || str_ends(name, STR("_FILE")))
		return true;
	for (size_t i = 0; i < name.n; i++)
		if (!chr_alnum(name.p[i]) && name.p[i] != '_')
			return true;
	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
		if (str_eq(name, str_z(exact[i])))
			return true;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (str_starts(name, str_z(heads[i])))
			return true;
	return false;
}

/* One unfolded field: name and value with the line ends that folded it. */
static bool add_variable(struct str field, struct buf *text)
{
	size_t colon = str_chr(field, ':'), start = text->n;

	if (colon == field.n)
		return false;
	for (size_t i = 0; i < colon; i++)
		buf_addc(text, field.p[i] == '-' ? '_' : chr_upper(field.p[i]));
	if (name_refused(str_make(text->p + start, colon))) {
		buf_trunc(text, start);
		return false;
	}
	buf_addc(text, '=');
	for (struct str v = str_trim(str_from(field, colon + 1)); v.n; v = str_from(v, 1))
		if (*v.p != '\n')
			buf_addc(text, *v.p);
	buf_addc(text, 0);
	return true;
}

/* The first header field of *rest with its continuation lines. */
static struct str cut_field(struct str *rest)
{
	size_t end = 0;

	do
		end += str_chr(str_from(*rest, end), '\n') + 1;
	while (end < rest->n && chr_blank(rest->p[end]));
	struct str field = str_to(*rest, end < rest->n ? end : rest->n);

	*rest = str_from(*rest, field.n);
	return field;
}

size_t spawner_variables(struct str headers, struct buf *text)
{
	size_t n = 0;

	while (headers.n)
		n += add_variable(cut_field(&headers), text);
	return n;
}

void spawnjob_lay(struct spawnjob_env *env, const struct spawner_job *job)
{
	buf_clear(&env->vars);
	vec_clear(&env->list);
	buf_fmt(&env->vars, "MESSID=%.*s", STR_FMT(job->id));
	buf_addc(&env->vars, 0);
	size_t n = 1 + spawner_variables(job->envh, &env->vars);

	for (char *p = env->vars.p; n--; p += strlen(p) + 1)
		vec_push(&env->list, p);
	env_lay(&env->layer, env->list.p, env->list.n);
}

void spawnjob_env_free(struct spawnjob_env *env)
{
	buf_free(&env->vars);
	vec_free(&env->list);
	env_layer_free(&env->layer);
}

void spawnjob_split(struct str text, struct spawner_job *job)
{
	struct str *fields[SPAWNJOB_FIELDS] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};

	for (unsigned i = 0; i < SPAWNJOB_FIELDS; i++)
		*fields[i] = str_cut(&text, 0);
	job->at = str_rchr(job->recipient, '@');
}

bool spawnjob_valid(const struct spawner_job *job)
{
	struct str id = job->id;

	if (!id.n || id.n > ID_MAX || id.p[0] == '/')
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!chr_digit(id.p[i]) && id.p[i] != '/')
			return false;
	return true;
}

/* A message that is in the journal only, in memory; false: it has files. */
static bool open_loose(struct spawner_job *job)
{
	struct buf text = BUF_INIT;
	const char *dir = conf_env(CONF_QUEUEDIR);
	uint64_t id, size;

	if (dir && num_parse(str_from(job->id, str_rchr(job->id, '/') + 1), UINT64_MAX, &id) &&
		loose_read(dir, id, NULL, &text, &size)) {
		job->mess = fd_memory("message", text.p, text.n);
		job->size = (off_t)size;
	}
	buf_free(&text);
	return job->mess >= 0;
}

const char *spawnjob_open(struct spawner_job *job, uid_t owner, const char **status)
{
	struct stat st;

	*status = "4.3.0";
	if (open_loose(job))
		return NULL;
	job->mess = file_open(job->id.p, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (job->mess < 0)
		return "Unable to open the message";
	if (file_fstat(job->mess, &st) < 0)
		return "Unable to read the message's status";
	*status = "4.3.5";
	if (!S_ISREG(st.st_mode))
		return "The message is not a regular file";
	if (st.st_uid != owner)
		return "The message does not belong to the queue's owner";
	job->size = st.st_size;
	return NULL;
}

pid_t spawner_hand_over(struct workers *w, const struct spawner_job *job, uint32_t kind, int report, struct err *e)
{
	const struct str *fields[SPAWNJOB_FIELDS] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < SPAWNJOB_FIELDS; i++) {
		buf_add(&text, *fields[i]);
		buf_addc(&text, 0);
	}
	buf_addc(&text, job->shared ? '1' : '0');
	buf_add(&text, job->others);
	pid_t pid = workers_start(w, buf_str(&text), (int[]){job->mess, report}, 2, kind, e);

	buf_free(&text);
	return pid;
}

static void set_variables(struct str headers)
{
	struct buf vars = BUF_INIT, name = BUF_INIT;
	size_t n = spawner_variables(headers, &vars);

	for (struct str rest = buf_str(&vars); n--; ) {
		struct str value = str_cut(&rest, 0);

		buf_set(&name, str_cut(&value, '='));
		env_put_str(name.p, value);
	}
	buf_free(&vars);
	buf_free(&name);
}

int spawner_unpack(struct str text, const int *fds, int n, struct spawner_job *job)
{
	struct str *fields[SPAWNJOB_FIELDS] = {&job->id, &job->sender, &job->qqeh, &job->envh, &job->recipient};
	struct stat st;

	for (size_t i = 0; i < SPAWNJOB_FIELDS; i++) {
		if (!text.p)
			return -1;
		*fields[i] = str_cut(&text, 0);
	}
	job->at = str_rchr(job->recipient, '@');
	job->shared = text.n && text.p[0] == '1';
	job->others = str_from(text, 1);
	job->count = 1;
	for (size_t i = 0; i < job->others.n; i++)
		job->count += !job->others.p[i];
	job->mess = 0;
	if (n != 2 || fd_move(0, fds[0]) < 0 || fd_copy(1, fds[1]) < 0 || fd_move(2, fds[1]) < 0 ||
		file_fstat(0, &st) < 0)
		return -1;
	job->size = st.st_size;
	env_put_str("MESSID", job->id);
	set_variables(job->envh);
	return 0;
}
