#!/bin/bash
# test.sh - installs what is missing, builds, runs every test; the last line is
# "N passed, M failed[, K skipped]" and the exit code is non-zero on any failure.
#   --quick: only the ordinary build's unit, fuzz-corpus, lint and end-to-end tests
set -u
. "$(dirname "$0")/lib.sh"

quick=
[ "${1:-}" = --quick ] && quick=1

# shellcheck disable=SC2086
need $BUILD_PACKAGES libcmocka-dev python3 swaks curl msmtp s-nail mandoc procps iproute2 dnsmasq-base openssl libnet-ssleay-perl gnutls-bin ucspi-tcp unbound ldnsutils libmariadb-dev mariadb-server libfuse3-dev fuse3 || exit 1
[ -n "$quick" ] || need clang musl-tools strace || exit 1

passed=0 failed=0 skipped=0
count() {
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# meson_tests DIR: unit tests, corpora, lint
meson_tests() {
	local out p f
	out=$(meson test -C "$1" --print-errorlogs 2>&1)
	p=$(sed -n 's/^Ok: *//p' <<<"$out") f=$(sed -n 's/^Fail: *//p' <<<"$out")
	local t
	t=$(sed -n 's/^Timeout: *//p' <<<"$out")
	f=$((${f:-0} + ${t:-0}))
	[ "$f" = 0 ] || echo "$out"
	if [ -z "$p" ]; then
		if grep -q 'No tests defined' <<<"$out"; then p=0; else echo "$out" | tail -20; f=1; fi
	fi
	echo "unit tests of $1: ${p:-0} ok, $f failed"
	count "${p:-0}" "$f" 0
}

# e2e BINARY [files]: end-to-end tests
e2e() {
	local out last
	out=$(JOBS=2 tests/run "$@" 2>&1)
	last=$(tail -1 <<<"$out")
	echo "$out" | sed '$d'
	if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped ]]; then
		count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
	else
		echo "$last"
		count 0 1 0
	fi
}

say "gcc build"
build build -Dtests=true
meson configure build -Dtests=true >/dev/null && build build
meson_tests build
say "end-to-end tests"
e2e build/indimail

if [ -z "$quick" ]; then
	export QUICK=1	# the way from a fresh tree was tried above
	say "clang build"
	CC=clang build build-clang -Dtests=true
	meson_tests build-clang
	say "sanitizers"
	build build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dtests=true
	export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
	meson_tests build-asan
	e2e build-asan/indimail
	unset ASAN_OPTIONS UBSAN_OPTIONS
	say "every role change by exec"
	REEXEC=1 e2e build/indimail tests/e2e/svc/{up*,supervise,svscan*,envdir,setuidgid,softlimit,setlock,spipe}.t tests/e2e/queue/{send,start,scheduler}.t tests/e2e/deliver/l*.t
	say "crash tests"
	build build-faults -Dfaults=true -Dtests=false
	e2e build-faults/indimail tests/crash/*.t
	say "static build"
	build build-static -Dstatic=true -Dtests=false
	if ldd build-static/indimail 2>&1 | grep -q 'not a dynamic'; then count 1 0 0; else
		echo "not ok - build-static/indimail is not static"
		count 0 1 0
	fi
	# what needs nothing but a static binary is tried with musl below; here TLS, names and accounts, and whole systems
	e2e build-static/indimail $(ls -d tests/e2e/*/*.t | grep -Ev '^tests/e2e/(svc|queue|deliver)/') tests/e2e/svc/{pid1,up*}.t \
		tests/e2e/queue/{*-root,flood,loose}.t tests/e2e/deliver/*tls*.t
	say "musl build"
	tools/musl-sysroot.sh build-musl-root >/dev/null || count 0 1 0
	CC=musl-gcc PKG_CONFIG_LIBDIR=$PWD/build-musl-root build build-musl -Dstatic=true -Dtls=disabled \
		-Dmariadb=disabled -Dsqlite=disabled -Didn=disabled -Dtests=false
	e2e build-musl/indimail
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
