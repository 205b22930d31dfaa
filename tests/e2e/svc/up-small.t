#!/bin/bash
# up --small: one queue in one process, mail through SMTP and by local programs, changing profiles, every process killed.
. "$(dirname "$0")/../queue/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
unset QUEUEDIR QUEUE_BASE CONFSPLIT BIGTODO INDIMAIL_ROOT QUEUE_COUNT STARTTLS SMTPS
send_mail() {
	python3 -c "
import smtplib
s = smtplib.SMTP('127.0.0.1', $PORT)
s.sendmail('a@small.example', ['bob@small.example'], 'Subject: $1\r\n\r\n$1\r\n')
s.quit()"
}
names() { for p in $(family "$UP"); do tr '\0' ' ' <"/proc/$p/cmdline" | sed 's/ *$//'; echo; done; }
has() { names | grep -qx "$1"; }
pid_of() { for p in $(family "$UP"); do [ "$(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | sed 's/ *$//')" = "$1" ] && echo "$p"; done; }
new=$R/home/bob/Maildir

start_up --small --domain small.example --mailboxes bob
like "told" "$(cat up.log)" "^up: $R: domain small\.example, SMTP on 127\.0\.0\.1:$PORT, 1 queue, small$"
ok "its queue" test -d "$R/queue/qmta/todo" -a ! -e "$R/queue/queue1"
ok "one process serves it" wait_for 10 has qmta-send
ok "no scheduler" test -z "$(names | grep qscheduler)"
ok "SMTP" send_mail one
ok "is delivered" wait_for 15 arrived "$new" 1
printf 'From: a@small.example\nTo: bob@small.example\nSubject: two\n\ntwo\n' >m
ok "local programs" in_use sh -c 'qmail-inject <m'
ok "are served" wait_for 15 arrived "$new" 2
like "log" "$(cat up.log)" '^end msg [0-9]+$'
in_use sh -c 'sendmail bob@small.example <m'
ok "sendmail" wait_for 15 arrived "$new" 3

n=3
for p in qmta-send tcpserver intake; do
	wait_for 10 has $p
	old=$(pid_of $p | head -1)
	kill -KILL "$old"
	another() { [ -n "$(pid_of $p)" ] && [ "$(pid_of $p | head -1)" != "$old" ]; }
	ok "$p is started again" wait_for 15 another
	n=$((n + 1))
	ok "and mail flows" wait_for 15 send_mail "after $p"
	ok "to its mailbox" wait_for 15 arrived "$new" $n
done
little_memory 2048
all=$(family "$UP")
stop_up
is "TERM" $? 0
gone() { for p in $all; do kill -0 "$p" 2>/dev/null && return 1; done; true; }
ok "nobody is left" wait_for 5 gone
ok "lock/pid is gone" test ! -e "$R/queue/qmta/lock/pid"

# the usual profile on the same directory, and back
: >up.log
start_up --queues 1
ok "the usual profile" wait_for 15 has qscheduler
ok "has no qmta-send" test -z "$(pid_of qmta-send)"
send_mail usual
n=$((n + 1))
ok "mail flows" wait_for 15 arrived "$new" $n
stop_up
start_up --small
ok "small again" wait_for 15 has qmta-send
ok "without qscheduler" test -z "$(pid_of qscheduler)"
send_mail small
n=$((n + 1))
ok "mail flows" wait_for 15 arrived "$new" $n
stop_up
done_testing
