#!/bin/bash
# send with rate control: remote recipients wait for their domain's turn, others do not; log lines, restarts, failures.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset RATELIMIT_DIR RATELIMIT_INTERVAL
D=$Q/ratelimit
put() { local n=$1; shift; printf '%s\0' "$@" >"$D/.$n.new" && mv "$D/.$n.new" "$D/$n"; }
fields() { tr '\0' '|' <"$D/$1"; }
now() { date +%s; }
count() { fields "$1" | cut -d'|' -f2; }
is_count() { [ "$(count "$1")" = "$2" ]; }
cpu() { awk '{print $14 + $15}' "/proc/$SEND/stat"; }

# without the directory, or switched off
start_queue
like "off" "$(cat log)" ': ratelimit=OFF, '
stop_queue
queue-fix -r "$Q"
put far.example 0 0 0 0
: >log
RATELIMIT_DIR= start_queue
like "switched off" "$(cat log)" ': ratelimit=OFF, '
submit s@x.org k@far.example
ok "nothing is limited" wait_for 10 seen 1 '^end msg'
stop_queue
is "nothing is counted" "$(count far.example)" 0

# one domain waits, others do not
: >log
start_queue
like "on" "$(cat log)" "^info: qmail-send: pid $SEND: $Q: ratelimit=ON, "
like "status" "$(cat log)" '^status: local 0/10 remote 0/20 delayed jobs=0 queue1$'
t=$(now)
put far.example 1/5 1 $((t - 2)) $((t - 2))
submit s@x.org k1@Far.example k2@near.example k3@me.example
ok "refused" wait_for 5 seen 1 'rate exceeded'
ok "others are delivered" wait_for 5 seen 2 'success: '
i=$(grep -o '^new msg [0-9]*' log | tail -1 | cut -d' ' -f3)
like "its line" "$(cat log)" "^warning: queue1 Far\.example msg $i: rate exceeded \[1/0\.(5|3)[0-9]{9}/0\.2000000000\] need [123] secs; will try again later$"
is "not counted" "$(count far.example)" 1
is "not started" "$(grep -c 'starting delivery.*k1@' log)" 0
before=$(cpu)
ok "later" wait_for 10 seen 1 '^end msg'
after=$(cpu)
ok "not before its time" test "$(now)" -ge $((t + 3))
like "its line" "$(cat log)" "^info: queue1 Far\.example msg $i: rate \[2/0\.[12][0-9]{9}/0\.2000000000\] ok since [0-9] secs$"
is "counted" "$(count far.example)" 2
ok "no busy waiting ($before, $after)" test $((after - before)) -le 10
like "delayed" "$(cat log)" '^status: local 0/10 remote 1/20 delayed jobs=0 queue1$'
is "one try for each" "$(sort attempts | uniq -c | awk '{print $1 $2 $3}' | tr '\n' ' ')" "1localk3@me.example 1remotek1@Far.example 1remotek2@near.example 1remotek@far.example "
is "mode" "$(stat -c %a "$D/far.example")" 640

# below zero: counted, never stopped; local recipients have no rate
put count.example -1 0 0 0
put me.example 0 0 0 0
submit s@x.org k4@count.example k5@count.example k6@count.example k7@me.example
ok "below zero" wait_for 10 seen 2 '^end msg'
is "counted" "$(count count.example)" 3
like "line" "$(cat log)" '^info: queue1 count\.example msg [0-9]+: rate \[3/[0-9.]+/-1\.0000000000\] ok since 0 secs$'

# rate 0; one line for many recipients of a domain; a temporary failure beside it
put zero.example 0 0 0 0
: >log
submit s@x.org k8@zero.example k9@zero.example k10@zero.example
ok "rate 0" wait_for 5 seen 1 'zero.example.*need 86400 secs'
ok "settled" wait_for 5 test -n "$(find "$Q/remote" -type f)"
i=$(grep -o '^new msg [0-9]*' log | tail -1 | cut -d' ' -f3)
wait_for 5 sh -c "ls $Q/remote/*/$i"
is "one line" "$(grep -c 'rate exceeded' log)" 1
kill -ALRM "$SEND"
ok "ALRM: asked again" wait_for 5 seen 2 'rate exceeded'
is "nothing is started" "$(grep -c 'starting delivery' log)" 0
stop_queue
is "end" "$STOPPED" 0
f=$(ls "$Q"/remote/*/"$i")
ok "its time is noted" test "$(stat -c %Y "$f")" -ge $((t + 86000)) -a "$(stat -c %Y "$f")" -le $(($(now) + 86400))
is "no recipient is lost" "$(tr '\0' ' ' <"$f")" "Tk8@zero.example Tk9@zero.example Tk10@zero.example "
: >log
start_queue
like "loaded at start" "$(cat log)" '^status: '
submit s@x.org k11@me.example
wait_for 5 seen 1 '^end msg'
like "counts as delayed" "$(cat log)" '^status: local 1/10 remote 0/20 delayed jobs=1 queue1$'
ok "drate allows it" drate -D "$D" -d zero.example -r 10
kill -ALRM "$SEND"
ok "delivered" wait_for 10 seen 2 '^end msg'
is "three counted" "$(count zero.example)" 3
like "none delayed" "$(grep '^status' log | tail -1)" 'delayed jobs=0 queue1$'

# a backlog of refused messages holds nobody up
: >log
put zero.example 0 0 0 0
for n in $(seq 130); do submit s@x.org k$n@zero.example; done
ok "130 refused" wait_for 20 seen 130 'rate exceeded'
wait_for 20 sh -c "[ \$(find $Q/todo -type f | wc -l) = 0 ]"
kill -ALRM "$SEND"
submit s@x.org k12@me.example k13@near.example
ok "others go" wait_for 5 seen 1 '^end msg'
ok "asked again" wait_for 10 seen 260 'rate exceeded'
is "once each" "$(grep -c 'rate exceeded' log)" 260
before=$(cpu)
sleep 1
after=$(cpu)
ok "quiet ($before, $after)" test $((after - before)) -le 5
drate -D "$D" -d zero.example -r -1
drate -D "$D" -d zero.example -r 0-1
kill -ALRM "$SEND"
ok "all delivered" wait_for 30 seen 131 '^end msg'
is "all counted" "$(count zero.example)" 130
wait_for 5 test -z "$(files)"
is "nothing is left" "$(files)" ""

# ratecontrol, .global, what cannot be understood
: >log
printf '*.slow.example:0\n*.many.example:-1\n' >"$D/ratecontrol"
put .global -1 0 0 0
put broken.example 'what?' 0 0 0
submit s@x.org k@a.many.example k@b.many.example k@any.example k@broken.example k@x.slow.example
ok "a pattern" wait_for 5 seen 1 'x\.slow\.example.*rate exceeded'
ok "delivered" wait_for 5 seen 4 'success: '
is "a counter for the pattern" "$(count .rate.%2A.many.example)" 2
is "a counter for the others" "$(count .global)" 1
like "not understood: delivered, with a warning" "$(cat log)" \
	'^warn: qmail-send: queue1: unintelligible rate definition ratelimit/broken.example; delivered without limit$'
kill -TERM "$SEND" && wait "$SEND"
is "the end" "$?" 0
done_testing
