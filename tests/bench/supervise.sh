#!/bin/bash
# supervise.sh - what supervision costs: idle processor time, wakeups and memory of SERVICES services, start
# and end of all of them, restart latency, and the start of a chain; beside Debian's daemontools, runit and s6
# in the same run.  Prints one Markdown table.  Needs root (the chain changes users); ends only its own
# processes.
#   SERVICES=200 WINDOW=60 ROUNDS=3 tests/bench/supervise.sh BINARY [BINARY ...]
#   CASES="idle start restart chain calls"; in a window of 60 s there is one scan (SCANINTERVAL=60)
#   where the binary lacks a program of the chain, Debian's runs
#   the first binary is the one that peers are compared with; without one, a release build is made
set -u
args=()
for fn; do args+=("$(realpath "$fn")"); done
. "$(dirname "$0")/../../tools/lib.sh"
[ "$(id -u)" = 0 ] || fatal "run as root"
need daemontools runit s6 strace python3 || exit 1
if [ ${#args[@]} = 0 ]; then
	build build-bench --buildtype=release -Dstatic=true -Dtests=false
	args=("$PWD/build-bench/indimail")
fi
export LC_ALL=C DISABLE_RUN=1 SERVICES=${SERVICES:-200} WINDOW=${WINDOW:-60} ROUNDS=${ROUNDS:-3}
export CASES=${CASES:-idle start restart chain calls}
W=$(mktemp -d "${BENCH_DIR:-/tmp}/indimail-bench.XXXXXX") || exit 1
chmod 755 "$W"
trap 'rm -rf "$W"' EXIT
python3 tests/bench/supervise.py "$W" "${args[@]}"
