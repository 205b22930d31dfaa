#!/bin/bash
# log-grammar: hours of a busy day in seconds, in static and in dynamic collections; every line that comes out of them is one of
# qmail-log(5), and all of them together tell a consistent story (grammar.py).
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset QUEUEDIR RATELIMIT_DIR RATELIMIT_INTERVAL DYNAMIC_QUEUE QUEUE_MAX QUEUE_LOAD BOUNCEPROCESSOR
export QUEUE_BASE=$T/base QUEUE_START=1 QUEUE_COUNT=2
mkdir base
queue-fix -r base/queue1 && queue-fix base/queue2

G() { python3 "$HERE/grammar.py" "$@" >verdict; }
# sane TEXT WORD...: the log's lines are right, and those kinds of lines have been seen
sane() {
	local text=$1 kind missing=
	shift
	G log && pass "$text: every line" || { fail "$text: every line"; sed 's/^/# /' verdict | head -12; }
	for kind; do grep -qE "(^| )$kind=" verdict || missing="$missing $kind"; done
	is "$text: all kinds of lines" "$missing" ""
}
# the grammar is no rubber stamp
lines='info: qmail-send: pid 7: /q/queue1: ratelimit=OFF, loglock=enabled, conf split=3
new msg 5 queue1
info msg 5: bytes 10 from <a@b> qp 3 uid 0 queue1
local: a@b c@d 5 10 bytes queue1 opendir mode
starting delivery 1: msg 5 to local c@d queue1
status: local 1/10 remote 0/20 queue1
delivery 1: success: ok/ queue1
status: local 0/10 remote 0/20 queue1
end msg 5 qmail-send: queue1'
echo "$lines" >log
ok "a sound log" G log
for spoil in 7d '6s/1\/10/0\/10/' '5s/1:/2:/' '7s/ok/o k/' '9s/5/6/' 9d '9p' '7p' 2d '4s/a@b/x@b/' '5s/c@d/e@d/' '7s/success/deferral/' '9s/qmail-send: //' '3s/uid 0 //' '2s/$/ /'; do
	sed "$spoil" <<<"$lines" >log
	code "spoilt by $spoil" 1 G log
done

running() { [ "$(ps --ppid "$S" -o pid=,args= | awk '$2 == "qmail-send"' | wc -l)" = "$1" ]; }
start() {
	qscheduler "$@" ./Maildir/ >>log 2>&1 &
	S=$!
	PIDS="$PIDS $S"
}
# everything is delivered, bounced or discarded
empty() { [ -z "$(find base/*/mess base/*/todo base/*/info -type f -print -quit)" ]; }
push() { # ALRM until it is so
	local i
	for i in $(seq 300); do
		empty && return
		kill -ALRM "$S"
		sleep 0.2
	done
	return 1
}
with_dsn() { printf 'F%s\0xENVID=e1 RET=HDRS\0T%s\0yNOTIFY=SUCCESS,FAILURE ORCPT=rfc822;o@x\0\0' "$1" "$2" >envelope; printf 'Subject: t\n\nb\n' | qmail-queue 1<envelope; }
day() {
	local i
	for i in $(seq 12); do
		submit bouncer@me.example "k$i@me.example" "k$i@far.example" "d$i@me.example" "d$i@far.example"
		submit s@far.example "k$i@local.example" "late$i@me.example" "late$i@far.example"
		submit "k-sender@me.example" "slow$i@me.example" "k$i@slow.example" "k$i@slow.example"
	done
	submit bouncer@me.example "d@me.example"
	submit '' k@me.example d@me.example
	submit '#@[]' d@me.example		# nobody is told any more
	submit dead@me.example d@far.example	# a bounce that bounces
	submit $'k"a \n%\xe9\x01"@me.example' $'k"b \n%\xe9\x01"@far.example' $'k c@me.example' $'d\n%\xff@far.example'
	with_dsn bouncer@me.example k@me.example
	with_dsn bouncer@me.example d@me.example
}

# ---- static
: >log
start -s
ok "two queues" wait_for 20 seen 2 '^status:'
day
ok "deferrals" wait_for 60 seen 24 'deferral: '
for q in 1 2; do QUEUEDIR=$T/base/queue$q submit bouncer@me.example "old$q@zzz.example"; done
wait_for 30 seen 26 'deferral: '
ok "they are settled" wait_for 30 sh -c "! ls base/*/todo/*/* 2>/dev/null | grep -q ."
find base/*/info -type f -exec touch -d '9 days ago' {} +
touch now
kill -ALRM "$S"
ok "too old" wait_for 30 seen 1 'waiting_for_too_long|^bounce msg'
# a domain with a rate, in one queue only
printf '1/2\0001\000%s\000%s\000' "$(($(date +%s) - 1))" "$(($(date +%s) - 1))" >base/queue1/ratelimit/rated.example
for i in 1 2; do QUEUEDIR=$T/base/queue1 submit s@far.example "k$i@rated.example"; done
ok "rates" wait_for 20 seen 1 'rate exceeded'
# held channels
echo 1 >control/holdlocal
echo 1 >control/holdremote
kill -HUP "$S"
ok "held" wait_for 20 seen 2 '^remote deliveries temporarily held'
submit s@far.example k@me.example k@far.example
rm control/hold*
kill -HUP "$S"
ok "resumed" wait_for 20 seen 2 '^remote deliveries resumed'
ok "all goes" push
# a queue's send is killed within its work, everything ended within it
for i in $(seq 6); do submit s@far.example "slow$i@me.example" "k$i@far.example"; done
wait_for 20 seen 1 'starting delivery .*slow'
kill -KILL "$(ps --ppid "$S" -o pid=,args= | awk '$2 == "qmail-send" {print $1; exit}')"
ok "one comes back" wait_for 20 running 2
for i in $(seq 6); do submit s@far.example "slow-again$i@me.example"; done
wait_for 20 seen 1 'starting delivery .*slow-again'
kill -TERM "$S"; wait "$S"
is "TERM" $? 0
start -s
ok "again" wait_for 20 seen 5 '^info: qmail-send: pid'
ok "all goes" push
kill -TERM "$S"; wait "$S"
sane "static" send todo-proc status new info rcpt start report bounce discard end rate 'rate exceeded' held told signal exiting scheduler static
is "what is outside is made safe" "$(grep -c 'to remote k"b_/___"@far.example queue' log)" 1
is "double bounces go to their address" "$(grep -c 'to local postmaster@me.example' log | sed 's/^[1-9][0-9]*$/some/')" some

# ---- double bounces are not wanted
: >log
printf '\n' >control/doublebounceto
printf '#!/bin/sh\n[ "$5" != drop@me.example ]\n' >processor
chmod 755 processor
BOUNCEPROCESSOR=$T/processor start -s
submit '' d@me.example
submit drop@me.example d@me.example
submit bouncer@me.example d@me.example
ok "not wanted" wait_for 20 seen 1 '^double bounce: discarding'
ok "all goes" push
kill -TERM "$S"; wait "$S"
sane "double bounces, a bounce processor" discard processor deleted bounce end
rm control/doublebounceto now

# ---- dynamic
: >log
export DYNAMIC_QUEUE=1 QUEUE_COUNT=1 QUEUE_MAX=4 QUEUE_LOAD=30
rm -rf base/queue2
start -d
ok "dynamic" wait_for 20 seen 1 'dynamic queues.*msgqueue_len='
ok "its first queue" wait_for 20 seen 1 '^status:'
day & D=$!
in_use() { qmail-qread -i 2>/dev/null | sed -n 's/^\([0-9]*\) of .*/\1/p'; }
load() { # LOAD COUNT: until so many are in use
	local i k
	for i in $(seq 300); do
		[ "$(in_use)" != "$2" ] || return 0
		for k in $(seq "$(in_use)"); do setqload -q "$k" "$1" 2>/dev/null; done
		sleep 0.05
	done
	return 1
}
ok "it grows" load 200 4
wait "$D"
ok "deferrals" wait_for 60 seen 24 'deferral: '
touch now
ok "all goes" push
for i in $(seq 20); do submit bouncer@me.example "k$i@me.example" "d$i@far.example"; done
ok "it shrinks" load 0 1
ok "all goes" push
kill -TERM "$S"; wait "$S"
sane "dynamic" send todo-proc status new info rcpt start report bounce end told signal exiting scheduler dynamic
like "by message queue" "$(cat log)" '^local: .* queue[1-4] mqueue mode$'
done_testing
