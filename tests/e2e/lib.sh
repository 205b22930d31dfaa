# lib.sh - sourced by every end-to-end test: a scratch directory, the binary, checks.
#   $BIN    directory with a link per applet name (first in PATH)
#   $T      scratch directory, removed at the end (current directory of the test)
# A check prints "ok - text" or "not ok - text"; the script exits 1 when one failed.
set -u
: "${INDIMAIL:?path of the binary under test}"
T=$(mktemp -d "${TMPDIR:-/tmp}/indimail-test.XXXXXX")
chmod 755 "$T"
BIN=$T/bin
mkdir "$BIN" && "$INDIMAIL" --install "$BIN" || exit 99
PATH=$BIN:$PATH
cd "$T" || exit 99
export LC_ALL=C TZ=UTC
unset QUEUEDIR QUEUE_BASE QUEUE_START QUEUE_COUNT CONTROLDIR QMAILQUEUE NULLQUEUE QQEH 2>/dev/null
FAILED=0
PIDS=

finish() {
	for pid in $PIDS; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
	cd / && rm -rf --one-file-system "$T"
}
trap finish EXIT

# background CMD...: start it, stopped at the end of the test; its pid is in $!
background() {
	"$@" &
	PIDS="$PIDS $!"
}

pass() { echo "ok - $*"; }
fail() { echo "not ok - $*"; FAILED=1; }

# is TEXT GOT WANT
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else
		fail "$1"
		printf '# got:  %s\n# want: %s\n' "$2" "$3"
	fi
}

# like TEXT GOT EXTENDED-REGEX (any line matches)
like() {
	if printf '%s\n' "$2" | grep -Eq -- "$3"; then pass "$1"; else
		fail "$1"
		printf '# got:  %s\n# want: /%s/\n' "$2" "$3"
	fi
}

# code TEXT WANTED-EXIT-CODE CMD...: output goes to out and err in the scratch directory
code() {
	local text=$1 want=$2 got
	shift 2
	"$@" >out 2>err
	got=$?
	if [ "$got" = "$want" ]; then pass "$text"; else
		fail "$text"
		echo "# exit $got, want $want: $*"
		sed 's/^/# /' err | head -5
	fi
}

# ok TEXT CMD...
ok() {
	local text=$1
	shift
	if "$@" >out 2>err; then pass "$text"; else
		fail "$text"
		echo "# failed: $*"
		sed 's/^/# /' err | head -5
	fi
}

# skip TEXT REASON
skip() { echo "ok - $1 # SKIP $2"; }

# needs_tls: a build without TLS ends the test here
needs_tls() {
	"$INDIMAIL" --version | grep -qw tls && return
	skip "TLS" "this build has no TLS"
	done_testing
}

# wait_for SECONDS CMD...: until it succeeds
wait_for() {
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# little_memory KB: no more address space from here on; sanitizers need theirs
little_memory() { grep -aq __asan_init "$INDIMAIL" || ulimit -v "$1"; }

# a free TCP port on loopback
free_port() {
	python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'
}

done_testing() { exit "$FAILED"; }
