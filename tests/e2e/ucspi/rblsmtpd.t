#!/bin/bash
# rblsmtpd: lists of both kinds in order, what counts when one fails, RBLSMTPD, the dialogue and its limits, delays,
# log lines, and chains with tcpserver and our smtpd.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
unset RBLSMTPD RBLGREETING RBLEHLO GREETDELAY PROTO TCPREMOTEIP
rev6=2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f
long=$(printf 'long %.0s' {1..48})
honest --txt-record=2.0.0.127.list.test,"blocked: see example.org" --txt-record=3.0.0.127.list.test,"$long" \
	--txt-record=5.0.0.127.list.test, --txt-record=$rev6.list.test,"six is listed" \
	--host-record=2.0.0.127.addr.test,127.0.0.2 --host-record=2.0.0.127.good.test,127.0.0.2 \
	--txt-record=2.0.0.127.other.test,"the other list" --host-record=$rev6.addr.test,127.0.0.2 \
	--txt-record=6.0.0.127.list.test,"tab	and é"
HONEST=$DNS_SERVERS
export TCPREMOTEIP=127.0.0.2 PROTO=TCP

# say LINES...: the input of a session; rbl OPTIONS...: its output without CR
rbl() { printf '%s\r\n' "${SAY[@]}" | rblsmtpd "$@" echo program ran 2>err | tr -d '\r'; }
SAY=(QUIT)

for args in "" "echo" "-a good.test echo" "-r list.test" "-r" "-r :text echo" "-Z -r list.test echo" "-t x -r list.test echo"; do
	code "usage: rblsmtpd $args" 100 rblsmtpd $args
done
like "usage line" "$(rblsmtpd 2>&1)" 'usage: .*rblsmtpd'

# ---- decisions ----
is "listed" "$(rbl -r list.test)" "220 rblsmtpd.indimail
221 rblsmtpd.indimail"
like "log line" "$(cat err)" '^rblsmtpd:  pid [0-9]+ from 127\.0\.0\.2: 451 blocked: see example\.org$'
like "end of the session" "$(cat err)" '^rblsmtpd:  pid [0-9]+ from 127\.0\.0\.2: Session terminated: quitting$'
is "not listed: the program" "$(TCPREMOTEIP=127.0.0.9 rbl -r list.test)" "program ran"
is "nothing is said then" "$(cat err)" ""
code "its exit code" 7 env TCPREMOTEIP=127.0.0.9 rblsmtpd -r list.test sh -c 'exit 7'
code "no such program" 111 env TCPREMOTEIP=127.0.0.9 rblsmtpd -r list.test no-such-program
like "its message" "$(cat err)" 'no-such-program'
is "a list without any record" "$(TCPREMOTEIP=127.0.0.5 rbl -r list.test)" "program ran"
SAY=("RCPT TO:<a@b>" QUIT)
answer() { rbl "$@" | sed -n 2p; }
is "451" "$(answer -r list.test)" "451 blocked: see example.org"
is "-b: 553" "$(answer -b -r list.test)" "553 blocked: see example.org"
is "-B after it" "$(answer -bB -r list.test)" "451 blocked: see example.org"
is "-b counts for the lists behind it" "$(answer -r list.test -b)" "451 blocked: see example.org"
is "the first list decides" "$(answer -r other.test -b -r list.test)" "451 the other list"
is "the second when the first has nothing" "$(answer -r none.test -b -r other.test)" "553 the other list"
is "a text of our own" "$(answer -r 'addr.test:no %IP%, %IP%!')" "451 no 127.0.0.2, 127.0.0.2!"
is "an empty one" "$(answer -r addr.test:)" "451 "
is "such a list has no say without address" "$(answer -r list.test:text -r other.test)" "451 the other list"
is "-a: wanted" "$(rbl -a good.test -r list.test)" "program ran"
is "-a comes too late" "$(answer -r list.test -a good.test)" "451 blocked: see example.org"
is "-a: not listed there" "$(answer -a none.test -r list.test)" "451 blocked: see example.org"
is "200 bytes of a text" "$(TCPREMOTEIP=127.0.0.3 answer -r list.test)" "451 ${long:0:200}"
is "bytes that are no ASCII" "$(TCPREMOTEIP=127.0.0.6 answer -r list.test)" "451 tab?and ??"
is "IPv6, by nibbles" "$(PROTO=TCP6 TCPREMOTEIP=fd00::2 answer -r list.test)" "451 six is listed"
is "IPv6 and a text of our own" "$(PROTO=TCP6 TCPREMOTEIP=fd00:0::2 answer -r 'addr.test:no %IP%')" "451 no fd00::2"
is "IPv4 within IPv6" "$(PROTO=TCP6 TCPREMOTEIP=::ffff:127.0.0.2 answer -r list.test)" "451 blocked: see example.org"
like "the log has the address as it came" "$(PROTO=TCP6 TCPREMOTEIP=::ffff:127.0.0.2 rbl -r list.test >/dev/null; cat err)" 'from ::ffff:127\.0\.0\.2: 451 '
is "no address: nothing to look up" "$(TCPREMOTEIP= rbl -r list.test)" "program ran"
is "nor without the variable" "$(unset TCPREMOTEIP; rbl -r list.test)" "program ran"
is "no address at all" "$(TCPREMOTEIP=unknown rbl -r list.test)" "program ran"
lists=()
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do lists+=(-r none$i.test); done
is "twenty lists" "$(answer "${lists[@]}" -r list.test)" "451 blocked: see example.org"

# ---- RBLSMTPD ----
is "RBLSMTPD empty: never refused" "$(RBLSMTPD= rbl -r list.test)" "program ran"
is "RBLSMTPD: for now" "$(RBLSMTPD='go away, %IP%' TCPREMOTEIP=127.0.0.9 answer -r list.test)" "451 go away, 127.0.0.9"
is "RBLSMTPD with -: for good" "$(RBLSMTPD='-go away' answer -r list.test)" "553 go away"
is "RBLSMTPD - alone" "$(RBLSMTPD=- answer -b -r list.test)" "553 "
is "no list is asked then" "$(DNS_SERVERS=127.0.0.1:1 RBLSMTPD=no answer -c -r list.test)" "451 no"

# ---- lists that cannot be asked ----
liar
is "open: the program" "$(rbl -r servfail.example -r noname.example | tail -1)" "program ran"
cat >fail.py <<'E2'
# answers SERVFAIL for zone bad.test, sends everything else on
import os, socket, sys
up = ('127.0.0.1', int(sys.argv[1].split(':')[1]))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0))
open('fail.tmp', 'w').write(str(s.getsockname()[1])); os.rename('fail.tmp', 'fail')
while True:
    q, peer = s.recvfrom(4096)
    if b'\3bad\4test' in q:
        s.sendto(q[:2] + b'\x81\x82' + q[4:6] + b'\0' * 6 + q[12:q.index(b'\0', 12) + 5], peer)
        continue
    f = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); f.settimeout(5); f.sendto(q, up)
    try:
        s.sendto(f.recv(4096), peer)
    except OSError:
        pass
E2
background python3 fail.py "$HONEST"
wait_for 10 test -s fail
export DNS_SERVERS=127.0.0.1:$(cat fail)
is "open: the next list" "$(answer -r bad.test -r list.test)" "451 blocked: see example.org"
is "nothing is for good once a list failed" "$(answer -b -r bad.test -r list.test)" "451 blocked: see example.org"
is "for good when it failed after the decision" "$(answer -b -r list.test -r bad.test)" "553 blocked: see example.org"
is "-c: closed" "$(answer -c -r bad.test -r list.test)" "451 temporary RBL lookup error"
is "-c -b: never for good" "$(answer -c -b -r bad.test)" "451 temporary RBL lookup error"
is "-c with a text of our own" "$(answer -c -r bad.test:text)" "451 temporary RBL lookup error"
is "-C after it" "$(rbl -cC -r bad.test)" "program ran"
is "-a open: wanted" "$(rbl -a bad.test -r list.test)" "program ran"
is "-a closed: asks on" "$(answer -c -a bad.test -r list.test)" "451 blocked: see example.org"
export DNS_SERVERS=$HONEST

# ---- the dialogue ----
SAY=("HELO me" "EHLO me" "mail from:<A@B> SIZE=1" "RCPT TO:<c@d>" RSET NOOP "VRFY x" DATA "HELP me" "" "MAIL FROM:<>" "MAIL nonsense" quit "RCPT TO:<e@f>")
is "every command, all at once" "$(rbl -r list.test)" "220 rblsmtpd.indimail
250 rblsmtpd.indimail
250 rblsmtpd.indimail
250 rblsmtpd.indimail
451 blocked: see example.org
250 rblsmtpd.indimail
250 rblsmtpd.indimail
252 rblsmtpd.indimail
451 blocked: see example.org
451 blocked: see example.org
451 blocked: see example.org
250 rblsmtpd.indimail
250 rblsmtpd.indimail
221 rblsmtpd.indimail"
is "the log" "$(sed 's/pid [0-9]*/pid P/' err)" "rblsmtpd:  pid P from 127.0.0.2: 451 blocked: see example.org
rblsmtpd:  pid P from 127.0.0.2: Sender <A@B>
rblsmtpd:  pid P from 127.0.0.2: Recipient <c@d>
rblsmtpd:  pid P from 127.0.0.2: Sender <>
rblsmtpd:  pid P from 127.0.0.2: Session terminated: quitting"
SAY=("EHLO me" QUIT)
is "RBLEHLO" "$(RBLEHLO= rbl -r list.test)" "220 rblsmtpd.indimail
250-rblsmtpd.indimail
250-PIPELINING
250-8BITMIME
250-STARTTLS
250 HELP
221 rblsmtpd.indimail"
is "RBLGREETING" "$(RBLGREETING=mx.test rbl -r list.test)" "220 mx.test
250 mx.test
221 mx.test"
is "lines end with CR LF" "$(printf 'QUIT\n' | rblsmtpd -r list.test true 2>/dev/null | od -An -c | tr -d ' \n')" '220rblsmtpd.indimail\r\n221rblsmtpd.indimail\r\n'
code "exit 0" 0 sh -c 'printf "QUIT\r\n" | rblsmtpd -r list.test true'
code "exit 0 when the client leaves" 0 sh -c 'printf "HELO x\r\nRCP" | rblsmtpd -r list.test true'
is "an unfinished line is none" "$(wc -l <out)" 2
SAY=("$(head -c 100000 /dev/zero | tr '\0' x)" "MAIL FROM:<$(head -c 5000 /dev/zero | tr '\0' y)@b>" QUIT)
is "endless lines" "$(rbl -r list.test | tr '\n' ,)" "220 rblsmtpd.indimail,451 blocked: see example.org,451 blocked: see example.org,221 rblsmtpd.indimail,"
is "are not in the log" "$(wc -l <err)" 2
SAY=($'MAIL FROM:<a\x1b[1mb@c>' QUIT)
rbl -r list.test >/dev/null
is "control bytes get into no log" "$(grep -c Sender err)" 0
SAY=()
for i in {1..300}; do SAY+=("MAIL FROM:<$i@x>"); done
is "300 senders are answered" "$(rbl -r list.test | grep -c ^250)" 300
is "100 are noted" "$(grep -c Sender err)" 100
SAY=("HELO x" QUIT)
is "-t 0: the refusal, no dialogue" "$(rbl -t 0 -r list.test)" "451 blocked: see example.org"
cat >slow.py <<'E2'
# a client that keeps sending single bytes, or nothing: when does the session end?
import socket, subprocess, sys, time
ours, theirs = socket.socketpair()
p = subprocess.Popen(['rblsmtpd', '-t', '1', '-r', 'list.test', 'true'], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
theirs.close()
start, data = time.time(), b''
ours.settimeout(0.1)
while time.time() - start < 20:
    try:
        if sys.argv[1] == 'drip':
            ours.sendall(b'x')
        elif sys.argv[1] == 'flood':
            ours.sendall(b'x' * 5000)
            continue
        elif sys.argv[1] == 'deaf':
            ours.sendall(b'RCPT TO:<a@b>\r\n' * 500)
            continue
        more = ours.recv(1000)
        if not more:
            break
        data += more
    except TimeoutError:
        pass
    except OSError:
        break
print(p.wait(20), 'in time' if 0.9 < time.time() - start < 10 else time.time() - start)
E2
for kind in idle drip flood deaf; do
	is "-t 1: $kind" "$(python3 slow.py $kind)" "0 in time"
done

# ---- delays ----
timed() {
	local start=$(date +%s%N)
	"$@" >said
	ms=$((($(date +%s%N) - start) / 1000000))
}
SAY=(QUIT)
timed rbl -w 1 -r list.test
ok "-w: the greeting is late" test $ms -ge 1000
is "then as ever" "$(head -1 said)" "220 rblsmtpd.indimail"
export TCPREMOTEIP=127.0.0.9
timed rbl -w 1 -r list.test
ok "-w: so is the program" test $ms -ge 1000
GREETDELAY=1 timed rbl -W -r list.test
ok "-W: GREETDELAY" test $ms -ge 1000
is "the program" "$(cat said)" "program ran"
GREETDELAY=0 timed rbl -w 30 -r list.test
ok "GREETDELAY wins over -w" test $ms -lt 10000
GREETDELAY=30 timed rbl -r list.test
ok "and is left alone without an option" test $ms -lt 10000
timed rbl -W -r list.test
ok "-W without GREETDELAY" test $ms -lt 10000
is "the program finds no GREETDELAY any more" "$(GREETDELAY=1 rblsmtpd -W -r list.test sh -c 'echo ${GREETDELAY-none}')" none
is "negative: an early talker is dropped" "$(rbl -w -20 -r list.test)" ""
like "and noted" "$(cat err)" '^rblsmtpd:  pid [0-9]+ from 127\.0\.0\.9: Session terminated: early talker$'
is "negative: who waits is served" "$(sleep 3 | GREETDELAY=-1 rblsmtpd -W -r list.test echo served)" served
RBLSMTPD= timed rbl -w 30 -r list.test
ok "RBLSMTPD empty: no delay" test $ms -lt 10000

# ---- in a chain ----
cat >client.py <<'E2'
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5, (sys.argv[2], 0))
s.settimeout(20)
f = s.makefile('rwb')
print(f.readline().decode().strip())
f.write(b'QUIT\r\n'); f.flush()
print(f.readline().decode().strip())
E2
export CONTROLDIR=$T/control
mkdir control
echo mx.test >control/me
background env -u TCPREMOTEIP tcpserver -1 -R -H -l mx.test 127.0.0.1 0 rblsmtpd -r list.test qmail-smtpd >port 2>log
server=$!
wait_for 10 test -s port
is "tcpserver, rblsmtpd, smtpd: refused" "$(python3 client.py "$(cat port)" 127.0.0.2 | sed -n 1p)" "220 rblsmtpd.indimail"
like "tcpserver, rblsmtpd, smtpd: served" "$(python3 client.py "$(cat port)" 127.0.0.9)" '^220 mx\.test'
got=
for i in 1 2 3 4 5 6 7 8 9 10; do
	got+=$(python3 client.py "$(cat port)" 127.0.0.$((i % 3 ? 9 : 2)) | sed -n 1p | cut -c1-10)
done
is "client after client" "$got" "$(printf '220 mx.tes220 mx.tes220 rblsmt%.0s' 1 2 3)220 mx.tes"
if [ -n "${REEXEC-}" ]; then
	skip "one process, which stays" "REEXEC is set: each connection has a process of its own"
else
	is "one process, which stays" "$(pgrep -P $server | wc -l)" 1
fi
is "names the client of each line" "$(grep -c 'from 127\.0\.0\.2: 451 blocked' log)" 4
if [ -n "${REEXEC-}" ]; then
	skip "no exec on the way" "REEXEC is set"
elif command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	worker=$(pgrep -P $server)
	background strace -f -e trace=execve,openat,sendto -o trace -p "$worker"
	wait_for 10 grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$worker/status"
	python3 client.py "$(cat port)" 127.0.0.9 >/dev/null
	wait_for 10 grep -q '221 mx' trace
	ok "the client's session is seen" grep -q '220 mx' trace
	is "no exec on the way" "$(grep -c execve trace)" 0
else
	skip "no exec on the way" "no strace"
fi
# serve WORDS...: a server for one client, whose first line is printed
serve() {
	rm -f port
	env -u TCPREMOTEIP tcpserver -1 -R -H -l mx.test 127.0.0.1 0 "$@" >port 2>log &
	wait_for 10 test -s port
	python3 client.py "$(cat port)" "${CLIENT-127.0.0.9}" 2>/dev/null | sed -n 1p | cut -c1-11
	kill $!
}
is "a second filter in the chain" "$(serve rblsmtpd -r none.test -- rblsmtpd -b -rlist.test qmail-smtpd)" "220 mx.test"
is "which refuses" "$(CLIENT=127.0.0.2 serve rblsmtpd -r none.test -- rblsmtpd -b -rlist.test qmail-smtpd)" "220 rblsmtp"
is "a program of the system" "$(serve rblsmtpd -r list.test sh -c 'echo 220 shell; read x; echo 221')" "220 shell"
is "REEXEC" "$(REEXEC=1 serve rblsmtpd -r list.test qmail-smtpd)" "220 mx.test"
is "wrong options are the client's end, not the server's" "$(serve rblsmtpd -Z -r list.test qmail-smtpd)" ""
like "and in the log" "$(cat log)" 'rblsmtpd: unknown option: -Z'
done_testing
