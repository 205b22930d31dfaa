#!/bin/bash
# qlogselect: by sender, by time, status lines; queues side by side; lines of our own qmail-send; errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
cat >log <<'L'
1000.100000000 status: local 0/10 remote 0/20 queue1
1001.100000000 new msg 7 queue1
1001.200000000 info msg 7: bytes 512 from <Ann@Example.org> qp 812 uid 1000 queue1
1001.300000000 new msg 7 queue2
1001.400000000 info msg 7: bytes 99 from <bob@example.net> qp 813 uid 1000 queue2
1002.100000000 starting delivery 1: msg 7 to local joe@example.net queue1
1002.200000000 starting delivery 1: msg 7 to remote sue@example.com queue2
1003.100000000 delivery 1: success: did_0+0+1/ queue1
1003.200000000 delivery 1: deferral: no_luck/ queue2
1004.100000000 end msg 7 qmail-send: queue1
1005.100000000 new msg 7 queue1
1005.200000000 info msg 7: bytes 9 from <bob@example.net> qp 900 uid 0 queue1
1006.100000000 bounce msg 7 qp 901 queue2
1007.100000000 end msg 7 qmail-send: queue2
1008.100000000 alert: qmail-send: queue1: something
L
is "nothing asked, everything kept" "$(qlogselect <log)" "$(cat log)"
is "one sender" "$(qlogselect from 'ann@example\.org' stripstatus <log)" "$(grep -E '^(1001.[12]|1002.1|1003.1|1004)' log)"
is "another, in two queues" "$(qlogselect from 'bob@.*' stripstatus <log)" "$(grep -E '^(1001.[34]|1002.2|1003.2|100[567])' log)"
is "the whole address must match" "$(qlogselect from ann stripstatus <log)" ""
is "alternatives" "$(qlogselect from 'nobody|.*@example.org' stripstatus <log | wc -l)" 5
is "stripstatus" "$(qlogselect stripstatus <log | grep -c status)" 0
is "start" "$(qlogselect start 1005 <log)" "$(grep -E '^100[5-8]' log)"
is "end" "$(qlogselect end 1002 <log)" "$(grep -E '^100[01]' log)"
is "start, end, sender seen before" "$(qlogselect from 'ann.*' start 1003 end 1004 stripstatus <log)" "1003.100000000 delivery 1: success: did_0+0+1/ queue1"
is "addstatus" "$(qlogselect stripstatus addstatus <log | grep status)" "1002.100000000 status: status: local 1/? remote 0/?
1002.200000000 status: status: local 1/? remote 1/?
1003.100000000 status: status: local 0/? remote 1/?
1003.200000000 status: status: local 0/? remote 0/?"
is "addstatus counts what is selected" "$(qlogselect from 'ann.*' stripstatus addstatus <log | grep -c 'remote 0/?')" 2
printf '946684799.5 new msg 1 q\n946684800.5 new msg 2 q\n946771200.0 new msg 3 q\n' >days
is "days" "$(qlogselect start 2000-01-01 end 2000-01-02 <days)" "946684800.5 new msg 2 q"
is "lines of older releases" "$(printf '1.0 new msg 5\n1.1 info msg 5: bytes 1 from <a@b> qp 1 uid 2\n1.2 starting delivery 3: msg 5 to local x@y\n1.3 delivery 3: success: did_1+0+0/\n1.4 end msg 5\n' | qlogselect from a@b | wc -l)" 5
is "behind tai64nunix" "$(echo 'new msg 5 q' | tai64n | tai64nunix | qlogselect | wc -l)" 1
is "last line without newline" "$(printf '1.0 new msg 5 q' | qlogselect)" "1.0 new msg 5 q"
code "bad line" 1 qlogselect <<<"$(printf '1.0 new msg 5 q\nwhat')"
like "its text" "$(cat err)" '^qlogselect: fatal: Bad line$'
is "what was good before is out" "$(cat out)" "1.0 new msg 5 q"
for args in 'from' 'start' 'start x' 'start 2000-13-01' 'end 2000-01' 'from (' 'what' 'from a from b'; do
	code "invalid: $args" 1 qlogselect $args </dev/null
	like "its text" "$(cat err)" '^qlogselect: fatal: Invalid argument$'
done
code "unwritable output" 1 sh -c 'qlogselect <log >/dev/full'
done_testing
