/* q - look at and steer the queues: list, show, summary, hold, release, retry, delete, export, import. Run
 * by administrators beside running daemons.  Looking locks nothing; changes are made by send, or in its
 * place under its lock when none runs, so that no message is touched while it is delivered. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/json.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/floor.h"
#include "queue/parcel.h"
#include "queue/repair.h"
#include "queue/steer.h"
#include "queue/tally.h"

enum { FLUSH_AT = 65536 };

static struct choice choice = CHOICE_ANY;
static int all, json, whole, with_bounce, with_delete;
static long patience = 10;
static const char *parcels;		/* the directory of export and import, absolute */
static struct buf out = BUF_INIT;
static struct layout lay;
static struct steer_link steering;
static struct rewrite rules = REWRITE_INIT;
static struct parcel_way moving = {.link = &steering, .lay = &lay, .rules = &rules};
static struct tally tally;
static time_t now;
static unsigned long done, failed;

/* The queues, absolute: we go from one to the next. */
static VEC(char *) queues;

static void flush(void)
{
	if (fd_write_all(1, out.p, out.n) < 0) {
		if (errno == EPIPE)
			proc_exit(111);	/* the reader has seen enough */
		die(111, "unable to write: %s", log_errno(errno));
	}
	buf_clear(&out);
}

static void odd(const struct err *e)
{
	log_warn("%s", log_err(e));
	failed++;
}

/* ---- which messages ---- */

static int set_age(char letter, const char *arg)
{
	return choice_age(str_z(arg), letter == 'o' ? &choice.older : &choice.newer) ? 0 : -1;
}

static int set_size(char letter, const char *arg)
{
	return choice_size(str_z(arg), letter == 'l' ? &choice.larger : &choice.smaller) ? 0 : -1;
}

static int set_state(char letter, const char *arg)
{
	(void)letter;
	for (int i = 0; i < VIEW_STATES; i++)
		if (str_eq(str_z(arg), str_z(view_states[i])))
			choice.state = i;
	return choice.state < 0 ? -1 : 0;
}

static int set_id(char letter, const char *arg)
{
	(void)letter;
	return choice_add(&choice, str_z(arg)) ? 0 : -1;
}

static const struct opt opts[] = {
	FLAG('a', "all", &all, "every message (orders want a choice)"),
	FLAG('j', "json", &json, "one JSON object per line"),
	TEXT('s', "sender", &choice.sender, "PATTERN", "envelope sender; empty or <>: bounces"),
	TEXT('r', "recipient", &choice.recipient, "PATTERN", "a recipient that is left"),
	TEXT('H', "host", &choice.host, "PATTERN", "domain of such a recipient"),
	CALL('o', "older", set_age, "AGE", "at least this old: 90, 15m, 2h, 3d, 1w"),
	CALL('n', "newer", set_age, "AGE", "at most this old"),
	CALL('l', "larger", set_size, "SIZE", "at least this large: 500, 10k, 2M, 1G"),
	CALL('m', "smaller", set_size, "SIZE", "at most this large"),
	CALL('i', "id", set_id, "ID", "this message, or QUEUE/ID; may come again"),
	TEXT('q', "queue", &choice.queue, "PATTERN", "only queues of this name"),
	CALL('t', "state", set_state, "STATE", "new, waiting, held, bouncing or done"),
	FLAG('b', "bounce", &with_bounce, "delete: the sender gets a bounce"),
	FLAG('d', "delete", &with_delete, "export: the message leaves the queue"),
	FLAG('M', "message", &whole, "show: the whole message, not only its header"),
	NUM('w', "wait", &patience, "SECONDS", "how long to wait for a delivery under way (10)"),
	OPTS_END
};

static bool any_choice(void)
{
	return all || choice_filters(&choice) || choice.ids.n;
}

/* Who names a message means one that is there. */
static void tell_missing(void)
{
	for (size_t i = 0; i < choice.ids.n && !choice_filters(&choice); i++) {
		const struct choice_id *n = &choice.ids.p[i];
		struct err e = {0};

		if (n->seen)
			continue;
		err_temp(&e, 0, "no such message: %.*s%s%llu", STR_FMT(n->queue), n->queue.n ? "/" : "",
			(unsigned long long)n->id);
		odd(&e);
	}
}

/* ---- going through the queues ---- */

static int note_queue(const char *dir, void *arg)
{
	struct buf b = BUF_INIT;

	(void)arg;
	file_absolute(dir, &b);
	vec_push(&queues, buf_take(&b));
	return 0;
}

/* The queue's directories tell its layout, unless the variables do. */
static const char *enter(const char *dir)
{
	static bool set_split, set_big, begun;
	struct buf n = BUF_INIT;

	if (!begun) {
		set_split = conf_env(CONF_CONFSPLIT) != NULL;
		set_big = conf_env(CONF_BIGTODO) != NULL;
		begun = true;
	}
	if (file_chdir(dir) < 0)
		die(111, "unable to enter %s: %s", dir, log_errno(errno));
	lay = layout_conf();
	struct layout seen = lay;

	repair_detect(&seen);
	buf_fmt(&n, "%d", seen.split);
	if (!set_split)
		env_put("CONFSPLIT", n.p);
	if (!set_big)
		env_put("BIGTODO", seen.bigtodo ? "1" : "0");
	lay = layout_conf();
	floor_load();
	now = clock_now();
	buf_free(&n);
	return layout_qname(dir);
}

static void each_queue(int (*each)(const struct view *v, void *arg), void *arg)
{
	for (size_t i = 0; i < queues.n; i++) {
		const char *name = enter(queues.p[i]);
		struct err e = {0};

		if (view_walk(&lay, name, &choice, now, each, odd, arg, &e) < 0)
			odd(&e);
		steer_end(&steering);
	}
}

/* ---- looking ---- */

static int list_one(const struct view *v, void *arg)
{
	(void)arg;
	if (json)
		view_json(v, now, &out);
	else
		view_line(v, now, &out);
	if (out.n > FLUSH_AT)
		flush();
	done++;
	return 0;
}

static void show_text(const struct view *v)
{
	struct buf fn = BUF_INIT;
	static char block[FLUSH_AT];
	ssize_t n = 0;
	bool more = true;

	layout_path(&lay, Q_MESS, v->id, &fn);
	int fd = file_open(fn.p, O_RDONLY, 0);

	while (fd >= 0 && more && (n = fd_read(fd, block, sizeof block)) > 0) {
		struct str s = str_make(block, (size_t)n);
		size_t end = whole ? s.n : str_find(s, STR("\n\n"));

		more = end == s.n && (whole || out.n < FLUSH_AT);
		for (size_t i = 0; i < end; i++) {
			char c = s.p[i];

			buf_addc(&out, ((unsigned char)c < 32 && c != '\n' && c != '\t') || c == 127 ? '_' : c);
		}
		if (whole)
			flush();
	}
	if (fd < 0 || n < 0)
		log_warn("unable to read %s: %s", fn.p, log_errno(errno));
	buf_addc(&out, '\n');
	fd_close(fd);
	buf_free(&fn);
}

static int show_one(const struct view *v, void *arg)
{
	choice_seen(&choice, str_z(v->queue), v->id);
	list_one(v, arg);
	if (!json) {
		view_rcpts(v, &out);
		buf_addc(&out, '\n');
		show_text(v);
	}
	flush();
	return 0;
}

static int tally_one(const struct view *v, void *arg)
{
	long age = now > v->birth ? (long)(now - v->birth) : 0;

	(void)arg;
	for (size_t i = 0; i < v->rcpts.n; i++) {
		struct str addr = v->rcpts.p[i].addr;
		size_t at = str_rchr(addr, '@');

		if (!v->rcpts.p[i].done)
			tally_add(&tally, str_from(addr, at < addr.n ? at + 1 : at), age);
	}
	done++;
	return 0;
}

/* ---- orders ---- */

static bool connected(void)
{
	struct err e = {0};

	if (steering.fd >= 0 || steering.mutex >= 0)
		return true;
	if (steer_connect(&steering, &lay, &e) == 0)
		return true;
	die_err(&e);
}

static void result(const struct view *v, const char *what)
{
	if (json) {
		struct buf b = BUF_INIT;

		buf_addc(&b, '{');
		json_pair(&b, "queue", str_z(v->queue));
		json_number(&b, "id", (long long)v->id);
		json_pair(&b, "result", str_z(what));
		buf_adds(&b, "}\n");
		buf_add(&out, buf_str(&b));
		buf_free(&b);
	} else {
		buf_fmt(&out, "%s/%llu %s\n", v->queue, (unsigned long long)v->id, what);
	}
	if (out.n > FLUSH_AT)
		flush();
}

static void refused(const struct view *v, char c, const struct err *e)
{
	failed++;
	if (c == STEER_WAIT)
		log_warn("%s/%llu: being delivered", v->queue, (unsigned long long)v->id);
	else
		log_warn("%s/%llu: %s", v->queue, (unsigned long long)v->id, log_err(e));
	if (json)
		result(v, c == STEER_WAIT ? "busy" : "failed");
}

static int order_one(const struct view *v, void *arg)
{
	static const char *const words[STEER_VERBS] = {"held", "released", "due now", "deleted", "bounced", "",
		"", ""};
	enum steer_verb verb = *(const enum steer_verb *)arg;
	struct err e = {0};

	choice_seen(&choice, str_z(v->queue), v->id);
	connected();
	char c = steer_ask(&steering, verb, v->id, patience * 1000, &e);

	if (c == STEER_DONE) {
		done++;
		result(v, words[verb]);
	} else if (c != STEER_GONE) {
		refused(v, c, &e);
	}
	return 0;
}

/* ---- export ---- */

static int export_one(const struct view *v, void *arg)
{
	struct err e = {0};
	char c;

	(void)arg;
	choice_seen(&choice, str_z(v->queue), v->id);
	if (with_delete && connected())
		c = parcel_move(&moving, v, &e);
	else
		c = parcel_copy(&moving, v, &e) < 0 ? STEER_FAILED : STEER_DONE;
	if (c == STEER_DONE) {
		done++;
		result(v, with_delete ? "moved" : "copied");
	} else if (c != STEER_GONE) {
		refused(v, c, &e);
	}
	return 0;
}

/* Where the message of a parcel that was ready is; false: nowhere. */
static bool find_ready(const char *name, struct view *v)
{
	static const struct choice any = CHOICE_ANY;
	struct err e = {0};
	struct str queue;
	uint64_t id, birth;

	if (!parcel_whose(str_z(name), &queue, &id, &birth))
		return false;
	for (size_t i = 0; i < queues.n; i++) {
		const char *qname = enter(queues.p[i]);

		if (!str_eq(str_z(qname), queue) || view_load(&lay, qname, id, &any, now, v, &e) <= 0)
			continue;
		if ((uint64_t)v->birth == birth)
			return true;
		view_free(v);
	}
	return false;
}

/* What an interrupted export has left: parts are nothing; a parcel that was ready takes its message out
 * now. */
static void finish_old(const char *name)
{
	struct buf fn = BUF_INIT;
	struct err e = {0};
	struct view v;
	struct str queue;
	uint64_t id, birth;
	char c = STEER_DONE;

	if (parcel_whose(str_z(name), &queue, &id, &birth))
		choice_seen(&choice, queue, id);	/* what has been exported need not be there any more */
	if (str_ends(str_z(name), STR(".part"))) {
		buf_fmt(&fn, "%s/%s", parcels, name);
		file_unlink(fn.p);
	} else if (str_ends(str_z(name), STR(".ready"))) {
		bool there = find_ready(name, &v) && connected();

		c = parcel_finish(&moving, there ? &v : NULL, name, &e);
		if (there && c == STEER_DONE)
			result(&v, "moved");
		else if (there && c != STEER_GONE)
			refused(&v, c, &e);
		else if (!there && c != STEER_DONE)
			odd(&e);
		if (there)
			view_free(&v);
		steer_end(&steering);
	}
	buf_free(&fn);
}

/* Call each for every name in the directory of parcels, as they are now. */
static void each_parcel(void (*each)(const char *name))
{
	VEC(char *) names = {0};
	struct dir d;
	const char *name;

	if (dir_open(&d, parcels) < 0)
		die(111, "unable to read %s: %s", parcels, log_errno(errno));
	while (dir_next(&d, &name) > 0) {
		struct buf b = BUF_INIT;

		buf_adds(&b, name);
		vec_push(&names, buf_take(&b));
	}
	dir_close(&d);
	for (size_t i = 0; i < names.n; i++)
		each(names.p[i]);
	vec_free(&names);
}

/* ---- import ---- */

/* Where a parcel goes: its queue when it was begun, else one after the other. */
static const char *destination(const char *name)
{
	static size_t turn;
	bool begun = str_ends(str_z(name), STR(".import"));
	struct str queue = parcel_queue(str_z(name));

	for (size_t i = 0; i < queues.n; i++) {
		const char *dir = begun ? queues.p[i] : queues.p[turn++ % queues.n];

		struct str qname = str_z(layout_qname(dir));

		if (begun ? str_eq(qname, queue) : !choice.queue || choice_like(qname, choice.queue))
			return dir;
	}
	return NULL;
}

static void import_one(const char *name)
{
	struct view v = {0};
	struct err e = {0};
	const char *dir;

	if (str_ends(str_z(name), STR(".ready"))) {
		err_temp(&e, 0, "%s: its export was interrupted, run that again", name);
		odd(&e);
	}
	if (!str_ends(str_z(name), STR(".parcel")) && !str_ends(str_z(name), STR(".import")))
		return;
	dir = destination(name);
	if (!dir) {
		err_temp(&e, 0, "no queue for %s", name);
		odd(&e);
		return;
	}
	v.queue = enter(dir);
	if (parcel_import(parcels, name, dir, &v.id, &e) < 0) {
		odd(&e);
	} else if (v.id) {
		done++;
		result(&v, "imported");
	}
}

/* ---- commands ---- */

static void order_command(enum steer_verb verb)
{
	if (!any_choice())
		die(100, "which messages?  a choice, or --all");
	each_queue(order_one, &verb);
	tell_missing();
}

static void export_command(void)
{
	struct err e = {0};

	if (!any_choice())
		die(100, "which messages?  a choice, or --all");
	if (file_mkdir(parcels, 0700) < 0 && errno != EEXIST)
		die(111, "unable to create %s: %s", parcels, log_errno(errno));
	if (rewrite_load(&rules, &e) < 0)
		die_err(&e);
	moving.dir = parcels;
	moving.patience_ms = patience * 1000;
	each_parcel(finish_old);
	each_queue(export_one, NULL);
	tell_missing();
}

static void run(struct str command)
{
	if (str_eq(command, STR("list")))
		each_queue(list_one, NULL);
	else if (str_eq(command, STR("show")))
		each_queue(show_one, NULL), tell_missing();
	else if (str_eq(command, STR("summary")))
		each_queue(tally_one, NULL), tally_show(&tally, json, &out);
	else if (str_eq(command, STR("hold")))
		order_command(STEER_HOLD);
	else if (str_eq(command, STR("release")))
		order_command(STEER_RELEASE);
	else if (str_eq(command, STR("retry")))
		order_command(STEER_RETRY);
	else if (str_eq(command, STR("delete")))
		order_command(with_bounce ? STEER_BOUNCE : STEER_DELETE);
	else if (parcels && str_eq(command, STR("export")))
		export_command();
	else if (parcels && str_eq(command, STR("import")))
		each_parcel(import_one);
	else
		die_usage();
}

/* What follows the command: options, and a directory or messages among them. */
static void operands(bool wants_dir, int argc, char **argv)
{
	static struct buf dir = BUF_INIT;

	/* argv[0] has been dealt with */
	for (;;) {
		int used = opt_parse(opts, argc, argv);

		if (used < 0)
			proc_exit(100);
		argc -= used + 1;
		argv += used + 1;
		if (argc < 1)
			return;
		if (wants_dir && !parcels) {
			file_absolute(argv[0], &dir);
			parcels = dir.p;
		} else if (set_id(0, argv[0]) < 0) {
			die(100, "no message: %s", argv[0]);
		}
	}
}

static int q_main(int argc, char **argv)
{
	struct err e = {0};

	if (argc < 2)
		die_usage();
	struct str command = str_z(argv[1]);

	sig_ignore(SIGPIPE);
	steering.fd = steering.mutex = -1;
	operands(str_eq(command, STR("export")) || str_eq(command, STR("import")), argc - 1, argv + 1);
	if (queue_walk(note_queue, NULL, &e) < 0)
		die_err(&e);
	if (!queues.n)
		die(111, "there is no queue");
	run(command);
	flush();
	return failed ? 111 : 0;
}

APPLET(q) = {
	.name = "q", .family = "queue",
	.brief = "look at and steer the queues",
	.args = "list|show|summary|hold|release|retry|delete|export DIR|import DIR [option ...] [[queue/]id ...]",
	.opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT, .main = q_main,
};
