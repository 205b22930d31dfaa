# lib.sh - sourced by every crash test: the checks of tests/e2e, an ordinary user, a binary built
# with -Dfaults=true.  crash PROGRAM WHAT... runs crash.py and turns its lines into checks.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../e2e/lib.sh"
umask 022
export T WORKERS=${WORKERS:-6} PYTHONDONTWRITEBYTECODE=1

FAULT_TRACE=$T/trace qmail-queue </dev/null >/dev/null 2>&1 1</dev/null
if [ ! -s trace ]; then
	skip "$(basename "$0" .t)" "the binary is not built with -Dfaults=true"
	exit 0
fi

# crash PROGRAM WHAT...: every system call of PROGRAM, once killed, once failing with each errno
crash() {
	python3 "$HERE/crash.py" "$@" >result 2>trouble || fail "crash.py $*: $(tail -3 trouble)"
	cat result
	! grep -q '^not ok' result || FAILED=1
}
