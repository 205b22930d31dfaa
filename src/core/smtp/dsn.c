/* dsn - delivery status parameters; see dsn.h. */
#include "core/smtp/dsn.h"

#include "core/base/num.h"
#include "core/base/utf8.h"
#include "core/conf/conf.h"
#include "core/smtp/command.h"

static const struct {
	const char *word;
	unsigned bit;
} notices[] = {{"SUCCESS", DSN_SUCCESS}, {"FAILURE", DSN_FAILURE}, {"DELAY", DSN_DELAY}};
enum { NOTICES = sizeof notices / sizeof *notices };

static bool upper_hex(char c)
{
	return chr_digit(c) || (c >= 'A' && c <= 'F');
}

/* xtext whose meaning is printable ASCII, blanks included; with eightbit bytes above 127 pass. */
static bool xtext_valid(struct str s, bool eightbit)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		uint64_t byte;

		if (c == '+') {
			if (i + 2 >= s.n || !upper_hex(s.p[i + 1]) || !upper_hex(s.p[i + 2]))
				return false;
			num_scan_hex(str_make(s.p + i + 1, 2), &byte);
			if (byte < 32 || byte > 126)
				return false;
			i += 2;
		} else if (c < 33 || c == '=' || c == 127 || (c > 127 && !eightbit)) {
			return false;
		}
	}
	return s.n > 0;
}

static int take_ret(struct dsn *d, struct str value)
{
	char ret = str_ieq(value, STR("FULL")) ? 'F' : str_ieq(value, STR("HDRS")) ? 'H' : 0;

	if (!ret || d->ret)
		return -1;
	d->ret = ret;
	return 1;
}

static int take_envid(struct dsn *d, struct str value)
{
	if (d->envid.n || value.n > DSN_ENVID_MAX || !xtext_valid(value, false))
		return -1;
	d->envid = value;
	return 1;
}

static unsigned notice(struct str word)
{
	for (size_t i = 0; i < NOTICES; i++)
		if (str_ieq(word, str_z(notices[i].word)))
			return notices[i].bit;
	return 0;
}

static int take_notify(struct dsn *d, struct str value)
{
	unsigned bits = 0;

	if (d->notify)
		return -1;
	if (str_ieq(value, STR("NEVER")))
		bits = DSN_NEVER;
	else
		for (struct str rest = value; rest.p; ) {
			unsigned bit = notice(str_cut(&rest, ','));

			if (!bit || bits & bit)
				return -1;
			bits |= bit;
		}
	if (!bits)
		return -1;
	d->notify = bits;
	return 1;
}

static int take_orcpt(struct dsn *d, struct str value)
{
	struct str addr = value, type = str_cut(&addr, ';');
	bool utf8 = str_ieq(type, STR("utf-8"));

	if (d->orcpt.n || value.n > DSN_ORCPT_MAX || !type.n || !addr.p)
		return -1;
	for (size_t i = 0; i < type.n; i++)
		if (!chr_alnum(type.p[i]) && type.p[i] != '-')
			return -1;
	if (!xtext_valid(addr, utf8) || (utf8 && !utf8_valid(addr)))
		return -1;
	d->orcpt = value;
	return 1;
}

int dsn_mail_param(struct dsn *d, struct str name, struct str value)
{
	if (str_ieq(name, STR("RET")))
		return take_ret(d, value);
	return str_ieq(name, STR("ENVID")) ? take_envid(d, value) : 0;
}

int dsn_rcpt_param(struct dsn *d, struct str name, struct str value)
{
	if (str_ieq(name, STR("NOTIFY")))
		return take_notify(d, value);
	return str_ieq(name, STR("ORCPT")) ? take_orcpt(d, value) : 0;
}

bool dsn_read(struct dsn *d, char letter, struct str text)
{
	struct str name, value;
	bool good = true;

	*d = (struct dsn){0};
	while (command_param(&text, &name, &value))
		good &= (letter == 'x' ? dsn_mail_param(d, name, value) : dsn_rcpt_param(d, name, value)) == 1;
	return good;
}

void dsn_environment(struct dsn *mail, struct dsn *rcpt)
{
	*mail = *rcpt = (struct dsn){0};
	dsn_mail_param(mail, STR("RET"), str_z(conf_env(CONF_DSN_RET)));
	dsn_mail_param(mail, STR("ENVID"), str_z(conf_env(CONF_DSN_ENVID)));
	dsn_rcpt_param(rcpt, STR("NOTIFY"), str_z(conf_env(CONF_DSN_NOTIFY)));
	dsn_rcpt_param(rcpt, STR("ORCPT"), str_z(conf_env(CONF_DSN_ORCPT)));
}

static void add_word(struct buf *b, const char *name)
{
	if (b->n && b->p[b->n - 1] != ' ')
		buf_addc(b, ' ');
	buf_adds(b, name);
}

void dsn_write(const struct dsn *d, struct buf *b)
{
	if (d->ret)
		add_word(b, d->ret == 'F' ? "RET=FULL" : "RET=HDRS");
	if (d->envid.n) {
		add_word(b, "ENVID=");
		buf_add(b, d->envid);
	}
	if (d->notify)
		add_word(b, d->notify & DSN_NEVER ? "NOTIFY=NEVER" : "NOTIFY=");
	for (size_t i = 0, n = 0; i < NOTICES; i++)
		if (d->notify & notices[i].bit)
			buf_fmt(b, "%s%s", n++ ? "," : "", notices[i].word);
	if (d->orcpt.n) {
		add_word(b, "ORCPT=");
		dsn_ascii(d->orcpt, b);
	}
}

bool dsn_wants(struct str params, unsigned what)
{
	struct dsn d;

	dsn_read(&d, 'y', params);
	return d.notify ? d.notify & what : what == DSN_FAILURE;
}

/* The character at the start of s: how many bytes it has, its number in *c; 0: it is no UTF-8. */
static size_t character(struct str s, unsigned long *c)
{
	unsigned char first = (unsigned char)s.p[0];
	size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

	if (n > s.n || !utf8_valid(str_to(s, n)))
		return 0;
	*c = n == 1 ? first : first & (0xFFu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*c = *c << 6 | ((unsigned char)s.p[i] & 0x3F);
	return n;
}

void dsn_ascii(struct str s, struct buf *b)
{
	while (s.n) {
		unsigned long c = '?';
		size_t n = character(s, &c);

		if (c > 127)
			buf_fmt(b, "\\x{%lX}", c);
		else
			buf_addc(b, c < 32 || c == 127 ? '?' : (char)c);
		s = str_from(s, n ? n : 1);
	}
}

void dsn_xtext(struct str s, struct buf *b)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 33 || c > 126 || c == '+' || c == '=')
			buf_fmt(b, "+%02X", c);
		else
			buf_addc(b, (char)c);
	}
}

void dsn_plain(struct str xtext, struct buf *b)
{
	size_t start = b->n;

	if (!command_xtext(xtext, b)) {
		buf_trunc(b, start);
		buf_add(b, xtext);
	}
	for (size_t i = start; i < b->n; i++)
		if (b->p[i] < 32 || b->p[i] > 126)
			b->p[i] = '?';
}
