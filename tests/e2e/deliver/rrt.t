#!/bin/bash
# rrt: who gets a receipt and who does not, what it says for each outcome, and its life behind qmail-remote.
# Started by root it runs as nobody.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
export CONTROLDIR=$T/control HOME=$T
mkdir control
echo me.test >control/me
unset SMTPTEXT SMTPCODE SMTPSTATUS SMTPHOST QMTPTEXT QMTPCODE
cat >q <<'P'
#!/bin/sh
exec 3<&1
cat >"$OUT"; cat <&3 | tr '\0' '^' >"$OUT.envelope"; exit ${QEXIT:-0}
P
chmod +x q
export QMAILQUEUE=$T/q OUT=$T/sent
printf 'Return-Receipt-To: "Ann, A." <ann@a.test>\nMessage-ID: <m1@a.test>\nSubject: hi there\n\nbody\n' >msg
# rrt...: its report is in sent
run() { rm -f sent sent.envelope; rrt "$@" far.test ann@a.test '' 99 bob@far.test <msg >out 2>err; CODE=$?; }
sent() { [ -e sent ] && echo yes || echo no; }

export SMTPSTATUS=K SMTPCODE=250 SMTPTEXT=$'250 2.1.5 ok \001 done\n' SMTPHOST=192.0.2.7
run
is "accepted" "$CODE $(cat sent.envelope)" "0 F^Tann@a.test^^"
R=$(cat sent)
like "From" "$R" '^From: MAILER-DAEMON@me\.test$'
like "To" "$R" '^To: ann@a\.test$'
like "Subject" "$R" '^Subject: Return receipt: delivered$'
like "about the message" "$R" '^In-Reply-To: <m1@a\.test>$'
like "an answer of a program" "$R" '^Auto-Submitted: auto-replied$'
like "a report" "$R" '^Content-Type: multipart/report; report-type=delivery-status;$'
like "recipient" "$R" '^Final-Recipient: rfc822; bob@far\.test$'
like "action" "$R" '^Action: relayed$'
like "status of the peer" "$R" '^Status: 2\.1\.5$'
like "the peer" "$R" '^Remote-MTA: dns; \[192\.0\.2\.7\]$'
like "what it said, in one line" "$R" '^Diagnostic-Code: smtp; 250 2\.1\.5 ok \? done$'
is "only the header" "$(grep -c '^body' sent),$(grep -c '^Subject: hi there' sent),$(grep -c '^Content-Type: text/rfc822-headers' sent)" 0,1,1
ok "Python reads it" python3 - sent <<'P'
import email, sys
m = email.message_from_file(open(sys.argv[1]))
p = m.get_payload()
assert m.get_content_type() == 'multipart/report' and len(p) == 3, p
assert [x.get_content_type() for x in p] == ['text/plain', 'message/delivery-status', 'text/rfc822-headers']
assert p[1].get_payload()[1]['Action'] == 'relayed' and p[1].get_payload()[0]['Reporting-MTA'] == 'dns; me.test'
P
run -b
is "-b: the whole message" "$(grep -c '^body' sent),$(grep -c '^Content-Type: message/rfc822' sent)" 1,1
run -n
is "-n prints" "$CODE $(sent) $(grep -c '^Action: relayed' out)" "0 no 1"
SMTPSTATUS=D SMTPTEXT='550 no such user' run
like "failure" "$(cat sent)" '^Action: failed$'
like "its status" "$(cat sent)" '^Status: 5\.0\.0$'
SMTPSTATUS=Z SMTPTEXT='450 4.2.2.9 14.1.1 full (#4.2.2)' run
like "deferral" "$(cat sent)" '^Action: delayed$'
like "its status" "$(cat sent)" '^Status: 4\.2\.2$'
like "its subject" "$(cat sent)" '^Subject: Return receipt: delayed$'
(unset SMTPSTATUS SMTPTEXT SMTPHOST; SMTPCODE=550 run; cp sent r1; unset SMTPCODE; QMTPCODE=250 QMTPTEXT='ok 77' run; cp sent r2)
like "by the code" "$(cat r1)" '^Action: failed$'
like "QMTP" "$(cat r2)" '^Diagnostic-Code: x-indimail; ok 77$'
is "several recipients" "$(rrt far.test ann@a.test '' 9 x@far.test y@far.test <msg; grep -c ^Final sent)" 2
echo daemon >control/bouncefrom; echo b.test >control/bouncehost
run
like "bouncefrom and bouncehost" "$(cat sent)" '^From: daemon@b\.test$'

# nobody asks
quiet() { rm -f sent; rrt far.test "$2" '' 9 bob@far.test <msg >out 2>err; is "$1" "$? $(sent) $(cat out err)" "${3:-0} no "; }
quiet "a bounce" ''
quiet "a double bounce" '#@[]'
printf 'Message-ID: <m1@a.test>\n\nReturn-Receipt-To: x@y\n' >msg
quiet "no Return-Receipt-To" a@b
printf 'Return-Receipt-To: x@y\n\nMessage-ID: <m1@a.test>\n' >msg
quiet "no Message-ID" a@b
printf 'Return-Receipt-To: x\nMessage-ID: <m>\n\n' >msg
quiet "an address without a host" a@b
: >msg
quiet "an empty message" a@b
# hostile headers
printf 'Return-Receipt-To: <"x\r\nBcc: y"@a.test>\nMessage-ID: <m\r\n \001>\n\n' >msg
rrt far.test a@b '' 9 'bob@far.test' <msg >out 2>err
is "line ends in addresses" "$(grep -h '^Bcc' sent 2>/dev/null | wc -l)" 0
rm -f sent
printf 'Return-Receipt-To: <<x\nMessage-ID: <m>\n\n' >msg
code "a field that cannot be parsed" 8 rrt far.test a@b '' 9 bob@far.test <msg
{ printf 'Message-ID: <m>\nX: '; head -c 3000000 /dev/zero | tr '\0' x; printf '\nReturn-Receipt-To: x@y\n\n'; } >msg
(little_memory 60000; rrt far.test a@b '' 9 bob@far.test <msg); is "a huge header" "$? $(sent)" "0 no"
printf 'Return-Receipt-To: ann@a.test\nMessage-ID: <m1@a.test>\n\nbody\n' >msg
code "usage" 7 rrt far.test a@b '' 9
code "unknown option" 100 rrt -z
code "a directory" 1 rrt far.test a@b '' 9 b@c <"$T"
code "no room for the output" 2 bash -c 'rrt -n far.test a@b "" 9 b@c <msg >/dev/full'
code "the queue refuses" 100 env QEXIT=31 rrt far.test a@b '' 9 b@c <msg
code "the queue is ill" 111 env QEXIT=71 rrt far.test a@b '' 9 b@c <msg
code "under remote's name" 0 bash -c 'rm -f sent; exec -a qmail-remote rrt far.test a@b "" 9 b@c <msg'
is "... it is rrt" "$(sent)" yes

# behind remote
background python3 "$HERE/smtp_sink.py" port sunk 'rcpt.bad=550 5.1.1 nobody'
wait_for 5 test -s port
mkdir -p q1/lock
head -c 2048 /dev/zero >q1/lock/tcpto
export QUEUEDIR=$T/q1 SMTPROUTE=":127.0.0.1:$(cat port)" ONSUCCESS_REMOTE=rrt ONFAILURE_REMOTE=rrt
unset SMTPTEXT SMTPCODE SMTPSTATUS SMTPHOST
rm -f sent
code "remote" 0 qmail-remote far.test ann@a.test '' 9 bob@far.test <msg
like "reports and sends a receipt" "$(tr '\0' '^' <out | tr '\n' /) $(cat sent)" '^Remote-MTA: dns; \[127\.0\.0\.1\]$'
like "relayed" "$(cat sent)" '^Action: relayed'
code "remote, refused" 0 qmail-remote far.test ann@a.test '' 9 bad@far.test <msg
like "failed" "$(cat sent)" '^Status: 5\.0\.0$'
done_testing
