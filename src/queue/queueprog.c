/* queueprog - which queue program the environment names; see queueprog.h. */
#include "queue/queueprog.h"

#include "core/base/str.h"
#include "core/conf/conf.h"

const char *queueprog_default;

static struct str last_part(struct str path)
{
	size_t slash = str_rchr(path, '/');

	return slash < path.n ? str_from(path, slash + 1) : path;
}

const char *queueprog_wanted(void)
{
	const char *program = conf_env(CONF_QMAILQUEUE);

	return program && *program ? program : queueprog_default;
}

bool queueprog_plain(const char *words)
{
	return str_eq(last_part(str_z(words)), STR("qmail-queue"));
}

/* What stands in for the queue program and leaves x and y records alone.  Not qmail-qfilter: its filters read
 * envelopes, and know those of every qmail. */
static bool passes_params(const char *words)
{
	static const char *const ours[] = {"qmail-queue", "qmail-multi", "qmail-nullqueue", "qmail-spamfilter"};
	struct str rest = str_z(words), name = last_part(str_word(&rest));

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (str_eq(name, str_z(ours[i])))
			return str_word(&rest).n == 0;
	return name.n == 0;
}

bool queueprog_takes_params(void)
{
	static const enum conf_id next[] = {CONF_QUEUEPROG, CONF_SPAMQUEUE, CONF_QQF_QMAILQUEUE};

	if (!passes_params(queueprog_wanted()))
		return false;
	for (size_t i = 0; i < sizeof next / sizeof *next; i++)
		if (!passes_params(conf_env(next[i])))
			return false;
	return true;
}
