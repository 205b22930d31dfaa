#!/bin/bash
# dnstlsarr: records of a signed zone behind a validating resolver, the AD bit and who may set it, exchangers of a
# domain, certificates compared over STARTTLS and at once, failing hosts.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
export CONTROLDIR=$T/control
mkdir control
echo helo.test >control/me

code "no argument: usage" 100 dnstlsarr
code "a port that is none: usage" 100 dnstlsarr -p 70000 mx.secure.example
code "no patience: usage" 100 dnstlsarr -c 0 mx.secure.example
code "usage under the other name" 100 dnstlsa
liar
code "no records" 100 dnstlsarr nodata.example
is "hard error" "$(cat err)" "hard error"
DNS_SERVERS=127.0.0.1:$(free_port) code "no server" 111 dnstlsarr nodata.example
is "soft error" "$(cat err)" "soft error"

if ! command -v unbound >/dev/null || ! command -v ldns-signzone >/dev/null; then
	skip "a signed zone" "no unbound or ldnsutils"
	done_testing
fi

# An authority, a certificate of it, and one that signed itself.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 2 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=mx.secure.example 2>/dev/null
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 2>/dev/null
cat leaf.pem ca.pem >chain.pem
spki() { openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER; }
hash() { openssl dgst "-$1" -r | cut -d' ' -f1; }
leaf311=$(spki leaf.pem | hash sha256)
leaf302=$(openssl x509 -in leaf.pem -outform DER | hash sha512)
leaf310=$(spki leaf.pem | od -An -vtx1 | tr -d ' \n')
ca201=$(openssl x509 -in ca.pem -outform DER | hash sha256)
none=$(printf '00%.0s' {1..32})

# A server with STARTTLS that speaks only for itself.
cat >smtp.py <<'E2'
import socket, ssl, sys, threading
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain('chain.pem', 'leaf.key')
def serve(s, kind):
    try:
        s.settimeout(20)
        if kind == 'silent':
            s.recv(1)
            return
        s.sendall(b'220 mx.secure.example ESMTP\r\n' if kind != 'busy' else b'421 busy\r\n')
        f = s.makefile('rb')
        while True:
            line = f.readline().strip().upper()
            if not line:
                return
            if line.startswith(b'EHLO'):
                s.sendall(b'250-mx.secure.example\r\n' + (b'250-STARTTLS\r\n' if kind != 'plain' else b'') + b'250 HELP\r\n')
            elif line == b'STARTTLS':
                s.sendall(b'220 go\r\n' + (b'250 injected\r\n' if kind == 'inject' else b''))
                if kind == 'garbage':
                    s.sendall(b'this is not TLS at all\r\n' * 10)
                    return
                f = None
                s = tls.wrap_socket(s, server_side=True)
                f = s.makefile('rb')
            else:
                s.sendall(b'221 bye\r\n')
                return
    except OSError:
        pass
    finally:
        s.close()
def listen(kind):
    l = socket.socket()
    l.bind(('127.0.0.1', 0))
    l.listen(20)
    def loop():
        while True:
            threading.Thread(target=serve, args=(l.accept()[0], kind), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    return l.getsockname()[1]
ports = ['%s=%d' % (k, listen(k)) for k in ('good', 'plain', 'inject', 'garbage', 'busy', 'silent')]
open('ports', 'w').write('\n'.join(ports) + '\n')
threading.Event().wait()
E2
background python3 smtp.py
wait_for 10 grep -q silent ports
. ./ports

cat >zone <<E2
\$ORIGIN secure.example.
\$TTL 600
@ IN SOA ns.secure.example. admin.secure.example. 1 3600 600 86400 60
@ IN NS ns
@ IN MX 10 mx
@ IN MX 10 also
@ IN MX 20 bare
ns IN A 127.0.0.1
mx IN A 127.0.0.1
also IN A 127.0.0.1
bare IN A 127.0.0.1
_25._tcp.mx IN TLSA 3 1 1 $leaf311
_25._tcp.also 60 IN TLSA 3 1 1 $none
_25._tcp.also 60 IN TLSA 2 0 1 $ca201
_$good._tcp.mx IN TLSA 3 1 1 $leaf311
_$good._tcp.full IN TLSA 3 0 2 $leaf302
full IN A 127.0.0.1
_$good._tcp.exact IN TLSA 3 1 0 $leaf310
exact IN A 127.0.0.1
_$good._tcp.above IN TLSA 2 0 1 $ca201
above IN A 127.0.0.1
_$good._tcp.itself IN TLSA 2 1 1 $leaf311
itself IN A 127.0.0.1
_$good._tcp.wrong IN TLSA 3 1 1 $none
wrong IN A 127.0.0.1
_$good._tcp.pkix IN TLSA 1 1 1 $leaf311
pkix IN A 127.0.0.1
_$good._tcp.noaddress IN TLSA 3 1 1 $leaf311
_$plain._tcp.mx IN TLSA 3 1 1 $leaf311
_$inject._tcp.mx IN TLSA 3 1 1 $leaf311
_$garbage._tcp.mx IN TLSA 3 1 1 $leaf311
_$busy._tcp.mx IN TLSA 3 1 1 $leaf311
_$silent._tcp.mx IN TLSA 3 1 1 $leaf311
_9._tcp.mx IN TLSA 3 1 1 $leaf311
_$good._tcp.alias IN CNAME _$good._tcp.mx
alias IN CNAME mx
E2
key=$(ldns-keygen -a ECDSAP256SHA256 -k secure.example)
ldns-signzone -n zone "$key" || fail "sign the zone"
# the same zone with a signature nobody made
sed 's/secure\.example/bogus.example/g' zone.signed >bogus.signed
sed 's/secure\.example/bogus.example/g' "$key.key" >bogus.key
port=$(free_port)
cat >unbound.conf <<E2
server:
	interface: 127.0.0.1@$port
	port: $port
	username: ""
	chroot: ""
	directory: "$T"
	pidfile: ""
	use-syslog: no
	do-not-query-localhost: no
	module-config: "validator iterator"
	trust-anchor-file: "$T/$key.key"
	trust-anchor-file: "$T/bogus.key"
	local-zone: example. nodefault
auth-zone:
	name: secure.example.
	zonefile: "$T/zone.signed"
	for-downstream: no
	for-upstream: yes
	fallback-enabled: no
auth-zone:
	name: bogus.example.
	zonefile: "$T/bogus.signed"
	for-downstream: no
	for-upstream: yes
	fallback-enabled: no
remote-control:
	control-enable: no
E2
background unbound -d -c unbound.conf >unbound-log 2>&1
export DNS_SERVERS=127.0.0.1:$port
wait_for 10 dnsip ns.secure.example || { fail "start unbound"; sed 's/^/# /' unbound-log; }

code "records" 0 dnstlsarr mx.secure.example
is "a line for each" "$(cat out)" "mx.secure.example ttl=600 3 1 1 $leaf311"
is "another port" "$(dnstlsa -p "$good" full.secure.example)" "full.secure.example ttl=600 3 0 2 $leaf302"
is "along an alias" "$(dnstlsarr -p "$good" alias.secure.example | cut -d' ' -f3-)" "3 1 1 $leaf311"
is "-m: all exchangers" "$(dnstlsarr -m secure.example | sed s/ttl=59./ttl=600/ | sort)" "also.secure.example ttl=60 2 0 1 $ca201
also.secure.example ttl=60 3 1 1 $none
mx.secure.example ttl=600 3 1 1 $leaf311"
code "-m: no such domain" 100 dnstlsarr -m none.secure.example
like "-v 1: the resolver vouches for it" "$(dnstlsarr -v 1 mx.secure.example 2>&1)" '^_25\._tcp\.mx\.secure\.example: 1 records, authenticated$'
code "a forged zone" 111 dnstlsarr mx.bogus.example
is "soft error: it must not look like no records" "$(cat err)" "soft error"
liar_port=$(cat liar-port)
like "a server that sets no AD bit" "$(DNS_SERVERS=127.0.0.1:$liar_port dnstlsarr -v 1 nodata.example 2>&1)" ': 0 records, not authenticated$'
if [ "$(id -u)" = 0 ] && command -v ip >/dev/null && unshare -n true 2>/dev/null; then
	cat >far.sh <<'E2'
ip link set lo up && ip addr add 192.0.2.53/32 dev lo
python3 - <<'E3' &
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('192.0.2.53', 53))
open('far', 'w').close()
while True:
    q, peer = s.recvfrom(4096)
    n = q.index(b'\0', 12) + 5
    s.sendto(q[:2] + b'\x81\xa0\0\1\0\1\0\0\0\0' + q[12:n] + b'\xc0\x0c\0\x34\0\1\0\0\0\x3c\0\x05\3\1\1ab', peer)
E3
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e far ] || sleep 0.1; done
printf 'nameserver 192.0.2.53\n' >resolv.conf
mount --bind resolv.conf /etc/resolv.conf
DNS_SERVERS= dnstlsarr -v 1 far.example
printf 'options edns0 trust-ad\n' >>resolv.conf
DNS_SERVERS= dnstlsarr -v 1 far.example
kill $!
E2
	is "AD of a server elsewhere counts with trust-ad only" "$(unshare -mn bash far.sh 2>&1 | grep -o '[a-z ]*authenticated' | tr '\n' ,)" " not authenticated, authenticated,"
else
	skip "AD of a server elsewhere" "needs root and namespaces"
fi

if ! "$INDIMAIL" --version | grep -qw tls; then
	skip "certificates" "no TLS in this build"
	done_testing
fi
code "-s: matched" 0 dnstlsarr -s -p "$good" mx.secure.example
is "record and result" "$(cat out)" "TLSARR[0]:_$good._tcp.mx.secure.example IN TLSA ( 3 1 1 $leaf311 )
matched sha256 fingerprint [$leaf311] of subjectPublicKeyInfo"
is "SHA-512 of the whole certificate" "$(dnstlsarr -s -p "$good" full.secure.example | tail -1)" \
	"matched sha512 fingerprint [$leaf302] of full certificate"
is "the key itself" "$(dnstlsarr -s -p "$good" exact.secure.example | tail -1)" \
	"matched full data [$leaf310] of subjectPublicKeyInfo"
is "the authority above" "$(dnstlsarr -s -p "$good" above.secure.example | tail -1)" \
	"matched sha256 fingerprint [$ca201] of full certificate"
code "failed" 100 dnstlsarr -s -p "$good" wrong.secure.example
is "its words" "$(tail -1 out)" "failed sha256 fingerprint [$none] of subjectPublicKeyInfo"
code "no host is its own authority" 100 dnstlsarr -s -p "$good" itself.secure.example
code "usages 0 and 1 are not usable" 100 dnstlsarr -s -p "$good" pkix.secure.example
is "its words" "$(tail -1 out)" "not usable record [$leaf311] of subjectPublicKeyInfo"
code "-v 2" 0 dnstlsarr -v 2 -s -p "$good" mx.secure.example
is "the dialogue" "$(grep -E '^(client|server): ' err)" "server: 220 mx.secure.example ESMTP
client: EHLO helo.test
server: 250-mx.secure.example
server: 250-STARTTLS
server: 250 HELP
client: STARTTLS
server: 220 go"
like "the connection" "$(cat err)" "^mx\.secure\.example 127\.0\.0\.1 port $good: connected$"
like "TLS" "$(cat err)" '^TLS Server=TLSv1\.3, Client=TLSv1\.3, Ciphers='
broken() {
	code "$1" 111 dnstlsarr -c 2 -t 2 -s -p "$2" "${4-mx}.secure.example"
	like "$1: why" "$(cat err)" "$3"
}
broken "no STARTTLS" "$plain" 'warning: mx.secure.example: no STARTTLS$'
broken "text behind the answer to STARTTLS" "$inject" 'warning: mx.secure.example: no STARTTLS$'
broken "garbage for TLS" "$garbage" 'warning: mx.secure.example: '
broken "a busy server" "$busy" 'warning: mx.secure.example: no SMTP service$'
broken "a silent server" "$silent" 'warning: mx.secure.example: no SMTP service$'
broken "nobody listens" 9 'warning: unable to connect to mx.secure.example: Connection refused$'
broken "a host without address" "$good" 'warning: unable to connect to noaddress.secure.example: ' noaddress
done_testing
