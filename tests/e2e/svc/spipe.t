#!/bin/bash
# spipe: data flows through supervised stages, survives the death of a supervise, and all of it ends in order.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
export DISABLE_RUN=1
# service DIR <script
service() { mkdir -p "$1" && { echo '#!/bin/sh'; cat; } >"$1/run" && chmod +x "$1/run"; }
code "usage" 100 spipe
code "no name for a supervise" 100 spipe .hidden
like "its words" "$(cat err)" "must not begin with a dot"

service sub/first <<'S'
exec 2>>../../first.err
trap 'echo first >>../../order; exit 0' TERM
i=0
while [ -e ../../go ] || [ $i = 0 ]; do i=$((i + 1)); [ -e ../../go ] && echo "line $i"; sleep 0.02; [ $i -lt 100000 ] || i=1; done
while :; do sleep 0.05; done
S
service upper <<'S'
trap 'echo upper >>../order; exit 0' TERM
while read -r x; do echo "got $x"; done
echo upper >>../order
S
service last <<'S'
trap 'echo last >>../order; exit 0' TERM
while read -r x; do echo "$x" >>../out.log; done
echo last >>../order
S
touch go
spipe "$T/sub/first/" upper last 2>err.log &
pid=$!
PIDS="$PIDS $pid"
wait_for 10 grep -q 'got line 5$' out.log && pass "through both" || fail "through both"
ok "each is supervised" svstat sub/first upper last
supervise=$(ps -o pid= --ppid $pid | head -1)
n=$(wc -l <out.log)
kill -9 $supervise
wait_for 10 grep -q 'starting it again' err.log && pass "a killed supervise is started again" || fail "restart of supervise"
wait_for 10 svok sub/first && wait_for 10 svok upper && wait_for 10 svok last
rm out.log
wait_for 10 grep -q 'got line' out.log && pass "and data flows on" || fail "data flows on"
rm go
sleep 0.3
kill -TERM $pid
wait $pid
is "exit on TERM" $? 0
is "first to last" "$(uniq order | tr '\n' ' ')" "first upper last "
code "none left" 100 svok last
code "none left" 100 svok sub/first

# a stage that leaves by itself, and one that never can run
service one <<<'exec sleep 100'
spipe one &
pid=$!
PIDS="$PIDS $pid"
wait_for 10 svstat one
svc -dx one
wait_for 10 sh -c "! kill -0 $pid"
wait $pid
is "all over: exit" $? 0
spipe one &
pid=$!
PIDS="$PIDS $pid"
wait_for 10 svstat one
kill -QUIT $pid
wait $pid
is "exit on QUIT" $? 0
code "none left" 100 svok one
mkdir none
code "no such directory: supervise cannot start" 0 timeout --preserve-status -s INT 3 spipe missing
like "says so" "$(cat err)" "unable to enter|unable to chdir"
done_testing
