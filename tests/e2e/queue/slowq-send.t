#!/bin/bash
# slowq-start and slowq-send, with and without slowq-todo: deliveries, log lines, rates, domainqueue, restarts, signals, every
# process killed.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset RATELIMIT_DIR RATELIMIT_INTERVAL TODO_INTERVAL QIDENT QUEUEDIR
export QUEUE_BASE=$T/base
Q=$QUEUE_BASE/slowq
mkdir base
queue-fix -r "$Q" 2>/dev/null
submit_here() { QUEUEDIR=$Q submit "$@"; }
empty() { [ -z "$(files)" ]; }
nothing_new() { [ -z "$(find "$Q/todo" -type f)" ]; }
children() { ps -o args= --ppid "$SLOW" | grep -v defunct | sed 's/ .*//' | sort | tr '\n' ','; }
is_children() { [ "$(children)" = "$1" ]; }
start_slow() {
	local before
	before=$(grep -c '^status:' log 2>/dev/null)
	slowq-start ./Maildir/ >>log 2>&1 &
	SLOW=$!
	PIDS="$PIDS $SLOW"
	wait_for 10 seen $((${before:-0} + 1)) '^status:'
}
stop_slow() { kill -TERM "$SLOW"; wait "$SLOW"; STOPPED=$?; }

both_ways() {
	local todo
	: >log
	start_slow
	like "QUEUEDIR is slowq, rates are on" "$(cat log)" "^info: slowq-send: pid $SLOW: $Q: ratelimit=ON, loglock=disabled, conf split=3$"
	ok "who preprocesses" wait_for 5 seen 1 "^info: $1: pid [0-9]+: $Q: conf split=3, todo chunk size=1, bigtodo=yes$"
	ok "processes" wait_for 5 is_children "$2"
	submit_here s@x.org k@me.example
	ok "a delivery" wait_for 10 seen 1 '^end msg'
	i=$(sed -n 's/^new msg \([0-9]*\) .*/\1/p' log)
	is "its log, line by line" "$(sed -n '/^new msg/,/^end msg/p' log | sed -E 's/qp [0-9]+/qp N/; s/bytes [0-9]+/bytes N/; s/[0-9]+ bytes/N bytes/')" \
"new msg $i slowq
info msg $i: bytes N from <s@x.org> qp N uid $(id -u) slowq
local: s@x.org k@me.example $i N bytes slowq
starting delivery 1: msg $i to local k@me.example slowq
status: local 1/10 remote 0/20 delayed jobs=0 slowq
delivery 1: success:  slowq
status: local 0/10 remote 0/20 delayed jobs=0 slowq
end msg $i slowq"
	ok "nothing is left" wait_for 5 empty
	submit_here bouncer@me.example late@me.example d@far.example k@me.example
	ok "deferred" wait_for 10 seen 1 'deferral: not_yet/ slowq$'
	i=$(sed -n 's/^new msg \([0-9]*\) .*/\1/p' log | tail -1)
	ok "settled" wait_for 5 test -e "$Q/info/$((i % 3))/$i" -a ! -e "$Q/todo/$((i % 3))/$i"
	stop_slow
	is "TERM" "$STOPPED" 0
	like "is logged" "$(cat log)" "^alert: slowq-send: pid $SLOW got TERM: slowq$"
	like "the end" "$(cat log)" "^info: slowq-send: pid $SLOW slowq exiting$"
	touch now
	start_slow
	kill -ALRM "$SLOW"
	ok "a new start goes on" wait_for 10 seen 1 "^end msg $i slowq$"
	ok "the bounce, too" wait_for 10 seen 3 '^end msg'
	rm now
	for i in 1 2 3 4 5 6 7 8; do submit_here s@x.org k@me.example k@far.example z@me.example; done
	ok "eight at once" wait_for 10 seen 8 'deferral: try_later/ slowq$'
	ok "are settled" wait_for 10 nothing_new
	stop_slow
	find "$Q"/{info,local,remote,mess,intd,todo,bounce} -type f -delete
}
both_ways slowq-send "qmail-clean,qmail-lspawn,qmail-rspawn,"
export TODO_PROCESSOR=1
both_ways slowq-todo "qmail-clean,qmail-lspawn,qmail-rspawn,slowq-todo,"

# rates; a queue with few deliveries
for TODO_PROCESSOR in 0 1; do
	: >log
	start_slow
	(cd "$Q" && printf '1/3600\0001\000%s\000%s\000' "$(($(date +%s) - 2))" "$(date +%s)" >ratelimit/far.example)
	submit_here s@x.org k@far.example k@near.example
	ok "the rate is exceeded" wait_for 10 seen 1 '^warning: slowq far\.example msg [0-9]+: rate exceeded'
	ok "the other is delivered" wait_for 10 seen 1 'success: accepted/ slowq$'
	is "it waits" "$(grep -c 'to remote k@far' log)" 0
	QUEUE_BASE=$T/base drate -d far.example -R -r 100 >/dev/null
	kill -HUP "$SLOW"
	kill -ALRM "$SLOW"
	ok "until there is room" wait_for 10 seen 1 '^end msg [0-9]+ slowq$'
	stop_slow
done
RATELIMIT_DIR= start_slow
like "switched off" "$(tail -5 log)" 'ratelimit=OFF'
stop_slow

# a bounce that cannot be queued is sent later, by the same words as everything else
printf '#!/bin/sh\nexit 71\n' >no-queue && chmod 755 no-queue
: >log
BOUNCEQUEUE=$T/no-queue start_slow
submit_here bouncer@me.example d@me.example
ok "no queue for a bounce" wait_for 10 seen 1 '^warn: slowq-send: slowq: trouble injecting bounce message, will try later$'
stop_slow
start_slow
kill -ALRM "$SLOW"
ok "sent by the next one" wait_for 10 seen 1 '^bounce msg [0-9]+ qp [0-9]+ slowq$'
ok "nothing is left of it" wait_for 10 empty
stop_slow

# domainqueue sends a domain's mail here
TODO_PROCESSOR=0
printf 'far.example:QUEUEDIR=%s,QMAILQUEUE=%s/qmail-queue\n' "$Q" "$BIN" >control/domainqueue
queue-fix base/queue1 2>/dev/null
: >log
start_slow
printf 'From: s@x.org\nTo: kd@far.example\n\nx\n' | QUEUE_START=1 QUEUE_COUNT=1 qmail-inject kd@far.example
ok "domainqueue" wait_for 10 seen 1 'to remote kd@far\.example slowq$'
ok "is delivered" wait_for 10 seen 1 '^end msg [0-9]+ slowq$'
stop_slow

# every process killed, then a new start: nothing is lost
for TODO_PROCESSOR in 0 1; do
	for p in slowq-send qmail-lspawn qmail-rspawn qmail-clean slowq-todo; do
		[ $TODO_PROCESSOR$p = 0slowq-todo ] && continue
		: >log
		start_slow
		submit_here s@x.org slow@me.example k@me.example k@far.example
		wait_for 10 seen 1 'to local slow' >/dev/null
		victim=$SLOW
		[ $p = slowq-send ] || victim=$(ps -o pid=,args= --ppid "$SLOW" | awk -v w=$p '$2 == w {print $1; exit}')
		kill -KILL "$victim"
		[ $p = qmail-clean ] || [ $p = slowq-send ] || like "$p killed" "$(wait_for 10 seen 1 'oh no! lost'; cat log)" '^alert: slowq-send: slowq: oh no! lost [a-z-]+ connection! dying\.\.\.$'
		kill -TERM "$SLOW" 2>/dev/null
		wait "$SLOW" 2>/dev/null
		wait_for 10 start_slow
		kill -ALRM "$SLOW"
		ok "$p killed: delivered all the same" wait_for 10 seen 1 '^end msg'
		ok "nothing is left" wait_for 10 empty
		stop_slow
	done
done
done_testing
