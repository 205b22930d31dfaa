/* netserve - the servers of QMTP and QMQP meet the queue; see netserve.h. */
#include "queue/netserve.h"

#include "core/conf/conf.h"
#include "queue/client.h"
#include "queue/hooks.h"

int netserve(struct netserver *s, int (*run)(struct netserver *s, struct in *in, struct out *out))
{
	char in_space[32768], out_space[4096];
	struct in in;
	struct out out;

	caller_read(&s->caller);
	s->hide_host = conf_set(CONF_HIDE_HOST);
	s->patience_ms = NETSERVER_MS;
	s->queue = (struct netserver_queue){.ctx = client_new(), .open = hook_open, .put = hook_put,
		.from = hook_from, .to = hook_to, .fail = hook_fail, .close = hook_close, .qp = hook_qp};
	in_init(&in, 0, in_space, sizeof in_space);
	out_init(&out, 1, out_space, sizeof out_space);
	int code = run(s, &in, &out);

	client_free(s->queue.ctx);
	return code;
}
