#!/bin/bash
# tcpserver: environment, log lines, limits, signals, names, ident, inherited sockets.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"

. "$here/server.sh"

code "no program: usage" 100 tcpserver 127.0.0.1 0
code "unknown option: usage" 100 tcpserver -Z 127.0.0.1 0 true
code "unknown port" 111 tcpserver 127.0.0.1 no-such-service true
like "its message" "$(cat err)" '^tcpserver: fatal: unable to figure out port number for no-such-service$'
if [ "$(id -u)" != 0 ]; then
	code "another user needs root" 111 tcpserver -u 1 127.0.0.1 0 true
	like "unable to set uid" "$(cat err)" '^tcpserver: fatal: unable to set uid: '
else
	start -u nobody -- sh -c 'id -u; id -G'
	is "-u with a name" "$(talk)" "$(id -u nobody; id -G nobody)"
	stop
	start -u 65533 -g 65532 -- sh -c 'id -u; id -g; id -G'
	is "-u and -g with numbers" "$(talk | tr '\n' ' ')" "65533 65532 65532 "
	stop
fi

start -- sh -c 'env; echo to-log >&2'
got=$(talk)
for want in PROTO=TCP TCPLOCALIP=127.0.0.1 TCPLOCALPORT="$PORT" TCPLOCALHOST=here TCPREMOTEIP=127.0.0.1 \
	TCP6LOCALIP=::ffff:127.0.0.1 TCP6REMOTEIP=::ffff:127.0.0.1 TCP6LOCALPORT="$PORT"; do
	like "$want" "$got" "^$want\$"
done
like "TCPREMOTEPORT" "$got" '^TCPREMOTEPORT=[0-9]+$'
is "no TCPREMOTEHOST or TCPREMOTEINFO" "$(grep -E '^TCP6?REMOTE(HOST|INFO)=' <<<"$got")" ""
code "the port is taken" 111 tcpserver -R -H 127.0.0.1 "$PORT" true
like "which is said" "$(cat err)" '^tcpserver: fatal: unable to bind: '
wait_for 5 grep -q 'status: 0/40' <(tail -1 log)
log=$(cat log)
is "first status line" "$(head -1 <<<"$log")" "tcpserver: status: 0/40"
like "accept" "$log" '^tcpserver: status: 1/40$'
like "pid line" "$log" '^tcpserver: pid [0-9]+ from 127\.0\.0\.1$'
like "ok line" "$log" "^tcpserver: ok [0-9]+ here\\[127\\.0\\.0\\.1\\]$PORT \\[127\\.0\\.0\\.1\\]:[0-9]+:maxperip=20\$"
like "the program shares the log" "$log" '^to-log$'
is "success ends quietly" "$(grep -c '^tcpserver: end' log)" 0
stop
is "SIGTERM: exit 0" $? 0

start -- sh -c 'exit 3'
talk >/dev/null
ok "end line" wait_for 5 grep -Eq '^tcpserver: end [0-9]+ status 3$' log
stop
start -- sh -c 'kill -9 $$'
talk >/dev/null
ok "a crash" wait_for 5 grep -Eq '^tcpserver: end [0-9]+ status killed by signal 9$' log
stop

start -B 'hello ' -- echo world
is "-B banner" "$(talk)" "hello world"
stop
start -4 -- env
got=$(talk)
is "-4 has no IPv6 variables" "$(grep -c ^TCP6 <<<"$got")" 0
stop
start -6 -- env
like "-6 shows the IPv6 form" "$(talk)" '^TCPREMOTEIP=::ffff:127\.0\.0\.1$'
stop
if python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null; then
	HOST=0 start -- env
	got=$(talk ::1)
	like "an IPv6 client of host 0" "$got" '^PROTO=TCP6$'
	like "its address" "$got" '^TCPREMOTEIP=::1$'
	like "an IPv4 client of the same socket" "$(talk)" '^TCPREMOTEIP=127\.0\.0\.1$'
	stop
else
	skip "IPv6" "no ::1 here"
fi

# our own commands run in the forked child
start -- qmail-showctl -i
like "an applet" "$(talk)" '^version: '
stop
if command -v smtp-source >/dev/null; then
	mkdir control
	echo here.example >control/me
	NULLQUEUE= CONTROLDIR=$T/control start -c 7 -- qmail-smtpd
	ok "200 messages on 10 connections" smtp-source -s 10 -m 200 -f a@b -t c@d "127.0.0.1:$PORT"
	wait_for 5 sh -c "tail -1 log | grep -q 'status: 0/7'"
	is "all accepted" "$(grep -c 'HELO <.*> MAIL from <a@b> RCPT <c@d> .* Size: ' log)" 200
	is "never more than the limit" "$(grep -cE 'status: ([89]|1[0-9])/' log)" 0
	stop
else
	skip "load" "no smtp-source"
fi

if [ "$(id -u)" = 0 ]; then
	cat >identd.py <<'E2'
import socket
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(('127.0.0.76', 113))
l.listen()
print('ready', flush=True)
while True:
    s = l.accept()[0]
    ports = s.recv(100).decode().strip()
    s.sendall(('%s : USERID : UNIX : j o\te\r\n' % ports).encode())
    s.close()
E2
	background python3 identd.py >identd
	wait_for 5 test -s identd
	start -r -- env
	like "-r: what ident says, without blanks" "$(talk 127.0.0.1 127.0.0.76)" '^TCPREMOTEINFO=joe$'
	is "nobody to ask" "$(talk | grep -c ^TCPREMOTEINFO)" 0
	stop
else
	skip "ident" "port 113 needs root"
fi

start -C 2 -- sh -c 'echo up; exec sleep 5'
is "-C: the third from one address is refused" "$(hold 3 "$PORT" 0)" "up up closed "
like "and logged" "$(cat log)" '^tcpserver: end 127\.0\.0\.1 perIPlimit 2$'
stop
echo 1 >limit
start -c limit -- sh -c 'echo up; exec sleep 60'
is "-c FILE" "$(head -1 log)" "tcpserver: status: 0/1"
is "the second connection waits" "$(hold 2 "$PORT" 0)" "up waiting "
kill -USR1 "$SERVER"
ok "SIGUSR1 lists connections" wait_for 5 grep -Eq '^tcpserver: SLOT: IP 127\.0\.0\.1: PID [0-9]+$' log
echo 3 >limit
kill -HUP "$SERVER"
ok "SIGHUP reads the limit again" wait_for 5 grep -q '^tcpserver: sighup: 1/3$' log
ok "and lets the next one in" wait_for 5 grep -q '^tcpserver: status: 2/3$' log
pids=$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log)
stop
kill $pids

cat >inherit.py <<'E2'
import os, socket, subprocess, sys
l = socket.socket()
l.bind(('127.0.0.1', 0))
l.listen()
p = subprocess.Popen(['tcpserver', '-R', '-H', '-l', 'here', '-F', str(l.fileno()), 'echo', 'inherited'],
    pass_fds=[l.fileno()])
print(socket.create_connection(l.getsockname(), 5).makefile().read().strip())
p.terminate()
print(p.wait())
E2
is "-F: an inherited socket" "$(python3 inherit.py | tr '\n' ' ')" "inherited 0 "

# ---- where it listens ----
cat >local.py <<'E2'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
data = b''
while True:
    more = s.recv(65536)
    if not more:
        break
    data += more
sys.stdout.write(data.decode())
E2
export TCPREMOTEIP=9.9.9.9 TCPLOCALPORT=9
background tcpserver -v "$T/socket" sh -c 'env; exit 4' 2>log
SERVER=$!
wait_for 5 test -S socket
got=$(python3 local.py socket)
like "a Unix socket: PROTO" "$got" '^PROTO=UNIX$'
like "UNIXLOCALPATH" "$got" "^UNIXLOCALPATH=$T/socket\$"
is "no TCP variables, not even inherited ones" "$(grep -c ^TCP <<<"$got")" 0
ok "pid line" logged "^tcpserver: pid [0-9]+ from $T/socket\$"
ok "ok line" logged "^tcpserver: ok [0-9]+ \\[$T/socket\\]0 \\[\\]:0:maxperip=20\$"
ok "end line" logged '^tcpserver: end [0-9]+ status 4$'
code "somebody listens there" 111 tcpserver "$T/socket" true
like "said so" "$(cat err)" "^tcpserver: fatal: unable to bind: Address (already )?in use$"
ok "and goes on doing so" python3 local.py socket
stop
is "SIGTERM: exit 0" $? 0
is "the socket is gone" "$(ls socket 2>&1 | grep -c 'No such')" 1
python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('socket')"
background tcpserver "$T/socket" echo again
SERVER=$!
ok "a socket left over is replaced" wait_for 5 eval '[ "$(python3 local.py socket)" = again ]'
stop
unset TCPREMOTEIP TCPLOCALPORT
start --also 127.0.0.1:0 --also "$T/another" --also '[::ffff:127.0.0.5]:0' -- sh -c 'echo "$TCPLOCALIP ${TCPLOCALPORT-$PROTO}"'
is "-1 prints the port of each" "$(wc -l <port | tr -d ' ')" 3
is "the first" "$(talk)" "127.0.0.1 $PORT"
PORT=$(sed -n 2p port)
is "the second" "$(talk)" "127.0.0.1 $PORT"
PORT=$(sed -n 3p port)
is "one with brackets" "$(talk 127.0.0.5)" "127.0.0.5 $PORT"
is "the Unix socket" "$(python3 local.py another)" " UNIX"
stop
code "no port" 100 tcpserver --also somewhere 127.0.0.1 0 true
code "an interface that is not there" 111 tcpserver -I nosuch fe80::1 0 true
like "said so" "$(cat err)" '^tcpserver: fatal: unable to find interface nosuch'
DNS_SERVERS=127.0.0.1:9 code "a host that is not found now" 111 tcpserver -RH nohost.example 0 true
like "said so" "$(cat err)" '^tcpserver: fatal: (temporarily unable to figure out IP address|no IP address) for nohost\.example'

cat >systemd.py <<'E2'
import fcntl, os, socket, sys
l = [socket.socket() for i in range(2)]
for s in l:
    s.bind(('127.0.0.1', 0))
    s.listen()
mine = sys.argv[1] == 'mine'
r, w = os.pipe()
r = fcntl.fcntl(r, fcntl.F_DUPFD, 20)
pid = os.fork()
if pid == 0:
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (l[0].fileno(), l[1].fileno(), w)]
    for to, fd in zip((3, 4, 1), high):
        os.dup2(fd, to)
    os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid() if mine else 1), LISTEN_FDNAMES='a:b')
    os.execvp('tcpserver', ['tcpserver', '-RHl0', '-1', '127.0.0.1', '0', 'sh', '-c', 'env | grep -c ^LISTEN_'])
os.close(w)
out = os.fdopen(r)
ports = [int(out.readline()) for i in range(2 if mine else 1)]
print([s.getsockname()[1] for s in l] == ports, end=' ')
for port in ports:
    print(socket.create_connection(('127.0.0.1', port), 5).makefile().read().strip(), end=' ')
os.kill(pid, 15)
print(os.waitpid(pid, 0)[1])
E2
is "systemd's sockets" "$(python3 systemd.py mine)" "True 0 0 0"
is "those of another process are not ours" "$(python3 systemd.py other)" "False 3 0"

# ---- the process ----
start -e pid -- echo hello
is "-e" "$(cat pid)" "$SERVER"
code "-e: it runs already" 111 tcpserver -e pid 127.0.0.1 0 true
is "said so" "$(cat err)" "tcpserver: fatal:  already running"
is "and goes on" "$(talk)" hello
stop
is "the file is removed at the end" "$(ls pid 2>&1 | grep -c 'No such')" 1
echo 999999999 >pid
start -e pid -- echo hello
is "-e: one that is gone does not count" "$(cat pid)" "$SERVER"
stop
code "-e: nowhere to write" 111 tcpserver -e missing/pid 127.0.0.1 0 true

# ---- what it runs ----
mkdir env
echo chained >env/CHAIN
start -- envdir env sh -c 'echo $CHAIN $TCPREMOTEIP'
is "a chain" "$(talk)" "chained 127.0.0.1"
stop
start -- envdir env qmail-showctl -i
like "a chain of our own" "$(talk)" '^version: '
stop
start -- /usr/lib/indimail/plugins/envdir.so env qmail_showctl.so -i
like "plugins are our own" "$(talk)" '^version: '
stop
REEXEC=1 start -- /usr/lib/indimail/plugins/envdir.so env qmail_showctl.so -i
like "plugins with REEXEC=1" "$(talk)" '^version: '
stop
USE_DLMOPEN= PLUGIN0=/usr/lib/indimail/plugins/qmail_smtpd.so start -- true
ok "USE_DLMOPEN mentions them" logged '^tcpserver: /usr/lib/indimail/plugins/qmail_smtpd\.so: link map ID: 0$'
stop
start -- ./missing
is "no such program" "$(talk)" ""
ok "said so" logged '^tcpserver: fatal: unable to run \./missing: No such file or directory$'
ok "exit code" logged '^tcpserver: end [0-9]+ status 111$'
stop
start -D -o -- sh -c 'echo ok'
is "-D -o" "$(talk)" ok
stop
start -q -- sh -c 'exit 3'
talk
stop
is "-q says nothing" "$(cat log)" ""

if command -v dnsmasq >/dev/null; then
	dns=$(free_port)
	background dnsmasq --no-daemon --conf-file=/dev/null --port="$dns" --listen-address=127.0.0.1 --bind-interfaces \
		--no-resolv --no-hosts --pid-file= --user="$(id -un)" \
		--ptr-record=77.0.0.127.in-addr.arpa,client.example --host-record=client.example,127.0.0.77 \
		--ptr-record=78.0.0.127.in-addr.arpa,client.example >dnslog 2>&1
	wait_for 5 python3 -c "import socket; socket.create_connection(('127.0.0.1', $dns), 1)"
	DNS_SERVERS=127.0.0.1:$dns start -h -p -- env
	like "-h: the client's name" "$(talk 127.0.0.1 127.0.0.77)" '^TCPREMOTEHOST=client\.example$'
	got=$(talk 127.0.0.1 127.0.0.78)
	like "-p: a name that leads elsewhere" "$got" '^TCPPARANOID=client\.example$'
	is "is not believed" "$(grep -c ^TCPREMOTEHOST <<<"$got")" 0
	ok "ok line with the name" grep -Eq "\]$PORT client\.example\[127\.0\.0\.77\]:" log
	stop
else
	skip "names" "no dnsmasq"
fi
done_testing
