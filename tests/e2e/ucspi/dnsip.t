#!/bin/bash
# dnsip: addresses, exit codes; here also what all DNS tools share: servers that lie, loop, fail or stay silent,
# /etc/hosts, short names and rewriting rules, which servers are asked.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
unset DNSCACHEIP LOCALDOMAIN DNSREWRITEFILE

code "no argument: usage" 100 dnsip
code "two arguments: usage" 100 dnsip a b
like "usage names the argument" "$(dnsip 2>&1)" 'usage: .*dnsip name'
code "--help" 0 dnsip --help

liar
# slow ones run beside everything else
for n in silent halftcp bare garbage question; do
	(dnsip $n.example >$n.out 2>$n.err; echo $? >$n.code) &
	PIDS="$PIDS $!"
done
# expect TEXT NAME CODE OUTPUT
expect() {
	code "$1: exit $3" "$3" dnsip "$2"
	is "$1: output" "$(tr '\n' ' ' <out)" "$4"
}
expect "A and AAAA" good.example 0 "192.0.2.1 2001:db8::1 "
expect "final dot" good.example. 0 "192.0.2.1 2001:db8::1 "
expect "an IPv4 address is its own" 192.0.2.9 0 "192.0.2.9 "
expect "an IPv6 address is its own" 2001:DB8::9 0 "2001:db8::9 "
expect "brackets and zeros" '[127.000.000.001]' 0 "127.0.0.1 "
expect "localhost needs no server" localhost 0 "$(awk '{sub("#.*","")} {for(i=2;i<=NF;i++) if ($i=="localhost") print $1}' /etc/hosts | sort -u | awk '/:/{six=six $1 " "; next} {four=four $1 " "} END {s = four six; print s == "" ? "127.0.0.1 ::1 " : s}')"
expect "below localhost neither" x.localhost 0 "127.0.0.1 ::1 "
expect "truncated: over TCP" trunc.example 0 "192.0.2.1 "
expect "case of the answer does not matter" upper.example 0 "192.0.2.4 "
expect "alias with its address; other records do not count" mixed.example 0 "192.0.2.2 "
expect "chain after the address" backward.example 0 "192.0.2.3 "
expect "chain the server did not follow" step.example 0 "192.0.2.1 2001:db8::1 "
expect "a server without EDNS" noedns.example 0 "192.0.2.5 c000:205:c000:205:c000:205:c000:205 "
expect "one family fails, the other is there" half.example 0 "192.0.2.6 "
hard() { expect "$1" "$2" 100 ""; is "$1: hard error" "$(cat err)" "hard error"; }
soft() { expect "$1" "$2" 111 ""; is "$1: soft error" "$(cat err)" "soft error"; }
hard "no such name" noname.example
hard "no address" nodata.example
hard "alias to nothing" denied.example
hard "answer about another name" foreign.example
hard "no name at all" ''
hard "label of 64 bytes" "$(printf 'x%.0s' {1..64}).example"
hard "name of 256 bytes" "$(printf 'abcdefg.%.0s' {1..32})"
hard "empty label" a..example
hard "blank in a name" 'a b.example'
for n in servfail refused notimp yxdomain loop self endless pingpong pointer forward cut count short query; do
	soft "$n" $n.example
done
code "63 bytes are a label" 100 dnsip "$(printf 'x%.0s' {1..63}).noname.example"

printf '# comment\n=short:good.example\n-.gone:good.example\n*.af:.example\n?:.example\n*.:\n=nothing:\n' >rewrite
export DNSREWRITEFILE=$T/rewrite
expect "rule =" short 0 "192.0.2.1 2001:db8::1 "
expect "rule -" any.name.gone 0 "192.0.2.1 2001:db8::1 "
expect "rule *" good.af 0 "192.0.2.1 2001:db8::1 "
expect "rule ?" good 0 "192.0.2.1 2001:db8::1 "
hard "rule ? leaves dotted names alone" good.other
printf '=me:127.0.0.3\n?:+.other+.example' >rewrite
expect "a name becomes an address" me 0 "127.0.0.3 "
expect "several domains in turn" good 0 "192.0.2.1 2001:db8::1 "
hard "in none of them" noname
soft "the first failure ends the search" servfail
unset DNSREWRITEFILE
export LOCALDOMAIN="other example"
expect "LOCALDOMAIN, several" good 0 "192.0.2.1 2001:db8::1 "
LOCALDOMAIN=example expect "LOCALDOMAIN, one" good 0 "192.0.2.1 2001:db8::1 "
LOCALDOMAIN=.example expect "LOCALDOMAIN with a dot" good 0 "192.0.2.1 2001:db8::1 "
expect "as it stands when no domain has it" good.example 0 "192.0.2.1 2001:db8::1 "
export LOCALDOMAIN=other
hard "no domain has it" good
unset LOCALDOMAIN

port=${DNS_SERVERS#*:}
DNS_SERVERS= DNSCACHEIP=127.0.0.1:$port expect "DNSCACHEIP" good.example 0 "192.0.2.1 2001:db8::1 "
DNS_SERVERS= DNSCACHEIP="no-address 127.0.0.1:$port" expect "DNSCACHEIP with a bad word" good.example 0 "192.0.2.1 2001:db8::1 "
DNSCACHEIP=192.0.2.1 expect "DNS_SERVERS is before DNSCACHEIP" good.example 0 "192.0.2.1 2001:db8::1 "
closed=$(free_port)
DNS_SERVERS="127.0.0.1:$closed 127.0.0.1:$port" expect "a dead server is passed over" good.example 0 "192.0.2.1 2001:db8::1 "
DNS_SERVERS="127.0.0.1:$closed" soft "only a dead server" good.example
is "no output possible" "$(dnsip good.example >/dev/full 2>/dev/null; echo $?)" 111

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	printf 'nameserver 192.0.2.53\nsearch other.example example\n' >resolv.conf
	printf '192.0.2.77 hosted hosted.example\n2001:db8::77 hosted # the same\nnonsense hosted\n' >hosts
	inside() { unshare -m sh -c 'mount --bind resolv.conf /etc/resolv.conf && mount --bind hosts /etc/hosts && exec "$@"' - "$@"; }
	is "/etc/hosts, both families" "$(inside dnsip hosted | tr '\n' ' ')" "192.0.2.77 2001:db8::77 "
	is "search list of resolv.conf" "$(inside dnsip good | tr '\n' ' ')" "192.0.2.1 2001:db8::1 "
	is "only the last search line counts" "$(printf 'search a\ndomain other\n' >>resolv.conf; inside dnsip good 2>&1)" "hard error"
	if command -v ip >/dev/null; then
		cat >local6.py <<'E2'
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('fe80::53', 53, 0, socket.if_nametoindex('lo')))
open('local6', 'w').close()
while True:
    q, peer = s.recvfrom(4096)
    n = q.index(b'\0', 12) + 5
    a = b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4' if q[n - 3] == 1 else b''
    s.sendto(q[:2] + b'\x81\x80\0\1\0' + bytes([len(a) > 0]) + b'\0\0\0\0' + q[12:n] + a, peer)
E2
		cat >local6.sh <<'E2'
ip link set lo up && ip addr add fe80::53/64 dev lo nodad || exit
python3 local6.py &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e local6 ] || sleep 0.1; done
DNS_SERVERS= DNSCACHEIP=fe80::53%lo dnsip x.example
DNS_SERVERS= DNSCACHEIP=fe80::53%nowhere timeout 2 dnsip x.example
kill $!
E2
		got=$(unshare -n bash local6.sh 2>netns.err)
		if grep -q 'Operation not permitted\|not supported' netns.err; then
			skip "a link-local server" "$(head -1 netns.err)"
		else
			is "a link-local server" "$got" "1.2.3.4"
		fi
	else
		skip "a link-local server" "no ip"
	fi
else
	skip "resolv.conf and hosts" "needs root and mount namespaces"
fi

# what took long
for n in silent halftcp bare garbage question; do
	wait_for 60 test -s $n.code
	is "$n: soft error in the end" "$(cat $n.code $n.err | tr '\n' ' ')" "111 soft error "
done
done_testing
