/* mkapplets - build step on the host: read the APPLET(...) declarations of the applet sources named
 * on the command line and print the dispatch table as C.  One declaration per file; a name twice is
 * an error. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
	char text[64];
	char id[64];
	int main_name;
};

static struct name names[2000];
static int count;

static void fail(const char *file, const char *why)
{
	fprintf(stderr, "mkapplets: %s: %s\n", file, why);
	exit(1);
}

static char *slurp(const char *file)
{
	FILE *f = fopen(file, "rb");
	long n = 0;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (n = ftell(f)) < 0)
		fail(file, "cannot read");
	char *p = calloc(1, (size_t)n + 1);

	rewind(f);
	if (!p || fread(p, 1, (size_t)n, f) != (size_t)n)
		fail(file, "cannot read");
	fclose(f);
	return p;
}

static void add(const char *file, const char *text, size_t n, const char *id, int main_name)
{
	struct name *x = &names[count++];

	if (n == 0 || n >= sizeof x->text || count >= (int)(sizeof names / sizeof *names))
		fail(file, "bad name");
	memcpy(x->text, text, n);
	x->text[n] = 0;
	snprintf(x->id, sizeof x->id, "%s", id);
	x->main_name = main_name;
}

/* The string literal after ".field =" within the declaration; NULL when the field is missing. */
static const char *field(const char *decl, const char *end, const char *name, size_t *n)
{
	char key[32];

	snprintf(key, sizeof key, ".%s = \"", name);
	const char *p = strstr(decl, key);

	if (!p || p > end)
		return NULL;
	p += strlen(key);
	*n = strcspn(p, "\"");
	return p;
}

static void read_file(const char *file)
{
	char *text = slurp(file), id[64];
	const char *decl = strstr(text, "\nAPPLET(");
	size_t n;

	if (!decl)
		fail(file, "no APPLET(...) declaration");
	if (strstr(decl + 1, "\nAPPLET("))
		fail(file, "more than one APPLET(...) declaration");
	decl += strlen("\nAPPLET(");
	n = strcspn(decl, ")");
	if (n == 0 || n >= sizeof id)
		fail(file, "bad APPLET(...) id");
	memcpy(id, decl, n);
	id[n] = 0;
	const char *end = strstr(decl, "\n};");
	const char *name;

	if (!end)
		fail(file, "unfinished APPLET(...) declaration");
	name = field(decl, end, "name", &n);
	if (!name)
		fail(file, "no .name");
	add(file, name, n, id, 1);
	for (name = field(decl, end, "aliases", &n); name && n; ) {
		size_t w = strcspn(name, " \"");

		if (w)
			add(file, name, w, id, 0);
		name += w;
		if (*name != ' ')
			break;
		name++;
	}
	free(text);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		read_file(argv[i]);
	qsort(names, (size_t)count, sizeof *names, compare);
	for (int i = 1; i < count; i++)
		if (strcmp(names[i].text, names[i - 1].text) == 0)
			fail(names[i].text, "name used twice");
	puts("/* made by tools/mkapplets.c: do not edit */\n#include \"core/app/applet.h\"\n");
	for (int i = 0; i < count; i++)
		if (names[i].main_name)
			printf("extern const struct applet applet_%s;\n", names[i].id);
	puts("\nconst struct applet *const applet_table[] = {");
	for (int i = 0; i < count; i++)
		if (names[i].main_name)
			printf("\t&applet_%s,\n", names[i].id);
	puts("\tNULL\n};\n\nstruct applet_name {\n\tconst char *name;\n\tconst struct applet *applet;\n};\n"
		"extern const struct applet_name applet_names_sorted[];\nextern const size_t applet_names_count;\n"
		"const struct applet_name applet_names_sorted[] = {");
	for (int i = 0; i < count; i++)
		printf("\t{\"%s\", &applet_%s},\n", names[i].text, names[i].id);
	printf("};\nconst size_t applet_names_count = %d;\n", count);
	return 0;
}
