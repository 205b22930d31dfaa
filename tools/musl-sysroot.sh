#!/bin/sh
# musl-sysroot.sh OUTDIR - make c-ares usable with musl-gcc: distributions package it for glibc only.
# Copies the headers and the static library, adds the few glibc entry points that the library's objects call
# (the checked forms of fortified builds), and writes OUTDIR/libcares.pc:
#	CC=musl-gcc PKG_CONFIG_LIBDIR=OUTDIR meson setup build-musl -Dstatic=true -Dtls=disabled \
#		-Dmariadb=disabled -Dsqlite=disabled -Didn=disabled -Dtests=false
set -eu
[ $# = 1 ] || { echo "usage: $0 OUTDIR" >&2; exit 100; }
mkdir -p "$1/include" "$1/lib"
out=$(cd "$1" && pwd)
includes=$(pkg-config --variable=includedir libcares)
libs=$(pkg-config --variable=libdir libcares)
[ -f "$libs/libcares.a" ] || libs=$(dirname "$(cc -print-file-name=libcares.a)")
cp "$includes"/ares*.h "$out/include/"
cp "$libs/libcares.a" "$out/lib/libcares.a"

cat >"$out/shim.c" <<'C'
/* What objects built against glibc with -D_FORTIFY_SOURCE call, on top of plain C; a failed check aborts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

void *__memcpy_chk(void *d, const void *s, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memcpy(d, s, n);
}

void *__memmove_chk(void *d, const void *s, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memmove(d, s, n);
}

void *__memset_chk(void *d, int c, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memset(d, c, n);
}

char *__strcpy_chk(char *d, const char *s, size_t room)
{
	return __memcpy_chk(d, s, strlen(s) + 1, room);
}

char *__strncpy_chk(char *d, const char *s, size_t n, size_t room)
{
	if (n > room)
		abort();
	return strncpy(d, s, n);
}

char *__strcat_chk(char *d, const char *s, size_t room)
{
	size_t n = strlen(d);

	if (n > room)
		abort();
	__strcpy_chk(d + n, s, room - n);
	return d;
}

int __vsnprintf_chk(char *d, size_t n, int flag, size_t room, const char *f, va_list ap)
{
	(void)flag;
	if (n > room)
		abort();
	return vsnprintf(d, n, f, ap);
}

int __snprintf_chk(char *d, size_t n, int flag, size_t room, const char *f, ...)
{
	va_list ap;

	va_start(ap, f);
	int r = __vsnprintf_chk(d, n, flag, room, f, ap);

	va_end(ap);
	return r;
}

int __sprintf_chk(char *d, int flag, size_t room, const char *f, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, f);
	int r = vsnprintf(d, room, f, ap);

	va_end(ap);
	if (r < 0 || (size_t)r >= room)
		abort();
	return r;
}

char *__fgets_chk(char *d, size_t room, int n, FILE *in)
{
	if (n > 0 && (size_t)n > room)
		abort();
	return fgets(d, n, in);
}

size_t __fread_chk(void *d, size_t room, size_t size, size_t n, FILE *in)
{
	if (size && n > room / size)
		abort();
	return fread(d, size, n, in);
}

ssize_t __read_chk(int fd, void *d, size_t n, size_t room)
{
	if (n > room)
		abort();
	return read(fd, d, n);
}

long __fdelt_chk(long fd)
{
	if (fd < 0 || fd >= FD_SETSIZE)
		abort();
	return fd / (8 * (long)sizeof(long));
}
C

musl-gcc -O2 -c -o "$out/shim.o" "$out/shim.c"
ar r "$out/lib/libcares.a" "$out/shim.o"

# nothing may be left that musl does not have: link the whole library
echo 'int main(void) { return 0; }' >"$out/try.c"
musl-gcc -static -o "$out/try" "$out/try.c" -Wl,--whole-archive "$out/lib/libcares.a" -Wl,--no-whole-archive
rm "$out/try" "$out/try.c" "$out/shim.o"

version=$(pkg-config --modversion libcares)
cat >"$out/libcares.pc" <<P
Name: libcares
Description: asynchronous DNS resolver, for musl
Version: $version
Libs: -L$out/lib -lcares
Cflags: -I$out/include
P
echo "$out/libcares.pc"
