#!/bin/bash
# dnsblcheck: listed or not, with and without a text, IPv6, failures, usage.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
code "no argument: usage" 100 dnsblcheck
code "no list: usage" 100 dnsblcheck 127.0.0.2
code "no address: usage" 100 dnsblcheck -d list.test
code "not an address" 100 dnsblcheck -d list.test example.org
is "says so" "$(cat err)" "dnsblcheck: fatal: not an address: example.org"
honest --host-record=2.0.0.127.list.test,127.0.0.4 --txt-record=2.0.0.127.list.test,"see example.org" \
	--host-record=3.0.0.127.list.test,127.0.0.9 --txt-record=4.0.0.127.list.test,"text only" \
	--host-record=2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.list.test,127.0.0.6
code "listed" 1 dnsblcheck -d list.test 127.0.0.2
is "the text" "$(cat out)" "see example.org"
code "listed without a text" 1 dnsblcheck -d list.test 127.0.0.3
is "the address" "$(cat out)" "127.0.0.9"
code "a text alone lists nobody" 0 dnsblcheck -d list.test 127.0.0.4
code "not listed" 0 dnsblcheck -dlist.test 127.0.0.5
is "nothing is said" "$(cat out err)" ""
code "IPv6" 1 dnsblcheck -d list.test fd00::2
DNS_SERVERS=127.0.0.1:$(free_port) code "no server" 111 dnsblcheck -d list.test 127.0.0.2
is "soft error" "$(cat err)" "soft error"
code "a list that is no name" 0 dnsblcheck -d list..test 127.0.0.2
done_testing
