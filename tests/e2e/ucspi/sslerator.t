#!/bin/bash
# sslerator: TLS around a program, banner, greeting handed through, errors to the client, time limits, exit codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset TLS_CERTFILE BANNER
code "no arguments" 100 sslerator
like "usage" "$(cat err)" '^usage: sslerator .*program'
code "an unknown option" 100 sslerator -x true
code "no certificate: the program as it is" 7 sslerator sh -c 'exit 7'
is "it is not told of TLS" "$(sslerator sh -c 'echo "${SSLERATOR-none}"')" none
code "a program that cannot be run" 111 sslerator ./nonexistent
needs_tls
export CERTDIR=$T/certs
mkdir certs
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert.crt -days 2 -subj "/CN=localhost" 2>/dev/null
cat cert.crt key >cert.pem
serve() { # PROGRAM...: port in $port, fd 2 in log
	: >port
	: >log
	background tcpserver -1 -RHl0 127.0.0.1 0 sh -c "$1"'; echo "code $?" >&2' >port 2>>log
	wait_for 10 test -s port
	port=$(cat port)
}
ended() { wait_for 10 grep -q '^code' log; grep '^code' log; }
client() { timeout 20 openssl s_client -connect "127.0.0.1:$port" -quiet -ign_eof -CAfile cert.crt -verify_return_error "$@" 2>>client.log; }
raw() {
	timeout 20 python3 -c "
import socket, ssl
s = socket.create_connection(('127.0.0.1', $port)); f = s.makefile('rb', buffering=0)
def tls():
    global s, f
    x = ssl.create_default_context(); x.check_hostname = False; x.verify_mode = ssl.CERT_NONE
    s = x.wrap_socket(s); f = s.makefile('rb', buffering=0)
$1"
}
serve 'sslerator -n cert.pem sh -c "echo \"in TLS \$SSLERATOR\"; read -r x; echo \"got \$x\"; exit 5"'
is "both ways" "$(echo word | client | tr '\n' ' ')" "in TLS 1 got word "
is "the program's exit code" "$(ended)" "code 5"
serve 'TLS_CERTFILE=cert.pem sslerator echo x'
is "TLS_CERTFILE" "$(client </dev/null)" x
is "no code" "$(ended)" "code 0"
serve 'sslerator -v -n cert.pem sh -c "kill -9 \$\$"'
client </dev/null >/dev/null
is "it crashes" "$(ended)" "code 111"
like "-v" "$(cat log)" '^sslerator: [0-9]+: exit status 111$'
serve 'sslerator -n cert.pem ./nonexistent'
client </dev/null >/dev/null
is "it cannot be run" "$(ended)" "code 111"
serve 'sslerator -b hello -n cert.pem echo x'
is "-b" "$(raw 'print(f.readline()); tls(); print(f.readline())' | tr '\n' ' ')" "b'hello\\n' b'x\\n' "
serve 'BANNER="a OK
" sslerator -n cert.pem echo x'
is "BANNER" "$(raw 'print(f.readline()); tls(); print(f.readline())' | tr '\n' ' ')" "b'a OK\\n' b'x\\n' "
serve 'sslerator -b hello -s -n cert.pem sh -c "printf \"220-one\\r\\n220 two\\r\\n\"; read -r x; echo \"got \$x\""'
is "-s" "$(raw 'print(f.readline()); print(f.readline()); tls(); s.sendall(b"w\n"); print(f.readline())' | tr '\n' ' ')" \
	"b'220-one\\r\\n' b'220 two\\r\\n' b'got w\\n' "
serve 'sslerator -s -n cert.pem echo 221 no'
is "-s, another code" "$(raw 'print(f.read())')" "b'221 no\\n'"
is "it is the exit code" "$(ended)" "code 221"
serve 'sslerator -s -n cert.pem true'
raw 'f.read()'
is "-s, no greeting" "$(ended)" "code 111"
like "its message" "$(cat log)" '^sslerator: fatal: 454 greeting failed'
serve 'sslerator -e -n cert.pem sh -c "echo bad >&2"'
is "-e" "$(client </dev/null)" bad
serve 'sslerator -n cert.pem sh -c "echo bad >&2"'
is "without -e" "$(client </dev/null)" ""
is "it is logged" "$(ended >/dev/null; grep -c bad log)" 1
serve 'exec 5<&0 0</dev/null; sslerator -f 5 -n cert.pem echo x'
is "-f" "$(client </dev/null)" x
serve 'SSL_CIPHER=ECDHE-ECDSA-CHACHA20-POLY1305 sslerator -n cert.pem echo x'
like "SSL_CIPHER" "$(timeout 20 openssl s_client -connect "127.0.0.1:$port" -tls1_2 -ign_eof </dev/null 2>/dev/null)" 'Cipher is ECDHE-ECDSA-CHACHA20-POLY1305'
serve 'sslerator -t 1 -n cert.pem touch ran'
raw 'f.read()'
is "no handshake" "$(ended)" "code 111"
like "its message" "$(cat log)" '^sslerator: fatal: connection failed: (Connection|Operation) timed out$'
is "the program did not run" "$(find . -name ran | wc -l)" 0
serve 'sslerator -t 1 -n cert.pem sleep 5'
raw 'tls(); f.read()' 2>/dev/null
is "idle" "$(ended)" "code 111"
like "its message" "$(cat log)" '^sslerator: fatal: timeout reached without input \[1 sec\]$'
code "a certificate that is not there" 111 sslerator -n nonexistent true </dev/null
done_testing
