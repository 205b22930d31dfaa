#!/bin/bash
# slowq-start by root on a machine with qmail's accounts, with and without slowq-todo: who runs as whom, who owns what,
# what a delivery has open; bounces, rates.
# Needs root: the accounts exist only in a mount namespace of the test.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	echo "ok - slowq-start by root # SKIP needs root and a mount namespace"
	exit 0
fi
[ "${1:-}" = inside ] || exec unshare -m bash "$0" inside
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../accounts.sh"
. "$HERE/root.sh"
export QUEUE_BASE=$T/base QMAILREMOTE=$T/remote
Q=$QUEUE_BASE/slowq
QMAILQ=$(id -u qmailq) QMAILS=$(id -u qmails) QMAILR=$(id -u qmailr) QMAILL=$(id -u qmaill) QMAIL=7791 NOFILES=7792
printf '#!/bin/sh\nexec cat >>%s/log\n' "$T" >logger && chmod 755 logger
touch log && chown qmaill log
ok "the queue" queue-fix -r "$Q"
is "directories" "$(cd "$Q" && stat -c '%n %U:%G %a' . mess/2 intd/0 todo/1 info/0 local/1 remote/2 bounce ratelimit lock | tr '\n' ,)" \
". qmailq:qmail 750,mess/2 qmailq:qmail 750,intd/0 qmailq:qmail 700,todo/1 qmailq:qmail 750,info/0 qmails:qmail 700,local/1 qmails:qmail 700,remote/2 qmails:qmail 700,bounce qmails:qmail 700,ratelimit qmails:qmail 750,lock qmailq:qmail 750,"
is "what is in lock" "$(cd "$Q/lock" && stat -c '%n %U:%G %a' sendmutex tcpto trigger | tr '\n' ,)" \
"sendmutex qmails:qmail 600,tcpto qmailr:qmail 644,trigger qmails:qmail 622,"
QUEUEDIR=$Q intake >>intake.log 2>&1 &
PIDS="$PIDS $!"
ok "intake" wait_for 10 test -S "$INTAKE_SOCKET"
send_to() { printf 'Subject: %s\n\nhi\n' "$1" | as 65534 env QUEUEDIR="$Q" sendmail -f joe@me.example "${@:2}"; }
start_slow() {
	: >log
	slowq-start ./Maildir/ "$T/logger" >slow.out 2>slow.err &
	SLOW=$!
	PIDS="$PIDS $SLOW"
	wait_for 10 seen 1 '^status:'
}

# the processes and a delivery of each kind; $1 is 1 with slowq-todo
whole() {
	rm -f said/*
	ok "start" start_slow
	is "slowq-send" "$(account "$SLOW")" "$(ids $QMAILS $QMAIL)"
	is "qmail-lspawn" "$(of "$SLOW" qmail-lspawn)" "$(ids 0 $QMAIL)"
	is "qmail-rspawn" "$(of "$SLOW" qmail-rspawn)" "$(ids $QMAILR $QMAIL)"
	is "qmail-clean" "$(of "$SLOW" qmail-clean)" "$(ids $QMAILQ $QMAIL)"
	is "the logger" "$(of "$SLOW" cat)" "$(ids $QMAILL $NOFILES)"
	ok "slowq-todo if wanted" wait_for 10 [ "$(named "$SLOW" slowq-todo | wc -l)" = "$1" ]
	[ "$1" = 0 ] || is "is qmails" "$(of "$SLOW" slowq-todo)" "$(ids $QMAILS $QMAIL)"
	for p in qmail-lspawn qmail-rspawn; do
		is "$p has pipes only" "$(open_files "$(named "$SLOW" $p)")" "pipe "
		is "and complains to the log" "$(readlink "/proc/$(named "$SLOW" $p)/fd/2")" "$(readlink "/proc/$SLOW/fd/0")"
	done
	touch stay
	ok "sendmail by nobody" send_to one joe@me.example k@far.example
	ok "local delivery" wait_for 10 said local
	is "as its user" "$(sed -n 1p said/local)" "$(ids 7801 7801)"
	is "at home" "$(sed -n 2p said/local)" "$T/home/joe"
	like "the message is all it has open" "$(sed -n 3p said/local)" '^base/slowq/mess/[0-2]/[0-9]+ pipe pipe $'
	like "who had it sent" "$(cat said/local.text)" '^Received: .* by uid 65534\)'
	ok "remote delivery" wait_for 10 said remote
	is "as qmailr" "$(sed -n 1p said/remote)" "$(ids $QMAILR $QMAIL)"
	is "in the root directory" "$(sed -n 2p said/remote)" /
	like "the message is all it has open" "$(sed -n 3p said/remote)" '^base/slowq/mess/[0-2]/[0-9]+ pipe pipe (remote )?$'
	is "all of that side is qmailr" "$(accounts $(under "$(named "$SLOW" qmail-rspawn)"))" "$(ids $QMAILR $QMAIL)"
	is "no root but qmail-lspawn" "$(accounts $(under "$SLOW" | grep -vx "$(named "$SLOW" qmail-lspawn)") | grep -c ' 0[ ,]')" 0
	is "none of root's files" "$(find "$Q" -user root)" ""
	is "nor of another group" "$(find "$Q" ! -group qmail)" ""
	is "mess" "$(find "$Q/mess" -type f -printf '%u %m\n' | sort -u)" "qmailq 644"
	rm stay
	ok "both end" wait_for 10 seen 1 '^end msg [0-9]+ slowq$'
	ok "nothing is left" wait_for 5 empty
	ok "to nobody" send_to two nobody-here@me.example
	ok "bounces through intake" wait_for 10 seen 3 '^end msg [0-9]+ slowq$'
	like "is told" "$(cat log)" '^bounce msg [0-9]+ qp [0-9]+ slowq$'
	ok "to the superuser" send_to three root@me.example
	ok "nothing as root" wait_for 10 seen 1 '^delivery 5: (deferral|failure): '
	ok "is left" wait_for 10 [ -z "$(find "$Q" -user root)" ]
	ALL=$(under "$SLOW")
	kill -TERM "$SLOW"
	wait "$SLOW"
	is "TERM" $? 0
	ok "ends all of them" wait_for 10 gone $ALL
	is "no complaint" "$(cat slow.out slow.err)" ""
}
whole 0
TODO_PROCESSOR=1
export TODO_PROCESSOR
whole 1
unset TODO_PROCESSOR

# rates: drate writes them as the account that owns them
code "a rate" 0 as qmails drate -d far.example -r 1/3600
is "its owner" "$(stat -c '%U' "$Q/ratelimit/far.example")" qmails
start_slow
ok "the first" send_to four k@far.example
ok "goes out" wait_for 10 seen 1 '^end msg'
exceeded() { send_to five k@far.example; seen 1 'rate exceeded'; }
ok "more of them have to wait" wait_for 20 exceeded
is "the file stays his" "$(find "$Q/ratelimit" -type f -printf '%u:%g %m\n' | sort -u)" "qmails:qmail 640"
kill -TERM "$SLOW"
wait "$SLOW"

# what the bounce processor says goes to the log, not into the pipe of a process of root's
printf '#!/bin/sh\necho said by the processor\necho complained >&2\nreadlink /proc/$$/fd/[0-2] >%s/said/processor\nawk "/^Uid/" /proc/self/status >>%s/said/processor\n' "$T" "$T" >processor
chmod 755 processor
BOUNCEPROCESSOR=$T/processor start_slow
ok "a bounce with a processor" send_to six nobody-here@me.example
ok "ends" wait_for 10 seen 2 '^end msg'
like "is heard" "$(cat log)" '^said by the processor$'
like "complaints, too" "$(cat log)" '^complained$'
like "it is qmails" "$(cat said/processor)" "^Uid:.$QMAILS.$QMAILS.$QMAILS.$QMAILS$"
kill -TERM "$SLOW"
wait "$SLOW"
done_testing
