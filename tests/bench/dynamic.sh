#!/bin/bash
# dynamic.sh - a flood of 20,000 messages, three times: through one queue; through as many as the load asks for; through
# 8, because setqload says so.  From 1 queue and back to 1; no message may be lost, none delivered twice.  Prints rates.
#   N=20000 MAX=8 SESSIONS=10 tests/bench/dynamic.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"
N=${N:-20000} MAX=${MAX:-8} SESSIONS=${SESSIONS:-10}
INDIMAIL=${INDIMAIL:-$PWD/build/indimail}
W=$(mktemp -d "${BENCH_DIR:-/var/tmp}/indimail-dynamic.XXXXXX") || exit 1
UP= FAILED=0
finish() {
	[ -z "$UP" ] || { kill "$UP" 2>/dev/null; wait "$UP" 2>/dev/null; }
	rm -rf "$W"
}
trap finish EXIT
mkdir "$W/bin" && "$INDIMAIL" --install "$W/bin" || exit 1
PATH=$W/bin:$PATH BIN=$W/bin PORT=2726
HERE=$PWD/tests/e2e/queue
cd "$W" || exit 1
. "$HERE/dynamic.sh"
flood_py
now() { date +%s%N; }
rate() { echo $(($1 * 1000000000 / ($(now) - $2))); }
demand() {
	if [ "$2" = "$3" ]; then echo "ok   $1: $2"; else
		echo "FAIL $1: $2, wanted $3"
		FAILED=1
	fi
}
mailbox_is() { until mailbox "$1"; do sleep 0.1; done; }

# run NAME ARGUMENT...: one flood through an instance started with the arguments
run() {
	local name=$1 start
	shift
	R=$W/$name
	(export RELAYCLIENT=; exec up --root "$R" --domain dyn.test --mailboxes u --smtp "127.0.0.1:$PORT" "$@" >"$W/$name.log" 2>&1) &
	UP=$!
	until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do sleep 0.05; done
	start=$(now)
	flood "$SESSIONS" $((N / SESSIONS)) 0 >"$W/flooded" &
	flooding=$!
	[ "$name" = one ] || watch "$name"
	wait $flooding
	demand "$name: clients" "$(cat "$W/flooded")" ok
	echo "$name: taken: $(rate "$N" "$start") messages/s"
	mailbox_is "$N"
	echo "$name: delivered: $(rate "$N" "$start") messages/s"
	demand "$name: messages, most copies of one" "$(python3 count.py "$R/home/u/Maildir/new")" "$N 1"
}
# watch NAME: the largest number of queues during the flood; what qscheduler sees itself is helped by qmonitor, once a second
watch() {
	local k
	export QUEUE_BASE=$R/queue QUEUE_COUNT=1
	[ "$1" != told ] || grow_to "$MAX"
	qmonitor -i 1 2>/dev/null & monitor=$!
	most=1
	while kill -0 $flooding 2>/dev/null; do
		k=$(in_use)
		[ "${k:-0}" -le "$most" ] || most=$k
		sleep 0.2
	done
}

# back: until one queue is left
back() {
	local start
	start=$(now)
	until uses 1 && runs qmail-send 1; do
		[ $(($(now) - start)) -lt 120000000000 ] || break
		sleep 0.1
	done
	kill $monitor; wait $monitor 2>/dev/null
	echo "$1: queues at most: $most; back after $((($(now) - start) / 1000000)) ms"
	demand "$1: queues in the end" "$(in_use)" 1
	demand "$1: delivery processes in the end" "$(of qmail-send | wc -l)" 1
	demand "$1: messages left" "$(find "$R"/queue/queue*/ -path '*/mess/*' -type f | wc -l)" 0
	demand "$1: complaints" "$(grep -cE '^(warn|alert: .*(dying|cannot))' "$W/$1.log")" 0
}

run one --queues 1
kill "$UP"; wait "$UP"
run load --dynamic "$MAX"
back load
kill "$UP"; wait "$UP"
unset QUEUE_BASE QUEUE_COUNT
run told --dynamic "$MAX"
back told
demand "told: queues at most" "$most" "$MAX"
exit $FAILED
