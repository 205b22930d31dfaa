/* ask - questions from other hosts; see ask.h. */
#include "svc/ask.h"

/* Printable, and no component is .. */
static bool good_path(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 32 || s.p[i] == 127)
			return false;
	for (struct str rest = s; rest.p; )
		if (str_eq(str_cut(&rest, '/'), STR("..")))
			return false;
	return s.n > 0;
}

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

static bool good_program(struct str s)
{
	return str_eq(s, STR("docker")) || str_eq(s, STR("podman"));
}

bool ask_parse(struct str line, struct ask *a)
{
	struct str rest = str_rtrim(line);
	struct ask found;

	found.scandir = str_word(&rest);
	found.name = str_word(&rest);
	found.program = str_word(&rest);
	found.container = str_word(&rest);
	if (!good_path(found.scandir) || found.scandir.p[0] != '/' || !good_name(found.name) || str_word(&rest).n)
		return false;
	if (found.program.n && !(good_program(found.program) && good_container(found.container)))
		return false;
	*a = found;
	return true;
}
