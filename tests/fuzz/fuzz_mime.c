/* fuzz_mime - any bytes as a message that is taken apart.  Checks on the way: begin and end come in pairs, data only
 * between them, and no more of it than there is message. */
#include <stdint.h>
#include <stdlib.h>

#include "core/mail/mime.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct count {
	int open;
	size_t bytes, parts;
};

static int name(void *ctx, struct str s, struct err *e)
{
	(void)ctx;
	(void)e;
	if (!s.n)
		abort();
	return 0;
}

static int begin(void *ctx, struct err *e)
{
	struct count *c = ctx;

	(void)e;
	if (c->open++ || ++c->parts > MIME_PARTS)
		abort();
	return 0;
}

static int content(void *ctx, struct str s, struct err *e)
{
	struct count *c = ctx;

	(void)e;
	if (!c->open)
		abort();
	c->bytes += s.n;
	return 0;
}

static int end(void *ctx, struct err *e)
{
	struct count *c = ctx;

	(void)e;
	if (--c->open)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mime_calls calls = {name, begin, content, end};
	struct count c = {0};
	struct err e = {0};
	int fd = file_temp("/tmp");

	if (fd < 0 || fd_write_all(fd, data, size) < 0 || fd_seek(fd, 0) < 0)
		abort();
	if (mime_walk(fd, &calls, &c, &e) == 0 && c.open)
		abort();
	if (c.bytes > size)
		abort();
	fd_close(fd);
	return 0;
}
