#!/bin/bash
# svalert: the datagram for each script, the filter, no server, names, the system logger.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export SYSCONFDIR=$T/etc HOSTNAME=host.example SCANDIR=/service
mkdir etc
cat >sink.py <<'P'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
open("port", "w").write(str(s.getsockname()[1]) + "\n")
u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
u.bind("log")
import select
with open("got", "ab", 0) as f:
    while True:
        for r in select.select([s, u], [], [])[0]:
            f.write(r.recv(65536) + b"\n")
P
background python3 sink.py
wait_for 5 test -s port
wait_for 5 test -S log
export PROBE_SERVER=127.0.0.1
SV_ALERT_PORT=$(cat port)
export SV_ALERT_PORT
last() { wait_for 5 grep -q . got; cat got; : >got; }
: >got
code "no arguments" 100 svalert
code "one argument" 100 svalert d
code "five arguments" 100 svalert d a b c d
like "usage" "$(cat err)" '^usage: svalert dir arg2'
code "run" 0 svalert /run/svscan/x 'auto startup'
like "the datagram" "$(last)" '^svalert host\.example /service /run/svscan/x auto-startup PID [1-9][0-9]* 1[0-9]{9}$'
code "shutdown" 0 svalert x 4711
like "the datagram" "$(last)" '^svalert host\.example /service x normal-shutdown PID 4711 [0-9]{10}$'
code "alert" 0 svalert x 4711 1 exited
like "the datagram" "$(last)" '^svalert host\.example /service x abnormal-shutdown exited 1 [0-9]{10}$'
code "alert by signal" 0 svalert x 4711 9 stopped/signalled
like "the datagram" "$(last)" ' x abnormal-shutdown stopped/signalled 9 [0-9]{10}$'
code "hostile words" 0 svalert $'a b\n\tc' $'x\r\033y'
like "stay words" "$(last)" '^svalert host\.example /service a-b\?-c x\?\?y PID '
code "long words" 0 svalert "$(head -c 5000 /dev/zero | tr '\0' x)" up
is "are cut" "$(last | wc -c)" 1201
(cd etc && env -u SCANDIR svalert x 1)
like "without SCANDIR the current directory" "$(last)" "^svalert host.example $T/etc x normal-shutdown PID 1 "
env -u HOSTNAME svalert x 1
like "without HOSTNAME the system's" "$(last)" "^svalert $(uname -n) "
printf '# normal-shutdown\nauto-startup  manual-startup\n' >etc/svalerts.filter
code "a filtered event" 0 svalert x 'manual startup'
code "a comment filters nothing" 0 svalert x 1
like "only the second came" "$(last)" '^svalert .* normal-shutdown PID 1 [0-9]*$'
rm etc/svalerts.filter
mkdir etc/svalerts.filter
code "a filter that cannot be read" 111 svalert x 1
rmdir etc/svalerts.filter
USE_SYSLOG= SYSLOG_SOCKET=$T/log svalert x 4711 1 exited
like "the system logger instead" "$(last)" '^<30>.* svalert: host\.example /service x abnormal-shutdown exited 1 [0-9]{10}$'
USE_SYSLOG=1 SYSLOG_SOCKET=$T/none code "no logger" 111 svalert x 1
is "no datagram then" "$(cat got)" ""
PROBE_SERVER=localhost svalert x 1
like "a name of /etc/hosts" "$(last)" 'normal-shutdown'
PROBE_SERVER=no-such-host.invalid DNS_SERVERS=127.0.0.1:9 code "no such server is no error" 0 svalert x 1
is "and no message" "$(cat out err)" ""
PROBE_SERVER='' DNS_SERVERS=127.0.0.1:9 code "an empty name" 0 svalert x 1
SV_ALERT_PORT=0 code "a bad port" 100 svalert x 1
SV_ALERT_PORT=65536 code "another one" 100 svalert x 1
done_testing
