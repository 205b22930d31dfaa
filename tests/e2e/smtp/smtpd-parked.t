#!/bin/bash
# smtpd under tcpserver: sessions of silent clients are put aside without a process of their own, and go on as if
# nothing had happened.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/q CERTDIR=$T/certs STARTTLS=
mkdir control certs
echo mail.test >control/me
echo 60 >control/timeoutsmtpd
echo mail.test >control/rcpthosts
"$BIN/indimail" cert 2>/dev/null
# a queue program that keeps what it gets
cat >qq <<'END'
#!/bin/sh
cat >>"$T/mess"
tr '\0' ' ' <&1 >>"$T/envelopes"
echo >>"$T/envelopes"
END
chmod +x qq
export QMAILQUEUE=$T/qq T
printf '127.0.0.2:allow,RELAYCLIENT="@suffix"\n127.:allow\n' >rules
start() {
	: >port
	background tcpserver -v -1 -RH -l mail.test -c 300 -C "${LIMIT-200}" -x rules 0 0 qmail-smtpd >port 2>log
	SERVER=$!
	wait_for 5 test -s port
	PORT=$(cat port)
}
start
TLS=$("$INDIMAIL" --version | grep -cw tls)
export TLS
cat >slow.py <<'END'
"""slow.py PORT CASE [PID]: clients that think for a while."""
import os, signal, socket, ssl, sys, time
port, case, TLS = int(sys.argv[1]), sys.argv[2], os.environ['TLS'] == '1'
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


class Client:
    def __init__(self, source='127.0.0.1'):
        self.s = socket.create_connection(('127.0.0.1', port), 20, (source, 0))
        self.f = self.s.makefile('rb')
        self.read()

    def read(self):
        while True:
            line = self.f.readline().decode('latin-1').strip()
            if line[3:4] != '-':
                return line

    def say(self, *lines):
        self.s.sendall('\r\n'.join(lines + ('',)).encode())
        return self.read()

    def tls(self):
        self.say('STARTTLS')
        self.s = context.wrap_socket(self.s)
        self.f = self.s.makefile('rb')


def wait_until_alone():
    """Until the server has no children but the keeper of keys; with REEXEC every session keeps its process."""
    if os.environ.get('REEXEC'):
        return
    pid = sys.argv[3]
    for _ in range(300):
        kids = []
        for k in open(f'/proc/{pid}/task/{pid}/children').read().split():
            try:
                kids += [k] if open(f'/proc/{k}/comm').read().strip() != 'tlskeeper' else []
            except OSError:
                pass
        if not kids:
            return
        time.sleep(0.05)
    print('still children', kids)


if case in ('plain', 'tls'):
    c = Client()
    c.say('EHLO first.test')
    if case == 'tls':
        c.tls()
        c.say('EHLO second.test')
    print(c.say('MAIL FROM:<a@x.test>'))
    print(c.say('RCPT TO:<one@mail.test>'))
    time.sleep(1.6)
    print(c.say('RCPT TO:<two@mail.test>'))
    time.sleep(1.6)
    print(c.say('DATA'))
    time.sleep(1.6)
    print(c.say(f'Subject: {case}', '', 'hi', '.')[:6])
    time.sleep(1.6)
    print(c.say('RCPT TO:<three@mail.test>'))
    print(c.say('QUIT')[:9], c.f.read())
elif case == 'rules':
    c = Client('127.0.0.2')
    time.sleep(1.6)
    print(c.say('MAIL FROM:<a@x.test>'))
    time.sleep(1.6)
    print(c.say('RCPT TO:<far@away.test>'))
    print(c.say('DATA'))
    print(c.say('Subject: rules', '', 'hi', '.')[:6])
elif case == 'timeout':
    c = Client()
    t = time.monotonic()
    print(c.read())
    print(c.f.read(), 3.5 < time.monotonic() - t < 8)
elif case == 'half a line':
    c = Client()
    c.s.sendall(b'NO')
    time.sleep(1.6)
    print(c.say('OP'))
elif case == 'bytes of two commands':
    c = Client()
    time.sleep(1.6)
    c.s.sendall(b'NOOP\r\nNO')
    print(c.read())
    time.sleep(1.6)
    print(c.say('OP'))
elif case == 'gone':
    c = Client()
    time.sleep(1.6)
    c.s.close()
    c.f.close()
elif case == 'many':
    n = int(sys.argv[4])
    cs = [Client() for _ in range(n)]
    for c in cs[::2] if TLS else []:
        c.say('EHLO x')
        c.tls()
    wait_until_alone()
    print('aside')
    for c in cs:
        c.s.settimeout(30)
    print(sorted({c.say('MAIL FROM:<a@x.test>') for c in cs}))
    print(sorted({c.say('RCPT TO:<one@mail.test>') for c in cs}))
elif case == 'limit':
    cs = [Client() for _ in range(2)]
    wait_until_alone()
    s = socket.create_connection(('127.0.0.1', port), 20)
    print(s.recv(10))
    cs[0].say('QUIT')
    cs[0].s.close()
    cs[0].f.close()
    time.sleep(0.5)
    Client()
    print('room')
elif case == 'end':
    cs = [Client() for _ in range(4)]
    if TLS:
        cs[1].say('EHLO x')
        cs[1].tls()
    cs[2].say('EHLO x')
    cs[2].say('MAIL FROM:<a@x.test>')
    wait_until_alone()
    os.kill(int(sys.argv[3]), signal.SIGTERM)
    for c in cs:
        print(c.read(), c.f.read())
END
slow() { timeout 100 python3 slow.py "$PORT" "$1" "$SERVER" "${@:2}" 2>&1; }
want="250 2.1.0 ok;250 2.1.5 ok;250 2.1.5 ok;354 go ahead;250 2.;503 5.5.1 MAIL first (#5.5.1);221 2.0.0 b'';"
is "pauses in a transaction" "$(slow plain | tr '\n' ';')" "$want"
is "... its envelope" "$(tail -1 envelopes | tr -s ' ')" "Fa@x.test Tone@mail.test Ttwo@mail.test "
like "... the client's name is remembered" "$(cat mess)" '^Received: indimail-mta smtpd [0-9]+ from unknown \(HELO first.test\) \(127.0.0.1\)$'
is "... in one session's log lines" "$(grep -c 'HELO <first.test> MAIL from <a@x.test> RCPT <[a-z]*@mail.test>' log)" 2
if [ "$TLS" = 1 ]; then
is "pauses in TLS" "$(slow tls | tr '\n' ';')" "250 2.1.0 ok;250 2.1.5 ok;250 2.1.5 ok;354 go ahead;250 2.;503 5.5.1 MAIL first (#5.5.1);221 2.0.0 b'';"
like "... Received still names version and cipher" "$(cat mess)" '^  by mail.test with ESMTPS \(TLSv1\.3 TLS_[A-Z0-9_]+ bits=[0-9]+\); '
like "... and so does the log" "$(cat log)" 'HELO <second.test> .* TLS=TLSv1\.3$'
else
	skip "pauses in TLS" "this build has no TLS"
fi
slow rules >out
is "what rules have set stays set" "$(tail -1 envelopes | tr -s ' ')" "Fa@x.test Tfar@away.test@suffix "
echo 4 >control/timeoutsmtpd
is "a silent client is told in time" "$(slow timeout | tr '\n' ';')" "451 timeout (#4.4.2);b'' True;"
like "... logged" "$(cat log)" 'qmail-smtpd: pid [0-9]+ from 127.0.0.1 timeout$'
echo 60 >control/timeoutsmtpd
is "half a line waits for its other half" "$(slow 'half a line')" "250 ok"
is "a command and a half" "$(slow 'bytes of two commands' | tr '\n' ';')" "250 ok;250 ok;"
slow gone
empty() { [ "$(grep 'tcpserver: status' log | tail -1)" = "tcpserver: status: 0/300" ]; }
ok "a client that goes away meanwhile" wait_for 10 empty
like "... logged" "$(cat log)" 'read error: client went away'
is "120 sessions, half of them in TLS" "$(slow many 120 | tr '\n' ';')" "aside;['250 ok'];['250 ok'];"
ok "all seats are free again" wait_for 10 empty
if [ -n "${REEXEC-}" ]; then
	skip "the end of the server" "REEXEC is set: sessions are processes that outlive it"
	kill "$SERVER"
else
	slow end >out
	is "the end of the server" "$(tr '\n' ';' <out)" "$(for i in 1 2 3 4; do printf "421 mail.test going down, try again later (#4.3.2) b'';"; done)"
fi
wait "$SERVER"
is "... at once" $? 0
LIMIT=2 start
is "limits per address count silent clients" "$(slow limit | tr '\n' ';')" "b'';room;"
done_testing
