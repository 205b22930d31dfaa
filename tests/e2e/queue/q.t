#!/bin/bash
# q: looking at messages, and orders beside a running send and without one; parcels, also when export and import are killed.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
echo 0 >control/delaywarn
printf 'virt.example:zoe\n' >control/virtualdomains

# ---- looking, without send
code "an empty queue" 0 q list
is "prints nothing" "$(cat out)" ""
submit s@x.org z1@me.example z2@far.example
submit '' zlate@Far.example
q list >list
is "two new messages" "$(awk '{print $2}' list | tr '\n' ' ')" "new new "
id=$(grep 's@x.org' list | sed 's|.*/\([0-9]*\) .*|\1|')
like "a line" "$(cat list)" "^queue1/$id new [0-9]+s [0-9]+ <s@x.org> z1@me.example \+1$"
q list --json >json
ok "JSON, an object per line" python3 - <<'P'
import json
rows = [json.loads(l) for l in open('json')]
assert len(rows) == 2
r = [r for r in rows if r['sender'] == 's@x.org'][0]
assert r['queue'] == 'queue1' and r['state'] == 'new' and r['bytes'] > 50 and 0 <= r['age'] < 100
assert [x['address'] for x in r['recipients']] == ['z1@me.example', 'z2@far.example']
assert not r['recipients'][0]['done'] and r['recipients'][0]['channel'] == 'new'
P
# count TEXT WANT OPTION...: how many messages a choice has
count() {
	local text=$1 want=$2
	shift 2
	is "$text" "$(q list "$@" | grep -c .)" "$want"
}
count "--sender" 1 --sender '*@X.org'
count "the null sender" 1 --sender ''
count "the null sender, written out" 1 -s '<>'
count "--recipient" 1 -r 'z2@*'
count "--host, letter case does not matter" 2 --host far.EXAMPLE
count "--host of nobody" 0 --host nowhere.example
count "--id" 1 --id "$id"
count "an operand" 1 "queue1/$id"
count "as lists show it" 1 "queue1/#$id"
count "an id that is none" 0 17
count "another queue's" 0 "queue9/$id"
count "--queue" 2 --queue 'queue?'
count "--queue elsewhere" 0 -q slowq
count "--older" 0 --older 1h
count "--newer" 2 --newer 1h
count "--larger" 0 --larger 1k
count "--smaller" 2 --smaller 1k
count "--state" 2 --state new
count "--state held" 0 -t held
count "all at once" 1 -s 's@*' -r 'z*' -H me.example -n 1d -m 1M -t new
for bad in "" "list --older x" "list --larger 1x" "list --state odd" "list word" "nothing" "export" "import" "list --what"; do
	# shellcheck disable=SC2086
	code "usage: q $bad" 100 q $bad
done
code "orders want a choice" 100 q hold
like "and say so" "$(cat err)" '^q: fatal: which messages\?  a choice, or --all$'
other=$(q list --sender '' | sed 's| .*||')
is "messages that are named" "$(q list "queue1/$id" "$other" 17 | grep -c .) $(q list "queue1/$id" "queue2/${other#*/}" | grep -c .)" "2 1"
code "show what is not there" 111 q show "$id" 17
like "is told" "$(cat err)" '^q: warning: no such message: 17$'
code "an order for it" 111 q hold queue2/17
like "is told, too" "$(cat err)" '^q: warning: no such message: queue2/17$'
code "export of it" 111 q export none 17
code "a filter may leave nothing" 0 q show --state held "$id"
for bad in queue1/ /17 queue1/x; do code "no message: $bad" 100 q list $bad; done
code "show" 0 q show "$id"
like "the header" "$(cat out)" '^Subject: test$'
is "not the body" "$(grep -c '^body' out)" 0
like "the recipients" "$(cat out)" "^left	new	z2@far.example$"
q show --message "$id" >out
like "show --message" "$(cat out)" '^body$'
q summary >out
like "summary: far.example" "$(cat out)" '^far\.example +2 +2 +0 +0 +0 +0 +0 +0 +0 +0$'
like "summary: total" "$(cat out)" '^TOTAL +3 '
like "summary --json" "$(q summary -j)" '^\{"domain":"me.example","recipients":1,"5m":1,'

# ---- orders without send
code "hold" 0 q hold "$id"
is "says what it did" "$(cat out)" "queue1/$id held"
count "held" 1 -t held
code "release" 0 q release "$id"
count "released" 0 -t held
code "bounce of a new message" 111 q delete --bounce "$id"
like "must wait for send" "$(cat err)" "^q: warning: queue1/$id: qmail-send must have seen"
q hold "$id" >out
code "delete --json" 0 q delete --json "$id"
is "result" "$(cat out)" "{\"queue\":\"queue1\",\"id\":$id,\"result\":\"deleted\"}"
is "only the other one is left" "$(cd "$Q" && find mess todo intd steer -type f | grep -c .)" 3
q delete --all >out
is "nothing is left" "$(files)" ""
is "no hold is left" "$(ls "$Q/steer")" ""

# ---- beside send
start_queue
submit s@x.org z1@me.example d2@me.example
submit t@x.org zlate@far.example
settled() { [ "$(q list --json | grep -c '"channel":"\(local\|remote\)","done"')" -ge "$1" ]; }
ok "two settled messages" wait_for 10 settled 2
id=$(q list -s s@x.org | sed 's|.*/\([0-9]*\) .*|\1|')
count "one of them has failed recipients" 1 -t bouncing
like "who is left" "$(q show "$id")" '^done	local	d2@me.example$'
q hold "$id" >out
n=$(grep -c deferral log)
touch now
sed -i 's/^z\*) echo "try later"; exit 111/z*) echo "try later"; [ -e now2 ] \&\& exit 0; exit 111/' local-script
q retry --all >out
is "both are due" "$(grep -c 'due now' out)" 2
ok "the one that is not held is tried" wait_for 10 seen $((n + 1)) 'deferral'
sleep 0.3
is "the held one is not" "$(grep -c "msg $id to local z1" log)" 1
kill -ALRM "$SEND"
sleep 0.3
is "nor at ALRM" "$(grep -c "msg $id to local z1" log)" 1
stop_queue
start_queue
kill -ALRM "$SEND"
sleep 0.3
is "nor after a restart" "$(grep -c "msg $id to local z1" log)" 1
count "it is held" 1 -t held
q release "$id" >out
ok "released it is tried" wait_for 10 seen 2 "msg $id to local z1"
submit bouncer@me.example z9@me.example
ok "a third" wait_for 10 settled 3
b=$(q list -r 'z9*' | sed 's|.*/\([0-9]*\) .*|\1|')
q delete --bounce "$b" >out
is "bounced" "$(cat out)" "queue1/$b bounced"
ok "the sender is told" wait_for 10 grep -q 'removed from the queue by its administrator' bounces
like "who it was" "$(cat bounces)" '^<z9@me.example>:$'
ok "and the log" wait_for 10 seen 1 "^info: qmail-send: queue1: msg $b removed by order, bounced$"
code "delete" 0 q delete -s t@x.org
ok "its end" wait_for 10 seen 1 "msg [0-9]+ removed by order$"

# hold before the first attempt
q hold --all >out
submit s@x.org slow@me.example
wait_for 10 seen 1 'to local slow@'
s=$(q list -r 'slow@*' | sed 's|.*/\([0-9]*\) .*|\1|')
code "a delivery under way is waited for" 0 q delete -w 10 "$s"
ok "slow is over" wait_for 10 seen 1 "^(end msg $s|info: .* msg $s removed)"
q delete --all >out
gone() { [ -z "$(files)" ]; }
ok "an empty queue again" wait_for 10 gone
is "no hold is left" "$(find "$Q/steer" -name 'hold.*')" ""

# ---- parcels
submit s@x.org z1@me.example k2@me.example zx@virt.example
submit t@x.org zz@far.example
ok "two settled" wait_for 10 settled 2
code "export" 0 q export copies --all
is "two copies" "$(ls copies | grep -c '\.parcel$')" 2
code "export once more" 0 q export copies --all
is "the same two" "$(ls copies | grep -c .)" 2
count "they are still there" 2
code "export --delete" 0 q export --delete --all moved
is "two parcels" "$(ls moved | grep -c '\.parcel$') $(ls moved | grep -c .)" "2 2"
ok "the queue is empty" wait_for 10 gone
is "virtual domains are undone, recipients that are done left out" \
	"$(tr '\0' '\n' <"$(grep -l s@x.org moved/*)" | grep -a '^T' | sort | tr '\n' ' ')" "Tz1@me.example Tzx@virt.example "
code "import" 0 q import moved
is "every parcel is gone" "$(ls moved)" ""
ok "and tried" wait_for 10 settled 2
count "two messages" 2
like "the text is as it was" "$(q show -M -s t@x.org)" '^Subject: test$'
printf 'rubbish' >moved/x.parcel
code "a damaged parcel" 111 q import moved
like "is named" "$(cat err)" '^q: warning: no parcel: .*/moved/x\.parcel$'
ok "and stays" test -e moved/x.parcel
rm moved/x.parcel
touch moved/q.1.2.ready moved/q.1.3.part
code "an export that was interrupted" 111 q import moved
like "is to be finished first" "$(cat err)" 'q\.1\.2\.ready: its export was interrupted'
rm moved/*
q delete --all >out
ok "empty" wait_for 10 gone

# killed anywhere, nothing is lost and nothing is there twice
for i in $(seq 40); do submit "kill$i@x.org" z@far.example; done
ok "forty messages" wait_for 30 settled 40
for i in 1 2 3 4 5 6; do
	q export --delete --all box >/dev/null 2>&1 &
	e=$!
	sleep "0.0$((i * 13 % 10))"
	kill -9 $e 2>/dev/null
	wait $e 2>/dev/null
	senders=$( (q list --json | grep -o 'kill[0-9]*@x.org'; grep -aoh 'Fkill[0-9]*@x.org' box/*.parcel | tr -d F) 2>/dev/null | sort)
	everywhere=$( (echo "$senders"; grep -aoh 'Fkill[0-9]*@x.org' box/*.ready | tr -d F) 2>/dev/null | sort -u | grep -c .)
	is "killed $i: none is lost" "$everywhere" 40
	is "killed $i: none is twice" "$(echo "$senders" | uniq -d)" ""
done
code "the last export" 0 q export --delete --all box
ok "empty" wait_for 10 gone
is "forty parcels" "$(ls box | grep -c '\.parcel$') $(ls box | grep -c .)" "40 40"
for i in 1 2 3 4 5 6; do
	q import box >/dev/null 2>&1 &
	e=$!
	sleep "0.0$((i * 17 % 10))"
	kill -9 $e 2>/dev/null
	wait $e 2>/dev/null
done
code "the last import" 0 q import box
is "no parcel is left" "$(ls box)" ""
all40() { [ "$(q list --json | grep -o 'kill[0-9]*@x.org' | sort -u | grep -c .)" = 40 ]; }
ok "forty messages again" wait_for 30 all40
is "each once" "$(q list --json | grep -o 'kill[0-9]*@x.org' | sort | uniq -d)" ""
stop_queue
code "delete without send" 0 q delete --all
is "forty" "$(grep -c deleted out)" 40

# every place an import or export can be interrupted at, without send
submit step@x.org z@far.example
q export steps --all >out
parcel=$(ls steps)
cp "steps/$parcel" kept
q delete --all >out
code "import without send" 0 q import steps
id=$(q list | sed 's|.*/\([0-9]*\) .*|\1|')
again() { cp kept "steps/$parcel.queue1.$id.import"; }
again
rm "$Q/todo/$((id % 3))/$id"
code "stored, not released: it is released" 0 q import steps
is "under the same number" "$(cat out) $(q list | cut -d' ' -f1)" "queue1/$id imported queue1/$id"
again
code "released: nothing is imported" 0 q import steps
is "once is enough" "$(cat out)$(q list | cut -d' ' -f1)$(ls steps)" "queue1/$id"
rm "$Q/todo/$((id % 3))/$id"
echo more >>"$Q/mess/$((id % 3))/$id"
again
code "another message has the number" 0 q import steps
is "it stays as it is" "$(cat out)$(q list)$(ls steps)" ""
rm "$Q/mess/$((id % 3))/$id" "$Q/intd/$((id % 3))/$id"
again
code "delivered meanwhile" 0 q import steps
is "is not queued again" "$(cat out)$(q list)$(ls steps)" ""
submit step2@x.org z@far.example
q export steps --all >out
ready=$(ls steps)
ready=${ready%.parcel}.ready
mv "steps/${ready%.ready}.parcel" "steps/$ready"
cp "steps/$ready" steps/q.1.2.part
code "ready, not removed" 0 q export --delete --older 1w steps
like "it is moved" "$(cat out)" '^queue1/[0-9]+ moved$'
is "out of the queue" "$(q list)$(ls steps)" "${ready%.ready}.parcel"
mv "steps/${ready%.ready}.parcel" "steps/$ready"
code "ready and removed" 0 q export --delete --all steps
is "a parcel" "$(cat out)$(ls steps)" "${ready%.ready}.parcel"

# a hold goes with its message when queue-fix gives that its number
submit fix@x.org z@far.example
id=$(q list -s fix@x.org | sed 's|.*/\([0-9]*\) .*|\1|')
q hold "$id" >out
for part in mess intd todo; do mv "$Q/$part/$((id % 3))/$id" "$Q/$part/1/7"; done
mv "$Q/steer/hold.$id" "$Q/steer/hold.7"
count "held, under a wrong number" 1 -t held 7
queue-fix "$Q" 2>/dev/null
count "and under the right one" 1 -t held "$id"
is "one hold" "$(cd "$Q/steer" && ls -d hold.*)" "hold.$id"
q delete --all >out

# ---- who may speak to send, and nonsense
start_queue
ok "send listens" wait_for 5 test -S "$Q/steer/socket"
is "for its own user only" "$(stat -c %a "$Q/steer" "$Q/steer/socket" | tr '\n' ' ')" "700 600 "
answer=$(cd "$Q" && python3 - <<'P'
import socket
s = socket.socket(socket.AF_UNIX); s.connect('steer/socket')
s.sendall(b'nonsense\nhold 99999\nhold x\n')
d = b''
while d.count(b'\n') < 3: d += s.recv(100)
print(d.decode().replace('\n', '|'))
s.sendall(b'x' * 5000)
try:
    while s.recv(100): pass
except ConnectionError: pass
P
)
is "nonsense is refused" "$answer" "!unknown order|-|!unknown order|"
ok "send goes on" q list

# ---- the time has a floor
stop_queue
submit old@x.org zold@far.example
submit young@x.org zyoung@far.example
start_queue
ok "settled" wait_for 10 settled 2
stop_queue
floor=$(($(date +%s) + 30 * 86400))
echo $floor >"$Q/steer/floor"
id=$(q list -s old@x.org --json | sed 's/.*"id":\([0-9]*\).*/\1/')
touch -d @$((floor - 8 * 86400)) "$Q"/info/*/"$id"
id=$(q list -s young@x.org --json | sed 's/.*"id":\([0-9]*\).*/\1/')
touch -d @$((floor - 3600)) "$Q"/info/*/"$id"
touch -d @1000 "$Q"/remote/*/*
before=$(grep -c 'bounce msg' log)
start_queue
like "send says so" "$(cat log)" '^warn: qmail-send: queue1: the clock is 25[0-9]{5} seconds behind'
ok "a week old by the floor: bounced" wait_for 10 seen $((before + 1)) '^(bounce msg|double bounce)'
sleep 0.3
is "an hour old: not" "$(q list -s young@x.org | grep -c .)" 1
like "ages count from there" "$(q list -s young@x.org)" ' 6[0-9]m '
submit new@x.org zn@far.example
settled_new() { [ "$(q list -s new@x.org -t waiting | grep -c .)" = 1 ]; }
ok "a new message" wait_for 10 settled_new
stop_queue
like "the floor has moved on" "$(($(cat "$Q/steer/floor") - floor))" '^[0-9]+$'
id=$(q list -s new@x.org --json | sed 's/.*"id":\([0-9]*\).*/\1/')
ok "born after it" test "$(stat -c %Y "$Q"/info/*/"$id")" -ge $floor
done_testing
