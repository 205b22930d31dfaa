#!/bin/bash
# delcr: CRLF becomes a newline, other CRs stay, also across blocks, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
hex() { od -An -tx1 | tr -d ' \n'; }
is "lines" "$(printf 'a\r\nb\r\n' | delcr | hex)" "610a620a"
is "a newline without CR" "$(printf 'a\nb\r\n' | delcr | hex)" "610a620a"
is "a CR alone" "$(printf 'a\rb\r\n' | delcr | hex)" "610d620a"
is "two CRs" "$(printf 'a\r\r\n' | delcr | hex)" "610d0a"
is "a CR at the end" "$(printf 'a\r' | delcr | hex)" "610d"
is "CRs only" "$(printf '\r\r\r' | delcr | hex)" "0d0d0d"
is "a NUL" "$(printf 'a\0\r\n' | delcr | hex)" "61000a"
is "nothing" "$(delcr </dev/null | hex)" ""
is "a CR and its newline in different blocks" "$( (printf 'a\r'; sleep 0.2; printf '\n\r'; sleep 0.2; printf 'b') | delcr | hex)" "610a0d62"
like "--help" "$(delcr --help)" '^delcr - '
python3 -c '
import random, sys; random.seed(2)
sys.stdout.buffer.write(bytes(random.choice(b"\r\nab") for _ in range(300000)))' >big
ok "large" cmp <(delcr <big) <(python3 -c 'import sys; sys.stdout.buffer.write(sys.stdin.buffer.read().replace(b"\r\n", b"\n"))' <big)

# errors
code "input that cannot be read" 111 delcr </
is "its message" "$(cat err)" "delcr: fatal: unable to copy: Is a directory"
code "output that cannot be written" 111 sh -c "echo a | delcr 1</dev/null"
done_testing
