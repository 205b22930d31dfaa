#!/bin/bash
# tcpclient in TLS: versions, certificates of both sides, STARTTLS in three protocols, servers that cheat, time limits.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
needs_tls
fake() { # KIND MODE CERT: port in $port
	: >port
	background python3 "$here/starttls.py" "$@" >port 2>>server
	wait_for 10 test -s port
	port=$(cat port)
}
export CERTDIR=$T/certs
mkdir certs
ca() { # NAME: an authority
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null
}
signed() { # NAME AUTHORITY KEY-ALGORITHM...: certificate and key in NAME.pem
	local name=$1 by=$2
	shift 2
	openssl req -newkey "$@" -nodes -keyout key -out req -subj "/CN=$name" 2>/dev/null
	openssl x509 -req -in req -CA "$by.pem" -CAkey "$by.key" -CAcreateserial -days 2 -out "$name.pem" \
		-extfile <(echo "subjectAltName=DNS:$name") 2>/dev/null
	cat key >>"$name.pem"
}
ca root
ca other
signed localhost root ec -pkeyopt ec_paramgen_curve:P-256
signed rsa.example root rsa:2048
signed client root ec -pkeyopt ec_paramgen_curve:P-256

# TLS at once
fake none - localhost.pem
is "joined" "$(printf 'word\nend\n' | tcpclient -n '' 127.0.0.1 "$port")" WORD
is "joined, 1 MB both ways" "$( (yes | head -c 1000000; echo; echo end) | tcpclient -n '' 127.0.0.1 "$port" | md5sum)" "$( (yes Y | head -c 1000000; echo) | md5sum)"
is "a program" "$(tcpclient -n '' 127.0.0.1 "$port" sh -c 'echo word >&7; head -n 1 <&6')" WORD
is "whatever number the connection has" "$(exec 3</dev/null 4</dev/null 5</dev/null; tcpclient -n '' 127.0.0.1 "$port" sh -c 'echo word >&7; head -n 1 <&6')" WORD
code "its exit code" 7 tcpclient -n '' 127.0.0.1 "$port" sh -c 'exit 7'
code "it crashes" 111 tcpclient -n '' 127.0.0.1 "$port" sh -c 'kill -9 $$'
code "it cannot be run" 111 tcpclient -n '' 127.0.0.1 "$port" ./nonexistent
is "one of ours" "$(printf 'word\nend\n' | tcpclient -n '' 127.0.0.1 "$port" mconnect-io)" "WORD"$'\r'
is "the end of the server is the program's" "$(tcpclient -n '' 127.0.0.1 "$port" sh -c 'echo end >&7; cat <&6; echo over')" over
is "what the program says last arrives" "$(tcpclient -n '' 127.0.0.1 "$port" sh -c 'yes | head -c 200000 >&7; echo; echo end >&7; cat <&6 | wc -c')" $'\n200000'
fds() { "$@" sh -c 'ls -l /proc/self/fd' | grep -c socket; }
is "the connection is not the program's" "$(fds tcpclient -n '' 127.0.0.1 "$port")" "$(fds env)"
is "TLS_PROVIDER" "$(tcpclient -n '' 127.0.0.1 "$port" sh -c 'echo "$TLS_PROVIDER."')" "tcpclient, ."
like "TLS_PROVIDER with details" "$(tcpclient -z -n '' 127.0.0.1 "$port" sh -c 'echo "$TLS_PROVIDER"')" \
	'^tcpclient, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=TLS_AES_256_GCM_SHA384, bits=256$'
is "variables of the connection" "$(tcpclient -RHl0 -n '' 127.0.0.1 "$port" sh -c 'echo "$PROTO $TCPREMOTEIP $TCPREMOTEPORT"')" "TCP 127.0.0.1 $port"
like "-M" "$(tcpclient -M TLSv1_2 -z -n '' 127.0.0.1 "$port" sh -c 'echo "$TLS_PROVIDER"')" 'Client=TLSv1.2'
code "-M with a word nobody knows" 111 tcpclient -M TLSv9 -n '' 127.0.0.1 "$port" true
echo "ECDHE-ECDSA-AES128-GCM-SHA256 and more" >ciphers
like "-f" "$(tcpclient -f ciphers -M TLSv1_2 -z -n '' 127.0.0.1 "$port" sh -c 'echo "$TLS_PROVIDER"')" 'Ciphers=ECDHE-ECDSA-AES128-GCM-SHA256, bits=128'
like "TLS_CIPHER_LIST" "$(TLS_CIPHER_LIST=ECDHE-ECDSA-CHACHA20-POLY1305 tcpclient -M TLSv1_2 -z -n '' 127.0.0.1 "$port" sh -c 'echo "$TLS_PROVIDER"')" 'CHACHA20'
code "-f with a file that is not there" 111 tcpclient -f nonexistent -n '' 127.0.0.1 "$port" true
is "its message" "$(cat err)" "tcpclient: fatal: unable to read nonexistent: No such file or directory"

# the server's certificate
code "nobody asked: any certificate" 0 tcpclient -n '' 127.0.0.1 "$port" true
code "-c" 0 tcpclient -n '' -c root.pem 127.0.0.1 "$port" true
code "-c, another authority" 111 tcpclient -n '' -c other.pem 127.0.0.1 "$port" sh -c 'echo ran'
like "its message" "$(cat err)" '^tcpclient: fatal: unable to verify the certificate of 127.0.0.1: '
is "the program did not run" "$(cat out)" ""
code "-c, another authority, joined" 111 tcpclient -n '' -c other.pem 127.0.0.1 "$port" </dev/null
code "-c, unreadable" 111 tcpclient -n '' -c nonexistent 127.0.0.1 "$port" true
code "-m" 0 tcpclient -n '' -m localhost 127.0.0.1 "$port" true
code "-m, the host called" 0 tcpclient -4 -n '' -m '' localhost "$port" true
code "-m, another name" 111 tcpclient -n '' -m mail.example 127.0.0.1 "$port" true
is "its message" "$(cat err)" "tcpclient: fatal: the certificate of 127.0.0.1 is not for mail.example"
cp other.pem certs/serverca.pem
code "default authorities refuse nobody" 0 tcpclient -n '' 127.0.0.1 "$port" true
code "but with -m" 111 tcpclient -n '' -m localhost 127.0.0.1 "$port" true
code "SERVERCA" 0 env SERVERCA="$T/root.pem" tcpclient -n '' -m localhost 127.0.0.1 "$port" true
mkdir dir && cp root.pem dir/serverca.pem
code "-C" 0 tcpclient -C dir -n '' -m localhost 127.0.0.1 "$port" true
rm certs/serverca.pem
code "a certificate of ours that is not there" 111 tcpclient -n nonexistent 127.0.0.1 "$port" true

# ours
fake none clientcert=root.pem localhost.pem
is "-n" "$(printf 'word\nend\n' | tcpclient -n client.pem 127.0.0.1 "$port")" WORD
cp client.pem certs/clientcert.pem
is "the default one" "$(printf 'word\nend\n' | tcpclient -n '' 127.0.0.1 "$port")" WORD
rm certs/clientcert.pem
is "TLS_CERTFILE" "$(printf 'word\nend\n' | TLS_CERTFILE=$T/client.pem tcpclient -n '' 127.0.0.1 "$port")" WORD
is "none: the server refuses" "$(printf 'word\nend\n' | tcpclient -n '' 127.0.0.1 "$port" 2>/dev/null)" ""
fake none tls12 rsa.example.pem
like "TLS 1.2 and RSA" "$(tcpclient -z -n '' -c root.pem -m rsa.example 127.0.0.1 "$port" sh -c 'echo "$TLS_PROVIDER"')" 'TLS Server=TLSv1.2, .*RSA'

# STARTTLS
for kind in smtp pop3 imap; do
	case $kind in smtp) greeting='220 fake ESMTP' ;; pop3) greeting='+OK fake' ;; imap) greeting='* OK fake' ;; esac
	fake $kind - localhost.pem
	is "$kind: the greeting, then TLS" "$(printf 'word\nend\n' | tcpclient -n '' -s $kind 127.0.0.1 "$port")" "$greeting"$'\r\nWORD'
	is "$kind: a program reads the greeting, too" \
		"$(tcpclient -n '' -s $kind 127.0.0.1 "$port" sh -c 'echo word >&7; echo end >&7; cat <&6')" "$greeting"$'\r\nWORD'
	fake $kind multi localhost.pem
	is "$kind: answers of several lines" "$(printf 'word\nend\n' | tcpclient -n '' -s $kind 127.0.0.1 "$port" | tail -1)" WORD
	fake $kind inject localhost.pem
	code "$kind: plain text behind the consent" 111 tcpclient -n '' -s $kind 127.0.0.1 "$port" </dev/null
	is "$kind: its message" "$(cat err)" "tcpclient: fatal: plain text behind the answer to STARTTLS"
	is "$kind: nothing of it is shown" "$(grep -c injected out)" 0
	fake $kind reject localhost.pem
	code "$kind: rejected" 111 tcpclient -n client.pem -s $kind 127.0.0.1 "$port" sh -c 'echo ran'
	is "$kind: its message" "$(cat err)" "tcpclient: fatal: STARTTLS rejected while client.pem exists"
	is "$kind: the program did not run" "$(cat out)" ""
	fake $kind badgreet localhost.pem
	code "$kind: a greeting that is none" 111 tcpclient -n '' -s $kind 127.0.0.1 "$port" true
	is "$kind: its message" "$(cat err)" "tcpclient: fatal: connected but greeting failed"
done
fake smtp ehlo localhost.pem
is "smtp: a server that wants EHLO first" "$(printf 'word\nend\n' | tcpclient -n '' -s smtp 127.0.0.1 "$port" | tail -1)" WORD
fake smtp silent localhost.pem
code "smtp: a silent server" 111 tcpclient -T 1 -n '' -s smtp 127.0.0.1 "$port" true
like "smtp: its message" "$(cat err)" '^tcpclient: fatal: connected but greeting failed: (Connection|Operation) timed out$'
fake smtp long localhost.pem
code "smtp: a greeting without end" 111 tcpclient -n '' -s smtp 127.0.0.1 "$port" true
fake none - localhost.pem

# servers that are none
: >port
background tcpserver -1 -RHl0 127.0.0.1 0 sh -c 'echo plain; sleep 3' >port
wait_for 10 test -s port
code "no TLS at all" 111 tcpclient -n '' 127.0.0.1 "$(cat port)" true
like "its message" "$(cat err)" '^tcpclient: fatal: connection failed'
: >port
background tcpserver -1 -RHl0 127.0.0.1 0 sleep 5 >port
wait_for 10 test -s port
code "a handshake without end" 111 tcpclient -T 1 -n '' 127.0.0.1 "$(cat port)" true
like "its message" "$(cat err)" '^tcpclient: fatal: connection failed: (Connection|Operation) timed out'
code "-q" 111 tcpclient -q -T 1 -n '' 127.0.0.1 "$(cat port)" true
is "no message" "$(cat err)" ""
fake none - localhost.pem
code "-a" 111 tcpclient -a 1 -n '' 127.0.0.1 "$port" sleep 3
is "its message" "$(cat err)" "tcpclient: fatal: no data for 1 seconds"
done_testing
