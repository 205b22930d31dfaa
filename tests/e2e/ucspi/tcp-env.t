#!/bin/bash
# tcp-env: variables of the connection on descriptor 0, those of another one forgotten, ident, exit codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset PROTO TCPREMOTEHOST
code "no arguments" 100 tcp-env
like "usage" "$(cat err)" '^usage: tcp-env .*program'
code "an unknown option" 100 tcp-env -x true
code "the program's exit code" 7 tcp-env -R sh -c 'exit 7'
code "a program that cannot be run" 111 tcp-env -R ./nonexistent
is "its message" "$(cat err)" "tcp-env: fatal: unable to run ./nonexistent: No such file or directory"
export show='echo "$PROTO ${TCPLOCALIP-none} ${TCPREMOTEIP-none} ${TCPREMOTEPORT-none} ${TCPREMOTEINFO-none} ${TCPREMOTEHOST-none}"'
is "no connection" "$(TCPREMOTEIP=x TCPREMOTEHOST=y TCPREMOTEINFO=z tcp-env -R sh -c "$show" </dev/null)" "TCP none none none none none"
is "PROTO is set: nothing changes" "$(PROTO=TCP TCPREMOTEIP=x tcp-env -R sh -c "$show" </dev/null)" "TCP none x none none none"
# an inetd of our own
cat >inetd.py <<'EOF'
import os, socket, subprocess, sys
s = socket.create_server((sys.argv[1], 0), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    subprocess.run(sys.argv[2:], stdin=c, stdout=c)
    c.close()
EOF
export DNS_SERVERS=127.0.0.1:1
background python3 inetd.py 127.0.0.1 env TCPREMOTEINFO=x TCPREMOTEHOST=y tcp-env -R sh -c "$show" >port
wait_for 10 test -s port
set -- $(tcpclient -RHl0 127.0.0.1 "$(cat port)" sh -c 'echo "$TCPLOCALPORT"; cat <&6')
is "a connection" "$2 $3 $4 $6" "TCP 127.0.0.1 127.0.0.1 none"
is "its port" "$5" "$1"
is "ident, which nobody answers here" "$(tcp-env -r -t 1 sh -c "$show" </dev/null | cut -d' ' -f5)" none
done_testing
