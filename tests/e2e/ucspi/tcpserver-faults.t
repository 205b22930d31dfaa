#!/bin/bash
# tcpserver: no descriptors left, clients that are silent, gone or talk rubbish.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
. "$here/server.sh"
unset MAXPERIP

# no descriptors left: it neither ends nor runs in circles, and serves again when there are some
mkdir control
echo here.example >control/me
CONTROLDIR=$T/control start -b 128 -c 100 -C 0 -- qmail-smtpd
cpu() { awk '{print $14 + $15}' "/proc/$SERVER/stat"; }
if prlimit --pid "$SERVER" --nofile=24:1024 2>/dev/null; then
	before=$(cpu)
	python3 - "$PORT" <<'E2'
import socket, sys, time
s = [socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5) for i in range(40)]
time.sleep(2)
E2
	used=$(($(cpu) - before))
	ok "out of descriptors: $used ticks in two seconds" test "$used" -lt 50
	ok "it serves again" wait_for 20 eval '[[ $(talk 127.0.0.1 "" "QUIT\r\n") == 220* ]]'
	prlimit --pid "$SERVER" --nofile=1024:1024
else
	skip "out of descriptors" "no prlimit"
fi
# clients that send nothing, half a line or rubbish hold nobody; those that are gone already harm nobody
python3 - "$PORT" <<'E2'
import os, socket, struct, sys
port = int(sys.argv[1])
keep = [socket.create_connection(('127.0.0.1', port), 5) for i in range(30)]
for i, s in enumerate(keep):
    s.sendall([b'', b'MAIL', os.urandom(300)][i % 3])
for i in range(300):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.connect(('127.0.0.1', port))
    s.close()
s = socket.create_connection(('127.0.0.1', port), 5)
s.settimeout(20)
s.sendall(b'QUIT\r\n')
print(s.makefile().read()[:3])
E2
ok "all of them leave" wait_for 20 sh -c "tail -1 log | grep -q 'status: 0/100'"
stop
is "and it ends as usual" $? 0
done_testing
