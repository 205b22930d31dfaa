#!/bin/bash
# tai64nunix: known moments, what stays, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
is "a known moment" "$(echo '@4000000037c219bf2ef02e94 mark' | tai64nunix)" '935467445.787492500 mark'
is "at least nine digits" "$(echo '@400000000000000b00000001 x' | tai64nunix)" '000000001.000000001 x'
is "ten digits" "$(echo '@40000000deadbeef00000000' | tai64nunix)" '3735928549.000000000'
for text in '@4000000000000009ffffffff x' '@400000000000000900000000 before 1970' '@40 short' 'plain' '@' ''; do
	is "unchanged: $text" "$(echo "$text" | tai64nunix)" "$text"
done
is "partial last line" "$(printf '@4000000037c219bf2ef02e94' | tai64nunix | tail -c 3)" 500
now=$(echo | tai64n | tai64nunix | cut -d. -f1)
[ $(($(date +%s) - now)) -le 1 ] && pass "now is now" || fail "now is $now"
code "operands" 100 tai64nunix x
code "unreadable input" 111 tai64nunix <.
code "unwritable output" 111 sh -c 'echo x | tai64nunix >/dev/full'
done_testing
