#!/bin/bash
# qfilelog: appending, HUP, INT and TERM, a file that cannot be written, usage.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
umask 022
code "one line" 0 qfilelog log <<<"one"
code "appended" 0 qfilelog log <<<"two"
is "both" "$(cat log)" "$(printf 'one\ntwo')"
is "mode" "$(stat -c %a log)" 644
(umask 077; echo x | qfilelog private)
is "the umask counts" "$(stat -c %a private)" 600
is "no newline is added" "$(printf x | qfilelog bare; wc -c <bare)" 1
head -c 1000000 /dev/urandom >random
qfilelog copy <random
cmp -s random copy && pass "any bytes" || fail "any bytes"
mkfifo in
exec 3<>in
background sh -c "exec qfilelog site <in"
pid=$!
echo before >&3
ok "written at once" wait_for 5 grep -q before site
mv site site.0
kill -HUP $pid
ok "HUP: a new file" wait_for 5 test -f site
echo after >&3
ok "which is written" wait_for 5 grep -q after site
is "the old one is left alone" "$(cat site.0)" before
kill -TERM $pid
wait $pid
is "TERM: exit" $? 0
background sh -c "exec qfilelog site <in"
pid=$!
echo more >&3
wait_for 5 grep -q more site
kill -INT $pid
wait $pid
is "INT: exit" $? 0
background sh -c 'exec qfilelog none/site <in 2>err1'
pid=$!
ok "no directory: a warning" wait_for 5 grep -q 'qfilelog: warning: unable to open none/site, pausing: No such file' err1
mkdir none
kill -HUP $pid
ok "a signal tries again" wait_for 5 test -f none/site
kill -TERM $pid
wait $pid
is "and it ends well" $? 0
background sh -c 'exec qfilelog /dev/full <in 2>err2'
pid=$!
echo lost >&3
ok "a full disk: a warning" wait_for 5 grep -q 'unable to write /dev/full, pausing: No space' err2
kill -HUP $pid
sleep 0.2
is "said once" "$(wc -l <err2)" 1
code "usage" 1 qfilelog
is "its text" "$(cat err)" "usage: filelog filename"
code "usage: too many" 1 qfilelog a b
done_testing
