#!/bin/bash
# tcpserver with TLS: certificates and where they come from, versions, what the program sees, relaying, failures.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
. "$here/server.sh"
unset MAXPERIP CERTDIR TLS_CERTFILE TLS_CIPHER_LIST TLS_CIPHER_SUITE CLIENTCA CLIENTCRL
indimail --list | grep -q '^tcpserver ' || exit 99
if ! indimail --version | grep -qw tls || ! command -v openssl >/dev/null; then
	code "no TLS in this build" 111 tcpserver -s 127.0.0.1 0 true
	done_testing
fi
mkdir control certs
export CONTROLDIR=$T/control
# certificate FILE NAME: self-signed, with its key
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj "/CN=$2" \
		-addext "subjectAltName=DNS:$2" -keyout "$1.key" -out "$1.crt" 2>/dev/null && cat "$1.crt" "$1.key" >"$1"
}
certificate certs/servercert.pem first.test
certificate other.pem other.test
certificate client.pem client.test
# tls [OPTIONS of s_client...] <what is said: what the server says; stderr in why
tls() { timeout 20 openssl s_client -connect "127.0.0.1:$PORT" -quiet -no_ign_eof "$@" 2>why; }
# shown [OPTIONS...]: the certificate's name
shown() { timeout 20 openssl s_client -connect "127.0.0.1:$PORT" "$@" </dev/null 2>/dev/null | sed -n 's/^subject=.*CN *= *//p'; }

code "no certificate" 111 tcpserver -s -i "$T/nowhere" 127.0.0.1 0 true
like "said so" "$(cat err)" '^tcpserver: fatal: .*nowhere/servercert\.pem'
code "an unknown method" 111 tcpserver -s -i certs -M TLSv9 127.0.0.1 0 true
code "a cipher file that is not there" 111 tcpserver -s -i certs -f nofile 127.0.0.1 0 true
openssl genpkey -algorithm ed25519 2>/dev/null | cat certs/servercert.pem.crt - >mismatch.pem
code "a key of another certificate" 111 tcpserver -n mismatch.pem 127.0.0.1 0 true

start -s -i certs -- sh -c 'echo "[$TLS_PROVIDER] $PROTO $TCPREMOTEIP"; read -r line; echo "$line"; echo bye'
is "-s: TLS_PROVIDER, the environment, both directions, the program's last words" "$(echo hello | tls -ign_eof)" \
	"[tcpserver, ] TCP 127.0.0.1
hello
bye"
is "the default certificate" "$(shown)" first.test
ok "ok line" logged '^tcpserver: ok [0-9]+ here\[127\.0\.0\.1\]'
for v in tls1_2 tls1_3; do
	like "$v" "$(echo | tls -ign_eof -$v)" '^bye$'
done
is "an old version is refused" "$(tls -tls1_1 -cipher ALL@SECLEVEL=0 </dev/null)" ""
ok "said so" logged '^tcpserver: warning: dropping connection, unable to accept SSL connection$'
ok "exit code" logged '^tcpserver: end [0-9]+ status 111$'
is "no TLS at all: nothing in plain text" "$(talk 127.0.0.1 127.0.0.1 'GET / HTTP/1.0\r\n\r\n' | grep -c hello)" 0
is "gone at once" "$(talk)" ""
# many bytes, both ways
cat >echo.py <<'E2'
import asyncio, os, ssl, sys
c = ssl.create_default_context()
c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
async def main():
    r, w = await asyncio.open_connection('127.0.0.1', int(sys.argv[1]), ssl=c)
    data = os.urandom(3000000)
    async def send():
        w.write(data)
        await w.drain()
    t = asyncio.create_task(send())
    got = await asyncio.wait_for(r.readexactly(len(data)), 60)
    await t
    print(got == data)
    w.close()
asyncio.run(main())
E2
stop
start -s -i certs -- cat
is "three million bytes there and back" "$(python3 echo.py "$PORT")" True
# the certificate changes
cat other.pem >certs/new && mv certs/new certs/servercert.pem
ok "a new certificate without restart" wait_for 10 eval '[ "$(shown)" = other.test ]'
echo rubbish >certs/servercert.pem
sleep 1.1
is "a spoilt one: the old one stays" "$(shown)" other.test
ok "said so" logged '^tcpserver: warning: the old certificate stays: '
sleep 1.1
shown >/dev/null
is "once" "$(grep -c 'old certificate stays' log)" 1
cat certs/servercert.pem.crt certs/servercert.pem.key >certs/servercert.pem
ok "a good one again" wait_for 10 eval '[ "$(shown)" = first.test ]'
stop

start -n other.pem -z -- sh -c 'echo "$TLS_PROVIDER"'
is "-n -z" "$(tls -ign_eof -tls1_3 </dev/null)" \
	"tcpserver, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=TLS_AES_256_GCM_SHA384, bits=256"
is "-n FILE" "$(shown)" other.test
stop
TLS_CERTFILE=$T/other.pem CERTDIR=$T/certs start -n '' -- true
is "-n '': TLS_CERTFILE" "$(shown)" other.test
stop
CERTDIR=$T/certs start -n '' -- true
is "-n '': the default one" "$(shown)" first.test
stop
start -s -i certs -M TLSv1_2 -- sh -c 'echo ok'
is "-M TLSv1_2 takes 1.2" "$(tls -ign_eof -tls1_2 </dev/null)" ok
is "and nothing else" "$(tls -ign_eof -tls1_3 </dev/null)" ""
stop
echo 'ECDHE-ECDSA-CHACHA20-POLY1305 other words' >ciphers
start -s -i certs -f ciphers -M TLSv1_2 -z -- sh -c 'echo "$TLS_PROVIDER"'
like "-f: the first word of the file" "$(tls -ign_eof </dev/null)" 'Ciphers=ECDHE-ECDSA-CHACHA20-POLY1305,'
is "no other cipher" "$(tls -ign_eof -cipher ECDHE-ECDSA-AES128-GCM-SHA256 </dev/null)" ""
stop
start -s -i certs -a client.pem.crt -- sh -c 'echo ok'
is "-a: without a certificate" "$(tls -ign_eof </dev/null)" ok
is "with a good one" "$(tls -ign_eof -cert client.pem.crt -key client.pem.key </dev/null)" ok
is "a stranger's does not abort" "$(tls -ign_eof -cert other.pem.crt -key other.pem.key </dev/null)" ok
like "the authority is named" "$(timeout 20 openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>&1)" 'CN *= *client\.test'
stop
code "-L: no such list" 111 tcpserver -s -i certs -a client.pem.crt -L nolist 127.0.0.1 0 true

# time limits
start -s -i certs -S 1 -T 1 -- sh -c 'cat; echo over >done'
is "-S: a client that says nothing" "$(timeout 10 python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $PORT), 9)
print(s.recv(1) == b'')")" True
ok "said so" logged 'unable to accept SSL connection$'
is "-T: a connection without a word" "$(timeout 10 python3 -c "
import socket, ssl
c = ssl.create_default_context()
c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection(('127.0.0.1', $PORT), 9))
print(s.recv(1) == b'')")" True
ok "the program has seen the end" wait_for 5 test -e done
ok "everybody has left" wait_for 5 sh -c "tail -1 log | grep -q 'status: 0/40'"
stop
start -s -i certs -- sh -c 'kill -9 $$'
is "a program that dies" "$(tls -ign_eof </dev/null)" ""
ok "is the end of it" wait_for 5 sh -c "tail -1 log | grep -q 'status: 0/40'"
stop
start -s -i certs -- ./missing
is "a program that is not there" "$(tls -ign_eof </dev/null)" ""
ok "said so" logged '^tcpserver: fatal: unable to run \./missing: '
stop

# rules and PROXY headers come before TLS
printf '%s\n' '127.0.0.1:allow,A="b"' '192.0.2.1:allow,A="proxied"' ':deny' | tcprules rules.cdb rules.tmp
start -s -i certs -x rules.cdb --proxy 127.0.0.2 -- sh -c 'echo "$A"'
is "rules" "$(tls -ign_eof </dev/null)" b
is "behind a proxy" "$(timeout 20 python3 -c "
import socket, ssl
s = socket.create_connection(('127.0.0.1', $PORT), 9, ('127.0.0.2', 0))
s.sendall(b'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')
c = ssl.create_default_context()
c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
print(c.wrap_socket(s).recv(99).decode().strip())")" proxied
stop
echo here.example >control/me
start -s -i certs -z -- qmail-smtpd
printf 'EHLO x\r\nQUIT\r\n' >said
got=$(tls -ign_eof -crlf <said)
like "smtpd behind it" "$got" '^220 here\.example'
is "does not offer STARTTLS again" "$(grep -c STARTTLS <<<"$got")" 0
stop
start -s -i certs -- indimail qmail-smtpd
like "in its long form" "$(tls -ign_eof <said)" '^220 here\.example'
stop

# the private key is for the parent only
if [ "$(id -u)" = 0 ]; then
	chmod 600 certs/servercert.pem
	start -s -i certs -u nobody -- sh -c 'id -un; cat certs/servercert.pem 2>&1 | grep -c PRIVATE'
	is "a key only root can read" "$(tls -ign_eof </dev/null)" "nobody
0"
	stop
fi
start -s -i certs -- sh -c 'ls -l /proc/self/fd | wc -l; env | grep -c "PRIVATE"'
is "the program has no other descriptors" "$(tls -ign_eof </dev/null | tail -1)" 0
stop
done_testing
