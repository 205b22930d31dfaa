#!/bin/bash
# dynamic queues with qmail's accounts: every object has its owner, every part may do what it must and no more; what a
# stranger has put in the place of an object is not believed.  Needs root: the accounts exist only in a mount namespace.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	echo "ok - roles # SKIP needs root and a mount namespace"
	exit 0
fi
[ "${1:-}" = inside ] || exec unshare -m bash "$0" inside
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/dynamic.sh"
unset DYNAMIC_QUEUE DYNAMIC_QUEUE_TIME QUEUE_MAX QUEUE_LOAD
. "$HERE/../accounts.sh"
PORT=$(free_port) R=$T/r
flood_py
"$BIN/up" --root "$R" --domain dyn.test --mailboxes u --dynamic 3 --smtp "127.0.0.1:$PORT" >log 2>&1 &
UP=$!
PIDS="$PIDS $UP"
export QUEUE_BASE=$R/queue QUEUE_COUNT=1
ok "it starts" wait_for 20 up_runs
[ -n "$(objects "$R/queue")" ] || { skip "objects" "no shared memory here"; done_testing; }
prefix=$(objects "$R/queue" | sed -n 's/qscheduler$//p')
of_object() { stat -c '%U:%G %a' "/dev/shm/$prefix$1"; }
is "memory of the collection" "$(of_object qscheduler)" "root:root 644"
is "memory of a queue" "$(of_object queue1)" "qmails:qmail 644"
mkdir mq
if mount -t mqueue none mq 2>/dev/null; then
	is "message queue of a queue" "$(stat -c '%U:%G %a' "mq/${prefix}queue1")" "qmailq:qmail 640"
	is "message queue of qscheduler" "$(stat -c '%U:%G %a' "mq/${prefix}qscheduler")" "root:root 600"
	umount mq
else
	skip "message queues" "they cannot be looked at here"
fi
ok "a flood" flood 4 50 0
ok "arrives" wait_for 60 mailbox 200
like "by the message queue" "$(cat log)" ' mqueue mode$'
is "an ordinary user may look" "$(setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN/qmail-qread" -i | tail -1)" "1 of 1 queues in use"
code "and may not tell" 111 setpriv --reuid=65534 --regid=65534 --clear-groups "$BIN/setqload" -q 1 200
ok "root may" grow_to 3
ok "more mail" flood 4 50 10
ok "arrives" wait_for 60 mailbox 400
queues() { grep -oE '^new msg [0-9]+ queue[0-9]+$' log | cut -d' ' -f4 | sort -u | wc -l; }
is "through all of them" "$(queues)" 3
is "the new ones belong to qmailq" "$(stat -c %U "$R/queue/queue3/mess")" qmailq
ok "and back" shrink_to 1
ok "one process" wait_for 20 runs qmail-send 1
is "no complaint" "$(grep -cE 'warn|fatal|deferral' log)" 0
kill "$UP"; wait "$UP"
is "nothing is left" "$(objects "$R/queue")" ""

# strangers
setpriv --reuid=65534 --regid=65534 --clear-groups python3 - "$prefix" <<'END'
import struct, sys
for name, data in (('qscheduler', struct.pack('2i', 1, 1)), ('queue1', struct.pack('5i', 0, 0, 9, 9, 0))):
    open('/dev/shm/' + sys.argv[1] + name, 'wb').write(data)
END
code "their figures are not believed" 111 qmail-qread -i
: >log
"$BIN/up" --root "$R" --domain dyn.test --dynamic 2 --smtp "127.0.0.1:$PORT" >log 2>&1 &
UP=$!
PIDS="$PIDS $UP"
ok "they are in nobody's way" wait_for 20 up_runs
is "but gone" "$(of_object queue1)" "qmails:qmail 644"

# the journal's keeper has another user than qscheduler and ends with it all the same
under() { local k; for k in $(ps -o pid= --ppid "$1"); do echo "$k"; under "$k"; done; }
keeper() { for p in $(under "$UP"); do [ "$(ps -o args= -p "$p")" != "qscheduler journal" ] || echo "$p"; done; }
kept() { [ -n "$(keeper)" ]; }
gone() { case $(ps -o stat= -p "$1") in '' | Z*) true ;; *) false ;; esac; }
ok "the keeper" wait_for 10 kept
k=$(keeper)
is "its user" "$(ps -o user= -p "$k")" qmailq
kill -KILL "$(ps -o ppid= -p "$k")"
ok "ends with qscheduler" wait_for 10 gone "$k"
ok "another comes" wait_for 20 kept
kill "$UP"; wait "$UP"
is "and takes all away at its end" "$(objects "$R/queue")" ""
done_testing
