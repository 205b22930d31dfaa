#!/bin/bash
# multipipe: copies for every service, new and removed ones, one that stands still, the end of the input, signals.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
export DISABLE_RUN=1
service() { mkdir -p "$1" && { echo '#!/bin/sh'; cat; } >"$1/run" && chmod +x "$1/run"; }
code "usage" 100 multipipe a b
code "no directory" 111 multipipe none
is "its words" "$(cat err)" "multipipe: fatal: unable to chdir to none: No such file or directory"

mkdir empty
code "nobody to feed" 0 multipipe empty <<<"text"
service m/a <<<'exec cat >>../../a.out'
service m/b <<<'exec cat >>../../b.out'
service m/.c <<<'exec cat >>../../c.out'
mkdir m/supervise
seq 200000 >numbers
code "a file to its end" 0 timeout 30 multipipe m <numbers
ok "the first copy is whole" cmp numbers a.out
ok "the second copy is whole" cmp numbers b.out
is "others get nothing" "$(ls c.out 2>/dev/null; ls -A m/supervise)" ""
code "supervise has gone" 100 svok m/a

# one stands still: the others get all of it
rm -f a.out b.out
service m/b <<<'trap "" TERM; touch ../../b.up; while [ ! -e ../../go ]; do sleep 0.1; done; exec cat >>../../b.out'
mkfifo in
multipipe m <in 2>err.log &
pid=$!
PIDS="$PIDS $pid"
exec 3>in
wait_for 10 test -e b.up
cat numbers >&3
echo end >&3
wait_for 20 grep -q '^end$' a.out && pass "nobody waits for ever" || fail "nobody waits for ever"
ok "and nothing is lost to them" cmp numbers <(head -n -1 a.out)
like "it is told" "$(cat err.log)" "^multipipe: warning: b does not read: it will lose lines$"
touch go
wait_for 10 grep -q 'b reads again' err.log
echo more >&3
wait_for 10 grep -q '^more$' b.out && pass "it goes on when it reads again" || fail "goes on"
like "it is told" "$(cat err.log)" "b reads again, [0-9]+ bytes are lost to it"
lost=$(sed -n 's/.*again, \([0-9]*\) bytes.*/\1/p' err.log)
is "exactly those" $(($(stat -c %s numbers) + 9 - $(stat -c %s b.out) <= lost + 1)) 1
# a broken line was ended: at most one is no number of the sequence
is "only whole lines" "$(grep -vxFc -f <(cat numbers; echo end; echo more) b.out)" \
	"$(grep -vxFc -f <(cat numbers; echo end; echo more) b.out | grep -x '[01]')"

# comes and goes
service new <<<'exec cat >>../../new.out'
mv new m/new
kill -HUP $pid
wait_for 10 svstat m/new && pass "a new service is found" || fail "a new service is found"
echo "for all" >&3
wait_for 10 grep -q 'for all' new.out && pass "and fed" || fail "and fed"
for sv in $(ps -o pid= --ppid $pid); do
	[ "$(readlink /proc/$sv/cwd)" = "$T/m/new" ] && break
done
kill -9 $sv
wait_for 10 sh -c "! svok m/new"
wait_for 10 svok m/new && pass "a killed supervise is started again" || fail "supervise restart"
echo "once more" >&3
wait_for 10 grep -q 'once more' new.out && pass "and fed" || fail "and fed"
mv m/new m/.new
kill -HUP $pid
wait_for 10 sh -c '! svok m/.new' && pass "a removed service is stopped" || fail "removed service"
kill -TERM $pid
wait $pid
is "exit on TERM" $? 0
code "supervise has gone" 100 svok m/a
exec 3>&-
done_testing
