#!/bin/bash
# dnsfq: from a name to its first address and back to a name.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
unset LOCALDOMAIN DNSREWRITEFILE
code "no argument: usage" 100 dnsfq
honest --host-record=www.example.org,127.0.0.11 --ptr-record=11.0.0.127.in-addr.arpa,real.example.org \
	--address=/lost.example.org/127.0.0.12 --host-record=six.example.org,fd00::11 \
	--ptr-record=1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa,real6.example.org \
	--txt-record=text.example.org,x
is "the name of the address" "$(dnsfq www.example.org)" real.example.org
is "an address will do" "$(dnsfq 127.0.0.11)" real.example.org
is "IPv6" "$(dnsfq six.example.org)" real6.example.org
is "a short name" "$(LOCALDOMAIN=example.org dnsfq www)" real.example.org
code "an address without a name" 100 dnsfq lost.example.org
is "hard error" "$(cat err)" "hard error"
code "no such name" 100 dnsfq none.example.org
is "its text" "$(cat err)" "hard error"
code "a name without address" 100 dnsfq text.example.org
is "no IP addresses" "$(cat err)" "no IP addresses"
liar
code "failing server" 111 dnsfq servfail.example
is "soft error" "$(cat err)" "soft error"
done_testing
