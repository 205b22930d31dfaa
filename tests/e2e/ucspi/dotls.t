#!/bin/bash
# dotls: TLS at once and on demand for servers of SMTP, POP3 and IMAP, for clients, with real clients; plain text sent ahead,
# lines that only look like commands, certificates, time limits, exit codes.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
code "no arguments" 100 dotls
like "usage" "$(cat err)" '^usage: dotls .*program'
code "an unknown option" 100 dotls -x true
code "an unknown protocol" 100 dotls -s ftp true
code "NOTLS: the program as it is" 7 env NOTLS= dotls -n nonexistent sh -c 'exit 7'
code "NOTLS: a program that cannot be run" 111 env NOTLS=1 dotls ./nonexistent
is "its message" "$(cat err)" "dotls: fatal: unable to run ./nonexistent: No such file or directory"
needs_tls
export CERTDIR=$T/certs
mkdir certs
certificate() { # NAME KEY-ALGORITHM...
	local name=$1
	shift
	openssl req -x509 -newkey "$@" -nodes -keyout key -out "$name.crt" -days 2 -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" 2>/dev/null
	cat "$name.crt" key >"$name.pem"
}
certificate ec ec -pkeyopt ec_paramgen_curve:P-256
certificate rsa rsa:2048
certificate other ec -pkeyopt ec_paramgen_curve:P-256
cp ec.pem certs/servercert.pem

serve() { # PROGRAM...: port in $port, fd 2 in log
	: >port
	: >log
	background tcpserver -1 -RHl0 127.0.0.1 0 "$@" >port 2>>log
	wait_for 10 test -s port
	port=$(cat port)
}
client() { timeout 20 openssl s_client -connect "127.0.0.1:$port" -quiet -ign_eof -CAfile ec.crt -verify_return_error "$@" 2>>client.log; }
raw() { # PYTHON: a client by hand; s is the socket, f reads from it, tls() begins TLS
	timeout 20 python3 -c "
import socket, ssl, sys, time
s = socket.create_connection(('127.0.0.1', $port)); f = s.makefile('rb', buffering=0)
def tls():
    global s, f
    x = ssl.create_default_context(); x.check_hostname = False; x.verify_mode = ssl.CERT_NONE
    s = x.wrap_socket(s); f = s.makefile('rb', buffering=0)
def reply():
    while (l := f.readline())[3:4] == b'-': pass
    return l.decode().strip()
def say(t): s.sendall(t.encode())
$1"
}

# ---- at once ----
serve dotls -v -n '' sh -c 'echo "$TLS_PROVIDER."; cat; echo bye'
is "TLS at once: both ways, the client's end" "$(raw 'tls(); print(f.readline()); say("word\n"); print(f.readline())')" \
	"b'dotls, .\\n'"$'\n'"b'word\\n'"
like "-v" "$(cat log)" '^dotls: pid [0-9]+ from 127.0.0.1 TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=[A-Z0-9_]+, bits=[0-9]+$'
wait_for 5 grep -q exiting log
like "-v, the end" "$(cat log)" '^dotls: pid [0-9]+ from 127.0.0.1 exiting\.\.\.$'
serve dotls -z -n ec.pem sh -c 'echo "$TLS_PROVIDER"'
like "-z" "$(client </dev/null)" '^dotls, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=TLS_AES_256_GCM_SHA384, bits=256$'
like "TLS 1.2" "$(client -tls1_2 </dev/null)" '^dotls, TLS Server=TLSv1.2, Client=TLSv1.2, Ciphers=ECDHE-ECDSA'
serve dotls -z -M TLSv1_2 -n rsa.pem sh -c 'echo "$TLS_PROVIDER"'
like "-M, RSA" "$(timeout 20 openssl s_client -connect "127.0.0.1:$port" -quiet -ign_eof -CAfile rsa.crt -verify_return_error </dev/null 2>/dev/null)" 'Client=TLSv1.2, Ciphers=ECDHE-RSA'
head -c 2000000 /dev/urandom >big
serve dotls -n '' cat big
ok "large, out" cmp big <(client </dev/null)
serve dotls -n '' sh -c 'wc -c >count'
raw 'tls(); say("x" * 3000000); s.unwrap().close()'
wait_for 5 test -s count
is "large, in; the client's end is told" "$(cat count)" 3000000
serve env BANNER='hello
' dotls -n '' echo in
is "BANNER before TLS" "$(raw 'print(f.readline().decode().strip()); tls(); print(f.readline().decode().strip())')" "hello"$'\nin'
serve dotls -n '' tcpserver --help
is "one of ours in the same process" "$(client </dev/null | head -1 | cut -d' ' -f1)" tcpserver
serve sh -c 'dotls -n "" sh -c "echo x; exit 9"; echo "code $?" >&2'
client </dev/null >/dev/null
wait_for 5 grep -q code log
is "the program's exit code" "$(grep code log)" "code 9"
serve sh -c 'dotls -n "" sh -c "kill -9 \$\$"; echo "code $?" >&2'
client </dev/null >/dev/null
wait_for 5 grep -q code log
is "it crashes" "$(grep code log)" "code 111"
serve dotls -n '' touch ran
raw 'say("this is no TLS at all, is it?\r\n\r\n"); f.read()'
wait_for 5 grep -q fatal log
like "garbage" "$(cat log)" '^dotls: fatal: connection failed'
is "the program did not run" "$(ls ran 2>&1 | grep -c No)" 1
serve dotls -t 1 -n '' true
raw 'f.read()'
like "silence" "$(wait_for 5 grep fatal log; cat log)" '^dotls: fatal: connection failed: (Connection|Operation) timed out'
serve dotls -D 1 -n '' sleep 5
raw 'tls(); f.read()' 2>/dev/null
like "-D" "$(wait_for 5 grep fatal log; cat log)" '^dotls: fatal: idle timeout reached without input \[1 sec\]$'
serve dotls -q -D 1 -n '' sleep 5
raw 'tls(); f.read()' 2>/dev/null
is "-q" "$(cat log)" ""
code "no certificate" 111 dotls -n nonexistent true </dev/null
code "no certificate, on demand" 111 dotls -s smtp -n nonexistent true </dev/null
is "its message" "$(cat err)" "dotls: fatal: unable to read nonexistent: No such file or directory"
code "none in -d" 111 dotls -d "$T" true </dev/null
# certificates of clients are asked for, never demanded
serve dotls -c other.crt -n '' echo in
is "a client without certificate" "$(client </dev/null)" in
is "a client with one" "$(client -cert rsa.pem </dev/null)" in

# ---- SMTP on demand ----
serve dotls -s smtp -n '' python3 "$here/plain.py" smtp heard
is "the capability is added" "$(raw 'reply(); say("EHLO a\r\n")
while True:
    l = f.readline().decode().strip(); print(l)
    if l[3] == " ": break')" "250-plain
250-PIPELINING
250-CHUNKING
250-AUTH LOGIN PLAIN
250-STARTTLS
250 8BITMIME"
is "plain text goes on without TLS" "$(printf 'HELP\nQUIT\n' | mconnect 127.0.0.1 "$port" | tr -d '\r' | tr '\n' '|')" "220 plain ESMTP|214 dotls, starttls|221 bye|"
like "openssl: TLS after STARTTLS" "$(printf 'HELP\r\nQUIT\r\n' | client -starttls smtp | tr -d '\r' | tr '\n' '|')" '214 dotls, starttls\|221 bye\|$'
like "openssl, TLS 1.2" "$(printf 'QUIT\r\n' | client -tls1_2 -starttls smtp)" '^221 '
: >heard
is "what is sent ahead of TLS is dropped" "$(raw '
reply(); say("STARTTLS\r\nMAIL FROM:<evil>\r\nRCPT TO:<x>\r\n"); print(reply()); tls(); say("NOOP\r\nQUIT\r\n"); print(reply()); print(reply())')" "220 ready for tls
250 ok
221 bye"
is "the program never heard it" "$(grep -c evil heard)" 0
: >heard
is "commands in one go are answered in turn" "$(raw '
reply(); say("EHLO a\r\nNOOP\r\nSTARTTLS\r\nevil\r\n"); print(reply()); print(reply()); print(reply())')" "250 8BITMIME
250 ok
220 ready for tls"
is "a message begun before TLS counts no more" "$(: >heard; raw '
reply(); say("MAIL FROM:<a>\r\n"); reply(); say("STARTTLS\r\n"); print(reply()); tls(); say("QUIT\r\n"); print(reply())' | tr '\n' ' '; sed 's/^[0-9]* //' heard | tr -d '\r' | tr '\n' ' ')" \
	"220 ready for tls 221 bye MAIL FROM:<a> RSET QUIT "
rm -f heard.mail
is "lines of a message are no commands" "$(raw '
reply(); say("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n"); [reply() for i in range(3)]
say("STARTTLS\r\n.\nSTARTTLS\r\n..\r\nQUIT\r\n\r\n.\r\nNOOP\r\nSTARTTLS\r\n"); print(reply()); print(reply()); print(reply()); tls(); say("QUIT\r\n"); print(reply())' | tr '\n' ' ')" \
	"250 taken 250 ok 220 ready for tls 221 bye "
is "the message is whole" "$(tr -d '\r' <heard.mail | tr '\n' '|')" 'STARTTLS|.|STARTTLS|..|QUIT||'
rm -f heard.mail
is "BDAT" "$(raw '
reply(); say("BDAT 10\r\nSTARTTLS\r\nBDAT 9 LAST\r\nSTARTTLS\nSTARTTLS\r\n"); print(reply()); print(reply()); print(reply()); tls(); say("QUIT\r\n"); print(reply())' | tr '\n' ' ')" \
	"250 taken 250 taken 220 ready for tls 221 bye "
is "its bytes" "$(tr -d '\r' <heard.mail | tr '\n' '|')" 'STARTTLS|STARTTLS|'
is "secrets are no commands" "$(raw '
reply(); say("AUTH LOGIN\r\nSTARTTLS\r\nSTARTTLS\r\nSTARTTLS\r\n"); print(reply()); print(reply()); print(reply()); print(reply())' | cut -c1-3 | tr '\n' ' ')" "334 334 535 220 "
is "STARTTLS with parameters" "$(raw 'reply(); say("STARTTLS x\r\n"); print(reply())')" "501 5.5.4 no parameters, please"
is "the program's farewell" "$(raw 'reply(); say("LEAVE\r\n"); print(reply(), f.read())')" "421 bye b''"
is "a line without end" "$(raw 'reply(); say("x" * 100000); say("\r\nNOOP\r\n"); print(reply()); print(reply())' | tr '\n' ' ')" "250 ok 250 ok "
is "a client that goes" "$(raw 'reply(); say("NOOP\r\n"); s.shutdown(1); print(reply(), f.read())')" "250 ok b''"
python3 -c 'print("\r\n".join("line %d STARTTLS" % i for i in range(100000)), end="\r\n")' >long
rm -f heard.mail
is "a large message" "$(raw 'reply(); say("DATA\r\n"); reply(); s.sendall(open("long", "rb").read() + b".\r\n"); print(reply())')" "250 taken"
ok "it is whole" cmp long heard.mail
rm -f heard.mail
is "a large message in TLS" "$(raw 'reply(); say("STARTTLS\r\n"); reply(); tls(); say("DATA\r\n"); reply(); s.sendall(open("long", "rb").read() + b".\r\n"); print(reply())')" "250 taken"
ok "it is whole" cmp long heard.mail
printf 'Subject: t\n\nswaks\n' >letter
if command -v swaks >/dev/null; then
	rm -f heard.mail
	ok "swaks -tls" swaks --server 127.0.0.1 --port "$port" -tls --from a@x --to b@y --data @letter
	like "its message" "$(cat heard.mail)" '^swaks'
	ok "swaks without TLS" swaks --server 127.0.0.1 --port "$port" --from a@x --to b@y --data @letter
fi
if command -v curl >/dev/null; then
	sed -i s/swaks/curl/ letter
	ok "curl" curl -sS --ssl-reqd --cacert ec.crt --connect-to "localhost:$port:127.0.0.1:$port" "smtp://localhost:$port" --mail-from a@x --mail-rcpt b@y -T letter
	like "its message" "$(cat heard.mail)" '^curl'
fi
if command -v gnutls-cli >/dev/null; then
	like "gnutls-cli" "$(printf 'HELP\r\nQUIT\r\n' | timeout 20 gnutls-cli --x509cafile=ec.crt --verify-hostname=localhost --crlf --starttls-proto=smtp -p "$port" 127.0.0.1 2>&1)" '^214 dotls, starttls'
else
	skip "gnutls-cli" "not installed"
fi
refused() { ! client -starttls smtp "$@" </dev/null >/dev/null; }
ok "TLS 1.1 is refused" refused -tls1_1 -cipher ALL:@SECLEVEL=0
ok "so is renegotiation" sh -c "! (sleep 0.3; echo R; sleep 0.3) | timeout 5 openssl s_client -connect 127.0.0.1:$port -starttls smtp -tls1_2 >renegotiation 2>&1; grep -Eqi 'no renegotiation|handshake failure' renegotiation"
serve dotls -s smtp -n '' -D 1 python3 "$here/plain.py" smtp heard
is "idle in plain text" "$(raw 'reply(); f.read()'; wait_for 5 grep fatal log; cat log)" "dotls: fatal: idle timeout reached without input [1 sec]"
serve dotls -s smtp -n '' -t 1 python3 "$here/plain.py" smtp heard
raw 'reply(); say("STARTTLS\r\n"); reply(); f.read()'
like "no handshake after STARTTLS" "$(wait_for 5 grep fatal log; cat log)" '^dotls: fatal: connection failed: (Connection|Operation) timed out'
# our own server
mkdir control && echo mail.test >control/me && echo y >control/rcpthosts
cat >queue <<'EOF'
#!/bin/sh
cat >"$T/queued"; cat <&1 >/dev/null; exit 0
EOF
chmod 755 queue
export T
serve env CONTROLDIR="$T/control" QMAILQUEUE="$T/queue" dotls -s smtp -n '' smtpd
raw 'reply(); say("STARTTLS\r\n"); print(reply()); tls()
for c in "EHLO a", "MAIL FROM:<a@x>", "RCPT TO:<b@y>", "DATA": say(c + "\r\n"); r = reply()
print(r); say("Subject: x\r\n\r\n.\r\n"); print(reply()[:3])' >got
is "smtpd behind it" "$(tr '\n' ' ' <got)" "220 ready for tls 354 go ahead 250 "
like "knows of TLS" "$(cat queued)" 'dotls, starttls'

# ---- POP3 and IMAP on demand ----
serve dotls -s pop3 -n '' python3 "$here/plain.py" pop3 heard
is "POP3: the capability is added" "$(raw 'f.readline(); say("CAPA\r\n")
while (l := f.readline()) != b".\r\n": print(l.decode().strip())' | tr '\n' '|')" "+OK Here's what I can do:|TOP|USER|STLS|"
like "POP3: openssl" "$(printf 'NOOP\r\nQUIT\r\n' | client -starttls pop3 | tr -d '\r')" '^\+OK dotls, starttls$'
is "POP3: what is sent ahead of TLS is dropped" "$(: >heard; raw 'f.readline(); say("STLS\r\nUSER evil\r\n"); print(f.readline().decode().strip()); tls(); say("QUIT\r\n"); print(f.readline().decode().strip())'; grep -c evil heard)" "+OK Begin SSL/TLS negotiation now.
+OK bye
0"
is "POP3: after the login nothing is watched" "$(raw 'f.readline(); say("USER a\r\nPASS secret\r\nRETR 1\r\nQUIT\r\n"); print(f.read().decode())' | tr -d '\r' | tr '\n' '|')" \
	"+OK|+OK|+OK|Subject: x||STLS|..|.|+OK bye||"
command -v curl >/dev/null && is "POP3: curl" "$(curl -sS --ssl-reqd --cacert ec.crt --connect-to "localhost:$port:127.0.0.1:$port" -u a:secret "pop3://localhost:$port/1" | tr -d '\r' | tr '\n' '|')" "Subject: x||STLS|.|"
serve dotls -s imap -n '' python3 "$here/plain.py" imap heard
is "IMAP: the capability is added" "$(raw 'print(f.readline().decode().strip()); say("a CAPABILITY\r\n"); print(f.readline().decode().strip())')" "* OK [CAPABILITY IMAP4rev1 ID STARTTLS] plain
* CAPABILITY IMAP4rev1 ID STARTTLS"
like "IMAP: openssl" "$(printf 'a NOOP\r\nb LOGOUT\r\n' | client -starttls imap | tr -d '\r')" '^\* OK dotls, starttls$'
is "IMAP: what is sent ahead of TLS is dropped" "$(: >heard; raw 'f.readline(); say("a STARTTLS\r\nb LOGIN evil secret\r\n"); print(f.readline().decode().strip()); tls(); say("c LOGOUT\r\n"); f.readline(); print(f.readline().decode().strip())'; grep -c evil heard)" "a OK Begin TLS negotiation now
c OK done
0"
is "IMAP: literals are no commands" "$(raw 'f.readline(); say("a LOGIN {12}\r\n"); print(f.readline().decode().strip()); say("b STARTTLS\r\n pass\r\n"); print(f.readline().decode().strip()); say("c STARTTLS\r\n"); print(f.readline().decode().strip())')" "+ go
a NO no
c OK Begin TLS negotiation now"
command -v curl >/dev/null && like "IMAP: curl" "$(curl -sS --ssl-reqd --cacert ec.crt --connect-to "localhost:$port:127.0.0.1:$port" -u a:secret "imap://localhost:$port/" -X 'LIST "" *')" '^\* LIST \(\) "/" INBOX'

# ---- clients ----
fake() { # KIND MODE CERT
	: >port
	background python3 "$here/starttls.py" "$@" >port 2>>server
	wait_for 10 test -s port
	port=$(cat port)
}
call() { timeout 20 tcpclient -RHl0 127.0.0.1 "$port" "$@"; }
fake none - ec.pem
is "-C: the program has 0 and 1" "$(call dotls -C sh -c 'echo word; read -r x; echo "got $x" >&2; echo end' 2>&1 >/dev/null)" "got WORD"
is "-T: it has 6 and 7" "$(call dotls -T sh -c 'echo word >&7; read -r x <&6; echo "got $x"; echo end >&7')" "got WORD"
is "-CT: the same" "$(call dotls -CT sh -c 'echo word >&7; read -r x <&6; echo "got $x"; echo end >&7')" "got WORD"
like "-z" "$(call dotls -zT sh -c 'echo "$TLS_PROVIDER"')" '^dotls, TLS Server=TLSv1.3'
code "its exit code" 7 call dotls -C sh -c 'exit 7'
code "-c" 0 call dotls -C -c ec.crt true
code "-c, another authority" 111 call dotls -C -c other.crt true
like "its message" "$(cat err)" '^dotls: fatal: unable to verify the certificate of 127.0.0.1: '
code "-h" 0 call dotls -C -c ec.crt -h localhost true
code "-h, another name" 111 call dotls -C -h mail.example true
is "its message" "$(cat err)" "dotls: fatal: the certificate of mail.example is not for mail.example"
code "NOTLS is for servers" 0 env NOTLS= timeout 20 tcpclient -RHl0 127.0.0.1 "$port" dotls -CT sh -c 'test -n "$TLS_PROVIDER"'
for kind in smtp pop3 imap; do
	fake $kind multi ec.pem
	is "$kind client: greeting, then TLS" "$(call dotls -T -s $kind sh -c 'echo "$TLS_PROVIDER"; echo word >&7; echo end >&7; tail -1 <&6')" "dotls, starttls"$'\nWORD'
	fake $kind inject ec.pem
	code "$kind client: plain text behind the consent" 111 call dotls -T -s $kind sh -c 'echo ran'
	is "$kind client: its message" "$(cat err)" "dotls: fatal: plain text behind the answer to STARTTLS"
	is "$kind client: the program did not run" "$(cat out)" ""
	fake $kind reject ec.pem
	code "$kind client: rejected" 100 call dotls -T -s $kind true
	is "$kind client: its message" "$(cat err)" "dotls: fatal: STARTTLS rejected"
done
done_testing
