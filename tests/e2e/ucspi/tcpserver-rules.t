#!/bin/bash
# tcpserver -x: rules compiled and as text, changes and damage while it runs, MAXPERIP.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
. "$here/server.sh"
unset MAXPERIP
compile() { printf '%s\n' "$@" | tcprules rules.cdb rules.tmp; }

export UNWANTED=there
compile '127.0.0.2:deny' '127.0.0.3:allow,A="one",B="two words",!UNWANTED' '127.0.0.4:allow,MAXPERIP="3"' ':allow'
start -x rules.cdb -- sh -c 'echo "${A-none}|${B-none}|${UNWANTED-unset}|${MAXPERIP-none}"'
is "allowed" "$(talk)" "none|none|there|none"
is "variables" "$(talk 127.0.0.1 127.0.0.3)" "one|two words|unset|none"
is "denied: closed without a word" "$(talk 127.0.0.1 127.0.0.2)" ""
ok "deny line" logged "^tcpserver: deny [0-9]+ here\\[127\\.0\\.0\\.1\\]$PORT \\[127\\.0\\.0\\.2\\]:[0-9]+:maxperip=20\$"
ok "its exit code" logged '^tcpserver: end [0-9]+ status 100$'
is "MAXPERIP is a variable too" "$(talk 127.0.0.1 127.0.0.4)" "none|none|there|3"
ok "and the limit of this connection" logged '\[127\.0\.0\.4\]:[0-9]+:maxperip=3$'
# replaced while it runs
compile '127.0.0.2:allow,A="now"'
is "the new file counts at once" "$(talk 127.0.0.1 127.0.0.2)" "now|none|there|none"
compile '127.0.0.1:deny'
is "and the next one" "$(talk)" ""
rm rules.cdb
is "no file: nobody" "$(talk)" ""
ok "said so" logged '^tcpserver: warning: dropping connection, unable to read CDB: rules\.cdb: No such file or directory$'
ok "exit code" logged '^tcpserver: end [0-9]+ status 111$'
compile ':allow,A="back"'
is "it is back" "$(talk)" "back|none|there|none"
stop

# a file that changes all the time refuses nobody
start -x rules.cdb -C 0 -- echo yes
(i=0; while [ ! -e enough ]; do compile ":allow,N=\"$((i += 1))\""; done) &
changer=$!
cat >many.py <<'E2'
import socket, sys
yes = 0
for i in range(150):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
    s.settimeout(20)
    try:
        yes += s.recv(10) == b'yes\n'
    except OSError:
        pass
print(yes)
E2
is "rules rewritten under load: nobody refused" "$(python3 many.py "$PORT")" 150
touch enough
wait $changer
stop

rm -f rules.cdb
start -X -x rules.cdb -- echo yes
is "-X: no file, everybody" "$(talk)" yes
compile ':deny'
is "-X: with one its rules count" "$(talk)" ""
stop
head -c 2050 rules.cdb >cut.cdb
start -X -x cut.cdb -- echo yes
is "a damaged file: nobody" "$(talk)" ""
ok "said so" logged '^tcpserver: warning: dropping connection, unable to read CDB: cut\.cdb: '
stop

# text
printf '%s\n' '# a comment' '127.0.0.2:deny' '127.0.0.0/30:allow,A="net"' ':allow' >rules
start -x rules -- sh -c 'echo "${A-none}"'
is "text: network" "$(talk)" net
is "text: denied" "$(talk 127.0.0.1 127.0.0.2)" ""
is "text: the rest" "$(talk 127.0.0.1 127.0.0.9)" none
sleep 1.1
echo ':allow,A="moved"' >new && mv new rules
is "a new file in its place counts at once" "$(talk)" moved
echo ':allow,A="rewritten"' >rules
ok "one rewritten in place when it has settled" wait_for 10 eval '[ "$(talk)" = rewritten ]'
sleep 1.1
is "which the server has seen by now" "$(talk)" rewritten
echo 'nonsense' >new && mv new rules
is "a mistake: the old rules stay" "$(talk)" rewritten
ok "said so" logged 'warning: the old rules stay, unable to read CDB: rules: line 1$'
stop
echo 'nonsense' >rules
start -x rules -- echo yes
is "a mistake at the start: nobody" "$(talk)" ""
ok "said so" logged 'unable to read CDB: rules: line 1: '
stop

# limits per address
compile '127.0.0.2:allow,MAXPERIP="1"' '127.0.0.3:allow,MAXPERIP="0"' ':allow'
MAXPERIP=2 start -C 0 -x rules.cdb -- sh -c 'echo up; exec sleep 60'
is "MAXPERIP: the third from one address" "$(hold 3 "$PORT" 0)" "up up closed "
ok "said so" logged '^tcpserver: warning: dropping connection, no ip slots for 127\.0\.0\.1, perIPlimit 2: '
ok "exit code" logged '^tcpserver: end [0-9]+ status 111$'
is "a rule's limit" "$(hold 0 "$PORT" 0 127.0.0.2 127.0.0.2 127.0.0.3 127.0.0.3 127.0.0.3)" "up closed up up up "
pids=$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log)
stop
kill $pids 2>/dev/null
MAXPERIP=2 start -- sh -c 'echo up; exec sleep 60'
is "MAXPERIP is the limit before the fork too" "$(hold 3 "$PORT" 0)" "up up closed "
ok "said so" logged '^tcpserver: end 127\.0\.0\.1 perIPlimit 2$'
pids=$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log)
stop
kill $pids 2>/dev/null

# a resident worker serves one client after another: nothing of one rule reaches the next
mkdir control
echo here.example >control/me
compile '127.0.0.2:deny' '127.0.0.3:allow,MAXPERIP="7",SHUTDOWN=""' ':allow'
CONTROLDIR=$T/control start -x rules.cdb -- qmail-smtpd
for i in 1 2 3; do
	like "allowed" "$(talk 127.0.0.1 127.0.0.1 'QUIT\r\n')" '^220 here\.example'
	is "denied" "$(talk 127.0.0.1 127.0.0.2 'QUIT\r\n')" ""
	talk 127.0.0.1 127.0.0.3 'QUIT\r\n' >/dev/null
done
wait_for 5 eval '[ "$(grep -c "^tcpserver: end .* status 100$" log)" = 3 ]'
is "three times" "$(grep -c '^tcpserver: end .* status 100$' log)" 3
is "the limit of a rule" "$(grep -c '\[127\.0\.0\.3\]:.*:maxperip=7$' log)" 3
is "ends with its connection" "$(grep -c '\[127\.0\.0\.1\]:.*:maxperip=20$' log)" 3
if [ -n "${REEXEC-}" ]; then
	skip "by one process" "REEXEC is set: each connection has a process of its own"
else
	is "by one process" "$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' log | sort -u | wc -l)" 1
fi
stop

# the client's name and what ident says
if command -v dnsmasq >/dev/null; then
	dns=$(free_port)
	background dnsmasq --no-daemon --conf-file=/dev/null --port="$dns" --listen-address=127.0.0.1 --bind-interfaces \
		--no-resolv --no-hosts --pid-file= --user="$(id -un)" --ptr-record=77.0.0.127.in-addr.arpa,Mail.Client.example \
		>dnslog 2>&1
	wait_for 5 python3 -c "import socket; socket.create_connection(('127.0.0.1', $dns), 1)"
	compile '=mail.client.example:allow,A="name"' '=:allow,A="named"' ':deny'
	DNS_SERVERS=127.0.0.1:$dns start -h -x rules.cdb -- sh -c 'echo $A'
	is "a rule by name" "$(talk 127.0.0.1 127.0.0.77)" name
	is "without a name" "$(talk 127.0.0.1 127.0.0.78)" ""
	stop
else
	skip "names" "no dnsmasq"
fi
done_testing
