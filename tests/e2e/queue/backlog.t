#!/bin/bash
# backlog: 300 messages held for a remote host neither delay local mail nor take memory.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
STATES=$(cd "$(dirname "$0")/../../crash" && pwd)/states.py
. "$(dirname "$0")/../lib.sh"
umask 022
export CONFSPLIT=3
ROOT=$T/im Q=$T/im/queue/queue1 NEW=$T/im/home/user/Maildir/new
"$INDIMAIL" up --prepare --root "$ROOT" --domain back.test --mailboxes user --queues 1
export CONTROLDIR=$ROOT/control ASSIGNDIR=$ROOT/users QUEUEDIR=$Q
echo 1 >"$ROOT/control/holdremote"
printf 'X-Kind: backlog\n\nbody\n' >mess
printf 'Fuser@back.test\0Tx@remote.test\0\0' >remote
printf 'Fuser@back.test\0Tuser@back.test\0\0' >local
qmail-start ./Maildir/ >log 2>&1 </dev/null &
SEND=$!
PIDS=$SEND
wait_for 10 grep -q 'info: todo-proc' log
bad=0
for i in $(seq 300); do qmail-queue <mess 1<remote || bad=$((bad + 1)); done
is "300 messages are taken" $bad 0
# 256 first attempts wait in todo for their turn, the rest is settled
ok "more than send holds is settled" wait_for 15 eval '[ $(find "$Q/info" -type f | wc -l) -ge 40 ]'
is "none is delivered" "$(grep -c '^starting delivery' log)" 0
for i in 1 2 3; do qmail-queue <mess 1<local; done
ok "local mail passes them" wait_for 10 eval '[ $(ls "$NEW" | wc -l) = 3 ]'
is "and is all that was tried" "$(grep -c '^starting delivery' log)" 3
is "300 messages are still there" "$(find "$Q/mess" -type f | wc -l)" 300

kids=$(cat /proc/$SEND/task/$SEND/children)
is "five partners" "$(wc -w <<<"$kids")" 5
for p in $SEND $kids; do
	kb=$(awk '/^VmRSS/ { print $2 }' /proc/$p/status)
	[ "${kb:-99999}" -lt 65536 ] && pass "memory of $(cat /proc/$p/comm)" || fail "$(cat /proc/$p/comm) holds $kb KB"
done
kill $SEND
wait $SEND
is "send stops while the backlog is held" $? 0
ok "states" python3 "$STATES" "$Q" 3
PIDS=

# a restart finds all of them, those in todo and those that are settled
echo 0 >"$ROOT/control/holdremote"
echo ':[127.0.0.1]:1' >"$ROOT/control/smtproutes"
qmail-start ./Maildir/ >log 2>&1 </dev/null &
SEND=$!
PIDS=$SEND
tried() { [ "$(grep '^starting delivery' log | sed 's/.*: msg \([0-9]*\) .*/\1/' | sort -u | wc -l)" = 300 ]; }
# what is settled waits for its next try: make all due
due() { kill -ALRM $SEND; sleep 0.2; tried; }
wait_for 10 grep -q 'info: todo-proc' log
ok "released, all 300 are tried" wait_for 30 due
done_testing
