#!/bin/bash
# qmonitor: what it sees, what it tells and when; the table of qmail-qread -i.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
. "$HERE/dynamic.sh"
unset QUEUEDIR DYNAMIC_QUEUE
mkdir base
export QUEUE_BASE=$T/base QUEUE_START=4 QUEUE_COUNT=1 QUEUE_MAX=2 HOME=$T
echo 2 >control/concurrencylocal
code "an argument" 100 qmonitor now
code "more than everything" 100 qmonitor -t 101
code "-i" 100 qmonitor -i -1
code "nothing to see" 111 qmonitor -i 0
like "is said" "$(cat err)" "^qmonitor: fatal: no figures of $T/base: "
code "qmail-qread" 111 qmail-qread -i
qscheduler -d ./Maildir/ >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "qscheduler runs" wait_for 20 uses 1
[ -n "$(objects base)" ] || { skip "loads" "no shared memory here"; done_testing; }
if ! setqload -q 4 0; then skip "loads" "no message queues here"; done_testing; fi
sees() { qmonitor -n -v -i 0 2>&1 | grep -Eqx "$1"; }
ok "-v" wait_for 10 sees "info: qmonitor: $T/base/queue4 local 0/2 remote 0/20 load=0"
qmail-qread -i >out
is "the table" "$(cat out)" "queue      local  Remote   +/- flag
queue4     0/2    0/20     -   enabled
1 of 1 queues in use"
# two deliveries that go on until now is there
cat >local-script <<L
#!/bin/sh
while [ ! -e $T/now ]; do sleep 0.1; done
L
submit() { { printf 'Fs@x.org\0'; printf 'T%s@me.example\0' "$@"; printf '\0'; } >envelope; printf 'Subject: t\n\nb\n' | qmail-queue 1<envelope; }
submit ka kb
ok "a queue that is busy" wait_for 10 sees "info: qmonitor: $T/base/queue4 local 2/2 remote 0/20 load=200"
like "the table tells" "$(qmail-qread -i)" '^queue4     2/2    0/20     \+   enabled$'
ok "it is told once" qmonitor -i 0
ok "a queue is added" wait_for 10 uses 2
ok "with its limits" wait_for 10 sees "info: qmonitor: $T/base/queue5 local 0/2 remote 0/20 load=0"
touch now
ok "all is delivered" wait_for 10 sees "info: qmonitor: $T/base/queue4 local 0/2 remote 0/20 load=0"
ok "below the threshold" qmonitor -i 0 -t 50
sleep 0.5
is "nothing is told" "$(in_use)" 2
qmonitor -i 1 2>watching & watch=$!
PIDS="$PIDS $watch"
ok "again and again" wait_for 10 uses 1
closed() { qmail-qread -i | grep -q '^queue5 .* disabled$'; }
ok "the other takes no messages" wait_for 10 closed
kill "$pid"; wait "$pid"
ok "qscheduler has gone" wait_for 10 grep -q '^qmonitor: warning: no figures of' watching
kill "$watch"; wait "$watch"
is "TERM" $? 0
done_testing
