/* rbl - see rbl.h. */
#include "core/smtp/rbl.h"

void rbl_expand(struct buf *out, struct str text, struct str ip)
{
	static const char mark[] = "%IP%";

	for (size_t i; (i = str_find(text, STR(mark))) < text.n; text = str_from(text, i + sizeof mark - 1)) {
		buf_add(out, str_to(text, i));
		buf_add(out, ip);
	}
	buf_add(out, text);
}

void rbl_clean(struct buf *text)
{
	if (text->n > RBL_TEXT)
		buf_trunc(text, RBL_TEXT);
	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] < 32 || text->p[i] > 126)
			text->p[i] = '?';
}

static void ask(struct dns *d, const struct ip *ip, const struct rbl_list *l, struct dns_answer *a)
{
	struct buf name = BUF_INIT;

	dns_reverse(&name, ip, l->zone);
	if (l->anti || l->message.p)
		dns_ask_ip4(d, buf_str(&name), a);
	else
		dns_ask_txt(d, buf_str(&name), a);
	buf_free(&name);
}

/* A refusal's reason; false: the list has nothing to say, so the client is not listed. */
static bool reason(const struct rbl_list *l, const struct ip *ip, const struct dns_answer *a, struct buf *text)
{
	char address[IP_TEXT];

	buf_clear(text);
	if (a->status != DNS_FOUND)
		return false;
	if (l->message.p) {
		rbl_expand(text, l->message, str_z(ip_text(ip, address)));
		return true;
	}
	for (size_t i = 0; i < a->texts.n && text->n <= RBL_TEXT; i++)
		buf_add(text, a->texts.p[i]);
	return text->n > 0;
}

/* What one list makes of it; *doubt: a list before the decision could not be asked, so nothing is for ever. */
static enum rbl_decision judge(const struct rbl_list *l, const struct ip *ip, const struct dns_answer *a, bool *doubt,
	struct buf *text)
{
	if (a->status == DNS_SOFT) {
		*doubt = true;
		if (l->anti)
			return l->closed ? RBL_NONE : RBL_ACCEPT;
		if (!l->closed)
			return RBL_NONE;
		buf_set(text, STR("temporary RBL lookup error"));
		return RBL_LATER;
	}
	if (l->anti)
		return a->status == DNS_FOUND ? RBL_ACCEPT : RBL_NONE;
	if (!reason(l, ip, a, text))
		return RBL_NONE;
	return l->bounce && !*doubt ? RBL_NEVER : RBL_LATER;
}

enum rbl_decision rbl_ask(struct dns *d, const struct ip *ip, const struct rbl_list *lists, size_t n,
	struct buf *text)
{
	enum rbl_decision r = RBL_NONE;
	bool doubt = false;

	for (size_t at = 0; at < n && r == RBL_NONE; at += RBL_AT_ONCE) {
		struct dns_answer answers[RBL_AT_ONCE] = {{0}};
		size_t some = n - at < RBL_AT_ONCE ? n - at : RBL_AT_ONCE;

		for (size_t i = 0; i < some; i++)
			ask(d, ip, &lists[at + i], &answers[i]);
		dns_wait(d);
		for (size_t i = 0; i < some && r == RBL_NONE; i++)
			r = judge(&lists[at + i], ip, &answers[i], &doubt, text);
		for (size_t i = 0; i < some; i++)
			dns_answer_free(&answers[i]);
	}
	return r;
}
