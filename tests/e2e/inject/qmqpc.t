#!/bin/bash
# qmqpc: what is sent, several servers, every exit code; and against our own server.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
mkdir control
echo client.test >control/me
export CONTROLDIR=$T/control TMPDIR=$T
printf 'Subject: t\n\nbody\n' >msg
printf 'Ffrom@a.example\0Tto@b.example\0T\0\0' >env
qmqpc() { qmail-qmqpc "$@" <msg 1<env; }
# codes are compared, descriptor 1 is the envelope
gives() { # TEXT CODE ARGUMENT...
	local text=$1 want=$2
	shift 2
	qmqpc "$@" 2>err
	is "$text" $? "$want"
}
cat >server.py <<'P'
"""server.py NAME HOW [ADDRESS]: a QMQP server that keeps in NAME what it gets and answers with HOW, which may also be
close (at once), drop (after the request), hang."""
import socket, sys, time
name, how = sys.argv[1], sys.argv[2]
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[3] if len(sys.argv) > 3 else '127.0.0.1', 0))
s.listen(5)
open(name + '.tmp', 'w').write(str(s.getsockname()[1]))
import os
os.rename(name + '.tmp', name + '.port')
while True:
    c, peer = s.accept()
    open(name + '.peer', 'w').write(peer[0])
    if how != 'close':
        f = c.makefile('rb')
        n = b''
        while not n.endswith(b':'):
            n += f.read(1)
        got = f.read(int(n[:-1]) + 1)
        open(name, 'wb').write(n + got)
        if how == 'hang':
            time.sleep(30)
        f.close()
        if how not in ('drop', 'hang'):
            c.sendall(how.encode())
    c.close()
P
# server NAME HOW: sets NAME to address:port
server() {
	rm -f "$1.port"
	background python3 server.py "$@"
	wait_for 10 test -s "$1.port"
	printf -v "$1" '127.0.0.1:%s' "$(cat "$1.port")"
}
like "--help names the program" "$(qmail-qmqpc --help)" '^qmail-qmqpc - '
gives "no servers" 55
: >control/qmqpservers
gives "an empty list" 55
gives "an argument that is no address" 55 mail.example
gives "a port that is none" 55 127.0.0.1:70000
mkdir control/timeoutremote
gives "settings that cannot be read" 55 127.0.0.1
rmdir control/timeoutremote

server good 5:Kgood,
gives "a message" 0 "$good"
is "what is sent" "$(cat good)" "58:17:Subject: t

body
,14:from@a.example,12:to@b.example,0:,,"
echo "$good" >control/qmqpservers
gives "the control file" 0
echo "127.0.0.1" >control/qmqpservers
PORT_QMQP=${good#*:} gives "PORT_QMQP" 0
gives "... and in brackets" 0 "[127.0.0.1]:${good#*:}"
server no 5:Dnope,
gives "refused" 31 "$no"
server later 6:Zlater,
gives "later" 71 "$later"
rm -f good
gives "an answer is final" 71 "$later" "$good"
gives "... this one too" 31 "$no" "$good"
ok "no other server is asked then" test ! -e good
refused=127.0.0.1:$(free_port)
gives "nobody listens" 73 "$refused"
server closes close
gives "lost at once" 74 "$closes"
server drops drop
gives "lost before the answer" 74 "$drops"
for junk in 'hello' '5:Xwhat,' '0:,' '99999:K' '5:Kgood;' ':K,'; do
	server junk "$junk"
	gives "an answer that is none: $junk" 74 "$junk"
done
echo 1 >control/timeoutremote
server hangs hang
gives "silence" 74 "$hangs"
rm control/timeoutremote
for first in "$refused" "$closes" "$drops" garbage; do
	rm -f good
	gives "the next server after $first" 0 "$first" "$good"
	ok "... got it" test -s good
done
printf '%s\n' "# the hub" "$refused" "$good" >control/qmqpservers
rm -f good
gives "the list in order" 0
ok "... got it" test -s good
gives "the last failure counts" 73 "$closes" "$refused"
gives "... here too" 74 "$refused" "$closes"
printf '%s\n' "$good" "$later" >control/qmqpservers
gives "without the sticky bit the first" 0
chmod +t control/qmqpservers
seen=
for _ in 1 2 3 4 5 6; do
	qmqpc
	seen="$seen $?"
	case $seen in *0*71* | *71*0*) break ;; esac
	sleep 0.4
done
like "with it both are asked first at times" "$seen" '0.*71|71.*0'
printf '%s\n' "$refused" "$good" >control/qmqpservers
chmod +t control/qmqpservers
gives "with it the others still follow" 0
sleep 1
gives "... whoever was first" 0
if [ -e /proc/sys/net ] && python3 -c 'import socket; socket.socket().bind(("127.0.0.2", 0))' 2>/dev/null; then
	OUTGOINGIP=127.0.0.2 gives "OUTGOINGIP" 0 "$good"
	is "... is where it comes from" "$(cat good.peer)" 127.0.0.2
	echo "127.:127.0.0.3" >control/bindroutes
	gives "bindroutes" 0 "$good"
	is "... too" "$(cat good.peer)" 127.0.0.3
	rm control/bindroutes
else
	skip "OUTGOINGIP" "one loopback address"
fi

# envelopes
bad() { # TEXT CODE BYTES
	printf "$3" >env
	rm -f good
	gives "$1" "$2" "$good"
	ok "... nothing is sent" test ! -e good
}
bad "no envelope" 54 ''
bad "an envelope that ends early" 54 'Fa@b\0Tc@d\0'
bad "no sender" 79 'Tc@d\0\0'
bad "two senders" 79 'Fa@b\0Fc@d\0\0'
bad "an address that is too long" 11 "Fa@b\0T$(printf '%01100d' 0)\0\0"
bad "garbage" 79 'hello'"$(printf '%01100d' 0)"'\0'
printf 'F\0\0' >env
gives "no recipient" 0 "$good"
is "... is the server's business" "$(tail -c 5 good)" ",0:,,"
printf 'Fa@b\0Tc@d\0\0' >env
rm good
qmail-qmqpc "$good" 0<&- 1<env 2>err
is "no message to read" $? 54
head -c 3000000 /dev/urandom >msg
gives "a message that needs a file" 0 "$refused" "$drops" "$good"
is "... arrives whole" "$(tail -c +17 good | head -c 3000000 | cmp - msg)" ""
is "... and leaves nothing behind" "$(find "$T" -mindepth 1 -maxdepth 1 -name '*indimail*' -o -name 'tmp*' | wc -l)" 0
TMPDIR=$T/nonexistent gives "no place for it" 68 "$good"
: >msg
gives "an empty message" 0 "$good"
is "... is one" "$(cat good)" "15:0:,3:a@b,3:c@d,,"

# as the queue program of others
printf 'Subject: t\n\nbody\n' >msg
echo "$no" >control/qmqpservers
chmod -t control/qmqpservers
QMAILQUEUE=$BIN/qmail-qmqpc qmail-inject u@x.test <msg 2>err
is "inject with a server that refuses" $? 100
echo "$good" >control/qmqpservers
ok "inject with a server that takes it" env QMAILQUEUE="$BIN/qmail-qmqpc" qmail-inject u@x.test <msg
like "... which gets it" "$(cat good)" ',8:u@x\.test,,$'
done_testing
