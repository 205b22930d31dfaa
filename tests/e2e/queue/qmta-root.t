#!/bin/bash
# qmta-send started by root on a machine with qmail's accounts: who runs as whom, who owns what, what a delivery has open;
# what somebody has put in the place of a file of the queue is not followed.
# Needs root: the accounts exist only in a mount namespace of the test.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	echo "ok - qmta-send by root # SKIP needs root and a mount namespace"
	exit 0
fi
[ "${1:-}" = inside ] || exec unshare -m bash "$0" inside
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../accounts.sh"
. "$HERE/root.sh"
Q=$T/base/qmta
mkdir control/defaultqueue
echo "$T/base" >control/defaultqueue/QUEUE_BASE
echo "$Q" >control/defaultqueue/QUEUEDIR
QMAILQ=$(id -u qmailq) QMAILR=$(id -u qmailr) QMAILL=$(id -u qmaill) QMAIL=7791 NOFILES=7792
printf '#!/bin/sh\nexec cat >>%s/log\n' "$T" >logger && chmod 755 logger
touch log && chown qmaill log
start_mta() {
	local before
	before=$(grep -c '^status:' log)
	qmta-send -d "$@" ./Maildir/ "$T/logger" >mta.out 2>mta.err &
	MTA=$!
	PIDS="$PIDS $MTA"
	wait_for 10 seen $((before + 1)) '^status:'
}
stop_mta() {
	ALL=$(under "$MTA")
	kill -TERM "$MTA"
	wait "$MTA"
	STOPPED=$?
}
is_file() { [ -f "$1" ]; }

# the queue
ok "-f makes the queue and starts" start_mta -f
is "directories" "$(cd "$Q" && stat -c '%n %U:%G %a' . pid mess mess/2 intd intd/0 todo todo/1 info info/0 local/1 remote/2 bounce journal steer lock | tr '\n' ,)" \
". qmailq:qmail 750,pid qmailq:qmail 700,mess qmailq:qmail 750,mess/2 qmailq:qmail 750,intd qmailq:qmail 700,intd/0 qmailq:qmail 700,todo qmailq:qmail 750,todo/1 qmailq:qmail 750,info qmailq:qmail 700,info/0 qmailq:qmail 700,local/1 qmailq:qmail 700,remote/2 qmailq:qmail 700,bounce qmailq:qmail 700,journal qmailq:qmail 700,steer qmailq:qmail 700,lock qmailq:qmail 750,"
is "what is in lock" "$(cd "$Q/lock" && stat -c '%n %U:%G %a' pid sendmutex tcpto trigger | tr '\n' ,)" \
"pid qmailq:qmail 644,sendmutex qmailq:qmail 600,tcpto qmailr:qmail 644,trigger qmailq:qmail 622,"
is "lock/pid" "$(cat "$Q/lock/pid")" "$MTA"
is "nothing of root's" "$(find "$Q" ! -user qmailq ! -user qmailr)" ""

# the processes
ok "MTAlspawn is there from the start" one "$MTA" MTAlspawn
ok "and MTArspawn" one "$MTA" MTArspawn
is "qmta-send" "$(account "$MTA")" "$(ids $QMAILQ $QMAIL)"
is "MTAlspawn" "$(of "$MTA" MTAlspawn)" "$(ids 0 $QMAIL)"
is "MTArspawn" "$(of "$MTA" MTArspawn)" "$(ids $QMAILR $QMAIL)"
is "the logger" "$(of "$MTA" cat)" "$(ids $QMAILL $NOFILES)"
LOG=$(readlink "/proc/$MTA/fd/0")
is "what it complains of goes to the log" "$(readlink "/proc/$MTA/fd/2")" "$LOG"
for p in MTAlspawn MTArspawn; do
	k=$(named "$MTA" $p)
	is "$p complains there, too" "$(readlink "/proc/$k/fd/2")" "$LOG"
	is "and has pipes only" "$(open_files "$k")" "pipe "
done

# mail of an ordinary user, through intake
QUEUEDIR=$Q intake >>intake.log 2>&1 &
INTAKE=$!
PIDS="$PIDS $INTAKE"
ok "intake" wait_for 10 test -S "$INTAKE_SOCKET"
is "is qmailq" "$(account "$INTAKE")" "$(ids $QMAILQ $QMAIL)"
send_to() { printf 'Subject: %s\n\nhi\n' "$1" | as 65534 sendmail -f joe@me.example "${@:2}"; }
touch stay
ok "sendmail by nobody" send_to one joe@me.example
ok "local delivery" wait_for 10 said local
is "as its user" "$(sed -n 1p said/local)" "$(ids 7801 7801)"
is "at home" "$(sed -n 2p said/local)" "$T/home/joe"
like "the message is all it has open" "$(sed -n 3p said/local)" '^(base/qmta/mess/[0-2]/[0-9]+|/memfd) pipe pipe $'
like "who had it sent" "$(cat said/local.text)" '^Received: .* by uid 65534\)'
ok "the keeper of the journal" one "$MTA" 'qmta-send journal'
keeper=$(named "$MTA" 'qmta-send journal')
is "is qmailq" "$(account "$keeper")" "$(ids $QMAILQ $QMAIL)"
is "and complains to the log" "$(readlink "/proc/$keeper/fd/2")" "$LOG"
is "it does not hold the mutex" "$(open_files "$keeper" | grep -c sendmutex)" 0
is "files of the queue" "$(find "$Q" -type f ! -path '*/lock/tcpto' ! -user qmailq)" ""
is "of the group" "$(find "$Q" ! -group qmail)" ""
is "none for others to write" "$(find "$Q" -type f -perm /022)" ""
rm stay
ok "delivered" wait_for 10 seen 1 '^end msg'
is "in the mailbox of joe, too" "$(find home/joe/Maildir/new -type f -user joe | wc -l)" 1
ok "nothing is left" wait_for 5 empty

# to far away: the program itself, in workers or not
background python3 "$HERE/../smtp_sink.py" "$T/port" "$T/sunk" delay=0.3
ok "a server" wait_for 10 test -s port
echo "far.example:127.0.0.1:$(cat port)" >control/smtproutes
: >log
ok "remote mail" send_to two k@far.example
rspawn=$(named "$MTA" MTArspawn)
busy() { [ -n "$(under "$rspawn")" ]; }
ok "is under way" wait_for 10 busy
is "all of that side is qmailr" "$(accounts $rspawn $(under "$rspawn"))" "$(ids $QMAILR $QMAIL)"
ok "and arrives" wait_for 20 seen 1 '^end msg'
like "with success" "$(cat log)" '^delivery [0-9]+: success: '
: >log
ok "no such user, from far away" sh -c 'printf "To: nobody-here@me.example\n\nx\n" | setpriv --reuid=65534 --regid=65534 --clear-groups sendmail -f k@far.example nobody-here@me.example'
ok "the bounce goes there" wait_for 10 seen 2 '^end msg'
like "is told" "$(cat log)" '^bounce msg [0-9]+ qp [0-9]+$'
is "and qmailr may read it" "$(grep -c '^delivery.*success' log)" 1
is "as all messages to come" "$(find "$Q/pid" "$Q/mess" -type f ! -perm 644)" ""
: >log
ok "to the superuser" send_to four root@me.example
ok "has to wait" wait_for 10 seen 1 '^delivery [0-9]+: (deferral|failure): '
like "nothing as root" "$(grep -m1 '^delivery' log)" ': (deferral|failure): '
ok "root's own" sh -c 'printf "To: joe@me.example\n\nx\n" | sendmail -t'
ok "is delivered" wait_for 10 seen 1 '^end msg'
is "no file is root's" "$(find "$Q" -user root)" ""
stop_mta
is "TERM" "$STOPPED" 0
ok "ends all of them" wait_for 10 gone $ALL
ok "lock/pid as well" test ! -e "$Q/lock/pid"
is "no complaint" "$(cat mta.out mta.err)" ""

# programs in place of its parts, and one run without -d
: >log
rm -f said/*
export QMAILREMOTE=$T/remote
ok "-l -r -c" start_mta -lrc
is "qmail-clean" "$(of "$MTA" qmail-clean)" "$(ids $QMAILQ $QMAIL)"
is "complains to the log" "$(readlink "/proc/$(named "$MTA" qmail-clean | head -1)/fd/2")" "$(readlink "/proc/$MTA/fd/0")"
is "MTAlspawn" "$(of "$MTA" MTAlspawn)" "$(ids 0 $QMAIL)"
is "MTArspawn" "$(of "$MTA" MTArspawn)" "$(ids $QMAILR $QMAIL)"
touch stay
ok "both ways" send_to five joe@me.example k@far.example
ok "a program for remote deliveries" wait_for 10 said remote
is "is qmailr" "$(sed -n 1p said/remote)" "$(ids $QMAILR $QMAIL)"
is "in the root directory" "$(sed -n 2p said/remote)" /
like "the message is all it has open" "$(sed -n 3p said/remote)" '^base/qmta/mess/[0-2]/[0-9]+ pipe pipe (remote )?$'
ok "the local one" wait_for 10 said local
is "is joe" "$(sed -n 1p said/local)" "$(ids 7801 7801)"
is "no root but MTAlspawn" "$(accounts $(under "$MTA" | grep -vx "$(named "$MTA" MTAlspawn)") | grep -c ' 0[ ,]')" 0
kill -TERM "$MTA"
rm stay
wait "$MTA"
is "TERM waits for them" "$(grep -c 'success:' log)" 2
ok "nothing is left" empty
unset QMAILREMOTE
printf 'To: joe@me.example\n\nx\n' | as qmailq sendmail -t
code "a run without -d" 0 qmta-send ./Maildir/
is "delivers it" "$(grep -cE 'success|^end msg' out)" 2
is "in the mailbox of joe" "$(find home/joe/Maildir/new -type f -user joe | wc -l)" "$(find home/joe/Maildir/new -type f | wc -l)"

# what is not what it should be.  victim: a file and a directory of root's
mkdir victim && chmod 700 victim
echo secret >victim/file && chmod 600 victim/file
state() { (cd victim && stat -c '%n %u:%g %a %s' . file; ls -A) | tr '\n' ,; }
WAS=$(state)
ln -sf "$T/victim/file" "$Q/lock/tcpto.x" && mv -f "$Q/lock/tcpto.x" "$Q/lock/tcpto"
rm "$Q/lock/sendmutex" && mkfifo "$Q/lock/sendmutex" && chown qmailq "$Q/lock/sendmutex"
ln -s "$T/victim/file" "$Q/lock/pid"
ln -s "$T/victim/file" "$Q/lock/pid.tmp"
ln -s "$T/victim/file" "$Q/info/0/30"
ln -s "$T/victim/file" "$Q/mess/0/33"
code "-f among links" 0 timeout 10 qmta-send -f ./Maildir/
is "what they lead to stays as it is" "$(state)" "$WAS"
is "the skeleton is whole again" "$(cd "$Q/lock" && stat -c '%n %F %U' sendmutex tcpto trigger | tr '\n' ,)" "sendmutex regular empty file qmailq,tcpto regular file qmailr,trigger fifo qmailq,"
rm -f "$Q/lock/pid" "$Q/lock/pid.tmp" "$Q/info/0/30" "$Q/mess/0/33"
ln -s "$T/victim/file" "$Q/lock/mutex.x" && mv -f "$Q/lock/mutex.x" "$Q/lock/sendmutex"
code "a link for a mutex" 0 timeout 10 qmta-send -f ./Maildir/
is "is one no more" "$(stat -c '%F' "$Q/lock/sendmutex")" "regular empty file"
is "and led nowhere" "$(state)" "$WAS"
for d in info mess bounce lock; do
	mv "$Q/$d" kept && ln -s "$T/victim" "$Q/$d"
	code "a link for $d" 111 timeout 10 qmta-send -f ./Maildir/
	rm "$Q/$d" && mv kept "$Q/$d"
done
is "leads nowhere" "$(state)" "$WAS"

# a message exchanged for another file
printf 'To: joe@me.example\n\nsix\n' | as qmailq sendmail -t
waiting() { [ -n "$(find "$Q/mess" -type f)" ]; }
ok "a message waits" wait_for 10 waiting
m=$(find "$Q/mess" -type f)
echo PUBLIC >public
mv "$m" kept && ln -s "$T/public" "$m"
: >log
start_mta
ok "a link in its place" wait_for 10 seen 1 '^delivery 1: deferral: '
stop_mta
rm "$m" && mv kept "$m" && chown joe "$m"
: >log
start_mta
kill -ALRM "$MTA"
ok "somebody's file" wait_for 10 seen 1 "^delivery [0-9]+: deferral: .*does_not_belong_to_the_queue's_owner"
is "nobody has got what it led to" "$(grep -rl PUBLIC home said | head -1)" ""
chown qmailq "$m"
kill -ALRM "$MTA"
ok "with its owner it is delivered" wait_for 10 seen 1 '^end msg'
stop_mta

# the queue of a stranger
mkdir strange && chmod 700 strange
QUEUEDIR=$T/strange/q queue-fix -m strange/q && chown -R 65534:65534 strange
ln -sf "$T/victim/file" strange/q/lock/pid
find strange -printf '%p %u %s %T@\n' >before
SKIP_LOCAL_ENVIRONMENT=1 QUEUE_BASE=$T/strange QUEUEDIR=$T/strange/q code "the queue of a stranger" 111 timeout 10 qmta-send ./Maildir/
find strange -printf '%p %u %s %T@\n' >after
ok "is left alone" cmp before after
is "whatever is linked there" "$(state)" "$WAS"
done_testing
