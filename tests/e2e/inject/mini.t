#!/bin/bash
# mini: the client without a queue is built with musl, installed, and sends through a real system's QMQP server.
# Started by root it runs as nobody.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
. "$HERE/../profile.sh" mini
is "what is in it" "$(mini/indimail --list | awk '{print $1}' | tr '\n' ' ')" \
	"datemail direct inject irmail mailsubj mini-smtpd predate qmqpc sendmail showctl "
like "it says what it is" "$(mini/indimail --version)" '^features:.* mini static$'
ok "it is installed" mini/indimail --install "$T/null/bin"
is "by all its names" "$(ls null/bin | tr '\n' ' ')" "datemail direct indimail inject irmail isendmail mailq mailsubj mini-smtpd newaliases predate qmail-direct qmail-inject qmail-qmqpc qmail-showctl qmqpc rmail sendmail showctl "
like "statically linked" "$(ldd null/bin/indimail 2>&1)" 'not a (valid )?dynamic|statically linked'
strip -o small null/bin/indimail && ok "it is small" test "$(stat -c %s small)" -lt 1000000

# the other host
up --root "$R" --domain d.example --mailboxes "ann bob" --prepare >up.log 2>&1 || fail "the system is made"
start_up
(. "$R/env" && exec "$BIN/tcpserver" -1 -RH -l mail.d.example 127.0.0.1 0 qmail-qmqpd >qmqpd.port 2>qmqpd.log) &
server=$!
PIDS="$PIDS $server"
wait_for 10 test -s qmqpd.port
mkdir null/control
echo null.d.example >null/control/me
echo "127.0.0.1:$(cat qmqpd.port)" >null/control/qmqpservers
null() { env -i PATH="$T/null/bin:/usr/bin:/bin" USER=me HOME="$T/null" CONTROLDIR="$T/null/control" "$@"; }
got() { cat "$R/home/$1/Maildir/new/"* 2>/dev/null; }

printf 'To: ann@d.example\nSubject: by sendmail\n\nbody\n' | null sendmail -t
is "sendmail -t, without any setting but the server's address" $? 0
ok "arrives" wait_for 20 arrived "$R/home/ann/Maildir" 1
like "by QMQP" "$(got ann)" '^  by mail\.d\.example with QMQP; '
like "from here" "$(got ann)" '^From: me@null\.d\.example$'
printf 'hello\n' | null mailsubj "by mailsubj" ann@d.example
ok "mailsubj" wait_for 20 arrived "$R/home/ann/Maildir" 2
printf 'Subject: dated\nDate: Fri, 27 Nov 2026 00:00:00 +0000\n\n' | null datemail ann@d.example
ok "datemail" wait_for 20 arrived "$R/home/ann/Maildir" 3
smtp='EHLO me\r\nMAIL FROM:<me@null.example>\r\nRCPT TO:<bob@d.example>\r\nDATA\r\nSubject: by smtp\r\n\r\n.\r\nQUIT\r\n'
printf "$smtp" | null mini-smtpd >out 2>err
like "mini-smtpd" "$(cat out)" '^250 ok [0-9]+ qp '
ok "arrives" wait_for 20 arrived "$R/home/bob/Maildir" 1
printf "$smtp" | null sendmail -bs >out 2>err
like "sendmail -bs is mini-smtpd" "$(cat out err | tr -d '\r')" '^mini-smtpd: pid [0-9]+ from 127\.0\.0\.1 HELO <me> '
ok "arrives" wait_for 20 arrived "$R/home/bob/Maildir" 2
null maildirmake x 2>err
is "what it does not have" $? 127
null mailq 2>err
is "no queue to show" $? 100
like "text" "$(cat err)" '^sendmail: fatal: there is no queue on this host$'
null qmail-showctl >out 2>err
like "its settings" "$(cat out)" 'qmqpservers'
mkdir -p null/control/defaultqueue
maildirmake null/Maildir
echo qmail-direct >null/control/defaultqueue/QMAILQUEUE
printf 'To: ann@d.example\nSubject: kept here\n\n' | null sendmail -t
like "defaultqueue names another program" "$(cat null/Maildir/new/* 2>/dev/null)" '^X-Recipients: ann@d\.example$'
rm -r null/control/defaultqueue
stop_up
kill "$server"
wait "$server"
printf 'To: ann@d.example\n\n' | null sendmail -t 2>err
is "the server is gone: not lost in silence" $? 111
done_testing
