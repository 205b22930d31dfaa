/* maildir - one message, one file; see maildir.h. */
#include "core/mail/maildir.h"

#include <errno.h>
#include <string.h>

#include "core/mail/sync.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

enum { BLOCK = 65536, TRIES = 3 };

void maildir_stamp(struct maildir_stamp *s)
{
	clock_us(&s->sec, &s->usec);
	s->pid = proc_pid();
	proc_hostname(s->host, sizeof s->host);
}

static void add_host(struct buf *b, const char *host)
{
	for (; *host; host++) {
		if (*host == '/')
			buf_adds(b, "057");
		else if (*host == ':')
			buf_adds(b, "072");
		else
			buf_addc(b, *host);
	}
}

void maildir_tmp_name(struct buf *b, const struct maildir_stamp *s)
{
	buf_fmt(b, "%lld.M%ldP%ld.", (long long)s->sec, s->usec, s->pid);
	add_host(b, s->host);
}

void maildir_new_name(struct buf *b, const struct maildir_stamp *s, const struct stat *st)
{
	buf_fmt(b, "%lld.I%llxV%llxM%ldP%ld.", (long long)s->sec, (unsigned long long)st->st_ino,
		(unsigned long long)st->st_dev, s->usec, s->pid);
	add_host(b, s->host);
	buf_fmt(b, ",S=%lld", (long long)st->st_size);
}

struct delivery {
	struct buf dir;		/* ends in '/' */
	struct buf tmp, new;
	struct maildir_stamp stamp;
	int fd;
};

/* A failed step that a full quota may explain. */
static int no_room(struct err *e, const char *what, const struct buf *name)
{
	if (errno == EDQUOT)
		return err_perm(e, 0, "the mailbox is full (#5.2.2)");
	return err_temp(e, errno, "unable to %s %s (#4.3.0)", what, name->p);
}

static int create(struct delivery *d, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		if (i)
			clock_sleep_ms(1);
		maildir_stamp(&d->stamp);
		buf_set(&d->tmp, buf_str(&d->dir));
		buf_adds(&d->tmp, "tmp/");
		maildir_tmp_name(&d->tmp, &d->stamp);
		d->fd = file_open(d->tmp.p, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (d->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return err_temp(e, errno, "unable to enter maildir %s (#4.2.1)", d->dir.p);
	return no_room(e, "create", &d->tmp);
}

/* The message in as few calls as its size allows: blocks are filled before they are written. */
static int copy(struct delivery *d, struct str head, int from, struct err *e)
{
	long long end = clock_mono_ms() + MAILDIR_HOURS * 3600000LL;
	char block[BLOCK];
	size_t n = 0;
	ssize_t r;

	if (head.n > sizeof block / 2) {
		if (fd_write_all(d->fd, head.p, head.n) < 0)
			return no_room(e, "write", &d->tmp);
	} else if (head.n) {
		memcpy(block, head.p, n = head.n);
	}
	do {
		r = fd_read(from, block + n, sizeof block - n);
		if (r < 0)
			return err_temp(e, errno, "unable to read the message (#4.3.0)");
		n += (size_t)r;
		if (n && (r == 0 || n == sizeof block)) {
			if (fd_write_all(d->fd, block, n) < 0)
				return no_room(e, "write", &d->tmp);
			n = 0;
		}
		if (clock_mono_ms() > end)
			return err_temp(e, 0, "delivery to %s takes too long (#4.3.0)", d->dir.p);
	} while (r > 0);
	return 0;
}

/* Content before name, also when somebody else waits for the disk. */
static int sync_content(const struct delivery *d, bool later)
{
	if (!later)
		return sync_file(d->fd);
	file_write_out(d->fd);
	return 0;
}

/* Under its final name, durable: content first, then the name. */
static int publish(struct delivery *d, uint64_t device, struct err *e)
{
	struct stat st;

	if (file_fstat(d->fd, &st) < 0)
		return no_room(e, "stat", &d->tmp);
	bool later = device && st.st_dev == device;

	if (sync_content(d, later) < 0)
		return no_room(e, "sync", &d->tmp);
	int r = fd_close(d->fd);

	d->fd = -1;
	if (r < 0)
		return no_room(e, "close", &d->tmp);
	buf_set(&d->new, buf_str(&d->dir));
	buf_adds(&d->new, "new/");
	size_t dirname = d->new.n;

	maildir_new_name(&d->new, &d->stamp, &st);
	if (file_rename_new(d->tmp.p, d->new.p) < 0)
		return no_room(e, "link", &d->new);
	buf_clear(&d->tmp);
	struct buf dir = BUF_INIT;

	buf_set(&dir, str_to(buf_str(&d->new), dirname));
	r = later ? 0 : sync_dir(dir.p);
	if (r < 0) {
		err_temp(e, errno, "unable to sync %s (#4.3.0)", dir.p);
		file_unlink(d->new.p);
	}
	buf_free(&dir);
	return r;
}

int maildir_deliver(const char *dir, struct str head, int fd, uint64_t device, struct err *e)
{
	struct delivery d = {BUF_INIT, BUF_INIT, BUF_INIT, {0}, -1};
	int r;

	buf_set(&d.dir, str_z(dir));
	if (!str_ends(buf_str(&d.dir), STR("/")))
		buf_addc(&d.dir, '/');
	r = create(&d, e);
	if (r == 0) {
		r = copy(&d, head, fd, e);
		if (r == 0)
			r = publish(&d, device, e);
		fd_close(d.fd);
		if (d.tmp.n)
			file_unlink(d.tmp.p);
	}
	buf_free(&d.dir);
	buf_free(&d.tmp);
	buf_free(&d.new);
	return r;
}
