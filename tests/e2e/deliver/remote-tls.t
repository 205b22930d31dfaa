#!/bin/bash
# remote in TLS: opportunistic, demanded, forbidden, from the first byte; hosts that must prove who they are; attacks.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
needs_tls
export CONTROLDIR=$T/control QUEUEDIR=$T/q CERTDIR=$T/certs
mkdir -p control q/lock certs/tlshosts certs/notlshosts
echo client.test >control/me
echo 5 >control/timeoutremote
echo 3 >control/timeoutconnect
head -c 2048 /dev/zero >q/lock/tcpto
printf 'Subject: t\n\n.dot\nline\n' >msg

# certificate FILE NAME [KEY]: self-signed, with its key
certificate() {
	openssl req -x509 -newkey "${3-rsa:2048}" ${4+-pkeyopt "$4"} -nodes -days 2 -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
		-keyout "$1.key" -out "$1.crt" 2>/dev/null && cat "$1.crt" "$1.key" >"$1"
}
certificate sink.pem mx.test
certificate ec.pem mx.test ec ec_paramgen_curve:P-256
certificate client.pem client.test

sink() {
	local name=$1
	shift
	background python3 "$HERE/smtp_sink.py" "$T/$name.port" "$T/$name" "$@"
	wait_for 5 test -s "$T/$name.port" || fail "sink $name did not start"
	PORT=$(cat "$T/$name.port")
}
# the relay's name is what certificates and tlshosts speak of
dns=$(free_port)
background dnsmasq -k -p "$dns" -u "$(id -un)" -a 127.0.0.1 -z -C /dev/null -R -h -H /dev/null --pid-file= --host-record=mx.test,127.0.0.1
export DNS_SERVERS=127.0.0.1:$dns
sleep 0.3
deliver() { R=$(SMTPROUTE=":mx.test:$PORT" qmail-remote x.test from@client.test '' "$(stat -c %s msg)" "${@:-a@x.test}" <msg | tr '\0' '|'); }
said() { wait_for 2 grep -q '^QUIT' "$T/$1/${2:-0}.log"; tr '\n' ';' <"$T/$1/${2:-0}.log"; }
PLAIN="EHLO client.test;MAIL FROM:<from@client.test>;RCPT TO:<a@x.test>;DATA;QUIT;"
CRYPT="EHLO client.test;STARTTLS;EHLO client.test;MAIL FROM:<from@client.test>;RCPT TO:<a@x.test>;DATA;QUIT;"
OFFER='ehlo=250-sink|250 STARTTLS'

sink one tls=sink.pem "$OFFER"
deliver
is "without a certificate of ours: plain text" "$(said one)" "$PLAIN"
like "... and SMTP in the report" "$R" '\|K127.0.0.1 accepted message - Protocol SMTP\.'
cp client.pem certs/clientcert.pem
deliver
is "with one: TLS when it is offered" "$(said one 1)" "$CRYPT"
is "newest version, the server's name" "$(cat one/1.tls)" "TLSv1.3 mx.test"
like "... and SMTPS in the report" "$R" '\|K127.0.0.1 accepted message - Protocol SMTPS\.'
is "the message arrives whole" "$(od -An -c one/1.msg | tr -d ' \n')" 'Subject:t\r\n\r\n.dot\r\nline\r\n'
sink old tls=ec.pem tlsmax=1.2 "$OFFER"
deliver
is "TLS 1.2, ECDSA" "$(cat old/0.tls)" "TLSv1.2 mx.test"
echo TLSv1_2 >control/tlsclientmethod
PORT=$(cat one.port)
deliver
is "tlsclientmethod" "$(cat one/2.tls)" "TLSv1.2 mx.test"
rm control/tlsclientmethod
echo nonsense >certs/clientcert.pem
deliver
like "a certificate of ours that is none: TLS without it" "$R" 'Protocol SMTPS\.'
cp client.pem certs/clientcert.pem

# forbidden
echo x.test >control/notlshosts
deliver
like "control/notlshosts: the recipient's domain" "$R" 'Protocol SMTP\.'
rm control/notlshosts
: >certs/notlshosts/mx.test
deliver
like "certs/notlshosts: the host" "$R" 'Protocol SMTP\.'
rm certs/notlshosts/mx.test
: >certs/notlshosts/x.test
deliver
like "... the domain" "$R" 'Protocol SMTP\.'
cp sink.pem.crt certs/tlshosts/mx.test.pem
deliver
like "tlshosts is stronger" "$R" 'Protocol SMTPS\.'
rm certs/notlshosts/x.test certs/tlshosts/mx.test.pem
: >certs/tlshosts/exhaustivelist
deliver
like "exhaustivelist: nobody else" "$R" 'Protocol SMTP\.'
cp sink.pem.crt certs/tlshosts/mx.test.pem
deliver
like "... but those listed" "$R" 'Protocol SMTPS\.'
rm certs/tlshosts/exhaustivelist

# demanded
sink bare
deliver
like "demanded and not offered" "$R" '^\|?ZConnected to 127.0.0.1 but there is no TLS as it must be: it is not offered\. \(#4\.7\.5\)'
is "... nothing was sent" "$(said bare)" "EHLO client.test;"
sink refuses tls=sink.pem "$OFFER" 'starttls=454 not now'
deliver
like "demanded and refused" "$R" 'STARTTLS was rejected with code 454\. \(#4\.7\.5\)'
sink breaks tls=sink.pem "$OFFER" tlsbreak=1
deliver
like "demanded and broken" "$R" 'no TLS as it must be: connection failed: .*\(#4\.7\.5\)'
PORT=$(cat old.port)
deliver
like "another certificate than the one trusted" "$R" 'certificate not trusted: .*\(#4\.7\.5\)'
certificate other.pem elsewhere.test
cp other.pem.crt certs/tlshosts/mx.test.pem
sink other tls=other.pem "$OFFER"
deliver
like "a trusted certificate of another host" "$R" 'certificate not trusted: it is for another host\. \(#4\.7\.5\)'
is "... nothing was sent" "$(said other)" "EHLO client.test;STARTTLS;"
rm certs/tlshosts/mx.test.pem

# opportunistic: mail goes anyway
PORT=$(cat refuses.port)
deliver
is "refused: plain text on the same connection" "$(said refuses 1)" "EHLO client.test;STARTTLS;MAIL FROM:<from@client.test>;RCPT TO:<a@x.test>;DATA;QUIT;"
PORT=$(cat breaks.port)
deliver
is "broken: a new connection without TLS" "$(said breaks 2)" "$PLAIN"
like "... delivered" "$R" 'Protocol SMTP\.'

# words in plain text behind the 220 are not the server's
sink injects tls=sink.pem "$OFFER" $'behind=250-evil\r\n250 SIZE 1'
deliver
like "plain text behind STARTTLS is not believed" "$R" '\|K127.0.0.1 accepted message - Protocol SMTPS\.'
is "... the second hello has its own answer" "$(said injects)" "$CRYPT"

# from the first byte
sink first tls=sink.pem tlsfirst=1
R=$(SMTPS=1 SMTPROUTE=":mx.test:$PORT" qmail-remote x.test from@client.test '' 22 a@x.test <msg | tr '\0' '|')
like "SMTPS" "$R" 'Protocol SMTPS\.'
is "... the dialogue" "$(said first)" "EHLO client.test;MAIL FROM:<from@client.test> SIZE=22;RCPT TO:<a@x.test>;DATA;QUIT;"
PORT=$(cat bare.port)
R=$(SMTPS=1 SMTPROUTE=":mx.test:$PORT" qmail-remote x.test from@client.test '' 22 a@x.test <msg | tr '\0' '|')
like "SMTPS to a server in plain text" "$R" 'no TLS as it must be: connection failed'
if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
	cat >routed.sh <<-'END'
	ip link set lo up
	python3 "$1/smtp_sink.py" p465 s465 tls=sink.pem tlsfirst=1 port=465 &
	a=$!
	python3 "$1/smtp_sink.py" p6209 s6209 tls=sink.pem tlsfirst=1 port=6209 qmtp=K &
	b=$!
	for i in $(seq 100); do [ -s p465 ] && [ -s p6209 ] && break; sleep 0.05; done
	SMTPROUTE=:127.0.0.1:465 qmail-remote x.test from@client.test '' 22 a@x.test <msg | tr '\0' '|' >r465
	QMTPROUTE=:127.0.0.1:6209 qmail-remote x.test from@client.test '' 22 a@x.test <msg | tr '\0' '|' >r6209
	kill $a $b
	END
	unshare -n bash routed.sh "$HERE"
	like "a route to port 465" "$(cat r465)" 'Protocol SMTPS\.'
	like "a route to port 6209: QMTP in TLS" "$(cat r6209)" 'accepted message - Protocol QMTP'
	like "an address is no server name" "$(cat s465/0.tls)" ' None$'
else
	skip "routes to ports 465 and 6209" "needs root and a network namespace"
fi
done_testing
