#!/bin/bash
# qmtpd: packets and their answers, line ends, relaying, limits, what is no netstring; and remote's QMTP into it.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/keep.sh"
mkdir control
printf 'example.org\n.sub.example\n' >control/rcpthosts
export CONTROLDIR=$T/control TCPREMOTEIP=192.0.2.9 TCPREMOTEHOST=client.example TCPLOCALHOST=here.example
M=$'\nSubject: t\n\nbody\n'
# packet SENDER RECIPIENT...: with message $M
packet() {
	local from=$1 w list
	shift
	list=$(for w; do ns "$w"; done; echo x)
	ns "$M"
	ns "$from"
	ns "${list%x}"
}
OK='[0-9]+:Kok [0-9]+ qp [0-9]+,'
NOT="66:Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1),"
CANT="46:Dsorry, I can't handle that recipient (#5.1.3),"
like "--help names the program" "$(qmail-qmtpd --help)" '^qmail-qmtpd - '
code "no arguments" 100 qmail-qmtpd x
packet from@a.example u@example.org >p
code "a message" 0 qmail-qmtpd <p
like "the answer" "$(cat out)" "^$OK\$"
is "its length" "$(sed 's/^\([0-9]*\):.*/\1/' out)" "$(($(wc -c <out) - 4))"
is "the envelope" "$(envelope)" 'Ffrom@a.example|Tu@example.org||'
is "the message" "$(tail -n +3 mess)" $'Subject: t\n\nbody'
like "the Received line" "$(head -1 mess)" '^Received: indimail-mta qmtpd [0-9]+ from client\.example \(192\.0\.2\.9\)$'
like "... its second line" "$(sed -n 2p mess)" '^  by here\.example with QMTP; .* [-+]0000$'
code "HIDE_HOST" 0 env HIDE_HOST=1 qmail-qmtpd <p
like "... says nothing of the client" "$(head -1 mess)" '^Received: indimail-mta qmtpd [0-9]+$'
code "IPv4 behind a dual-stack socket" 0 env TCP6REMOTEIP=::ffff:192.0.2.9 qmail-qmtpd <p
like "... is IPv4" "$(head -1 mess)" '\(192\.0\.2\.9\)$'

# several packets, several recipients
n=$(kept)
{ packet a@b u@example.org v@Mail.Sub.EXAMPLE; M=$'\nsecond\n'; packet '' w@example.org; } >p
code "two packets" 0 qmail-qmtpd <p
like "... three answers" "$(cat out)" "^$OK$OK$OK\$"
is "... two messages" "$(kept)" $((n + 2))
is "... the second" "$(envelope);$(tail -n 1 mess)" 'F|Tw@example.org||;second'
packet a@b u@example.org u@elsewhere.example plain v@example.org >p
code "some are not ours" 0 qmail-qmtpd <p
like "... which each is told" "$(cat out | tr -d "'()")" "^$OK$(tr -d "'()" <<<"$NOT")$OK$OK\$"
is "... and only the others get it" "$(envelope)" 'Fa@b|Tu@example.org|Tplain|Tv@example.org||'
n=$(kept)
packet a@b u@elsewhere.example >p
code "nobody is ours" 0 qmail-qmtpd <p
is "... which is said" "$(cat out)" "$NOT"
packet a@b >p
code "no recipient" 0 qmail-qmtpd <p
is "... no answer" "$(cat out)" ""
is "nothing is queued for nobody" "$(kept)" "$n"
packet a@b u@elsewhere.example v@example.org >p
code "RELAYCLIENT" 0 env RELAYCLIENT= qmail-qmtpd <p
is "... takes everybody" "$(envelope)" 'Fa@b|Tu@elsewhere.example|Tv@example.org||'
code "... with its value" 0 env RELAYCLIENT=@gate qmail-qmtpd <p
is "... behind them" "$(envelope)" 'Fa@b|Tu@elsewhere.example@gate|Tv@example.org@gate||'
echo more.example >control/morercpthosts
ok "(newmrh)" qmail-newmrh
packet a@b u@more.example >p
code "morercpthosts.cdb" 0 qmail-qmtpd <p
like "... counts" "$(cat out)" "^$OK\$"
mv control/rcpthosts control/morercpthosts.cdb .
packet a@b u@anywhere.example >p
code "without rcpthosts" 0 qmail-qmtpd <p
like "... everything is ours" "$(cat out)" "^$OK\$"
mkdir control/rcpthosts
code "rcpthosts that cannot be read" 111 qmail-qmtpd <p
like "... is said" "$(cat err)" '^qmail-qmtpd: warning: unable to read .*rcpthosts: '
rmdir control/rcpthosts
mv rcpthosts control
echo garbage >control/morercpthosts.cdb
code "a cdb that is none" 111 qmail-qmtpd <p
rm control/morercpthosts.cdb

# line ends
stored() { tail -n +3 mess | od -An -c | tr -d ' \n'; }
ends() { # TEXT BYTES STORED
	printf "$2" >m
	{ printf '%d:' "$(wc -c <m)"; cat m; printf ',3:a@b,17:13:u@example.org,,'; } >p
	code "$1" 0 qmail-qmtpd <p
	is "... stored" "$(stored)" "$3"
}
ends "LF" '\na\nb\r\nc\rd' 'a\nb\r\nc\rd'
ends "CR LF" '\ra\r\nb\r\n' 'a\nb\n'
ends "CR alone, LF alone, CR CR LF" '\ra\rb\nc\r\r\nd\r\n' 'a\rb\nc\r\nd\n'
ends "CR at the end" '\ra\r' 'a\r'
ends "nothing but the first byte" '\n' ''
ends "... the other one" '\r' ''

# addresses
n=$(kept)
long=$(printf '%0987d' 0)@example.org
is "(999 bytes)" ${#long} 999
packet a@b "$long" >p
code "999 bytes" 0 qmail-qmtpd <p
like "... are an address" "$(cat out)" "^$OK\$"
code "... with a suffix" 0 env RELAYCLIENT=@ qmail-qmtpd <p
is "... they are too long" "$(cat out)" "$CANT"
packet a@b "0$long" u@example.org >p
code "1000 bytes" 0 qmail-qmtpd <p
like "... are none" "$(cat out | tr -d "'()")" "^$(tr -d "'()" <<<"$CANT")$OK\$"
printf '2:\nx,3:a@b,17:13:u\0example.org,,' >p
code "a NUL" 0 qmail-qmtpd <p
is "... neither" "$(cat out)" "$CANT"
is "two of these were kept" "$(kept)" $((n + 2))
for from in "0$long" NUL; do
	packet "$from" u@example.org u@elsewhere.example >p
	[ $from = NUL ] && printf '2:\nx,4:a\0bc,40:13:u@example.org,19:u@elsewhere.example,,' >p
	code "a sender that is none" 0 qmail-qmtpd <p
	is "... is told to everybody" "$(cat out)" "29:Dunacceptable sender (#5.1.7),$NOT"
done
is "nothing of these" "$(kept)" $((n + 2))

# limits
n=$(kept)
echo 10 >control/databytes
big() { printf '%d:\r%s\r\n,3:a@b,17:13:u@example.org,,' $((${#1} + 3)) "$1"; }
{ big 123456789; big 1234567890; big 1; } >p
code "databytes" 0 qmail-qmtpd <p
like "... counts what is stored, for each message" "$(cat out | tr -d '()')" \
	"^${OK}61:Dsorry, that message size exceeds my databytes limit #5\.3\.4,$OK\$"
is "... two are kept" "$(kept)" $((n + 2))
code "DATABYTES" 0 env DATABYTES=0 qmail-qmtpd <p
like "... wins" "$(cat out)" "^$OK$OK$OK\$"
rm control/databytes
M=$'\nx\n'
packet a@b $(for ((i = 0; i < 100003; i++)); do echo u; done) >p
code "more recipients than we keep in mind" 0 qmail-qmtpd <p
is "... are told to come again" "$(tr ',' '\n' <out | grep -c ':Kok ');$(tr ':' '\n' <out | grep -c '^Zsorry')" "100000;3"
is "... and the others get it" "$(envelope | tr '|' '\n' | grep -c '^Tu$')" 100000

# what is no QMTP
n=$(kept)
SERVER=qmail-qmtpd
refuse "letters for a length" 100 'EHLO x\r\n'
refuse "no length" 100 ':,'
refuse "an empty message" 100 '0:,3:a@b,17:13:u@example.org,,'
refuse "a first byte that says nothing" 100 '2:ab,3:a@b,17:13:u@example.org,,'
refuse "no comma behind the message" 100 '2:\nb;3:a@b,17:13:u@example.org,,'
refuse "no comma behind the sender" 100 '2:\nb,3:a@b;17:13:u@example.org,,'
refuse "no comma behind a recipient" 100 '2:\nb,3:a@b,17:13:u@example.org;,'
refuse "no comma behind the recipients" 100 '2:\nb,3:a@b,17:13:u@example.org,;'
refuse "a recipient longer than the list" 100 '2:\nb,3:a@b,17:14:u@example.org,,'
refuse "a list that ends in a length" 100 '2:\nb,3:a@b,2:13:u@example.org,,'
refuse "more than 200000000 bytes" 111 '200000001:'
refuse "... of recipients" 111 '2:\nb,3:a@b,200000001:'
refuse "nothing at all" 0 ''
refuse "a client that goes away within the message" 0 '9:\nb'
refuse "... within the recipients" 0 '2:\nb,3:a@b,17:13:u@exa'
refuse "... before the last comma" 0 '2:\nb,3:a@b,17:13:u@example.org,'
is "nothing of these was kept" "$(kept)" "$n"
{ packet a@b u@example.org; echo HELO; } >p
code "garbage behind a packet" 100 qmail-qmtpd <p
like "... which is answered" "$(cat out)" "^$OK\$"

# what the queue says
packet a@b u@example.org u@elsewhere.example v@example.org >p
printf 'Dnot today (#5.7.1)' >verdict
code "the queue refuses" 0 qmail-qmtpd <p
is "... those it was asked about" "$(cat out)" "19:Dnot today (#5.7.1),${NOT}19:Dnot today (#5.7.1),"
rm verdict
code "no queue" 111 env QMAILQUEUE= QUEUEDIR=/nonexistent/queue qmail-qmtpd <p
like "... says so" "$(cat err)" '^qmail-qmtpd: warning: unable to '

# answers come before the next packet must; connections are served by one process
cat >ask.py <<'P'
import socket, sys, time
p = open('p', 'rb').read()
for i in range(3):
    time.sleep(0.1)
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
    f = s.makefile('rb')
    for k in range(2):
        s.sendall(p)
        print(f.read(int(f.read(2)) + 2).decode())
    s.shutdown(socket.SHUT_WR)
    print('rest', f.read())
P
background tcpserver -v -1 -RH -l here.example 127.0.0.1 0 qmail-qmtpd >port 2>log
wait_for 5 test -s port
packet a@b u@example.org >p
n=$(kept)
ok "a client that waits for each answer" python3 ask.py "$(cat port)"
is "... gets it" "$(grep -c '^:Kok ' out),$(grep -c "^rest b''" out),$(kept)" "6,3,$((n + 6))"
n=$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log | sort -u | wc -l)
if [ -n "${REEXEC-}" ]; then
	skip "... by fewer processes" "REEXEC is set: each connection has a process of its own"
else
	[ "$n" -lt 3 ] && pass "... by fewer processes" || fail "... by fewer processes: $n"
fi

# what remote sends
echo client.test >control/helohost
printf 'Subject: r\n\nlast line\n' >msg
QMTPROUTE=":127.0.0.1:$(cat port)" qmail-remote x.test s@client.test '' 22 u@example.org u@elsewhere.example <msg |
	tr '\0' '|' >report
like "remote's first recipient" "$(head -1 report)" '^rRemote host said: ok [0-9]+ qp [0-9]+$'
is "... and the second" "$(sed -n '2,$p' report)" "|hRemote host said: $(sed "s/^66:D//; s/,$//" <<<"$NOT")
|DGiving up on 127.0.0.1.
|"
is "... its envelope" "$(envelope)" 'Fs@client.test|Tu@example.org||'
is "... its message" "$(tail -n +3 mess | cmp - msg)" ""
done_testing
