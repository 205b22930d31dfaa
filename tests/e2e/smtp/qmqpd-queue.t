#!/bin/bash
# QMQP and QMTP into a running system: what a host without a queue leaves here is delivered, and so is what another host's
# remote brings by QMTP.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
up --root "$R" --domain d.example --mailboxes "ann bob" --prepare >up.log 2>&1 || fail "the system is made"
start_up
serve() { # NAME
	(. "$R/env" && exec "$BIN/tcpserver" -1 -RH -l mail.d.example 127.0.0.1 0 "qmail-$1" >"$1.port" 2>"$1.log") &
	PIDS="$PIDS $!"
	wait_for 5 test -s "$1.port"
}
serve qmqpd
serve qmtpd

# a host that has nothing but these settings
mkdir null
echo null.d.example >null/me
echo "127.0.0.1:$(cat qmqpd.port)" >null/qmqpservers
printf 'From: me@null.example\nTo: ann@d.example, bob@d.example\nSubject: by qmqp\n\nbody\n' >msg
ok "inject without a queue" env CONTROLDIR="$T/null" QMAILQUEUE="$BIN/qmail-qmqpc" qmail-inject <msg
for who in ann bob; do
	ok "$who gets it" wait_for 10 arrived "$R/home/$who/Maildir" 1
	like "... in one piece" "$(cat "$R/home/$who/Maildir/new/"*)" '^Subject: by qmqp$'
	like "... by QMQP" "$(cat "$R/home/$who/Maildir/new/"*)" '^  by mail\.d\.example with QMQP; '
done
printf 'Subject: by qmtp\n\nbody\n' >msg
CONTROLDIR=$T/null QMTPROUTE=":127.0.0.1:$(cat qmtpd.port)" qmail-remote d.example s@client.test '' 22 ann@d.example \
	u@elsewhere.example <msg | tr '\0' '|' >report
like "remote by QMTP" "$(cat report)" '^rRemote host said: ok [0-9]+ qp [0-9]+$'
like "... only where rcpthosts says so" "$(cat report)" "^.hRemote host said: sorry, that domain isn't in my list"
ok "... arrives" wait_for 10 arrived "$R/home/ann/Maildir" 2
like "... by QMTP" "$(cat "$R/home/ann/Maildir/new/"*)" '^  by mail\.d\.example with QMTP; '

# 60 messages at once, none lost
printf 'Subject: many\n\nbody\n' >msg
senders=
for ((i = 0; i < 60; i++)); do
	if [ $((i % 6)) = 0 ] && [ "$senders" ]; then wait $senders; senders=; fi
	printf 'Fs@client.test\0Tbob@d.example\0\0' >env.$i
	CONTROLDIR=$T/null qmail-qmqpc <msg 1<env.$i || echo "$i" >>refused &
	senders="$senders $!"
done
wait $senders
[ ! -e refused ] && pass "60 messages are taken" || fail "60 messages are taken: not $(tr '\n' ' ' <refused)"
ok "... and delivered" wait_for 20 arrived "$R/home/bob/Maildir" 61
is "... once" "$(ls "$R/home/bob/Maildir/new" | wc -l)" 61
stop_up
is "the system ends" $? 0
done_testing
