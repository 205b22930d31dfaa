#!/bin/bash
# tai64n: the form of labels, one per line, lines of any kind, output while input pauses, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
label='@40000000[0-9a-f]{16}'
like "a label before the line" "$(echo one | tai64n)" "^$label one\$"
is "lines are kept" "$(printf 'a\n\nb c\n@x\n' | tai64n | sed -E "s/^$label //")" "$(printf 'a\n\nb c\n@x')"
is "every line has one" "$(seq 10000 | tai64n | grep -cE "^$label [0-9]+\$")" 10000
is "a partial last line stays one" "$(printf 'a\nb' | tai64n | tail -c 1)" b
is "no input, no output" "$(tai64n </dev/null | wc -c)" 0
is "NUL bytes" "$(printf 'a\0b\n' | tai64n | tail -c 4 | od -An -c | tr -d ' ')" 'a\0b\n'
is "a long line" "$(head -c 300000 /dev/zero | tr '\0' x | tai64n | wc -c)" 300026
before=$(date +%s)
got=$((16#$(echo | tai64n | cut -c10-17) - 10))
[ "$got" -ge "$before" ] && [ "$got" -le "$(date +%s)" ] && pass "the time is now" || fail "the time is now: $got"
is "nanoseconds end in 500" "$((16#$(echo | tai64n | cut -c18-25) % 1000))" 500
seq 1000 | tai64n | cut -c1-25 >labels
sort -c labels 2>/dev/null && pass "labels never go back" || fail "labels never go back"
mkfifo in
background sh -c 'exec tai64n <in >out1'
exec 3>in
printf 'first\nsec' >&3
ok "what is there is shown while input pauses" wait_for 5 grep -q ' sec$' out1
exec 3>&-
code "operands" 100 tai64n x
like "usage" "$(cat err)" '^usage: tai64n'
code "unreadable input" 111 tai64n <.
like "and why" "$(cat err)" '^tai64n: fatal: unable to read input: '
code "unwritable output" 111 sh -c 'echo x | tai64n >/dev/full'
like "and why not" "$(cat err)" '^tai64n: fatal: unable to write output: '
done_testing
