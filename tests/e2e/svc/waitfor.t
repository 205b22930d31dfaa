#!/bin/bash
# waitfor: processes that are not ours, gone ones, what is no process.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 waitfor
like "usage" "$(cat err)" '^usage: waitfor '
for bad in 0 -1 x 12x '' 99999999999999999999 4294967296 '1 2'; do
	code "no pid: '$bad'" 100 waitfor "$bad"
done
code "two pids" 100 waitfor 1 2
(exec sleep 0.4) &
p=$!
begin=$(date +%s%N)
code "it waits for an unrelated process" 0 waitfor $p
[ $((($(date +%s%N) - begin) / 1000000)) -ge 100 ]
is "as long as that lives" $? 0
is "and says nothing" "$(cat out err)" ""
(exec sleep 0.1) &
p=$!
code "-v" 0 waitfor -v $p
is "prints" "$(cat out)" "PID $p terminated!"
wait $p
code "one that is gone" 0 waitfor $p
code "-v, gone" 0 waitfor -v $p
is "prints" "$(cat out)" "PID $p terminated!"
sleep 30 &
p=$!
waitfor $p &
w=$!
sleep 0.2
ok "still waiting" kill -0 $w
kill -9 $p
wait $w
is "a killed one counts" $? 0
# a zombie has ended
python3 -c 'import os,time
p = os.fork()
if p == 0: os._exit(0)
print(p, flush=True)
time.sleep(5)' >zombie &
z=$!
wait_for 5 test -s zombie
code "a zombie" 0 timeout 5 waitfor "$(cat zombie)"
kill $z
done_testing
