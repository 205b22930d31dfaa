#!/bin/bash
# tcpcat: every byte of what a server says, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
serve() { # PROGRAM...: port in $port
	: >port
	background tcpserver -1 -RHl0 127.0.0.1 0 "$@" >port
	wait_for 10 test -s port
	port=$(cat port)
}
like "--help" "$(tcpcat --help)" '^tcpcat - '
dead=$(free_port)
code "nobody listens" 111 tcpcat 127.0.0.1 "$dead"
is "its message" "$(cat err)" "tcpcat: fatal: unable to connect to 127.0.0.1 port $dead: Connection refused"
code "an unknown host" 111 tcpcat nonexistent.invalid 99
code "an unknown port" 111 tcpcat 127.0.0.1 nonexistent
is "its message" "$(cat err)" "tcpcat: fatal: unable to figure out port number for nonexistent"
head -c 2000000 /dev/urandom >big
serve cat big
ok "every byte" cmp big <(tcpcat 127.0.0.1 "$port" </dev/null)
serve sh -c 'read -r x; echo never'
is "nothing is sent" "$(echo x | timeout 1 tcpcat 127.0.0.1 "$port")" ""
serve echo word
code "output that cannot be written" 111 sh -c "tcpcat 127.0.0.1 $port 1</dev/null"
like "its message" "$(cat err)" '^tcpcat: fatal: unable to copy: Bad file descriptor'
done_testing
