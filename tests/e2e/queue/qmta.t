#!/bin/bash
# qmta-send: one-shot runs and the daemon, deliveries, log lines, external partners, splits, held and deferred mail, signals,
# every process killed.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset TODO_INTERVAL QIDENT QUEUE_BASE
Q=$T/base/qmta
unset QUEUEDIR
export QUEUE_BASE=$T/base
mkdir base
submit_here() { QUEUEDIR=$Q submit "$@"; }
empty() { [ -z "$(files)" ]; }
children() { ps -o args= --ppid "$MTA" | grep -v defunct | sort | tr '\n' ',' | sed 's/ *,/,/g'; }
has_child() { case ,$(children) in *,$1,*) true ;; *) false ;; esac; }
childless() { [ -z "$(ps -o pid= --ppid "$MTA")" ]; }
is_children() { [ "$(children)" = "$1" ]; }
start_mta() {
	local before
	before=$(grep -c '^status:' log 2>/dev/null)
	qmta-send -d "$@" ./Maildir/ >>log 2>&1 &
	MTA=$!
	PIDS="$PIDS $MTA"
	wait_for 10 seen $((${before:-0} + 1)) '^status:'
}
stop_mta() { kill -TERM "$MTA"; wait "$MTA"; STOPPED=$?; }

code "usage: an unknown option" 100 qmta-send -x
code "-s must be a number" 100 qmta-send -s 0
code "at most the compiled split" 100 qmta-send -s 152
code "no queue" 111 qmta-send
like "is told" "$(cat out)" '^alert: qmta-send: cannot start: unable to switch to queue directory: '

# one-shot
code "-f makes the queue, nothing to do" 0 qmta-send -f
like "start line" "$(cat out)" "^info: qmta-send: pid [0-9]+: $Q: ratelimit=OFF, loglock=disabled, conf split=3$"
like "end line" "$(cat out)" '^info: qmta-send: pid [0-9]+ exiting$'
ok "lock/pid went with it" test ! -e "$Q/lock/pid"
submit_here s@x.org k@me.example
code "one message" 0 qmta-send
i=$(sed -n 's/^new msg //p' out)
is "its log, line by line" "$(sed -n '/^new msg/,/^end msg/p' out | sed -E 's/qp [0-9]+/qp N/; s/bytes [0-9]+/bytes N/; s/[0-9]+ bytes/N bytes/')" \
"new msg $i
info msg $i: bytes N from <s@x.org> qp N uid $(id -u)
local: s@x.org k@me.example $i N bytes
starting delivery 1: msg $i to local k@me.example
status: local 1/10 remote 0/20
delivery 1: success: 
status: local 0/10 remote 0/20
end msg $i"
is "nothing is left" "$(files)" ""
submit_here s@x.org late@me.example k@far.example
submit_here bouncer@me.example d@me.example
code "deferred mail ends the run" 0 qmta-send
is "it stays, settled" "$(files)" "info local mess "
like "the bounce was delivered in the same run" "$(cat bounces)" '^<d@me.example>:$'
code "not due: nothing is tried" 0 qmta-send
is "" "$(grep -c '^starting' out)" 0
touch now
for f in "$Q"/local/*/*; do touch -d '1 minute ago' "$f"; done
code "due" 0 qmta-send
is "delivered" "$(files)" ""
rm now
echo 1 >control/holdlocal
submit_here s@x.org k@me.example k@far.example
code "a held channel does not keep it" 0 qmta-send
is "the other is delivered" "$(grep -c success out)" 1
like "status" "$(cat out)" '^status: local 0/10 \(held\) remote 0/20$'
rm control/holdlocal
code "resumed" 0 qmta-send
start_mta
kill -ALRM "$MTA"
ok "or by ALRM" wait_for 10 empty
stop_mta
is "TERM" "$STOPPED" 0
like "is logged" "$(cat log)" "^alert: qmta-send: pid $MTA got TERM$"

# the daemon
: >log
start_mta
is "lock/pid" "$(cat "$Q/lock/pid")" "$MTA"
is "its title" "$(ps -o args= -p "$MTA" | sed 's/ *$//')" "qmta-send"
like "a second one" "$(qmta-send)" '^alert: qmta-send: cannot start: unable to lock mutex: instance already running$'
submit_here s@x.org slow@me.example
ok "a spawner on demand" wait_for 5 has_child MTAlspawn
ok "delivered" wait_for 10 seen 1 '^end msg [0-9]+$'
ok "children end when nothing is left to do" wait_for 20 is_children ""
ok "and are waited for" wait_for 5 childless
submit_here s@x.org k@me.example k@far.example
ok "and come back" wait_for 10 seen 2 '^end msg [0-9]+$'
stop_mta

# external partners: found along PATH
mkdir other
for p in qmail-lspawn qmail-rspawn qmail-clean; do
	printf '#!/bin/sh\necho "$0 $*" >>%s/partners\nexec %s/%s "$@"\n' "$T" "$BIN" "$p" >other/$p
done
chmod 755 other/*
: >log
PATH=$T/other:$PATH start_mta -lrc
submit_here s@x.org k@me.example k@far.example
ok "-l -r -c" wait_for 10 seen 1 '^end msg'
is "were run" "$(sed "s|$Q|qmta|; s|^.*/other/||" partners | sort | tr '\n' ,)" "qmail-clean qmta-send qmta,qmail-lspawn ./Maildir/ qmta,qmail-rspawn qmta,"
stop_mta
ok "nothing is left" empty

# clients with a smaller split
: >log
CONFSPLIT=151 queue-fix -m "$Q"
start_mta -s 151
for i in 1 2 3 4 5; do CONFSPLIT=3 submit_here s@x.org k@me.example; done
ok "clients with a smaller split" wait_for 10 seen 5 '^end msg'
like "split" "$(cat log)" 'conf split=151$'
ok "nothing is left" wait_for 5 empty
CONFSPLIT=23 submit_here s@x.org late@me.example
ok "deferred" wait_for 10 seen 1 deferral
i=$(sed -n 's/^new msg //p' log | tail -1)
ok "settled where it belongs" wait_for 5 test -e "$Q/info/$((i % 151))/$i" -a -e "$Q/mess/$((i % 151))/$i"
touch now
kill -ALRM "$MTA"
ok "and delivered" wait_for 10 empty
rm now
stop_mta
CONFSPLIT=7 submit_here s@x.org k@me.example
code "a scan finds them as well" 0 qmta-send -s 151
ok "" empty
CONFSPLIT=3 queue-fix -m "$Q" 2>/dev/null

# a bounce that cannot be queued
printf '#!/bin/sh\nexit 71\n' >no-queue && chmod 755 no-queue
: >log
BOUNCEQUEUE=$T/no-queue start_mta
submit_here bouncer@me.example d@me.example
ok "no queue for a bounce" wait_for 10 seen 1 '^warn: qmta-send: trouble injecting bounce message, will try later$'
stop_mta
start_mta
kill -ALRM "$MTA"
ok "sent by the next one" wait_for 10 seen 1 '^bounce msg [0-9]+ qp [0-9]+$'
ok "nothing is left of it" wait_for 10 empty
stop_mta

# a logger
code "a logger" 0 qmta-send ./Maildir/ sh -c 'cat >logged'
ok "has the lines" wait_for 5 grep -q 'exiting$' logged

# every process killed, then a new start: nothing is lost
: >delivered
: >log
kill_one() {
	local n victim
	n=$(grep -c '^end msg' log)
	start_mta
	submit_here s@x.org slow@me.example kx@me.example k@far.example
	wait_for 10 seen 1 'to local slow' >/dev/null
	victim=$(ps -o pid=,args= --ppid "$MTA" | awk -v w="$1" '$2 == w {print $1; exit}')
	[ "$1" = qmta-send ] && victim=$MTA
	kill -KILL "$victim" 2>/dev/null
	[ "$1" = qmta-send ] && wait "$MTA" 2>/dev/null
	if ! kill -0 "$MTA" 2>/dev/null || ! wait_for 1 seen $((n + 1)) '^end msg'; then
		kill -TERM "$MTA" 2>/dev/null
		wait "$MTA" 2>/dev/null
		wait_for 10 start_mta
		kill -ALRM "$MTA" 2>/dev/null
	fi
	ok "$1 killed: delivered all the same" wait_for 10 seen $((n + 1)) '^end msg'
	ok "nothing is left" wait_for 10 empty
	stop_mta
}
for p in qmta-send MTAlspawn MTArspawn; do kill_one $p; done
done_testing
