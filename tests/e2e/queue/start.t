#!/bin/bash
# start: the process tree, the logger, what happens when a partner dies, nothing lost by a crash.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
children() { ps --ppid "$1" -o args= | awk '{print $1}' | sort | tr '\n' ' '; }
alive() { ps -o pid= -p "$1" >/dev/null; }
start_queue
is "the daemons of one queue" "$(children "$SEND")" "qmail-clean qmail-clean qmail-lspawn qmail-rspawn todo-proc "
like "start has become send" "$(ps -o args= -p "$SEND")" '^qmail-send'
submit s@x.org k@me.example
ok "mail flows" wait_for 10 seen 1 '^end msg'
kids=$(ps --ppid "$SEND" -o pid=)
lspawn=$(ps --ppid "$SEND" -o pid=,args= | awk '$2 == "qmail-lspawn" {print $1}')
submit s@x.org slow@me.example
wait_for 5 seen 2 '^starting'
kill -KILL "$lspawn"
ok "a spawner that dies" wait_for 10 seen 1 '^alert: qmail-send: queue1: oh no! lost spawn connection! dying\.\.\.$'
wait "$SEND"; is "send ends" $? 0
gone() { local k; for k in $kids; do alive "$k" && return 1; done; return 0; }
ok "and with it everybody" wait_for 10 gone
is "the message is still there" "$(files | tr ' ' '\n' | grep -c mess)" 1
start_queue
ok "and is delivered by the next one" wait_for 10 seen 2 '^end msg'

# crashes while deliveries run: whatever was accepted is delivered at least once
submit s@x.org slow@me.example k@me.example late@me.example
wait_for 5 seen 1 '^delivery [0-9]+: success'
kids=$(ps --ppid "$SEND" -o pid=)
kill -KILL "$SEND"; wait "$SEND" 2>/dev/null
ok "its partners notice" wait_for 10 gone
touch now
start_queue
ok "delivered after a crash" wait_for 10 seen 3 '^end msg'
is "nothing is left" "$(wait_for 5 test -z "$(files)"; files)" ""
clean=$(ps --ppid "$SEND" -o pid=,args= | awk '$2 == "qmail-clean" {print $1; exit}')
stop_queue
is "TERM" $STOPPED 0

# a logger, and a queue that cannot start
qmail-start ./Maildir/ sh -c "cat >$T/logged" & pid=$!
wait_for 5 grep -q '^status' logged
kill "$pid"; wait "$pid"
wait_for 5 grep -q exiting logged
like "the logger gets the lines" "$(cat logged)" "^info: qmail-send: pid $pid queue1 exiting$"
mv control/locals control/me .
is "nothing says what is local" "$(qmail-start ./Maildir/ >out 2>&1; echo $?)" 111
like "is said" "$(cat out)" '^alert: .*cannot start: .*control/'
mv locals me control
QUEUEDIR=$T/none qmail-start ./Maildir/ >out 2>&1
is "no queue" $? 111
like "is said" "$(cat out)" '^alert: qmail-send: none: cannot start: unable to switch to queue directory'
code "usage" 0 qmail-start --help
done_testing
