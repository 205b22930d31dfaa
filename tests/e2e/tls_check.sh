#!/bin/bash
# tls_check.sh HOST:PORT [PROTOCOL] - what a scanner of TLS servers would complain about, one line per check; PROTOCOL as
# for openssl s_client -starttls.  Exit 1 when a check fails.  The openssl program is the other side.
at=$1 starttls=${2:+-starttls $2} bad=0
# attempt OPTION...: can a connection be made like this?
attempt() { echo | timeout 10 openssl s_client -connect "$at" $starttls "$@" 2>&1 | grep -Eq '^ *(Cipher is|New, TLS.*, Cipher is|Cipher *:) *[A-Z]'; }
say() { if "${@:2}"; then echo "ok - $1"; else echo "not ok - $1"; bad=1; fi; }
refused() { ! attempt "$@"; }
facts() { echo | timeout 10 openssl s_client -connect "$at" $starttls "$@" 2>&1; }

for v in 1_2 1_3; do say "TLS ${v/_/.} is spoken" attempt -tls$v; done
for v in 1 1_1; do say "TLS ${v/_/.} is refused" refused -tls$v -cipher 'ALL:@SECLEVEL=0'; done
for c in eNULL aNULL RC4 3DES MD5 EXPORT LOW SEED IDEA PSK SRP kRSA CAMELLIA AESCCM SHA1; do
	[ -n "$(openssl ciphers -tls1_2 "$c:@SECLEVEL=0" 2>/dev/null)" ] || continue	# this openssl cannot even try
	say "$c is refused" refused -tls1_2 -cipher "$c:@SECLEVEL=0"
done
for c in ECDHE+AESGCM ECDHE+CHACHA20; do say "$c is spoken" attempt -tls1_2 -cipher "$c"; done
say "a curve nobody should use is refused" refused -tls1_2 -cipher ECDHE -curves secp160k1
twelve=$(facts -tls1_2)
say "no compression" grep -q '^Compression: NONE' <<<"$twelve"
say "secure renegotiation" grep -q '^Secure Renegotiation IS supported' <<<"$twelve"
say "extended master secret" grep -q 'Extended master secret: yes' <<<"$twelve"
say "an ephemeral key" grep -q '^Server Temp Key: ' <<<"$twelve"
say "a ticket in TLS 1.2" grep -q 'TLS session ticket:' <<<"$twelve"
# a line R makes s_client ask for a new handshake
renegotiate=$( (sleep 1; echo R; sleep 1; echo Q) | timeout 20 openssl s_client -connect "$at" $starttls -tls1_2 2>&1)
say "renegotiation is refused to clients" grep -Eqi 'no renegotiation|handshake failure' <<<"$renegotiate"
say "a second handshake did not take place" test "$(grep -c 'verify return:1' <<<"${renegotiate#*RENEGOTIATING}")" = 0
order=$(for c in AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256 \
	AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384; do
	facts -tls1_2 -cipher "$c" | sed -n 's/^ *Cipher *: //p'; done | sort -u | wc -l)
say "the server's order of ciphers counts" test "$order" = 1
exit $bad
