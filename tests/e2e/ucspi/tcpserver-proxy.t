#!/bin/bash
# tcpserver --proxy: who may send a PROXY header, who must, what it changes.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
. "$here/server.sh"
unset MAXPERIP PROXY_HOSTS
v1='PROXY TCP4 192.0.2.1 192.0.2.2 56324 2525\r\n'
v2='\r\n\r\n\0\r\nQUIT\n'

code "a list with a mistake" 100 tcpserver --proxy '127.0.0.1 10.0.0.0/99' 127.0.0.1 0 true
is "said so" "$(cat err)" "tcpserver: fatal: no address of a proxy: 10.0.0.0/99"

start --proxy-wait 2 --proxy '127.0.0.2,127.0.1.0/24' -- sh -c 'echo "$PROTO $TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP $TCPLOCALPORT $TCP6REMOTEIP"; cat'
is "version 1" "$(talk 127.0.0.1 127.0.0.2 "${v1}EHLO x")" "TCP 192.0.2.1 56324 192.0.2.2 2525 ::ffff:192.0.2.1
EHLO x"
is "version 1, IPv6" "$(talk 127.0.0.1 127.0.1.9 'PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n')" \
	"TCP6 2001:db8::1 1 2001:db8::2 2 2001:db8::1"
is "version 2" "$(talk 127.0.0.1 127.0.0.2 "$v2"'\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\xdc\4\0\x19and more')" \
	"TCP 192.0.2.1 56324 192.0.2.2 25 ::ffff:192.0.2.1
and more"
like "version 1, unknown: the proxy itself" "$(talk 127.0.0.1 127.0.0.2 'PROXY UNKNOWN\r\n')" '^TCP 127\.0\.0\.2 '
like "version 2, local: the proxy itself" "$(talk 127.0.0.1 127.0.0.2 "$v2"'\x20\0\0\0')" '^TCP 127\.0\.0\.2 '
ok "the log has the client" logged "^tcpserver: ok [0-9]+ here\\[192\\.0\\.2\\.2\\]2525 \\[192\\.0\\.2\\.1\\]:56324:maxperip=20\$"
ok "and the pid line too" logged '^tcpserver: pid [0-9]+ from 192\.0\.2\.1$'
is "no header" "$(talk 127.0.0.1 127.0.0.2 'EHLO x\r\n')" ""
ok "said so" logged '^tcpserver: warning: dropping connection, no PROXY header from 127\.0\.0\.2: Protocol error$'
ok "exit code" logged '^tcpserver: end [0-9]+ status 111$'
is "nothing at all" "$(talk 127.0.0.1 127.0.0.2)" ""
is "half a header" "$(talk 127.0.0.1 127.0.0.2 'PROXY TCP4 192.0.2.1')" ""
is "TLS instead" "$(talk 127.0.0.1 127.0.0.2 '\x16\x03\x01\x02\0\1\0\1\xfc\3\3abcdefghijklmnopqrst')" ""
like "others are who they are" "$(talk 127.0.0.1 127.0.0.3 "$v1")" '^TCP 127\.0\.0\.3 '
like "and their header is text like any other" "$(talk 127.0.0.1 127.0.0.3 "$v1")" '^PROXY TCP4 192\.0\.2\.1 '
# slow, byte by byte, and silent
cat >slow.py <<'E2'
import socket, sys, time
silent = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5, ('127.0.0.2', 0))
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5, ('127.0.0.2', 0))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for c in b'PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\nmail':
    s.sendall(bytes([c]))
    time.sleep(0.005)
s.shutdown(socket.SHUT_WR)
s.settimeout(20)
data = b''
while True:
    more = s.recv(1000)
    if not more:
        break
    data += more
print(data.decode().split()[1], data.decode().split()[-1])
silent.settimeout(20)
start = time.time()
print('dropped' if silent.recv(10) == b'' else 'served')
E2
is "byte by byte; a silent one is dropped after two seconds and holds nobody" "$(python3 slow.py "$PORT" | tr '\n' ' ')" \
	"192.0.2.7 mail dropped "
ok "said so" logged 'no PROXY header from 127\.0\.0\.2: [A-Z][a-z]* timed out$'
stop

# rules and limits see the client
printf '%s\n' '192.0.2.1:deny' '192.0.2.3:allow,MAXPERIP="1"' '127.:deny' ':allow' | tcprules rules.cdb rules.tmp
PROXY_HOSTS=127.0.0.2 MAXPERIP=2 start -C 1 -x rules.cdb -- sh -c 'echo "up $TCPREMOTEIP"; exec sleep 60'
is "a rule for the client" "$(talk 127.0.0.1 127.0.0.2 "$v1")" ""
ok "deny line" logged '^tcpserver: deny [0-9]+ here\[192\.0\.2\.2\]2525 \[192\.0\.2\.1\]:56324:maxperip=2$'
is "one for others" "$(talk)" ""
cat >clients.py <<'E2'
import socket, sys, time
all = []
for ip in sys.argv[2:]:
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5, ('127.0.0.2', 0))
    s.sendall(b'PROXY TCP4 %s 192.0.2.2 1 25\r\n' % ip.encode())
    s.settimeout(10)
    all.append(s)
    try:
        print((s.recv(100).decode().strip() or 'closed').split()[0])
    except ConnectionResetError:
        print('closed')
E2
is "limits count clients, not the proxy" "$(python3 clients.py "$PORT" 192.0.2.3 192.0.2.4 192.0.2.3 192.0.2.4 192.0.2.4 | tr '\n' ' ')" \
	"up up closed up closed "
ok "said so" logged 'no ip slots for 192\.0\.2\.3, perIPlimit 1: '
kill -USR1 "$SERVER"
ok "SIGUSR1 shows them" logged '^tcpserver: SLOT: IP 192\.0\.2\.4: PID [0-9]+$'
pids=$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log)
stop
kill $pids 2>/dev/null

# in a resident worker, one client after another
mkdir control
echo here.example >control/me
CONTROLDIR=$T/control start --proxy 127.0.0.2 -- qmail-smtpd
for i in 1 2 3; do
	like "smtpd behind a proxy" "$(talk 127.0.0.1 127.0.0.2 "PROXY TCP4 192.0.2.$i 192.0.2.9 1 25\\r\\nQUIT\\r\\n")" '^220 '
	like "smtpd without" "$(talk 127.0.0.1 127.0.0.1 'QUIT\r\n')" '^220 '
	ok "logged as who it is" logged "^tcpserver: ok [0-9]+ here\\[192\\.0\\.2\\.9\\]25 \\[192\\.0\\.2\\.$i\\]:1:"
done
stop
done_testing
