#!/bin/bash
# Delivery status notifications: parameters from SMTP to the queue's records, failures, successes, delays, and what
# remote hosts that know them, or do not, are told.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset RELAYCLIENT HIDE_HOST DSN_RET DSN_ENVID DSN_NOTIFY DSN_ORCPT
printf 'virt.example:dv-x\n' >control/virtualdomains
sed -i "/^case/i echo \$(env | grep ^DSN_ | sort) >>$T/dsn-env" remote-script

# smtp LINE...: a message by these MAIL and RCPT commands; the replies are in T/replies
smtp() {
	{ printf 'EHLO client.example\r\n'; printf '%s\r\n' "$@" DATA; printf 'Subject: hello\r\n\r\nbody\r\n.\r\nQUIT\r\n'; } |
		RELAYCLIENT= TCPREMOTEIP=127.0.0.1 qmail-smtpd >replies 2>smtpd-log
}
newest() { grep -o '^new msg [0-9]*' log | tail -1 | cut -d' ' -f3; }
# the records of a file of the newest message
records() { tr '\0\n' '|/' <"$Q/$1/$(($(newest) % 3))/$(newest)"; }
# the report that is waited for, as report.py tells it
got_report() { wait_for 15 grep -qs -- "--$" bounces && sleep 0.1; python3 "$HERE/report.py" bounces; rm -f bounces; }

# ---- into the queue
smtp 'MAIL FROM:<bouncer@me.example> ret=hdrs envid=QQ+2B1' 'RCPT TO:<z1@me.example> NOTIFY=success,failure ORCPT=rfc822;Al+20Bo@x.example' \
	'RCPT TO:<z2@me.example>' 'RCPT TO:<z3@far.example> notify=DELAY' 'RCPT TO:<z4@far.example> NOTIFY=NEVER'
like "smtpd offers DSN" "$(cat replies)" '^250-DSN'
like "the message is taken" "$(cat replies)" '^250 2\.0\.0 ok .* qp'
todo=$(find "$Q/todo" -type f)
is "records of todo" "$(tr '\0' '|' <"$todo" | sed 's/^u[0-9]*|p[0-9]*|//')" \
	"Fbouncer@me.example|xRET=HDRS ENVID=QQ+2B1|Tz1@me.example|yNOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Al+20Bo@x.example|Tz2@me.example|Tz3@far.example|yNOTIFY=DELAY|Tz4@far.example|yNOTIFY=NEVER|"
start_queue
ok "all are deferred" wait_for 10 seen 4 'deferral: '
wait_for 10 test ! -e "$todo" -a -e "$Q/remote/$(($(newest) % 3))/$(newest)"
is "info" "$(records info)" \
	"Fbouncer@me.example|xRET=HDRS ENVID=QQ+2B1|y-L0 NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Al+20Bo@x.example/z1@me.example|y-R0 NOTIFY=DELAY/z3@far.example|y-R16 NOTIFY=NEVER/z4@far.example|"
is "local is as ever" "$(records local)" "Tz1@me.example|Tz2@me.example|"
is "so is remote" "$(records remote)" "Tz3@far.example|Tz4@far.example|"
is "what remote finds in its environment" "$(sort dsn-env)" \
"DSN_ENVID=QQ+2B1 DSN_NOTIFY=DELAY DSN_RET=HDRS
DSN_ENVID=QQ+2B1 DSN_NOTIFY=NEVER DSN_RET=HDRS"
is "qread reads it" "$(qmail-qread 2>&1 | grep -c 'z[1-4]@')" 4
touch -d '9 days ago' "$Q/info/$(($(newest) % 3))/$(newest)"
kill -ALRM "$SEND"
ok "too old now" wait_for 10 seen 1 "^end msg $(newest)"
like "no empty line between the report and why it is the last" "$(cat log)" ': failure: try_later/This_message_has_been_[^/]*/ queue1$'
r=$(got_report)
like "a report of failure" "$r" '^type multipart/report delivery-status$'
like "its parts" "$r" '^parts text/plain message/delivery-status text/rfc822-headers$'
like "well formed" "$r" '^defects$'
like "list managers know it" "$r" '^text Hi\. This is the .* program at me\.example\.$'
like "the envelope's name" "$r" '^Original-Envelope-Id: QQ\+1$'
like "who says so" "$r" '^Reporting-MTA: dns; me\.example$'
is "a recipient" "$(sed -n '/^Original-Recipient/,/^--/p' <<<"$r")" \
"Original-Recipient: rfc822;Al Bo@x.example
Final-Recipient: rfc822;z1@me.example
Action: failed
Status: 4.4.7
Diagnostic-Code: X-Indimail; try later This message has been waiting for too long; no further delivery will be tried.
--"
is "those who may be told of" "$(grep ^Final <<<"$r" | sort | tr '\n' ' ')" \
	"Final-Recipient: rfc822;z1@me.example Final-Recipient: rfc822;z2@me.example "
like "the header" "$r" '^returned Subject: hello False$'

# ---- failures at once
smtp 'MAIL FROM:<bouncer@me.example> RET=FULL' 'RCPT TO:<x@virt.example> ORCPT=rfc822;x@virt.example' 'RCPT TO:<d@far.example> NOTIFY=FAILURE'
r=$(got_report)
like "RET=FULL" "$r" '^parts text/plain message/delivery-status message/rfc822$'
like "the message" "$r" "^returned hello 'body.n'$"
like "a virtual recipient as it was" "$r" '^Final-Recipient: rfc822;x@virt.example$'
like "with its ORCPT" "$r" '^Original-Recipient: rfc822;x@virt.example$'
is "both failed" "$(grep -c '^Action: failed' <<<"$r") $(grep '^Status' <<<"$r" | tr '\n' ' ')" "2 Status: 5.0.0 Status: 5.0.0 "
n=$(grep -c '^end msg' log) b=$(grep -c '^bounce msg' log)
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<d@far.example> NOTIFY=NEVER' 'RCPT TO:<d@me.example> NOTIFY=SUCCESS,DELAY'
ok "not wanted" wait_for 10 seen $((n + 1)) '^end msg'
is "not sent" "$(grep -c '^bounce msg' log)" "$b"
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<d@me.example>'
wait_for 10 test -s bounces
like "without parameters it is the classical bounce" "$(cat bounces)" '^--- Below this line is a copy of the message\.$'
rm -f bounces
# a null sender: the double bounce as ever
smtp 'MAIL FROM:<> ENVID=1' 'RCPT TO:<d@me.example> NOTIFY=SUCCESS,FAILURE'
ok "double bounce" wait_for 10 test -s postmaster
is "no report of it" "$(grep -c 'multipart/report' postmaster)" 0

# ---- success
n=$(grep -c '^end msg' log)
smtp 'MAIL FROM:<bouncer@me.example> ENVID=ok1' 'RCPT TO:<k@me.example> NOTIFY=SUCCESS' 'RCPT TO:<k2@far.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;k2@far.example' \
	'RCPT TO:<k3@me.example> NOTIFY=FAILURE' 'RCPT TO:<k4@me.example>'
r=$(got_report)
is "delivered and relayed" "$(sed -n '/^Original-Envelope/,/^returned/p' <<<"$r" | grep -v '^Arrival-Date')" \
"Original-Envelope-Id: ok1
Reporting-MTA: dns; me.example
--
Final-Recipient: rfc822;k@me.example
Action: delivered
Status: 2.0.0
--
Original-Recipient: rfc822;k2@far.example
Final-Recipient: rfc822;k2@far.example
Action: relayed
Status: 2.0.0
--
returned Subject: hello False"
like "the log" "$(cat log)" '^info: qmail-send: queue1: success report for msg [0-9]+ qp [0-9]+$'
ok "message and report end" wait_for 10 seen $((n + 2)) '^end msg'
empty() { [ -z "$(files)" ]; }
ok "nothing is left" wait_for 5 empty
n=$(grep -c 'success report' log) m=$(grep -c '^end msg' log)
smtp 'MAIL FROM:<> ENVID=ok1' 'RCPT TO:<k@me.example> NOTIFY=SUCCESS'
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<k@me.example> NOTIFY=NEVER ORCPT=rfc822;k@me.example'
ok "both delivered" wait_for 10 seen $((m + 2)) '^end msg'
is "no report for nobody, or who wants none" "$(grep -c 'success report' log)" "$n"
# from a second attempt
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<late@me.example> NOTIFY=SUCCESS' 'RCPT TO:<late@far.example> NOTIFY=SUCCESS' 'RCPT TO:<d@me.example>'
ok "deferred" wait_for 10 seen 2 'deferral: not_yet'
i=$(newest) p=$((i % 3))/$i
wait_for 5 test -e "$Q/local/$p" -a -e "$Q/remote/$p" -a ! -e "$Q/todo/$p"
touch now
kill -ALRM "$SEND"
ok "ended" wait_for 10 seen 1 "^end msg $i "
three() { [ "$(grep -c ^Action bounces)" = 3 ]; }
ok "a report for each channel, and one of the failure" wait_for 10 three
like "relayed" "$(cat bounces)" '^Action: relayed$'
like "delivered" "$(cat bounces)" '^Action: delivered$'
like "failed" "$(cat bounces)" '^Action: failed$'
rm -f bounces now
stop_queue

# a report that cannot be queued is sent later, also by another send
printf '#!/bin/sh\nexit 71\n' >no-queue && chmod 755 no-queue
BOUNCEQUEUE=$T/no-queue start_queue
n=$(grep -c 'trouble injecting a delivery report' log)
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<k@me.example> NOTIFY=SUCCESS' 'RCPT TO:<k@far.example> NOTIFY=SUCCESS'
ok "no queue" wait_for 10 seen $((n + 1)) '^warn: qmail-send: queue1: trouble injecting a delivery report, will try later$'
stop_queue
is "marked in info" "$(records info)" "Fbouncer@me.example|ykL0 NOTIFY=SUCCESS/k@me.example|yrR0 NOTIFY=SUCCESS/k@far.example|"
start_queue
r=$(got_report)
is "told after all" "$(grep ^Action <<<"$r" | tr '\n' ' ')" "Action: delivered Action: relayed "
ok "and gone" wait_for 10 empty

# ---- delays
stop_queue
echo 1 >control/delaywarn
start_queue
smtp 'MAIL FROM:<bouncer@me.example> ENVID=slow RET=FULL' 'RCPT TO:<z@me.example> NOTIFY=DELAY,FAILURE' 'RCPT TO:<z2@me.example>' 'RCPT TO:<z3@me.example> NOTIFY=FAILURE'
r=$(got_report)
is "one recipient is late" "$(sed -n '/^Original-Envelope/,/^returned/p' <<<"$r" | grep -v '^Arrival-Date' | sed 's/\(Until:\) .*/\1 T/')" \
"Original-Envelope-Id: slow
Reporting-MTA: dns; me.example
--
Final-Recipient: rfc822;z@me.example
Action: delayed
Status: 4.0.0
Diagnostic-Code: X-Indimail; try later
Will-Retry-Until: T
--
returned Subject: hello False"
i=$(grep -o '^info msg [0-9]*: bytes [0-9]* from <bouncer' log | tail -1 | grep -o '[0-9]*' | head -1) p=$((i % 3))/$i
ok "noted" wait_for 5 grep -q ywL0 "$Q/info/$p"
n=$(grep -c 'delayed report' log) m=$(grep -c deferral log)
kill -ALRM "$SEND"
ok "tried again" wait_for 10 seen $((m + 3)) deferral
wait_for 5 seen 1 '^status: local 0/'
stop_queue
is "not told again" "$(grep -c 'delayed report' log)" "$n"
is "the note stays" "$(tr '\0\n' '|/' <"$Q/info/$p" | cut -d'|' -f3)" "ywL0 NOTIFY=FAILURE,DELAY/z@me.example"
echo 0 >control/delaywarn
start_queue
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<late@me.example> NOTIFY=DELAY'
sleep 1.2
touch now
kill -ALRM "$SEND"
ok "switched off" wait_for 10 seen 2 'success'
is "no notice" "$(grep -c 'delayed report' log)" "$n"
stop_queue

# ---- real hosts
sink() {
	rm -rf sink-port sink-log
	background python3 "$HERE/../smtp_sink.py" sink-port sink-log "$@"
	wait_for 10 test -s sink-port
	echo ":127.0.0.1:$(cat sink-port)" >control/smtproutes
}
heard() { grep -h '^MAIL\|^RCPT' sink-log/*.log | tr -d '\r'; }
unset QMAILREMOTE
sink 'ehlo=250 sink|250 PIPELINING|250 DSN'
start_queue
n=$(grep -c 'success report' log)
smtp 'MAIL FROM:<bouncer@me.example> RET=FULL ENVID=e+3D1' 'RCPT TO:<a@far.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;A+2Bb@x' 'RCPT TO:<b@far.example>'
ok "taken" wait_for 10 seen 2 'success:.*accepted_message'
is "a host that knows DSN is told all" "$(heard | sort -u)" \
"MAIL FROM:<bouncer@me.example> RET=FULL ENVID=e+3D1
RCPT TO:<a@far.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;A+2Bb@x
RCPT TO:<b@far.example>"
like "and reports itself" "$(cat log)" 'success:.*Reports_of_delivery_come_from_there\./ queue1$'
is "so we do not" "$(grep -c 'success report' log)" "$n"
sink 'ehlo=250 sink|250 PIPELINING'
smtp 'MAIL FROM:<bouncer@me.example> RET=HDRS ENVID=e1' 'RCPT TO:<a@far.example> NOTIFY=SUCCESS'
r=$(got_report)
is "one that does not, is not" "$(heard)" "MAIL FROM:<bouncer@me.example>
RCPT TO:<a@far.example>"
is "relayed" "$(sed -n '/^Final/,/^--/p' <<<"$r")" \
"Final-Recipient: rfc822;a@far.example
Action: relayed
Status: 2.0.0
Remote-MTA: dns; [127.0.0.1]
Diagnostic-Code: smtp; 250 ok 42
--"
sink 'ehlo=250 sink|250 DSN' 'rcpt=550 5.1.1 no such box|550 5.1.1 here'
smtp 'MAIL FROM:<bouncer@me.example> ENVID=e1' 'RCPT TO:<a@far.example> NOTIFY=FAILURE'
r=$(got_report)
is "refused" "$(sed -n '/^Final/,/^--/p' <<<"$r")" \
"Final-Recipient: rfc822;a@far.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; [127.0.0.1]
Diagnostic-Code: smtp; 550-5.1.1 no such box 550 5.1.1 here
--"
# a second house
queue-fix "$T/queue2" && port=$(free_port)
background env QUEUEDIR="$T/queue2" RELAYCLIENT= tcpserver -H -R -l me.example 127.0.0.1 "$port" qmail-smtpd 2>>smtpd-log
wait_for 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $port)).close()"
echo ":127.0.0.1:$port" >control/smtproutes
python3 - <<P
import smtplib, subprocess, os
os.environ.update(RELAYCLIENT='', TCPREMOTEIP='127.0.0.1')
class Pipe(smtplib.SMTP):
    def _get_socket(self, *a):
        import socket
        ours, theirs = socket.socketpair()
        self.child = subprocess.Popen(['qmail-smtpd'], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
        return ours
s = Pipe('here')
s.ehlo('client.example')
assert s.has_extn('dsn')
s.sendmail('bouncer@me.example', ['a@far.example'], 'Subject: two\n\nhouses\n', ['RET=HDRS', 'ENVID=two+2B'],
    ['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;a+2Bb@x'])
s.quit()
P
there() { find "$T/queue2/todo" -type f | grep -q .; }
ok "in the second house" wait_for 10 there
is "with all that was asked for" "$(find "$T/queue2/todo" -type f -exec cat {} + | tr '\0' '|' | sed 's/^u[0-9]*|p[0-9]*|//')" \
	"Fbouncer@me.example|xRET=HDRS ENVID=two+2B|Ta@far.example|yNOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@x|"
stop_queue
is "send ends well" "$STOPPED" 0

# ---- forwarded by a .qmail file: parameters go with a message that goes on to one address and nowhere else
export QMAILREMOTE=$T/remote-script
unset QMAILLOCAL
echo "|cat >>$T/bounces" >alias/.qmail-bouncer
echo '&k-one@far.example' >alias/.qmail-one
printf '&k-two@far.example\n./Mailbox\n' >alias/.qmail-two
printf '&k-list@far.example\n' >alias/.qmail-list
printf '&owner@me.example\n' >alias/.qmail-list-owner
printf '&d@far.example\n&d2@far.example\n' >alias/.qmail-dead
: >log; rm -f bounces dsn-env
start_queue
smtp 'MAIL FROM:<bouncer@me.example> RET=HDRS ENVID=f1' 'RCPT TO:<one@me.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;one@house'
r=$(got_report)
is "one address: the report is of what became of it there" "$(sed -n '/^Original-Envelope/,/^returned/p' <<<"$r" | grep -v '^Arrival-Date')" \
"Original-Envelope-Id: f1
Reporting-MTA: dns; me.example
--
Original-Recipient: rfc822;one@house
Final-Recipient: rfc822;k-one@far.example
Action: relayed
Status: 2.0.0
--
returned Subject: hello False"
like "remote got them" "$(cat dsn-env)" '^DSN_ENVID=f1 DSN_NOTIFY=SUCCESS,DELAY DSN_ORCPT=rfc822;one@house DSN_RET=HDRS$'
# only_delivered TEXT ADDRESS: the report is that this address has its message
only_delivered() { is "$1" "$(grep ^Final -A1 <<<"$r" | tr '\n' ' ')" "Final-Recipient: rfc822;$2 Action: delivered "; }
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<two@me.example> NOTIFY=SUCCESS'
r=$(got_report)
only_delivered "a mailbox besides: delivered" two@me.example
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<list@me.example> NOTIFY=SUCCESS'
r=$(got_report)
only_delivered "failures go elsewhere: delivered" list@me.example
smtp 'MAIL FROM:<bouncer@me.example>' 'RCPT TO:<dead@me.example> NOTIFY=NEVER'
ok "two addresses fail" wait_for 10 seen 2 '^delivery [0-9]+: failure: no/refused/ queue1$'
all_ended() { [ "$(grep -c '^new msg' log)" = "$(grep -c '^end msg' log)" ]; }
ok "all end" wait_for 10 all_ended
is "NEVER goes to all" "$(grep -c '^bounce msg' log) $(cat bounces 2>/dev/null)" "0 "
is "three reports in all" "$(grep -c 'success report for' log)" 3
stop_queue
done_testing
