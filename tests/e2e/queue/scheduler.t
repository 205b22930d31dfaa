#!/bin/bash
# scheduler: all queues, restart of a killed send, signals to everyone, one scheduler per collection.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset QUEUEDIR
export QUEUE_BASE=$T/base QUEUE_START=2 QUEUE_COUNT=2
mkdir base
for q in queue2 queue3; do queue-fix base/$q; done
qscheduler -s ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "both queues start" wait_for 10 seen 2 '^status: local 0/'
like "start line" "$(cat log)" "^info: qscheduler: pid $pid static queues qStart/qCount 2/2 conf split=3$"
like "each is told" "$(cat log)" "^info: qscheduler: pid [0-9]+, queue $T/base/queue3 started$"
sends() { ps --ppid "$pid" -o pid=,args= | awk '$2 ~ /^qmail-s(end|tart)/ {print $1}'; }
one=$(sends | head -1)
is "two sends" "$(sends | wc -l)" 2
submit s@x.org k@me.example
ok "mail flows; the delivery carries the queue's number" wait_for 5 seen 1 '^starting delivery 1\.[23]: msg'
kill -KILL "$one"
ok "the end of one is noticed" wait_for 3 seen 1 "^info: qscheduler: pid $one, queue $T/base/queue[23] killed$"
ok "it runs again within seconds" wait_for 3 seen 3 '^info: qmail-send: pid [0-9]+: '
is "two sends again" "$(sends | wc -l)" 2
kill -ALRM "$pid"
ok "signals reach every send" wait_for 5 seen 2 '^alert: qmail-send: pid [0-9]+ got ALRM'
kill -HUP "$pid"
ok "HUP too" wait_for 5 seen 2 '^alert: qmail-send: pid [0-9]+ got HUP'
timeout 1 qscheduler >second 2>&1
like "a second one waits" "$(cat second)" 'waiting for another'
family() { local k; for k in $(ps --ppid "$1" -o pid=); do echo "$k"; family "$k"; done; }
all=$(family "$pid")
kill -TERM "$pid"; wait "$pid"
is "TERM" $? 0
rest() { local k; for k in $all; do ps -o pid= -p "$k" && return 1; done; return 0; }
ok "nobody is left" wait_for 5 rest

# queue 0: what is not filtered
printf '#!/bin/sh\necho filtered >>%s/filtered\nexit 0\n' "$T" >filter; chmod 755 filter
rm -f filtered
queue-fix base/nqueue
export QMAILLOCAL=$T/filter QMAILREMOTE=$T/filter
qscheduler ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "without SPAMFILTER" wait_for 10 seen 2 '^status: local 0/'
like "... queue 0 stays alone" "$(head -1 log)" "static queues qStart/qCount 2/2"
kill -TERM "$pid"; wait "$pid"
SPAMFILTER=/bin/false qscheduler ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "with SPAMFILTER" wait_for 10 seen 3 '^status: local 0/'
like "... queue 0 runs, too" "$(head -1 log)" "^info: qscheduler: pid $pid static queues nqueue[+] qStart/qCount 2/2 conf split=3$"
QUEUEDIR=$T/base/nqueue submit s@x.org k@me.example
ok "what comes from it is delivered under its number" wait_for 5 seen 1 '^end msg'
like "... and name" "$(cat log)" '^starting delivery 1\.0: msg [0-9]+ to local k@me\.example nqueue'
ok "... without the filter" test ! -e filtered
submit s@x.org k@me.example
ok "the others have it" wait_for 5 test -e filtered
kill -TERM "$pid"; wait "$pid"
unset QMAILLOCAL QMAILREMOTE
QUEUE_COUNT=0 code "no queues" 111 qscheduler
QUEUE_BASE=$T/none code "no such place" 111 qscheduler
done_testing
