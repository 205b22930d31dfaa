#!/bin/bash
# tai64nlocal: known moments, time zones, what only looks like a label, output while input pauses, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
is "a known moment" "$(echo '@4000000037c219bf2ef02e94 mark' | tai64nlocal)" '1999-08-24 04:04:05.787492500 mark'
is "elsewhere" "$(echo '@4000000037c219bf2ef02e94 mark' | TZ=EST5 tai64nlocal)" '1999-08-23 23:04:05.787492500 mark'
is "capital digits" "$(echo '@4000000037C219BF2EF02E94 mark' | tai64nlocal)" '1999-08-24 04:04:05.787492500 mark'
is "24 digits are a label, whatever follows" "$(echo '@4000000037c219bf2ef02e94abc' | tai64nlocal)" '1999-08-24 04:04:05.787492500abc'
is "before 1970" "$(echo '@3fffffff000000000000002a x' | tai64nlocal)" '1833-11-24 17:31:34.000000042 x'
keep() { is "unchanged: ${1:0:40}" "$(printf '%s\n' "$1" | tai64nlocal)" "$1"; }
keep 'plain text'
keep ' @4000000037c219bf2ef02e94'
keep '@'
keep ''
keep '@4000000037c219bf2ef02e9'
keep '@4000000037c219bf2ef02e9 mark'
keep '@foo bar'
keep '@4000000037c219bfffffffff more than a second'
keep '@ffffffffffffffff00000000 reserved'
keep '@7fffffffffffffff00000000 year beyond words'
is "no newline, no label" "$(printf 'a\n@4000' | tai64nlocal)" "$(printf 'a\n@4000')"
is "no newline, a label" "$(printf '@4000000037c219bf2ef02e94' | tai64nlocal | wc -c)" 29
is "NUL bytes" "$(printf '@\0\n\0' | tai64nlocal | od -An -c | tr -d ' ')" '@\0\n\0'
is "tai64n and back" "$(for i in $(seq 100); do echo $i; done | tai64n | tai64nlocal | grep -cE "^$(date +%Y)-[0-9-]{5} [0-9:]{8}\.[0-9]{6}500 [0-9]+\$")" 100
# in pieces of any size the result is the same
{ for i in 1 2 3; do echo "@4000000037c219b${i}2ef02e94 mark $i"; echo "@x$i"; done; } >lines
tai64nlocal <lines >whole
for n in 1 7 24 25 26; do
	dd if=lines bs=$n status=none | tai64nlocal | cmp -s - whole && pass "in pieces of $n" || fail "in pieces of $n"
done
mkfifo in
background sh -c 'exec tai64nlocal <in >out1'
exec 3>in
printf '@4000000037c219bf2ef02e94 a\npart' >&3
ok "what is there is shown while input pauses" wait_for 5 grep -q '^part$' out1
like "converted" "$(cat out1)" '^1999-08-24 04:04:05.787492500 a$'
exec 3>&-
code "operands" 100 tai64nlocal x
code "unreadable input" 111 tai64nlocal <.
code "unwritable output" 111 sh -c 'echo x | tai64nlocal >/dev/full'
like "and why" "$(cat err)" '^tai64nlocal: fatal: unable to write output: '
done_testing
