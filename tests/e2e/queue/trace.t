#!/bin/bash
# trace, and the log as JSON: one message through a log of a running queue, its bounce too; files, directories, stamps.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
code "usage: trace" 100 trace
code "usage: trace ''" 100 trace ''
code "a file that is not there" 111 trace 17 /nonexistent
code "nothing found" 1 trace 17 /dev/null
start_queue
submit bouncer@me.example d@me.example k@far.example
submit other@x.org k@me.example
ended() { [ "$(grep -c '^end msg' log)" = 3 ]; }
ok "two messages and a bounce" wait_for 10 ended
id=$(sed -n 's/^info msg \([0-9]*\): .*from <bouncer.*/\1/p' log)
qp=$(sed -n 's/^info msg .*from <bouncer.* qp \([0-9]*\) .*/\1/p' log)
bqp=$(sed -n "s/^bounce msg $id qp \([0-9]*\) .*/\1/p" log)
code "by qp" 0 trace -p "$qp" log
cp out byqp
is "begins with its coming" "$(head -1 byqp)" "new msg $id queue1"
is "both attempts, the bounce, both ends" "$(sed -E 's/^(new|info|local|remote|starting|delivery|bounce|end).*/\1/' byqp | sort | uniq -c |
	awk '{print $2 $1}' | tr '\n' ' ')" "bounce1 delivery3 end2 info2 local2 new2 remote1 starting3 "
like "the bounce's own" "$(cat byqp)" "^info msg [0-9]+: bytes [0-9]+ from <> qp $bqp "
is "nothing of the other one" "$(grep -c 'other@x.org' byqp)" 0
trace --qp "$qp" <log >out
is "from the input" "$(cat out)" "$(cat byqp)"
is "by text" "$(trace bouncer@me.example log | head -3)" "$(head -3 byqp)"
trace "queue1/$id" log >out
is "by number" "$(head -3 out)" "$(head -3 byqp)"
code "in another queue" 1 trace "queue9/$id" log
trace -j -p "$qp" log >json
ok "as JSON" python3 - "$id" "$bqp" <<'P'
import json, sys
rows = [json.loads(l) for l in open('json')]
id, bqp = int(sys.argv[1]), int(sys.argv[2])
assert rows[0] == {'event': 'new', 'id': id, 'queue': 'queue1'}
assert rows[1]['sender'] == 'bouncer@me.example' and rows[1]['event'] == 'info'
assert {'event': 'bounce', 'id': id, 'qp': bqp, 'queue': 'queue1'} in rows
assert sorted(r['result'] for r in rows if r['event'] == 'report') == ['failure', 'success', 'success']
P
# stamps, and a directory of multilog in the order of time
mkdir logs
half=$(($(wc -l <log) / 2))
head -$half log | tai64n >"logs/@400000006928ab1b1d9f8e2c.s"
tail -n +$((half + 1)) log | tai64n >logs/current
echo "new msg $id queue1" >logs/lock
trace -p "$qp" logs >out
is "a directory" "$(sed 's/^@[0-9a-f]* //' out)" "$(cat byqp)"
like "stamps stay" "$(head -1 out)" '^@40000000[0-9a-f]{16} new msg'
like "and are told" "$(trace -j -p "$qp" logs | head -1)" '^\{"time":"@[0-9a-f]{24}","event":"new"'
is "local times" "$(tai64nlocal <logs/current | trace "$id" | grep -c .)" "$(trace "$id" logs/current | grep -c .)"
is "qlogselect" "$(tail -n +2 log | sed 's/^/1764000000.5 /' | qlogselect from bouncer@me.example stripstatus | grep -c 'bouncer@')" \
	"$(grep -c '^info.*bouncer@' log)"

# the same as JSON
stop_queue
mv log textlog
: >log
export LOG_FORMAT=json
qmail-start ./Maildir/ >>log 2>&1 &
SEND=$!
PIDS="$PIDS $SEND"
ok "it starts" wait_for 10 seen 1 '"event":"status"'
submit bouncer@me.example d@me.example k@far.example
ended() { [ "$(grep -c '"event":"end"' log)" = 2 ]; }
ok "a message and its bounce" wait_for 10 ended
stop_queue
ok "every line is an object" python3 - <<'P'
import json
events = set()
for l in open('log'):
    r = json.loads(l)
    events.add(r['event'])
assert events == {'new', 'info', 'recipient', 'start', 'report', 'bounce', 'end', 'status', 'text'}, events
P
qp=$(sed -n 's/.*"event":"info".*bouncer.*"qp":\([0-9]*\).*/\1/p' log)
trace -p "$qp" log >out
is "is followed as well" "$(grep -o '"event":"[a-z]*"' out | sort | uniq -c | awk '{print $2 $1}' | tr '\n' ' ')" \
	'"event":"bounce"1 "event":"end"2 "event":"info"2 "event":"new"2 "event":"recipient"3 "event":"report"3 "event":"start"3 '
echo me.example >control/rcpthosts
printf 'HELO x\r\nMAIL FROM:<bad\r\nRCPT TO:<a@elsewhere.example>\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@elsewhere.example>\r\nQUIT\r\n' |
	env TCPREMOTEIP=192.0.2.1 PROTO=TCP qmail-smtpd >out 2>err
like "smtpd" "$(cat err)" '^\{"event":"session","program":"qmail-smtpd","pid":[0-9]+,"text":".*Invalid RELAY client'
done_testing
