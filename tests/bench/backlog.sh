#!/bin/bash
# backlog.sh - long queues: 10,000 messages drain completely; with 100,000 messages held for a remote
# host todo-proc keeps at least half its rate and every daemon stays below 64 MB.  Prints figures.
# Needs smtp-source (package postfix) and about 1 GB in BENCH_DIR (default /var/tmp).
#   DRAIN=10000 FILL=100000 SAMPLE=3000 tests/bench/backlog.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"
DRAIN=${DRAIN:-10000} FILL=${FILL:-100000} SAMPLE=${SAMPLE:-3000}
BIN=${INDIMAIL:-$PWD/build/indimail}
W=$(mktemp -d "${BENCH_DIR:-/var/tmp}/indimail-backlog.XXXXXX") || exit 1
PORT=2725 UP=
FAILED=0
finish() {
	[ -z "$UP" ] || { kill "$UP" 2>/dev/null; wait "$UP" 2>/dev/null; }
	rm -rf "$W"
}
trap finish EXIT
Q=$W/im/queue/queue1

now() { date +%s%N; }
rate() { echo $(($1 * 1000000000 / ($(now) - $2))); }
inject() { smtp-source -s 10 -m "$1" -l 1000 -f a@bench.test -t "$2" 127.0.0.1:$PORT; }
empty() { [ -z "$(find "$1" -type f -print -quit)" ]; }
below() {
	local p
	for p in $(cat /proc/"$1"/task/"$1"/children 2>/dev/null); do
		echo "$p"
		below "$p"
	done
}
daemon() { for p in $(below $UP); do [ "$(cat /proc/$p/comm)" != "$1" ] || echo "$p"; done | head -1; }
# what must hold
demand() {
	if [ "$2" -"$3" "$4" ]; then echo "ok   $1: $2"; else
		echo "FAIL $1: $2, wanted -$3 $4"
		FAILED=1
	fi
}
memory() {
	for p in $(below $UP); do
		demand "resident KB of $(cat /proc/$p/comm) $1" "$(awk '/^VmHWM/ { print $2 }' /proc/$p/status)" lt 65536
	done
}
# how many of SAMPLE messages todo-proc preprocesses a second: they wait for it while it is stopped
todo_rate() {
	local todo start
	todo=$(daemon todo-proc)
	kill -STOP "$todo"
	inject "$SAMPLE" x@remote.test
	start=$(now)
	kill -CONT "$todo"
	until [ "$(find "$Q/todo" -type f | head -300 | wc -l)" -lt 300 ]; do sleep 0.02; done
	rate "$SAMPLE" "$start"
}

export RELAYCLIENT=
"$BIN" up --prepare --root "$W/im" --domain bench.test --mailboxes user --queues 1 || exit 1
echo 1 >"$W/im/control/holdremote"
"$BIN" up --root "$W/im" --domain bench.test --mailboxes user --smtp 127.0.0.1:$PORT --queues 1 >"$W/log" 2>&1 &
UP=$!
for _ in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null && break; sleep 0.02; done

start=$(now)
inject "$DRAIN" user@bench.test
echo "taken: $(rate "$DRAIN" "$start") messages/s"
until empty "$Q/mess"; do sleep 0.1; done
echo "drained: $(rate "$DRAIN" "$start") messages/s"
demand "messages in the mailbox" "$(find "$W/im/home/user/Maildir/new" -type f | wc -l)" eq "$DRAIN"

# more than todo-proc announces from todo: from here on it settles
inject 300 x@remote.test
sleep 3
before=$(todo_rate)
echo "todo rate without a backlog: $before messages/s"
start=$(now)
inject "$FILL" x@remote.test
echo "backlog taken: $(rate "$FILL" "$start") messages/s"
while [ "$(find "$Q/todo" -type f | wc -l)" -gt 300 ]; do sleep 0.2; done
echo "backlog: $(find "$Q/info" -type f | wc -l) messages settled"
after=$(todo_rate)
echo "todo rate with the backlog: $after messages/s"
demand "todo rate with the backlog, percent" $((after * 100 / (before ? before : 1))) ge 50
start=$(now)
inject 100 user@bench.test
until [ "$(find "$W/im/home/user/Maildir/new" -type f | wc -l)" = $((DRAIN + 100)) ]; do sleep 0.05; done
echo "local mail beside the backlog: $(rate 100 "$start") messages/s"
memory "with the backlog"
exit $FAILED
