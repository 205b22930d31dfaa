#!/bin/bash
# setqload: a load as a number or from deliveries and limits; what qscheduler does with it.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
. "$HERE/dynamic.sh"
unset QUEUEDIR DYNAMIC_QUEUE DYNAMIC_QUEUE_TIME
mkdir base
export QUEUE_BASE=$T/base QUEUE_COUNT=1 QUEUE_MAX=3 QUEUE_LOAD=50
code "no queue" 100 setqload 5
code "no load" 100 setqload -q 1
code "too many" 100 setqload -q 1 1/2 1/2 1/2
code "no number" 100 setqload -q one 5
code "no load" 100 setqload -q 1 5x
code "no limits" 100 setqload -q 1 1/2 3
code "nothing after the slash" 100 setqload -q 1 1/ 3/4
code "nobody listens" 111 setqload -q 1 5
like "is said" "$(cat err)" '^setqload: fatal: unable to write to the message queue /indimail\.[0-9a-f]+\.[0-9a-f]+\.qscheduler: '
qscheduler -d ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "qscheduler runs" wait_for 20 uses 1
[ -n "$(objects base)" ] || { skip "loads" "no shared memory here"; done_testing; }
if ! setqload -q 1 0; then skip "loads" "no message queues here"; done_testing; fi
setqload -q 1 100; setqload -q 2 200; setqload -q 77 200; setqload -q 0 200
sleep 0.5
is "not more than the limit, no such queue" "$(in_use)" 1
ok "deliveries and limits" setqload -q 1 0/5 6/10
ok "one more" wait_for 10 uses 2
ok "the log tells why" wait_for 10 grep -qE "^info: qscheduler: pid $pid dynamic queues qStart/qCount 1/2, qconf=2, load=120$" log
ok "and when it starts" wait_for 10 grep -q "^info: qscheduler: pid [0-9]*, queue $T/base/queue2, load=120 started$" log
setqload -q 1 0/0 0/0; setqload -q 2 0
ok "one fewer" wait_for 10 uses 1
ok "its process ends" wait_for 10 grep -q "^info: qscheduler: pid [0-9]*, queue $T/base/queue2, load=120 died$" log
is "control/qcount" "$(cat control/qcount)" 1
kill "$pid"; wait "$pid"
is "TERM" $? 0
is "nothing is left" "$(objects base)" ""

# -n: as many as there were, whatever they hold
echo 2 >control/qcount
qscheduler -c -n ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "-c and -n" wait_for 20 uses 2
limits() { [ "$(qmail-qread -i | grep -c '^queue[12]     0/10 ')" = 2 ]; }
ok "qmail-send tells its limits" wait_for 10 limits
submit s@x.org k@me.example
ok "a submitter who knows nothing of it uses the FIFO" wait_for 10 seen 1 '^local: .* compat mode$'
kill "$pid"; wait "$pid"
qscheduler -d ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "without -n empty ones are given up" wait_for 20 uses 1
kill -KILL "$pid"; wait "$pid" 2>/dev/null
qscheduler -d ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "killed: the next one starts over" wait_for 30 grep -q '^status:' log
ok "and can be told" wait_for 20 setqload -q 1 200
ok "of loads" wait_for 10 uses 2
kill "$pid"; wait "$pid"
is "nothing is left" "$(objects base)" ""
QUEUE_MAX=0 code "QUEUE_MAX" 111 qscheduler -d
done_testing
