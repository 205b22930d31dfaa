#!/bin/bash
# remote: SMTP and QMTP dialogues with a scripted server, routes, MX order from a real DNS server, reports, tcpto.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/q
mkdir -p control q/lock
echo client.test >control/me
echo 5 >control/timeoutremote
echo 3 >control/timeoutconnect
head -c 2048 /dev/zero >q/lock/tcpto
printf 'Subject: t\n\n.dot\nline\n' >msg

# sink NAME [key=value ...]: its port in $PORT, its records in $T/NAME
sink() {
	local name=$1
	shift
	background python3 "$HERE/smtp_sink.py" "$T/$name.port" "$T/$name" "$@"
	wait_for 5 test -s "$T/$name.port" || fail "sink $name did not start"
	PORT=$(cat "$T/$name.port")
}
# deliver HOST RCPT...: the report with | for NUL, in $R
deliver() {
	local host=$1
	shift
	R=$(qmail-remote "$host" "${FROM-from@client.test}" "${HEAD-}" "$(stat -c %s msg)" "$@" <msg | tr '\0' '|')
}
via() { SMTPROUTE=":127.0.0.1:$PORT" deliver "$@"; }
# said NAME N: the commands of the sink's connection N as one line
said() { wait_for 2 grep -q '^QUIT' "$T/$1/${2:-0}.log"; tr '\n' ';' <"$T/$1/${2:-0}.log"; }

sink plain
via x.test a@x.test b@x.test
is "report of success" "$R" "rFrom: <from@client.test> RCPT: <a@x.test> |rFrom: <from@client.test> RCPT: <b@x.test> |K127.0.0.1 accepted message - Protocol SMTP.
Remote host said: 250 ok 42
|"
is "dialogue without extensions" "$(said plain)" \
	"EHLO client.test;MAIL FROM:<from@client.test> SIZE=22;RCPT TO:<a@x.test>;RCPT TO:<b@x.test>;DATA;QUIT;"
is "the message, CR LF and dots" "$(od -An -c plain/0.msg | tr -d ' \n')" 'Subject:t\r\n\r\n.dot\r\nline\r\n'
HEAD=$'X-E: 1\n' FROM='' via x.test 'od d"q@x.test'
like "extra header first" "$(head -1 plain/1.msg)" '^X-E: 1'
like "empty sender" "$(said plain 1)" 'MAIL FROM:<> SIZE=29;'
like "a local part is quoted" "$(said plain 1)" 'RCPT TO:<"od d\\"q"@x.test>;'
like "blanks in reports" "$R" 'RCPT: <od\?d"q@x.test> '

sink rej 'rcpt.bad=550 no|550 such user' 'rcpt.later=450 later' 'ehlo=250-sink|250 PIPELINING'
via x.test ok@x.test bad@x.test later@x.test
is "partial rejection, pipelined" "$R" "rFrom: <from@client.test> RCPT: <ok@x.test> |hFrom: <from@client.test> RCPT: <bad@x.test> 127.0.0.1 does not like recipient.
Remote host said: 550-no
550 such user
|sFrom: <from@client.test> RCPT: <later@x.test> 127.0.0.1 does not like recipient.
Remote host said: 450 later
|K127.0.0.1 accepted message - Protocol SMTP.
Remote host said: 250 ok 42
|"
via x.test bad@x.test
like "no recipient left: giving up" "$R" '^\|DGiving up on 127.0.0.1'
is "DATA accepted with no recipient is taken back" "$(said rej 1),$(stat -c %s rej/1.msg)" \
	"EHLO client.test;MAIL FROM:<from@client.test>;RCPT TO:<bad@x.test>;DATA;QUIT;,0"

# delivery status parameters
sink dsn 'ehlo=250-sink|250-PIPELINING|250 DSN'
export DSN_RET=HDRS DSN_ENVID=e+2B1 DSN_NOTIFY=SUCCESS,DELAY DSN_ORCPT='rfc822;a@y'
via x.test a@x.test
is "parameters for a server that offers DSN" "$(said dsn)" "EHLO client.test;MAIL FROM:<from@client.test> RET=HDRS ENVID=e+2B1;\
RCPT TO:<a@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@y;DATA;QUIT;"
is "the report tells who reports" "$(grep Reports <<<"$R")" "Reports of delivery come from there."
via x.test a@x.test b@x.test
like "ORCPT is for one recipient" "$(said dsn 1)" 'RCPT TO:<a@x.test> NOTIFY=SUCCESS,DELAY;RCPT TO:<b@x.test> NOTIFY=SUCCESS,DELAY;'
DSN_NOTIFY=FAILURE via x.test a@x.test
like "only when success matters" "$R" '250 ok 42$'
is "... and nothing follows" "$(grep -c Reports <<<"$R")" 0
DSN_RET=some DSN_ENVID='a b' DSN_NOTIFY=$'NEVER\r\nRSET' DSN_ORCPT='rfc822;a SIZE=1' via x.test a@x.test
is "what is malformed is left out" "$(said dsn 3)" \
	"EHLO client.test;MAIL FROM:<from@client.test>;RCPT TO:<a@x.test>;DATA;QUIT;"
sink nodsn 'ehlo=250-sink|250 PIPELINING'
via x.test a@x.test
is "no DSN, no parameters" "$(said nodsn)" "EHLO client.test;MAIL FROM:<from@client.test>;RCPT TO:<a@x.test>;DATA;QUIT;"
is "nobody else reports" "$(grep -c Reports <<<"$R")" 0
unset DSN_RET DSN_ENVID DSN_NOTIFY DSN_ORCPT

sink snd 'mail=551 not you' 'ehlo=250-sink|250 PIPELINING'
via x.test a@x.test
is "sender refused" "$R" "DConnected to 127.0.0.1 but sender was rejected.
Remote host said: 551 not you
|"
for c in 'greeting=554 go|Z|D' 'greeting=421 busy|Z|Z' 'data=451 no|r|Z' 'end=554 spam|r|D' 'mail=450 wait|Z|Z' 'ehlo=421 no|Z|Z'; do
	IFS='|' read -r what _ want <<<"$c"
	rm -f c.port
	sink c "$what"
	via x.test a@x.test
	like "$what" "$(tr '|' '\n' <<<"$R")" "^${want}Connected to 127.0.0.1 but .*"
	kill $!
done
for c in connect greeting ehlo mail rcpt data; do
	rm -f c.port
	sink c close=$c
	via x.test a@x.test
	like "connection lost at $c" "$(tr '|' '\n' <<<"$R")" '^ZConnected to 127.0.0.1 but the connection died.*\(#4\.4\.2\)$'
	kill $!
done
sink dup close=dot
via x.test a@x.test
like "lost after the dot" "$R" 'Possible duplicate! \(#4.4.2\)$'
sink junk garbage=1
via x.test a@x.test
like "garbage instead of SMTP" "$R" '^ZConnected to 127.0.0.1 but the host does not speak this protocol properly'
sink helo 'ehlo=502 no'
via x.test a@x.test
like "HELO after a refused EHLO" "$(said helo)" '^EHLO client.test;HELO client.test;MAIL FROM:<from@client.test>;'
sink slow delay=8
echo 1 >control/timeoutremote
via x.test a@x.test
like "a silent server" "$R" '^ZConnected to 127.0.0.1 but the host stopped answering'
echo 5 >control/timeoutremote

printf 'no newline' >msg
sink part
via x.test a@x.test
like "a partial last line" "$R" '\|D.*\(#5\.6\.2\)$'
ok "... is not delivered" wait_for 5 grep -q LOST part/0.log
printf 'Subject: t\n\ngr\303\274n\n' >msg
sink eight 'ehlo=250-sink|250-8BITMIME|250 SMTPUTF8'
via x.test a@x.test
like "8BITMIME when needed" "$(said eight)" 'MAIL FROM:<from@client.test> BODY=8BITMIME;'
via x.test $'gr\303\274n@x.test'
like "SMTPUTF8 when needed" "$(said eight 1)" 'BODY=8BITMIME SMTPUTF8;'
sink ascii
via x.test $'gr\303\274n@x.test'
like "no SMTPUTF8 there" "$R" '\(#5\.6\.7\)$'
printf 'Subject: t\n\nx\n' >msg
sink eight2 'ehlo=250-sink|250 8BITMIME'
via x.test a@x.test
like "no BODY for ASCII" "$(said eight2)" 'MAIL FROM:<from@client.test>;'

# more recipients than one batch, then the same message without pipelining
sink many 'ehlo=250-sink|250 PIPELINING' 'rcpt.r7=550 no'
via x.test $(seq -f r%g@x.test 250)
is "250 recipients: accepted, refused" "$(tr '|' '\n' <<<"$R" | grep -c '^r'),$(tr '|' '\n' <<<"$R" | grep -c '^h')" 239,11

sink qmtp qmtp=KKD
QMTPROUTE=":127.0.0.1:$PORT" deliver x.test a@x.test b@x.test
is "QMTP" "$R" "rRemote host said: answer 0
|rRemote host said: answer 1
|K127.0.0.1 accepted message - Protocol QMTP
|"
is "QMTP message" "$(od -An -c qmtp/0.msg | tr -d ' \n')" '\nSubject:t\n\nx\n'
is "QMTP envelope" "$(tr '\n' ';' <qmtp/0.log)" 'from@client.test;8:a@x.test,8:b@x.test,;'
QMTPROUTE=":127.0.0.1:$PORT" deliver x.test a@x.test b@x.test c@x.test
like "QMTP refusal" "$R" '^\|DGiving up'

# routes
rm -f control/smtproutes
PORT=$(cat plain.port)
echo ".sub.test:127.0.0.1:$PORT" >control/smtproutes
deliver a.sub.test u@a.sub.test
like "smtproutes: a suffix" "$R" 'K127.0.0.1 accepted'
printf '!@:127.0.0.1:%s\n' "$PORT" >control/smtproutes
FROM='' deliver nowhere.invalid u@nowhere.invalid
like "smtproutes: bounces" "$R" 'K127.0.0.1 accepted'
echo "x.test:127.0.0.1:$PORT user secret" >control/smtproutes
AUTH_SMTP= deliver x.test u@x.test
like "no authentication in this build" "$R" '^Z.*authentication.*\(#4\.3\.5\)$'
deliver x.test u@x.test
like "a login does not count without AUTH_SMTP" "$R" 'K127.0.0.1 accepted'
echo "x.test:127.0.0.1:nonsense" >control/smtproutes
deliver x.test u@x.test
like "a malformed route" "$R" '^Z'
rm control/smtproutes

# source address and HELO name
echo 127.0.0.9 >control/outgoingip
echo 127.0.0.9:nine.test >control/helohostbyip
sink bind
via x.test a@x.test
like "helohostbyip of outgoingip" "$(said bind)" '^EHLO nine.test;'
echo 'client.test:127.0.0.8' >control/domainbindings
via x.test a@x.test
like "domainbindings: HELO is the sender's domain" "$(said bind 1)" '^EHLO client.test;'
rm control/outgoingip control/helohostbyip control/domainbindings

# DNS
DNS=$(free_port)
PORT=$(free_port)
background dnsmasq -k -C /dev/null --port="$DNS" --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts \
	--pid-file= --user="$(id -un)" --local=/test/ --log-facility="$T/dns.log" \
	--mx-host=order.test,mx1.test,20 --mx-host=order.test,mx0.test,10 --mx-host=loop.test,own.test,10 \
	--mx-host=loop.test,mx1.test,20 --mx-host=backup.test,mx1.test,10 --mx-host=backup.test,own.test,20 \
	--mx-host=qmtp.test,mx1.test,12801 --host-record=mx0.test,127.0.0.2 --host-record=mx1.test,127.0.0.3 \
	--host-record=own.test,127.0.0.1 --host-record=host.test,127.0.0.3 --cname=alias.test,host.test \
	--txt-record=txt.test,x --mx-host=noaddr.test,txt.test,10
export DNS_SERVERS="127.0.0.1:$DNS"
wait_for 5 python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(.5)
s.sendto(b'\x12\x34\x01\0\0\1\0\0\0\0\0\0\4host\4test\0\0\1\0\1', ('127.0.0.1', $DNS)); s.recv(512)"
echo "::$PORT" >control/smtproutes
sink mx1 address=127.0.0.3 port="$PORT"
deliver order.test u@order.test
like "the second MX when the first refuses connections" "$R" 'K127.0.0.3 accepted message'
deliver loop.test u@loop.test
like "we are the best MX" "$R" '^D.*/control/locals.*\(#5\.4\.6\)'
deliver backup.test u@backup.test
like "a better MX than us" "$R" 'K127.0.0.3 accepted'
deliver host.test u@host.test
like "a host without MX" "$R" 'K127.0.0.3 accepted'
deliver alias.test u@alias.test
like "an alias is replaced" "$R" '^rFrom: <from@client.test> RCPT: <u@host.test> \|K127.0.0.3'
DISABLE_CNAME_LOOKUP=1 deliver alias.test u@alias.test
like "or kept" "$R" 'RCPT: <u@alias.test> \|K127.0.0.3'
deliver qmtp.test u@qmtp.test
like "QMTP preference without a QMTP server" "$R" 'K127.0.0.3 accepted message - Protocol SMTP'
deliver none.test u@none.test
like "no such domain" "$R" '^D.*\(#5\.1\.2\)'
deliver noaddr.test u@noaddr.test
like "no address" "$R" '^D.*\(#5\.4\.4\)'
deliver other.example u@other.example
like "the name server refuses" "$R" '^Z.*\(#4\.[0-9.]*\)'
deliver '[127.0.0.3]' 'u@[127.0.0.3]'
like "an address literal" "$R" 'K127.0.0.3 accepted'
deliver '[127.0.0.1]' 'u@[127.0.0.1]'
like "our own address" "$R" '^D.*\(#5\.4\.6\)'
deliver mx0.test u@mx0.test
like "nobody there" "$R" "^Z.* for mx0.test to 127.0.0.2 port $PORT bind IP \[\]\. \(#4\.4\.1\)$"
like "refused connections are remembered" "$(qmail-tcpto 2>&1)" '^127.0.0.2 ipv4 timed out [0-9]+ seconds ago; # recent timeouts: 1$'
sink mx0 address=127.0.0.2 port="$PORT"
deliver order.test u@order.test
like "the first MX when it works" "$R" 'K127.0.0.2 accepted'
is "its failures are forgotten" "$(qmail-tcpto 2>&1 | grep -c timed)" 0
python3 - q/lock/tcpto <<'P'
import struct, sys, time, socket
f = open(sys.argv[1], "r+b")
f.seek(32 * 3)
f.write(struct.pack("<IB3xI4x", 2, 2, int(time.time()) - 10) + socket.inet_aton("127.0.0.2") + bytes(12))
P
deliver order.test u@order.test
like "a host that failed twice is left alone" "$R" 'K127.0.0.3 accepted'
echo ":127.0.0.2:$PORT:0:0" >control/smtproutes
deliver order.test u@order.test
like "unless the route has no penalty" "$R" 'K127.0.0.2 accepted'

# scripts
cat >script <<'P'
#!/bin/sh
echo "$SMTPCODE $SMTPHOST $SMTPSTATUS $1 $5 $ONFAILURE_REMOTE" >script.out
exit 7
P
chmod +x script
code "exit code of the script" 7 env ONSUCCESS_REMOTE="$T/script" ONFAILURE_REMOTE=/bin/false \
	qmail-remote order.test a@b '' 5 u@order.test <msg
is "what the script sees" "$(cat script.out)" "250 127.0.0.2 K order.test u@order.test "
code "too few arguments" 0 qmail-remote a b
like "... are told in the report" "$(tr -d '\0' <out)" '^D.*\(#5\.3\.5\)$'
deliver x.test $'u\nRCPT TO:<evil@x.test>@x.test'
like "control bytes in addresses" "$R" '^D.*\(#5\.1\.3\)$'
done_testing
