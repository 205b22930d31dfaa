/* store_mariadb - the database is MariaDB or MySQL; see store.h.  The client library is loaded when it is first wanted, so
 * that programs which do not want it start as quickly as without. */
#include "vdomain/store.h"

#include "config.h"

#ifdef HAVE_MARIADB
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/sys/library.h"

enum { COLUMNS = 16, COLUMN_MAX = 4096 };

#define S(id, sql) sql,
static const char *const statements[] = {
#include "vdomain/stmt.def"
};
#undef S

/* The functions we use, by their own names. */
static struct {
	__typeof__(&mysql_init) init;
	__typeof__(&mysql_optionsv) options;
	__typeof__(&mysql_real_connect) connect;
	__typeof__(&mysql_close) close;
	__typeof__(&mysql_error) error;
	__typeof__(&mysql_stmt_init) stmt_init;
	__typeof__(&mysql_stmt_prepare) prepare;
	__typeof__(&mysql_stmt_bind_param) bind_param;
	__typeof__(&mysql_stmt_bind_result) bind_result;
	__typeof__(&mysql_stmt_execute) execute;
	__typeof__(&mysql_stmt_field_count) field_count;
	__typeof__(&mysql_stmt_fetch) fetch;
	__typeof__(&mysql_stmt_error) stmt_error;
	__typeof__(&mysql_stmt_errno) stmt_errno;
	__typeof__(&mysql_stmt_close) stmt_close;
} my;

int store_load(const char *name, struct err *e)
{
	static const char *const names[] = {"mysql_init", "mysql_optionsv", "mysql_real_connect", "mysql_close", "mysql_error",
		"mysql_stmt_init", "mysql_stmt_prepare", "mysql_stmt_bind_param", "mysql_stmt_bind_result",
		"mysql_stmt_execute", "mysql_stmt_field_count", "mysql_stmt_fetch", "mysql_stmt_error", "mysql_stmt_errno",
		"mysql_stmt_close"};
	enum { COUNT = sizeof names / sizeof *names };
	static void *library;
	void *found[COUNT];

	_Static_assert(sizeof found == sizeof my, "a name for each function");
	if (library)
		return 0;
	void *l = library_open(name, e);

	for (int i = 0; l && i < COUNT; i++) {
		found[i] = library_find(l, names[i], e);
		if (!found[i])
			return -1;
	}
	if (!l)
		return -1;
	memcpy(&my, found, sizeof my);
	library = l;
	return 0;
}

struct store {
	MYSQL *mysql;
	unsigned error;		/* of the last failure */
};

struct store *store_open(const struct store_place *p, struct err *e)
{
	unsigned seconds = p->timeout_s;
	bool local = *p->server == '/';
	struct store *s;
	MYSQL *m;

	if (store_load(p->library, e) < 0)
		return NULL;
	m = my.init(NULL);
	if (!m) {
		err_temp(e, 0, "unable to connect to the database: out of memory");
		return NULL;
	}
	my.options(m, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	my.options(m, MYSQL_OPT_READ_TIMEOUT, &seconds);
	my.options(m, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
	if (!my.connect(m, local ? NULL : p->server, p->user, p->password, p->database, 0, local ? p->server : NULL, 0)) {
		err_temp(e, 0, "unable to connect to the database: %s", my.error(m));
		my.close(m);
		return NULL;
	}
	s = mem_alloc(sizeof *s);
	s->mysql = m;
	return s;
}

void store_close(struct store *s)
{
	if (s)
		my.close(s->mysql);
	mem_free(s);
}

bool store_lacks_table(const struct store *s)
{
	return s->error == ER_NO_SUCH_TABLE;
}

/* The statement's text; the table's name must be one, for it cannot be bound. */
static int text_of(enum stmt id, const char *table, struct buf *sql, struct err *e)
{
	struct str text = str_z(statements[id]), name = str_z(table);
	size_t at = str_find(text, STR("{}"));

	if (at == text.n) {
		buf_add(sql, text);
		return 0;
	}
	for (size_t i = 0; i < name.n; i++)
		if (!chr_alnum(name.p[i]) && name.p[i] != '_' && name.p[i] != '$')
			return err_perm(e, 0, "%s is no name of a table", table);
	if (!name.n || name.n > 64)
		return err_perm(e, 0, "no name of a table");
	buf_add(sql, str_to(text, at));
	buf_fmt(sql, "`%s`", table);
	buf_add(sql, str_from(text, at + 2));
	return 0;
}

struct result {
	MYSQL_BIND bind[COLUMNS];
	char text[COLUMNS][COLUMN_MAX];
	unsigned long size[COLUMNS];
	my_bool null[COLUMNS];
};

static int fetch(MYSQL_STMT *st, int (*row)(void *ctx, const struct str *columns, unsigned n), void *ctx)
{
	struct result *r = mem_alloc(sizeof *r);
	struct str columns[COLUMNS];
	unsigned n = my.field_count(st);
	int code = 0;

	if (n > COLUMNS)
		n = COLUMNS;
	for (unsigned i = 0; i < n; i++)
		r->bind[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = r->text[i], .buffer_length = COLUMN_MAX,
			.length = &r->size[i], .is_null = &r->null[i]};
	if (n && my.bind_result(st, r->bind) != 0)
		code = 1;
	while (n && code == 0) {
		code = my.fetch(st);
		if (code == MYSQL_DATA_TRUNCATED)
			code = 0;
		if (code != 0)
			break;
		for (unsigned i = 0; i < n; i++)
			columns[i] = r->null[i] ? (struct str){NULL, 0} :
				str_make(r->text[i], r->size[i] < COLUMN_MAX ? r->size[i] : COLUMN_MAX);
		if (row(ctx, columns, n) != 0)
			code = MYSQL_NO_DATA;
	}
	mem_free(r);
	return code == 0 || code == MYSQL_NO_DATA ? 0 : -1;
}

static int execute(MYSQL_STMT *st, struct str sql, const struct store_value *values, unsigned n)
{
	MYSQL_BIND bind[COLUMNS];

	memset(bind, 0, sizeof bind);
	for (unsigned i = 0; i < n; i++) {
		const struct store_value *v = &values[i];

		if (v->text.p)
			bind[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = (void *)(size_t)v->text.p,
				.buffer_length = v->text.n};
		else
			bind[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = (void *)(size_t)&v->number};
	}
	return my.prepare(st, sql.p, sql.n) != 0 || (n && my.bind_param(st, bind) != 0) || my.execute(st) != 0 ? -1 : 0;
}

int store_run(struct store *s, enum stmt id, const char *table, const struct store_value *values, unsigned n,
	int (*row)(void *ctx, const struct str *columns, unsigned n), void *ctx, struct err *e)
{
	struct buf sql = BUF_INIT;
	MYSQL_STMT *st = NULL;
	int r = -1;

	s->error = 0;
	if (n > COLUMNS || text_of(id, table, &sql, e) < 0)
		goto out;
	st = my.stmt_init(s->mysql);
	if (!st || execute(st, buf_str(&sql), values, n) < 0 || (row && fetch(st, row, ctx) < 0)) {
		s->error = st ? my.stmt_errno(st) : CR_OUT_OF_MEMORY;
		err_temp(e, 0, "database: %s", st ? my.stmt_error(st) : my.error(s->mysql));
		goto out;
	}
	r = 0;
out:
	if (st)
		my.stmt_close(st);
	buf_free(&sql);
	return r;
}
#else
int store_load(const char *library, struct err *e)
{
	(void)library;
	return err_temp(e, 0, "no MariaDB in this build");
}

struct store *store_open(const struct store_place *p, struct err *e)
{
	store_load(p->library, e);
	return 0;
}

void store_close(struct store *s)
{
	(void)s;
}

int store_run(struct store *s, enum stmt id, const char *table, const struct store_value *values, unsigned n,
	int (*row)(void *ctx, const struct str *columns, unsigned n), void *ctx, struct err *e)
{
	(void)s;
	(void)id;
	(void)table;
	(void)values;
	(void)n;
	(void)row;
	(void)ctx;
	return store_load(NULL, e);
}

bool store_lacks_table(const struct store *s)
{
	(void)s;
	return false;
}
#endif
