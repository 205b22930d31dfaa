#!/bin/bash
# dnsptr: the names of addresses, IPv4 and IPv6, under both names of the program.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
code "no argument: usage" 100 dnsptr
honest --ptr-record=11.0.0.127.in-addr.arpa,one.example.org --ptr-record=11.0.0.127.in-addr.arpa,two.example.org \
	--ptr-record=1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa,six.example.org
is "every name on a line" "$(dnsptr 127.0.0.11 | sort | tr '\n' ' ')" "one.example.org two.example.org "
is "dnsname" "$(dnsname fd00::11)" six.example.org
is "IPv4 within IPv6" "$(dnsptr ::ffff:127.0.0.11 | wc -l)" 2
code "no name" 100 dnsptr 127.0.0.12
is "hard error" "$(cat err)" "hard error"
code "no address" 100 dnsptr example.org
is "hard error as well" "$(cat err)" "hard error"
DNS_SERVERS=127.0.0.1:$(free_port) code "no server" 111 dnsptr 127.0.0.11
is "soft error" "$(cat err)" "soft error"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -e trace=open,openat,newfstatat,stat -o trace "$BIN/dnsptr" 127.0.0.11 >/dev/null
	is "no file is read when the servers are given" "$(grep -c '/etc/\(resolv\|hosts\|nsswitch\|host\.conf\|svc\)' trace)" 0
	DNS_SERVERS= timeout 1 strace -f -e trace=open,openat -o trace "$BIN/dnsptr" 127.0.0.11 >/dev/null 2>&1
	is "resolv.conf alone when not" "$(grep -o '/etc/\(resolv\|hosts\|nsswitch\|host\.conf\|svc\)[a-z.]*' trace | tr '\n' ' ')" "/etc/resolv.conf "
else
	skip "files read" "no strace"
fi
done_testing
