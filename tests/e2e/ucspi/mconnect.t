#!/bin/bash
# mconnect: CRs on the way out, what comes back as it is, the end of either side, a talk with smtpd; errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
serve() { # PROGRAM...: port in $port
	: >port
	background tcpserver -1 -RHl0 127.0.0.1 0 "$@" >port
	wait_for 10 test -s port
	port=$(cat port)
}
like "--help" "$(mconnect --help)" '^mconnect - '
dead=$(free_port)
code "nobody listens" 111 mconnect 127.0.0.1 "$dead"
is "its message" "$(cat err)" "mconnect: fatal: unable to connect to 127.0.0.1 port $dead: Connection refused"
code "an unknown host" 111 mconnect nonexistent.invalid
serve sh -c 'printf "hi\r\n"; head -n 2 | od -An -tx1 | tr -d " \n"'
is "lines" "$(printf 'a\nb\n' | mconnect 127.0.0.1 "$port" | tr '\r\n' 'RN')" "hiRN610d0a620d0a"
serve sh -c 'read -r a; sleep 0.5; echo "late $a"'
is "the end of the input does not end it" "$(echo word | mconnect 127.0.0.1 "$port" | tr -d '\r')" "late word"
serve echo done
is "the end of the server does" "$(timeout 2 mconnect 127.0.0.1 "$port" < <(exec sleep 3))" done
mkdir control && echo me.example >control/me
serve env CONTROLDIR="$T/control" smtpd
like "with a server of mail" "$(printf 'HELP\nQUIT\n' | mconnect 127.0.0.1 "$port" | tr -d '\r')" '^221 '
done_testing
