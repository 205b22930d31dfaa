#!/bin/bash
# svc: every command byte, order and duplicates, waiting, what cannot be controlled.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
got() { cat "$1/got" 2>/dev/null; }
has() { [ "$(got "$1")" = "$2" ]; }

code "usage: no directory" 100 svc -u
like "usage text" "$(cat err)" '^usage: svc \[options\] dir \.\.\.$'
code "usage: unknown letter" 100 svc -z s
code "usage: no number" 100 svc -T x s
code "help lists the letters" 0 svc --help
like "help" "$(cat out)" '-d +down: TERM and CONT'

fake s s/log
code "all letters" 0 svc -udropchaitkxqU12G s
wait_for 5 has s udropchaitkxqU12G && pass "in the order given" || fail "in the order given: $(got s)"
kill $FAKE_PID
wait $FAKE_PID 2>/dev/null
rm -rf s
mkdir none.d
fake s s/log
code "each letter once" 0 svc -ppc -cp s
wait_for 5 has s pc && pass "duplicates" || fail "duplicates: $(got s)"
rm s/got
code "more directories" 0 svc -h s "$T/s/log/"
wait_for 5 has s h && wait_for 5 has s/log h && pass "both got it" || fail "both got it"
rm s/got s/log/got
(cd s && svc -a . && svc -i log)
wait_for 5 has s a && wait_for 5 has s/log i && pass "current directory and its logger" || fail "relative names"
code "no letters, nothing to send" 0 svc s

code "no such directory" 111 svc -u none s
is "and the others are served" "$(cat err)" "svc: warning: unable to chdir to none: No such file or directory"
mkdir new
DISABLE_RUN=1 code "never supervised" 1 svc -u new
is "its words without a run directory" "$(cat err)" "svc: warning: unable to control new: No such file or directory"
if [ -d /run ] && [ ! -d /run/svscan/new ]; then
	code "never supervised, run directory" 1 svc -u new
	is "its words" "$(cat err)" "svc: warning: No run state information for new: No such file or directory"
fi
mkdir -p dead/supervise
mkfifo dead/supervise/{ok,control}
code "no supervise" 2 svc -u dead
is "its words" "$(cat err)" "svc: warning: unable to control dead: supervise not running"
code "the last failure counts" 1 env DISABLE_RUN=1 svc -u dead new s

rm -f s/got
start=$(date +%s%N)
code "wait until up" 0 svc -uw s
is "says so" "$(cat err)" "waiting for s to be up ... ok"
[ $((($(date +%s%N) - start) / 1000000)) -ge 900 ] && pass "after a pause" || fail "after a pause"
code "wait for down in vain" 3 svc -W -T 1 s
is "timed out" "$(cat err)" "waiting for s to be down ... timed out"
(sleep 0.3; svc -d s) &
code "wait for what somebody else does" 0 svc -W -T 10 s
is "down" "$(cat err)" "waiting for s to be down ... ok"
wait $! 2>/dev/null
rm s/log/supervise/up
code "nothing to wait at" 111 svc -w s/log
is "failed" "$(cat err)" "waiting for s/log to be up ... failed"

# ---- a real supervise ----
export DISABLE_RUN=1
mkdir real
printf '#!/bin/sh\ntrap "echo usr1 >>../signals" USR1\ntrap "echo hup >>../signals" HUP\necho started >>../signals\nwhile :; do sleep 0.05; done\n' >real/run
chmod +x real/run
touch real/down
background supervise real
supervise=$!
wait_for 10 svok real
code "down by its file" 1 svstat real
is "and that is normal" "$(svstat real | sed 's/[0-9][0-9]* /N /g')" "real: down N seconds spid N "
code "up, and wait for it" 0 svc -u -w -T 10 real
like "it is up" "$(svstat real)" "^real: up [0-9]+ seconds, normally down pid [0-9]+ $"
wait_for 5 grep -q started signals
code "USR1 and HUP" 0 svc -1h real
wait_for 5 grep -q usr1 signals && wait_for 5 grep -q hup signals && pass "they arrive" || fail "they arrive"
code "pause" 0 svc -p real
paused() { svstat real; [ $? = 3 ]; }
wait_for 5 paused && pass "paused" || fail "paused"
code "continue" 0 svc -c real
wait_for 5 svstat real && pass "goes on" || fail "goes on"
pid=$(svstat real | awk '{print $(NF)}')
code "restart" 0 svc -r -w -T 10 real
[ "$(svstat real | awk '{print $NF}')" != "$pid" ] && pass "another process" || fail "another process"
code "down, and wait for it" 0 svc -d -W -T 10 real
code "it is down" 1 svstat real
code "wait in vain" 3 svc -w -T 1 real
code "exit" 0 svc -x real
wait_for 5 sh -c "! svok real" && pass "supervise has ended" || fail "supervise has ended"
code "nobody to control" 2 svc -u real
done_testing
