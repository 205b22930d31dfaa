#!/bin/bash
# qmqpd: one message as netstrings, its envelope, what is no netstring, what the queue says; and into a real queue.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/keep.sh"
export TCPREMOTEIP=192.0.2.9 TCPREMOTEHOST=client.example TCPLOCALHOST=here.example
M=$'Subject: t\n\nbody\n'
# packet SENDER RECIPIENT...: the whole request with message $M
packet() {
	local inner w
	inner=$(ns "$M"; for w; do ns "$w"; done; echo x)
	ns "${inner%x}"
}
like "--help names the program" "$(qmail-qmqpd --help)" '^qmail-qmqpd - '
code "no arguments" 100 qmail-qmqpd x
packet from@a.example to@b.example 'second to@c' >p
code "a message" 0 qmail-qmqpd <p
like "the answer" "$(cat out)" '^[0-9]+:Kok [0-9]+ qp [0-9]+,$'
is "its length" "$(sed 's/^\([0-9]*\):.*/\1/' out)" "$(($(wc -c <out) - 4))"
is "the envelope" "$(envelope)" 'Ffrom@a.example|Tto@b.example|Tsecond to@c||'
is "the message" "$(tail -n 3 mess)" "${M%$'\n'}"
like "the Received line" "$(head -1 mess)" '^Received: indimail-mta qmqpd [0-9]+ from client\.example \(192\.0\.2\.9\)$'
like "... its second line" "$(sed -n 2p mess)" '^  by here\.example with QMQP; .* [-+]0000$'
code "HIDE_HOST" 0 env HIDE_HOST=1 TCPREMOTEINFO=me qmail-qmqpd <p
like "... says nothing of the client" "$(head -1 mess)" '^Received: indimail-mta qmqpd [0-9]+$'
code "no connection" 0 env -u TCPREMOTEIP -u TCPREMOTEHOST -u TCPLOCALHOST TCPREMOTEINFO='a<b' qmail-qmqpd <p
like "... is unknown, and harmless" "$(head -2 mess | tr -d '\n')" 'from unknown \(a\?b@unknown\)  by unknown with'
packet '' to@b >p
code "the empty sender" 0 qmail-qmqpd <p
is "... and one recipient" "$(envelope)" 'F|Tto@b||'
packet from@a >p
code "no recipient" 0 qmail-qmqpd <p
is "... is what the queue makes of it" "$(cut -d: -f2 out | cut -c1-3)" "Kok"
M=
packet a@b c@d >p
code "an empty message" 0 qmail-qmqpd <p
is "... is the Received line" "$(wc -l <mess)" 2
M=$'any\001bytes\r\n\377'
packet a@b c@d >p
code "bytes are not looked at" 0 qmail-qmqpd <p
is "... in a message" "$(tail -n +3 mess | od -An -tx1)" "$(printf '%s' "$M" | od -An -tx1)"
M=$'x\n'
n=$(kept)
long=$(printf '%0999d' 0)
packet a@b "$long" >p
code "999 bytes are an address" 0 qmail-qmqpd <p
is "... which arrives" "$(envelope)" "Fa@b|T$long||"
for who in "a@b 0$long" "0$long c@d"; do
	packet $who >p
	code "1000 bytes are not" 0 qmail-qmqpd <p
	is "... and the message is refused" "$(cat out)" "51:Dsorry, I can't accept addresses like that (#5.1.3),"
done
printf '21:2:x\n,3:a@b,7:c@d\0e@f,,' >p
code "a NUL in an address" 0 qmail-qmqpd <p
is "... the same" "$(cat out)" "51:Dsorry, I can't accept addresses like that (#5.1.3),"
is "nothing of these was kept" "$(kept)" $((n + 1))

# what is no QMQP
n=$(kept)
SERVER=qmail-qmqpd
refuse "letters for a length" 100 'HELO x\r\n'
refuse "no length" 100 ':,'
refuse "a sign" 100 '+5:1:x,,'
refuse "no comma behind the message" 100 '17:2:x\n;3:a@b,3:c@d,,'
refuse "no comma behind an address" 100 '17:2:x\n,3:a@b;3:c@d,,'
refuse "no comma at the end" 100 '17:2:x\n,3:a@b,3:c@d,;'
refuse "a message longer than what it is in" 100 '17:99:x\n,3:a@b,3:c@d,,'
refuse "an address longer than what it is in" 100 '17:2:x\n,3:a@b,9:c@d,,'
refuse "the end within a length" 100 '1:2:x\n,3:a@b,3:c@d,,'
refuse "no sender" 100 '5:2:x\n,,'
refuse "a length without end" 100 '000000000000000000000000000017:'
refuse "more than 200000000 bytes" 111 '200000001:'
refuse "... and much more" 111 '99999999999999999999:'
refuse "nothing at all" 0 ''
refuse "a client that goes away within the length" 0 '17'
refuse "... within the message" 0 '17:2:x'
refuse "... within the envelope" 0 '17:2:x\n,3:a@b,'
refuse "... before the last comma" 0 '17:2:x\n,3:a@b,3:c@d,'
is "nothing of these was kept" "$(kept)" "$n"

# what the queue says
packet a@b c@d >p
printf 'Dnot today (#5.7.1)' >verdict
code "the queue refuses" 0 qmail-qmqpd <p
is "... in its words" "$(cat out)" '19:Dnot today (#5.7.1),'
printf 'Zlater (#4.3.0)' >verdict
code "the queue is busy" 0 qmail-qmqpd <p
is "... in its words" "$(cat out)" '15:Zlater (#4.3.0),'
rm verdict
code "no queue program" 0 env QMAILQUEUE=/nonexistent/queue qmail-qmqpd <p
like "... is temporary" "$(cat out)" '^[0-9]+:Zqq .*\(#4\.3\.0\),$'
code "no queue" 111 env QMAILQUEUE= QUEUEDIR=/nonexistent/queue qmail-qmqpd <p
is "... without an answer" "$(cat out)" ""
like "... says so" "$(cat err)" '^qmail-qmqpd: warning: unable to '

# a big one comes through in little memory: 20 MB within a limit of 16 MB of data
head -c 20000000 /dev/zero | tr '\0' 'x' >big
{ printf '20000022:20000000:'; cat big; printf ',3:a@b,3:c@d,,'; } >p
is "(arithmetic)" "$(wc -c <p)" 20000032
cat >rss.py <<'P'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=open('p'), stdout=open('out', 'w'), check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
P
large=$(python3 rss.py qmail-qmqpd)
like "20 MB" "$(cat out)" ':Kok '
is "... arrive" "$(tail -n +3 mess | cmp - big)" ""
packet a@b c@d >p
small=$(python3 rss.py qmail-qmqpd)
[ $((large - small)) -lt 4000 ] && pass "... and are not kept in memory" || fail "... and are not kept in memory: $small $large"

# under tcpserver, one connection after the other in the same process
cat >ask.py <<'P'
import socket, sys, time
for i in range(3):
    time.sleep(0.1)
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
    s.sendall(open('p', 'rb').read())
    print(s.makefile('rb').read().decode())
P
start_server() {
	: >port
	background tcpserver -v -1 -RH -l here.example 127.0.0.1 0 qmail-qmqpd >port 2>log
	wait_for 5 test -s port
}
start_server
n=$(kept)
python3 ask.py "$(cat port)" >answers
is "three connections" "$(grep -c ':Kok ' answers),$(kept)" "3,$((n + 3))"
n=$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log | sort -u | wc -l)
if [ -n "${REEXEC-}" ]; then
	skip "... by fewer processes" "REEXEC is set: each connection has a process of its own"
else
	[ "$n" -lt 3 ] && pass "... by fewer processes" || fail "... by fewer processes: $n"
fi
done_testing
