#!/bin/bash
# addcr: a CR before every newline and nothing else, in blocks of any size, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
hex() { od -An -tx1 | tr -d ' \n'; }
is "lines" "$(printf 'a\nb\n' | addcr | hex)" "610d0a620d0a"
is "a CR that is there already" "$(printf 'a\r\n' | addcr | hex)" "610d0d0a"
is "no newline at the end" "$(printf 'a\nb' | addcr | hex)" "610d0a62"
is "a NUL" "$(printf 'a\0\n' | addcr | hex)" "61000d0a"
is "nothing" "$(addcr </dev/null | hex)" ""
is "arguments do not matter" "$(printf 'a\n' | addcr b c | hex)" "610d0a"
like "--help" "$(addcr --help)" '^addcr - '

# large, with lines of every length; the reverse leads back
python3 -c '
import random; random.seed(1)
for i in range(40000): print("x" * random.choice((0, 1, 7, 15, 16, 17, 40, 300)))' >big
addcr <big >big.cr
is "large: as many bytes as there are lines" "$(wc -c <big.cr)" $(($(wc -c <big) + $(wc -l <big)))
ok "large: sed says the same" cmp big.cr <(sed 's/$/\r/' big)
ok "large: delcr leads back" cmp big <(delcr <big.cr)
ok "trickling input" cmp <(head -c 3000 big | addcr) <(head -c 3000 big | python3 -c '
import os
while b := os.read(0, 7): os.write(1, b)' | addcr)
is "each line at once" "$( (echo a; sleep 0.2; echo b) | addcr | (read -r line; echo "${line%?}"; cat >/dev/null))" a

# errors
code "input that cannot be read" 111 addcr </
is "its message" "$(cat err)" "addcr: fatal: unable to copy: Is a directory"
code "closed input" 111 addcr <&-
code "output that cannot be written" 111 sh -c "echo a | addcr 1</dev/null"
is "its message" "$(cat err)" "addcr: fatal: unable to copy: Bad file descriptor"
done_testing
