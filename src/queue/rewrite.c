/* rewrite - land or sea; see rewrite.h. */
#include "queue/rewrite.h"

#include "core/conf/conf.h"

static int load(struct rewrite *r, bool percenthack, struct err *e)
{
	struct rewrite n = REWRITE_INIT;

	if (conf_line(CONF_ENVNOATHOST, &n.envnoathost, e) < 0 || conf_table(CONF_LOCALS, &n.locals, e) < 0 ||
		conf_table(CONF_VIRTUALDOMAINS, &n.virtualdomains, e) < 0 ||
		(percenthack && conf_table(CONF_PERCENTHACK, &n.percenthack, e) < 0)) {
		rewrite_free(&n);
		return -1;
	}
	if (!n.locals.present) {
		rewrite_free(&n);
		return err_temp(e, 0, "neither control/locals nor control/me is there");
	}
	if (!percenthack) {
		struct table keep = r->percenthack;

		r->percenthack = n.percenthack;
		n.percenthack = keep;
	}
	rewrite_free(r);
	*r = n;
	return 0;
}

int rewrite_load(struct rewrite *r, struct err *e)
{
	return load(r, true, e);
}

int rewrite_reload(struct rewrite *r, struct err *e)
{
	return load(r, false, e);
}

void rewrite_free(struct rewrite *r)
{
	buf_free(&r->envnoathost);
	table_free(&r->locals);
	table_free(&r->virtualdomains);
	table_free(&r->percenthack);
}

/* user%host@known becomes user@host, again and again. */
static void undo_percent(const struct rewrite *r, struct buf *addr)
{
	for (;;) {
		struct str s = buf_str(addr);
		size_t at = str_rchr(s, '@');
		size_t percent = str_rchr(str_to(s, at), '%');

		if (percent == at || !table_has(&r->percenthack, str_from(s, at + 1)))
			return;
		buf_trunc(addr, at);
		addr->p[percent] = '@';
	}
}

/* The whole address, the domain, each suffix of it that starts with a dot, the empty key. */
static bool find_virtual(const struct rewrite *r, struct str addr, struct str *prepend)
{
	size_t at = str_rchr(addr, '@');

	if (table_get(&r->virtualdomains, addr, prepend))
		return true;
	for (size_t i = at + 1; i <= addr.n; i++)
		if ((i == at + 1 || i == addr.n || addr.p[i] == '.') &&
			table_get(&r->virtualdomains, str_from(addr, i), prepend))
			return true;
	return false;
}

bool rewrite_rcpt(const struct rewrite *r, struct str rcpt, struct buf *out)
{
	struct buf addr = BUF_INIT;
	struct str prepend;
	bool remote = true;

	buf_set(&addr, rcpt);
	if (str_rchr(rcpt, '@') == rcpt.n)
		buf_fmt(&addr, "@%s", r->envnoathost.p);
	if (r->percenthack.list.lines.n)
		undo_percent(r, &addr);
	buf_clear(out);
	if (table_has(&r->locals, str_from(buf_str(&addr), str_rchr(buf_str(&addr), '@') + 1))) {
		remote = false;
	} else if (find_virtual(r, buf_str(&addr), &prepend) && prepend.n) {
		buf_add(out, prepend);
		buf_addc(out, '-');
		remote = false;
	}
	buf_add(out, buf_str(&addr));
	buf_free(&addr);
	return remote;
}

struct str rewrite_strip(const struct rewrite *r, struct str rcpt)
{
	struct str prepend;
	size_t dash = 0, at = str_rchr(rcpt, '@');

	if (at == rcpt.n || table_has(&r->locals, str_from(rcpt, at + 1)))
		return rcpt;
	/* the prepend may contain dashes itself: try every cut */
	while ((dash += str_chr(str_from(rcpt, dash), '-')) < at) {
		struct str addr = str_from(rcpt, dash + 1);

		if (find_virtual(r, addr, &prepend) && str_eq(prepend, str_to(rcpt, dash)))
			return addr;
		dash++;
	}
	return rcpt;
}
