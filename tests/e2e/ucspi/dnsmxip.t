#!/bin/bash
# dnsmxip: exchangers in order of preference with all their addresses, domains without any, failures.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
code "no argument: usage" 100 dnsmxip
code "usage under the other name" 100 dnsmx
honest --mx-host=example.org,mx2.example.org,20 --mx-host=example.org,mx1.example.org,10 \
	--mx-host=example.org,mx3.example.org,10 --host-record=mx1.example.org,127.0.0.11,fd00::11 \
	--host-record=mx2.example.org,127.0.0.22 --host-record=plain.example.org,127.0.0.44
got=$(dnsmxip example.org)
is "every address" "$(sort <<<"$got")" "mx1.example.org 127.0.0.11 10
mx1.example.org fd00::11 10
mx2.example.org 127.0.0.22 20"
is "best first" "$(awk '{print $3}' <<<"$got" | tr '\n' ' ')" "10 10 20 "
like "the second word is an address" "$(dnsmx example.org | awk 'NR==1{print $2}')" '^(127.0.0.11|fd00::11)$'
is "no MX: the host itself" "$(dnsmxip plain.example.org)" "plain.example.org 127.0.0.44 0"
is "a domain literal" "$(dnsmxip '[127.0.0.9]')" "[127.0.0.9] 127.0.0.9 0"
code "nothing: hard error" 100 dnsmxip nothing.example.org
is "its text" "$(cat err)" "hard error"
liar
code "the null MX: hard error" 100 dnsmxip null-mx.example
is "its text too" "$(cat err)" "hard error"
is "an exchanger without a name is left out" "$(dnsmxip bad-mx.example | sort)" "good.example 192.0.2.1 20
good.example 2001:db8::1 20"
for n in servfail loop circle short; do
	code "$n: soft error" 111 dnsmxip $n.example
	is "$n: text" "$(cat err)" "soft error"
done
done_testing
