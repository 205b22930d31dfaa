#!/bin/bash
# up: a mail system from nothing; mail from SMTP to a Maildir; idempotent; ends without leaving anybody.
. "$(dirname "$0")/../queue/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
R=$T/root PORT=$(free_port)
start_up() {
	indimail-up "$@" >>log 2>&1 &
	UP=$!
	PIDS="$PIDS $UP"
	wait_for 10 python3 -c "import socket; s=socket.create_connection(('127.0.0.1',$PORT),1); assert s.recv(3)==b'220'"
}
indimail-up() { exec "$BIN/up" --root "$R" --smtp 127.0.0.1:$PORT "$@"; }
family() { local k; for k in $(ps --ppid "$1" -o pid=); do echo "$k"; family "$k"; done; }
send_mail() {
	python3 - "$PORT" "$@" <<'P'
import smtplib, sys
s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=10)
s.sendmail(sys.argv[2], sys.argv[3:], 'Subject: hello\r\n\r\nbody\r\n')
s.quit()
P
}
code "no root" 100 up
code "--queues" 100 up --root "$R" --queues 0
code "a colon in the name" 100 up --root "$T/a:b" --prepare
code "no port" 100 up --root "$R" --smtp 127.0.0.1:x
ok "--prepare" up --root "$R" --domain d.example --mailboxes "demo ann" --queues 2 --prepare
is "what is there" "$(ls "$R" | tr '\n' ' ')" "alias bin certs control env home queue run service users "
is "queues" "$(ls "$R/queue" | tr '\n' ' ')" "journal queue1 queue2 "
is "control/me" "$(cat "$R/control/me")" d.example
is "Maildirs" "$(ls -d "$R"/home/*/Maildir/new | wc -l)" 2
echo changed.example >"$R/control/me"; echo kept >"$R/control/defaultdelivery"
sum() { (cd "$R" && find . -type f ! -name trigger -exec md5sum {} + | sort -k2); }
before=$(sum)
ok "again" up --root "$R" --domain other.example --mailboxes demo --queues 2 --prepare
is "nothing changed" "$(sum)" "$before"
ok "another mailbox" up --root "$R" --mailboxes "demo bob" --queues 2 --prepare
is "it is added" "$(grep -c '^=' "$R/users/assign") $(tail -1 "$R/users/assign")" "3 ."
echo d.example >"$R/control/me"; echo ./Maildir/ >"$R/control/defaultdelivery"

start_up --queues 2 && pass "it answers" || fail "it answers"
like "it says so" "$(cat log)" "^up: $R: domain d\.example, SMTP on 127\.0\.0\.1:$PORT, 2 queues$"
ok "mail by SMTP" send_mail out@side.example demo@d.example nobody-here@d.example
arrived() { [ "$(ls "$R/home/$1/Maildir/new" | wc -l)" -ge "$2" ]; }
ok "arrives" wait_for 10 arrived demo 1
like "in one piece" "$(cat "$R"/home/demo/Maildir/new/*)" '^Subject: hello$'
echo ./Maildir/ >"$R/home/demo/.qmail-ext"
ok "an extension" send_mail out@side.example demo-ext@d.example
ok "arrives too" wait_for 10 arrived demo 2
ok "local submission" env QUEUE_BASE="$R/queue" QUEUE_COUNT=2 CONTROLDIR="$R/control" sh -c \
	'printf "Fx@y\0Tann@d.example\0\0" >e; printf "Subject: local\n\nb\n" | qmail-queue 1<e'
ok "arrives as well" wait_for 10 arrived ann 1
like "the socket of intake is there" "$(stat -c %F "$R/run/queue.sock")" socket
family "$UP" >family
like "one tree" "$(ps -o args= -p $(tr '\n' ',' <family | sed 's/,$//') | awk '{print $1}' | sort -u | tr '\n' ' ')" \
	'intake .*qmail-lspawn .*qmail-send .*qscheduler .*tcpserver'
of() { ps -o pid=,args= -p "$(family "$UP" | paste -sd, -)" | awk -v a="$1" -v b="${2:-}" '$2 == a && $3 == b {print $1}'; }
intake=$(of intake)
kill -KILL "$intake"
restarted() { [ -n "$(of intake)" ] && grep -q "^intake: supervise: warning: pid $intake got signal 9" log; }
ok "what dies is started again" wait_for 5 restarted
in_env() { (. "$R/env" && "$@"); }
like "svps shows it" "$(in_env svps)" "^$R/service/qmail-send +up +[0-9]+ secs +pid +$(of qscheduler)\$"
healthy() { healthcheck --root "$R"; }
ok "healthcheck" wait_for 8 healthy
in_env svc -d "$R/service/intake"
is "what is asked down does not hurt" "$(healthcheck --root "$R"; echo $?)" 0
in_env svc -u "$R/service/intake"
keeper=$(of supervise qmail-smtpd) server=$(of tcpserver)
kill -KILL "$keeper"
taken_over() { grep -q "^qmail-smtpd: supervise: warning: pid $server of a former supervise is still running, taken over" log; }
ok "a supervise that dies leaves its service to the next one" wait_for 5 taken_over
is "which is the same process" "$(of tcpserver)" "$server"
ok "and goes on" send_mail out@side.example demo@d.example
up --root "$R" --smtp 127.0.0.1:$PORT >out 2>err
is "the port is taken" $? 111
family "$UP" >family
kill -TERM "$UP"; wait "$UP"
is "TERM" $? 0
like "last word" "$(tail -1 log)" '^svscan: info: pid: [0-9]+: exiting\.\.\.$'
ended() { grep -nE "^$1: supervise: warning: pid [0-9]+ (exited|ended)" log | tail -1 | cut -d: -f1; }
first=$(ended qmail-smtpd) then=$(ended intake)
[ "${first:-9999}" -lt "${then:-0}" ] && pass "what waits for a service ends before it" || fail "what waits for a service ends before it"
is "nobody is left" "$(for p in $(cat family); do ps -o args= -p "$p"; done)" ""
start_up --queues 2 && pass "it comes back" || fail "it comes back"
family "$UP" >family
kill -INT "$UP"; wait "$UP"
is "INT ends it too" $? 0
is "nobody is left then" "$(for p in $(cat family); do ps -o args= -p "$p"; done)" ""

# logs in files; messages on standard output
up --root "$T/files" --domain f.test --queues 1 --smtp "127.0.0.1:$(free_port)" --log files >files.log 2>&1 &
UP=$!
PIDS="$PIDS $UP"
logged() { grep -q "^@[0-9a-f]* info: qscheduler: pid " "$T/files/log/qmail-send/current"; }
ok "--log files" wait_for 10 logged
is "nothing else on descriptors 1 and 2" "$(grep -vc '^up: ' files.log)" 0
kill -TERM "$UP"; wait "$UP"
is "it ends" $? 0
like "with svscan's last word in its log" "$(tail -1 "$T/files/log/svscan/current")" 'exiting\.\.\.$'
like "and the queues' in theirs" "$(tail -1 "$T/files/log/qmail-send/current")" '.'
up --root "$T/stdout" --domain f.test --queues 1 --smtp "127.0.0.1:$(free_port)" --log stdout >stdout.log 2>stderr.log &
UP=$!
PIDS="$PIDS $UP"
ok "--log stdout" wait_for 10 grep -q 'qmail-send: pid' stdout.log
kill -TERM "$UP"; wait "$UP"
is "everything there" "$(cat stderr.log)$(grep -c 'exiting' stdout.log)" 2
code "--log elsewhere" 100 up --root "$T/x" --log elsewhere

# other programs of these names in PATH are not asked
mkdir decoy
for name in $(ls "$BIN"); do
	printf '#!/bin/sh\necho "%s $*" >>"%s/asked"\nexit 1\n' "$name" "$T" >"decoy/$name"
done
chmod 755 decoy decoy/*
rm -rf "$R"
PATH=$T/decoy:$PATH indimail-up --domain d.example --mailboxes demo --queues 1 >decoy.log 2>&1 &
UP=$!
PIDS="$PIDS $UP"
ok "among other installations" wait_for 10 python3 -c "import socket; s=socket.create_connection(('127.0.0.1',$PORT),1); assert s.recv(3)==b'220'"
ok "mail goes in" send_mail out@side.example demo@d.example
ok "and arrives" wait_for 10 arrived demo 1
kill -TERM "$UP"; wait "$UP"
ok "by our own programs" test ! -e asked

# killed outright it takes its services along
"$BIN/indimail" up --root "$T/killed" --domain k.test --queues 1 --smtp "127.0.0.1:$(free_port)" >killed.log 2>&1 &
killed=$!
running() { [ "$(pgrep -P "$killed" | wc -l)" = 3 ]; }
ok "three services" wait_for 10 running
services=$(family "$killed")
kill -KILL "$killed"
gone() { for p in $services; do kill -0 "$p" 2>/dev/null && return 1; done; return 0; }
ok "killed, it leaves no service behind" wait_for 8 gone
done_testing
