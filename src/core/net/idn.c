/* idn - domain names in other scripts; see idn.h. */
#include "core/net/idn.h"

#include "config.h"
#include "core/base/utf8.h"

#ifdef HAVE_IDN
#include <idn2.h>

static bool convert(struct str name, struct buf *out)
{
	struct buf z = BUF_INIT;
	char *ascii;

	if (!utf8_valid(name) || str_chr(name, 0) < name.n)
		return false;
	buf_add(&z, name);
	int r = idn2_to_ascii_8z(z.p, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	buf_free(&z);
	if (r != IDN2_OK)
		return false;
	buf_set(out, str_z(ascii));
	idn2_free(ascii);
	return true;
}
#else
static bool convert(struct str name, struct buf *out)
{
	(void)name;
	(void)out;
	return false;
}
#endif

bool idn_ascii(struct str name, struct buf *out)
{
	if (!utf8_ascii(name))
		return convert(name, out);
	buf_set(out, name);
	return true;
}
