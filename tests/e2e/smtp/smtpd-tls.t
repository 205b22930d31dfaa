#!/bin/bash
# smtpd in TLS: STARTTLS and SMTPS with real clients, certificates of every kind, resumption, names, certificates of
# clients, attacks, faults.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
needs_tls
chmod 755 .

# certificate FILE NAME: self-signed, with its key; more options of openssl req behind
certificate() {
	local f=$1 name=$2
	shift 2
	openssl req -x509 -nodes -days 2 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" -keyout "$f.key" -out "$f.crt" "$@" \
		2>/dev/null && cat "$f.crt" "$f.key" >"$f"
}
RSA="-newkey rsa:2048" EC="-newkey ec -pkeyopt ec_paramgen_curve:P-256"
# shellcheck disable=SC2086
{
	certificate rsa.pem mail.test $RSA
	certificate ec.pem mail.test $EC
	certificate named.pem other.test $EC
	certificate wild.pem any.wild.test $EC
}
# put FILE: becomes the server's certificate, readable by whoever runs it
R=$T/r
put() { cp "$1" "$R/certs/new" && chmod 644 "$R/certs/new" && mv "$R/certs/new" "$R/certs/${2:-servercert.pem}"; }

PORT=$(free_port) PORTS=$(free_port)
start() {
	background env "$@" "$BIN/indimail" up --root "$R" --domain mail.test --mailboxes joe --queues 1 --smtp "127.0.0.1:$PORT" --smtps "127.0.0.1:$PORTS" >>log 2>&1
	UP=$!
	listening() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }
	wait_for 10 listening || fail "up does not start"
}
start A=b
client() { timeout 20 openssl s_client "$@" 2>&1; }
starttls() { client -connect "127.0.0.1:$PORT" -starttls smtp "$@"; }
smtps() { client -connect "127.0.0.1:$PORTS" "$@"; }
quit() { printf 'QUIT\r\n'; }

like "the instance's own certificate" "$(quit | starttls -brief -ign_eof)" '^Peer certificate: CN = mail.test'
cat rsa.pem ec.pem >both.pem
put both.pem
for how in starttls smtps; do
	for v in 1_2 1_3; do
		for kind in RSA:rsa_pss_rsae_sha256 ECDSA:ecdsa_secp256r1_sha256; do
			got=$(quit | $how -tls$v -sigalgs "${kind#*:}" -brief -ign_eof)
			like "$how, TLS ${v/_/.}, ${kind%:*}" "$got" "^Signature type: (${kind%:*}|RSA-PSS)$"
			like "... the dialogue ends well" "$got" '^221 '
		done
	done
done
put rsa.pem
like "a new certificate counts at once" "$(quit | starttls -brief -ign_eof)" '^Signature type: RSA-PSS$'

# messages by other clients, both ways of TLS
arrived() { [ "$(grep -l "Subject: $1\$" "$R"/home/joe/Maildir/new/* 2>/dev/null | wc -l)" = 1 ]; }
printf 'From: a@x.test\r\nTo: joe@mail.test\r\nSubject: curl-%s\r\n\r\nhi\r\n' starttls >m1
printf 'From: a@x.test\r\nTo: joe@mail.test\r\nSubject: curl-%s\r\n\r\nhi\r\n' smtps >m2
ok "curl, STARTTLS" curl -sS --ssl-reqd --cacert rsa.pem.crt --resolve "mail.test:$PORT:127.0.0.1" "smtp://mail.test:$PORT" --mail-from a@x.test --mail-rcpt joe@mail.test -T m1
ok "curl, SMTPS" curl -sS --cacert rsa.pem.crt --resolve "mail.test:$PORTS:127.0.0.1" "smtps://mail.test:$PORTS" --mail-from a@x.test --mail-rcpt joe@mail.test -T m2
ok "swaks, STARTTLS" swaks --silent 2 --server 127.0.0.1 --port "$PORT" -tls --from a@x.test --to joe@mail.test --header 'Subject: swaks-starttls'
ok "swaks, SMTPS" swaks --silent 2 --server 127.0.0.1 --port "$PORTS" -tlsc --from a@x.test --to joe@mail.test --header 'Subject: swaks-smtps'
for s in curl-starttls curl-smtps swaks-starttls swaks-smtps; do ok "... $s arrived" wait_for 10 arrived "$s"; done
like "Received names version and cipher" "$(cat "$R"/home/joe/Maildir/new/*)" '^  by mail.test with ESMTPS \(TLSv1\.3 TLS_[A-Z0-9_]+ bits=[0-9]+\); '
like "the log line of a message" "$(cat log)" 'qmail-smtpd: pid [0-9]+ from 127.0.0.1 HELO <.*> MAIL from <a@x.test> RCPT <joe@mail.test> AUTH <local-rcpt> Size: [0-9]+ TLS=TLSv1\.3$'
like "the log line of the handshake" "$(cat log)" 'qmail-smtpd: pid [0-9]+ from 127.0.0.1 ssl-version=TLSv1\.2$'
if command -v gnutls-cli >/dev/null; then
	for v in 1.2 1.3; do
		got=$(quit | timeout 20 gnutls-cli --insecure --priority "NORMAL:-VERS-ALL:+VERS-TLS$v" --starttls-proto=smtp -p "$PORT" 127.0.0.1 2>&1)
		like "gnutls-cli, STARTTLS, TLS $v" "$got" "^- Description: \(TLS$v"
		got=$(quit | timeout 20 gnutls-cli --insecure --priority "NORMAL:-VERS-ALL:+VERS-TLS$v" -p "$PORTS" 127.0.0.1 2>&1)
		like "gnutls-cli, SMTPS, TLS $v" "$got" '^221 '
	done
else
	skip "gnutls-cli" "not installed"
fi

# resumption: another process of the server may serve the second connection
for v in 1_2 1_3; do
	if [ -n "${REEXEC-}" ]; then
		skip "resumption, TLS ${v/_/.}" "REEXEC is set: programs started anew share no keys"
		continue
	fi
	quit | smtps -tls$v -sess_out session -ign_eof >/dev/null
	like "resumption, TLS ${v/_/.}" "$(quit | smtps -tls$v -sess_in session -ign_eof)" '^Reused, TLS'
done

# names
mkdir "$R/certs/servercerts"
put named.pem servercerts/other.test.pem
put wild.pem 'servercerts/*.wild.test.pem'
subject() { quit | starttls -brief -ign_eof "$@" | sed -n 's/^Peer certificate: CN = //p'; }
is "SNI: another name" "$(subject -servername other.test)" other.test
is "SNI: upper case" "$(subject -servername OTHER.test)" other.test
is "SNI: a wildcard" "$(subject -servername x.wild.test)" any.wild.test
is "SNI: an unknown name" "$(subject -servername nobody.test)" mail.test
is "SNI: no name" "$(subject -noservername)" mail.test
echo nonsense >bad.pem
put bad.pem servercerts/spoilt.test.pem
is "SNI: a spoilt file" "$(subject -servername spoilt.test)" mail.test

cat >talk.py <<'END'
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
s.sendall(sys.argv[2].encode().decode('unicode_escape').encode())
while b := s.recv(4096):
    sys.stdout.buffer.write(b)
END
# talk 'COMMANDS...' [PORT]: everything that is answered in plain text
talk() { timeout 10 python3 talk.py "${2-$PORT}" "$1"; }

# certificates of clients
# shellcheck disable=SC2086
{
	openssl req -x509 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.crt $RSA 2>/dev/null
	signed() {
		openssl req -new -nodes -subj "/CN=c/emailAddress=$2" -keyout "$1.key" -out "$1.csr" $EC 2>/dev/null &&
			openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "${3-2}" -out "$1.crt" 2>/dev/null
	}
	signed friend friend@mail.test
	signed stranger stranger@mail.test
	openssl req -x509 -nodes -days 2 -subj /CN=c/emailAddress=friend@mail.test -keyout forged.key -out forged.crt $EC 2>/dev/null
}
put ca.crt clientca.pem
relay() {
	printf 'MAIL FROM:<a@x.test>\r\nRCPT TO:<far@away.test>\r\nRSET\r\nQUIT\r\n' | starttls -quiet -ign_eof "$@" | grep -E '^(250|553)' | sed -n '/2.1.0\|250 ok/{n;p}'
}
like "without tlsclients nobody relays" "$(relay -cert friend.crt -key friend.key)" '^553 .*authentication \(#5.7.1\)'
echo friend@mail.test >"$R/control/tlsclients"
for v in 1_2 1_3; do
	like "a listed certificate relays, TLS ${v/_/.}" "$(relay -tls$v -cert friend.crt -key friend.key)" '^250 '
	like "one that is not listed" "$(relay -tls$v -cert stranger.crt -key stranger.key)" '^553 .*; no valid cert for gateway: its address may not relay \(#5.7.1\)'
	like "one that nobody vouches for" "$(relay -tls$v -cert forged.crt -key forged.key)" '^553 .*; no valid cert for gateway: self-signed certificate'
	like "none" "$(relay -tls$v)" '^553 .*; no valid cert for gateway: no certificate'
done
printf 'MAIL FROM:<a@x.test>\r\nRCPT TO:<far@away.test>\r\nRCPT TO:<joe@mail.test>\r\nDATA\r\nSubject: relayed\r\n\r\nx\r\n.\r\nQUIT\r\n' |
	starttls -quiet -ign_eof -cert friend.crt -key friend.key >/dev/null
ok "such mail arrives" wait_for 10 arrived relayed
like "... and says whose certificate it was" "$(cat "$R"/home/joe/Maildir/new/*)" 'bits=[0-9]+\) \(cert friend@mail.test\); '
: >index
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=2\n' >ca.conf
echo 01 >number
openssl ca -config ca.conf -keyfile ca.key -cert ca.crt -revoke friend.crt 2>/dev/null
openssl ca -config ca.conf -keyfile ca.key -cert ca.crt -gencrl -out crl.pem 2>/dev/null
put crl.pem clientcrl.pem
like "a revoked one" "$(relay -cert friend.crt -key friend.key)" 'no valid cert for gateway: certificate revoked'
put bad.pem clientcrl.pem
like "a spoilt list of revocations lets nobody in" "$(talk 'STARTTLS\r\nQUIT\r\n')" '^454 TLS unable to initialise \(#4\.3\.0\)'
rm "$R/certs/clientcrl.pem" "$R/control/tlsclients"

# attacks and faults
cat >raw.py <<'END'
"""raw.py PORT CASE: what a hostile client sends, and what it gets."""
import socket, ssl, sys, time
port, case = int(sys.argv[1]), sys.argv[2]
def dial():
    s = socket.create_connection(('127.0.0.1', port), 10)
    s.settimeout(10)
    return s, s.makefile('rb')
def answers(f):
    while True:
        line = f.readline()
        if not line or line[3:4] == b' ':
            return line.decode('latin-1').strip()
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
s, f = dial()
answers(f)
s.sendall(b'EHLO evil.test\r\n')
answers(f)
if case == 'inject':
    s.sendall(b'STARTTLS\r\nMAIL FROM:<injected@evil.test>\r\nRCPT TO:<joe@mail.test>\r\n')
    print(f.readline().decode().strip())
    time.sleep(0.3)
    t = context.wrap_socket(s)
    g = t.makefile('rb')
    t.settimeout(1)
    try:
        print('extra', g.readline())
    except TimeoutError:
        print('nothing extra')
    t.settimeout(10)
    g = t.makefile('rb')
    t.sendall(b'RCPT TO:<joe@mail.test>\r\n')
    print(answers(g))
    t.sendall(b'MAIL FROM:<a@x.test>\r\n')
    print(answers(g))
    t.sendall(b'STARTTLS\r\n')
    print(answers(g))
    t.sendall(b'EHLO x\r\n')
    lines = []
    while True:
        l = g.readline().decode().strip()
        lines.append(l)
        if l[3:4] == ' ':
            break
    print('STARTTLS' in ' '.join(lines))
    t.sendall(b'QUIT\r\n')
    print(answers(g), g.read())
elif case == 'argument':
    s.sendall(b'STARTTLS now\r\n')
    print(answers(f))
elif case == 'garbage':
    s.sendall(b'STARTTLS\r\n')
    answers(f)
    s.sendall(b'GET / HTTP/1.0\r\n\r\n' * 20)
    s.shutdown(socket.SHUT_WR)
    while f.read(1000):
        pass
    print('closed')
elif case == 'truncated':
    s.sendall(b'STARTTLS\r\n')
    answers(f)
    s.sendall(bytes([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]) + b'x' * 50)
    s.shutdown(socket.SHUT_WR)
    while f.read(1000):
        pass
    print('closed')
elif case == 'huge':
    s.sendall(b'STARTTLS\r\n')
    answers(f)
    s.sendall(bytes([22, 3, 1, 255, 255]) + b'x' * 65535)
    try:
        while f.read(1000):
            pass
    except ConnectionResetError:
        pass
    print('closed')
elif case == 'cut':
    s.sendall(b'STARTTLS\r\n')
    answers(f)
    t = context.wrap_socket(s)
    t.sendall(b'MAIL FROM:<a@x.test>\r\nRCPT TO:<joe@mail.test>\r\nDATA\r\nSubject: cut\r\n\r\nhalf')
    time.sleep(0.3)
    t.close()
    print('cut')
END
raw() { timeout 30 python3 raw.py "$PORT" "$1" 2>&1; }
is "plain text behind STARTTLS is forgotten, in both directions; TLS offers no STARTTLS" "$(raw inject | tr '\n' ';' | sed 's/^220 2.0.0 ready for tls;nothing extra;503 MAIL first (#5.5.1);250 ok;502 unimplemented (#5.5.1);False;221 2.0.0 .*/good/')" good
like "STARTTLS with an argument" "$(raw argument)" '^501 .*no parameters allowed \(#5\.5\.4\)$'
is "garbage in place of a handshake" "$(raw garbage)" closed
is "half a record" "$(raw truncated)" closed
is "a record too long" "$(raw huge)" closed
is "a connection cut within a message" "$(raw cut)" cut
sleep 0.5
is "... leaves nothing" "$(grep -l 'Subject: cut' "$R"/home/joe/Maildir/new/* "$R"/queue/queue1/mess/*/* 2>/dev/null)" ""
like "reasons are in the log" "$(cat log)" 'qmail-smtpd: pid [0-9]+ from 127.0.0.1 TLS connection failed: (wrong version number|http request)'
like "... of an early end" "$(cat log)" 'from 127.0.0.1 TLS connection failed: Connection reset by peer'
mv "$R/certs/servercert.pem" kept.pem
is "no certificate: no STARTTLS" "$(talk 'EHLO x\r\nQUIT\r\n' | grep -c STARTTLS)" 0
like "... and the command is unknown" "$(talk 'STARTTLS\r\nQUIT\r\n')" '^502 unimplemented'
cat rsa.pem.crt ec.pem.key >mixed.pem
put mixed.pem
like "key and certificate do not belong together: told, and the session goes on" "$(talk 'STARTTLS\r\nNOOP\r\nQUIT\r\n' | tr -d '\r' | tr '\n' ';')" '454 TLS no valid private key \(#4\.3\.0\);250 ok;221 '
like "... the log names the file" "$(cat log)" 'TLS no valid private key: it belongs to no certificate in .*/certs/servercert.pem'
put bad.pem
like "no certificate in the file" "$(talk 'STARTTLS\r\nQUIT\r\n')" '^454 TLS missing certificate \(#4\.3\.0\)'
like "SMTPS without certificate ends" "$(talk 'QUIT\r\n' "$PORTS")" '^454 TLS missing certificate'
put both.pem

# the scanner
while read -r line; do echo "${line/ - / - scan: }"; [ "${line%% -*}" = ok ] || FAILED=1; done < <(bash "$HERE/tls_check.sh" "127.0.0.1:$PORTS"; bash "$HERE/tls_check.sh" "127.0.0.1:$PORT" smtp)

# the process that holds the keys
keepers() { local p=$1 k; for k in $(cat "/proc/$p/task/$p/children" 2>/dev/null); do [ "$(cat "/proc/$k/comm" 2>/dev/null)" = tlskeeper ] && echo "$k"; keepers "$k"; done; }
if [ -n "${REEXEC-}" ]; then
	skip "a keeper for each server" "REEXEC is set: every session reads the key itself"
else
	is "a keeper for each server" "$(keepers "$UP" | wc -l)" 2
	kill -9 $(keepers "$UP")
	like "the keeper has died: sessions speak TLS themselves" "$(quit | starttls -brief -ign_eof)" '^221 '
	sleep 1.2
	like "... and then there is a new one" "$(quit | starttls -brief -ign_eof)" '^221 '
	ok "... indeed" wait_for 5 test "$(keepers "$UP" | wc -l)" -ge 1
fi
cat >many.py <<'END'
"""many.py PORT: 60 sessions side by side, a big message through each, in pieces of odd sizes."""
import smtplib, ssl, sys, threading
port, bad = int(sys.argv[1]), []
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
body = ''.join('%06d %s\r\n' % (i, 'x' * (i * 7919 % 900)) for i in range(600))
def one(n):
    try:
        s = smtplib.SMTP('127.0.0.1', port, timeout=60)
        s.starttls(context=context)
        for k in range(2):
            s.sendmail('a@x.test', ['joe@mail.test'], f'Subject: many-{n}-{k}\r\n\r\n' + body)
        s.quit()
    except Exception as e:
        bad.append(f'{n}: {e}')
threads = [threading.Thread(target=one, args=(n,)) for n in range(60)]
for t in threads: t.start()
for t in threads: t.join()
print('\n'.join(bad) if bad else 'good')
END
is "60 sessions side by side" "$(timeout 120 python3 many.py "$PORT")" good
all_there() { [ "$(grep -l 'Subject: many-' "$R"/home/joe/Maildir/new/* | wc -l)" = 120 ]; }
ok "... every message arrives" wait_for 30 all_there
is "... whole" "$(for f in $(grep -l 'Subject: many-' "$R"/home/joe/Maildir/new/*); do sed '1,/^$/d' "$f" | cksum; done | sort -u | wc -l)" 1

# settings
kill "$UP" && wait "$UP"
start FORCE_TLS= TLS_CIPHER_LIST=ECDHE-RSA-AES128-GCM-SHA256 TLS_CIPHER_SUITE=TLS_CHACHA20_POLY1305_SHA256
like "FORCE_TLS in plain text" "$(talk 'MAIL FROM:<a@x.test>\r\nQUIT\r\n')" '^530 must issue STARTTLS first \(#5\.7\.0\)'
like "... in TLS" "$(printf 'MAIL FROM:<a@x.test>\r\nQUIT\r\n' | starttls -quiet -ign_eof)" '^250 ok'
like "TLS_CIPHER_LIST" "$(quit | starttls -tls1_2 -brief -ign_eof)" '^Ciphersuite: ECDHE-RSA-AES128-GCM-SHA256'
like "TLS_CIPHER_SUITE" "$(quit | starttls -brief -ign_eof)" '^Ciphersuite: TLS_CHACHA20_POLY1305_SHA256'
echo TLSv1_2 >"$R/control/tlsservermethod"
like "tlsservermethod: one version" "$(quit | starttls -tls1_3 -brief -ign_eof)" 'alert protocol version|error'
echo TLSv1_2:TLSv1_3 >"$R/control/tlsservermethod"
like "... a range" "$(quit | starttls -tls1_3 -brief -ign_eof)" '^Protocol version: TLSv1.3'
echo SSLv2 >"$R/control/tlsservermethod"
like "... nonsense" "$(talk 'STARTTLS\r\nQUIT\r\n')" '^454 TLS unable to initialise'
kill "$UP" && wait "$UP"
done_testing
