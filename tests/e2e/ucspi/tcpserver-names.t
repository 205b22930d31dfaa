#!/bin/bash
# tcpserver and names: the host it listens on, completed and looked up; what its children read to learn names.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
unset LOCALDOMAIN DNSREWRITEFILE DNSCACHEIP
honest --host-record=here.example.org,127.0.0.7 --ptr-record=9.0.0.127.in-addr.arpa,client.example.org

# start ARGS...: a server on its port; talk: what it sends
start() {
	rm -f port
	background tcpserver -1 -R "$@" >port 2>log
	SERVER=$!
	wait_for 10 test -s port
}
talk() { python3 -c "
import socket
s = socket.create_connection(('$1', $(cat port)), 5, ('127.0.0.9', 0)); s.settimeout(20)
print(s.makefile().read(), end='')"; }

start -H -l x here.example.org 0 echo hello
is "a name" "$(talk 127.0.0.7)" hello
LOCALDOMAIN="none.example.org example.org" start -H -l x here 0 echo hello
is "a short name" "$(talk 127.0.0.7)" hello
code "no such name" 111 tcpserver none.example.org 0 true
is "its message" "$(cat err)" "tcpserver: fatal: no IP address for none.example.org"
long=$(printf 'x%.0s' {1..64}).example.org
code "an over-long label" 111 tcpserver "$long" 0 true
is "no address either" "$(cat err)" "tcpserver: fatal: no IP address for $long"
DNS_SERVERS=127.0.0.1:$(free_port) code "no server" 111 tcpserver here.example.org 0 true
like "its message" "$(cat err)" '^tcpserver: fatal: temporarily unable to figure out IP address for here\.example\.org'
start -h -l x 127.0.0.7 0 env
like "the client's name" "$(talk 127.0.0.7)" '^TCPREMOTEHOST=client\.example\.org$'

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	export DNS_SERVERS= DNSCACHEIP=127.0.0.7
	background strace -f -e trace=open,openat,connect -o trace "$BIN/tcpserver" -1 -R -h -l x 127.0.0.7 0 echo hello >port 2>log
	wait_for 10 test -s port
	python3 -c "import socket; socket.create_connection(('127.0.0.7', $(cat port)), 5)"
	wait_for 10 grep -q 'sin_port=htons(53)' trace
	kill "$(pgrep -P $!)"	# the server: strace ends with it
	unset DNSCACHEIP
	background strace -f -e trace=open,openat,connect -o trace2 "$BIN/tcpserver" -1 -R -h -l x 127.0.0.7 0 echo hello >port2 2>log
	wait_for 10 test -s port2
	python3 -c "import socket; socket.create_connection(('127.0.0.7', $(cat port2)), 5)"
	wait_for 10 grep -q 'sin_port=htons(53)' trace2
	kill "$(pgrep -P $!)"
	files() { grep -c '/etc/\(resolv\|hosts\|nsswitch\|host\.conf\|svc\)' "$1"; }
	is "DNSCACHEIP: no file is read for names" "$(files trace)" 0
	is "else resolv.conf, once" "$(files trace2)" 1
	child=$(grep 'sin_port=htons(53)' trace2 | awk 'NR==1{print $1}')
	is "and not by the child" "$(grep "^$child " trace2 >child; files child)" 0
else
	skip "what children read" "no strace"
fi
done_testing
