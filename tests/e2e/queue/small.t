#!/bin/bash
# small: the profile with what "up --small" needs is built with musl; a whole system of it is below 1 MB on disk and, at rest,
# far below 2 MB of proportional memory.  Started by root it runs as nobody.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
. "$HERE/../profile.sh" small
like "it says what it is" "$(small/indimail --version)" '^features:.* small static$'
is "no daemon of many queues" "$(small/indimail --list | awk '{print $1}' | grep -cxE 'send|todo-proc|scheduler|slowq-send')" 0
ok "it is installed" small/indimail --install "$T/bin"
BIN=$T/bin
strip -o stripped bin/indimail && ok "the binary is below 1 MB" test "$(stat -c %s stripped)" -lt 1000000

unset QUEUEDIR QUEUE_BASE CONFSPLIT BIGTODO INDIMAIL_ROOT QUEUE_COUNT STARTTLS SMTPS
code "has one queue" 100 "$BIN/up" --root "$R" --dynamic 2
export PATH=$BIN:/usr/bin:/bin
start_up --domain small.example --mailboxes bob
like "small without being told" "$(cat up.log)" '^up: .*, 1 queue, small$'
printf 'To: bob@small.example\nSubject: one\n\none\n' >m
in_use sh -c 'sendmail -t <m'
ok "sendmail, and its message is delivered" wait_for 15 arrived "$R/home/bob/Maildir" 1
python3 -c "
import smtplib
s = smtplib.SMTP('127.0.0.1', $PORT)
for _ in range(10):
    s.sendmail('a@small.example', ['bob@small.example'], 'Subject: x\n\ny\n')
s.quit()"
ok "SMTP" wait_for 15 arrived "$R/home/bob/Maildir" 11
little_memory 1500
stop_up
is "TERM" $? 0
done_testing
