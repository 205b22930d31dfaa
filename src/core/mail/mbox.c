/* mbox - many messages, one file; see mbox.h. */
#include "core/mail/mbox.h"

#include <errno.h>
#include <string.h>

#include "core/mail/sync.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/sig.h"

enum { BLOCK = 65536, TRIES = 10 };

static const char from_[] = "From ";
enum { FROM_LEN = sizeof from_ - 1 };

/* Write what was held back at the start of this line. */
static void release(struct mbox_quote *q)
{
	if (q->from == FROM_LEN)
		q->gt++;
	for (; q->gt; q->gt--)
		out_addc(q->out, '>');
	out_put(q->out, from_, q->from);
	q->from = 0;
	q->inside = true;
}

/* One byte while the line may still turn out to be a From_ line. */
static bool hold(struct mbox_quote *q, char c)
{
	if (q->from == 0 && c == '>')
		q->gt++;
	else if (c == from_[q->from])
		q->from++;
	else
		return false;
	q->any = true;
	if (q->from == FROM_LEN)
		release(q);
	return true;
}

void mbox_quote(struct mbox_quote *q, struct str part)
{
	while (part.n) {
		if (!q->inside && hold(q, part.p[0])) {
			part = str_from(part, 1);
			continue;
		}
		if (!q->inside)
			release(q);
		size_t nl = str_chr(part, '\n');
		bool whole = nl < part.n;

		q->any = true;
		out_add(q->out, str_to(part, nl + whole));
		part = str_from(part, nl + whole);
		if (whole)
			q->inside = q->any = false;
	}
}

void mbox_quote_end(struct mbox_quote *q)
{
	if (q->any)
		mbox_quote(q, STR("\n"));
	out_addc(q->out, '\n');
}

static void ignore_alarm(int sig)
{
	(void)sig;
}

/* Wait for the lock, but not for ever: an alarm interrupts the call. */
static int lock(int fd)
{
	if (lock_try(fd) == 0)
		return 0;
	sig_catch(SIGALRM, ignore_alarm);
	clock_alarm(MBOX_LOCK_SECONDS);
	int r = lock_exclusive(fd), num = errno;

	clock_alarm(0);
	sig_default(SIGALRM);
	errno = num;
	return r;
}

/* Is fd still the file of this name?  While we waited, a program may have put a new one in its place. */
static bool current(int fd, const char *fn)
{
	struct stat a, b;

	return file_fstat(fd, &a) == 0 && file_stat(fn, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

int mbox_open(const char *fn, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		/* a pipe without reader must not hold us */
		int fd = file_open(fn, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0600);

		if (fd < 0)
			return err_temp(e, errno, "unable to open mailbox %s (#4.2.1)", fn);
		if (lock(fd) < 0) {
			err_temp(e, errno, "unable to lock %s (#4.3.0)", fn);
			fd_close(fd);
			return -1;
		}
		if (current(fd, fn))
			return fd;
		fd_close(fd);
	}
	return err_temp(e, 0, "mailbox %s is replaced again and again (#4.3.0)", fn);
}

static int append(int to, const char *fn, struct str head, int from, struct err *e)
{
	char space[BLOCK], block[BLOCK];
	struct out out;
	struct mbox_quote q = {.out = &out};
	ssize_t r;

	out_init(&out, to, space, sizeof space);
	out_add(&out, head);
	while ((r = fd_read(from, block, sizeof block)) > 0)
		mbox_quote(&q, str_make(block, (size_t)r));
	if (r < 0)
		return err_temp(e, errno, "unable to read the message (#4.3.0)");
	mbox_quote_end(&q);
	if (out_flush(&out) == 0 && sync_file(to) == 0)
		return 0;
	if (errno == EDQUOT)
		return err_perm(e, 0, "the mailbox is full (#5.2.2)");
	return err_temp(e, errno, "unable to write %s (#4.3.0)", fn);
}

static int sync_parent(const char *fn)
{
	size_t slash = str_rchr(str_z(fn), '/');
	struct buf dir = BUF_INIT;

	buf_set(&dir, slash < strlen(fn) ? str_make(fn, slash + 1) : STR("."));
	int r = sync_dir(dir.p), num = errno;

	buf_free(&dir);
	errno = num;
	return r;
}

int mbox_deliver(const char *fn, struct str head, int fd, struct err *e)
{
	int to = mbox_open(fn, e), r = -1;
	struct stat st;

	if (to < 0)
		return -1;
	if (file_fstat(to, &st) < 0) {
		err_temp(e, errno, "unable to stat %s (#4.3.0)", fn);
		goto out;
	}
	r = append(to, fn, head, fd, e);
	/* a mailbox that began empty may be a new name */
	if (r == 0 && st.st_size == 0 && sync_parent(fn) < 0)
		r = err_temp(e, errno, "unable to sync the directory of %s (#4.3.0)", fn);
	if (r < 0)
		file_truncate(to, st.st_size);
out:
	if (fd_close(to) < 0 && r == 0)
		r = err_temp(e, errno, "unable to close %s (#4.3.0)", fn);
	return r;
}
