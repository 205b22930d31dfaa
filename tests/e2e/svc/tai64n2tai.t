#!/bin/bash
# tai64n2tai: labels that begin @40000000, what stays, exit codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
conv() { is "$1" "$(printf '%s\n' "$1" | tai64n2tai)" "$2"; }
conv '@4000000037c219bf2ef02e94 mark' '0935467455.787492500 mark'
conv '@40000000ffffffff3b9ac9ff' '4294967295.999999999'
conv '@400000000000000000000000x' '0000000000.000000000x'
conv '@4000000037C219BF2EF02E94' '0935467455.787492500'
for text in '@4000000137c219bf2ef02e94 beyond 32 bits' '@3fffffff37c219bf2ef02e94' '@4000000037c219bf2ef02e9 short' \
	'@4000000037c219bf3b9aca00 a second' '@4000000037c219bg2ef02e94' '@40000000' '@' 'text' ''; do
	conv "$text" "$text"
done
is "partial last line" "$(printf '@4000000037c219bf2ef02e94' | tai64n2tai)" '0935467455.787492500'
is "partial label" "$(printf '@40000000' | tai64n2tai)" '@40000000'
is "20 characters" "$(printf '@400000000000000000000000' | tai64n2tai | wc -c)" 20
code "operands" 100 tai64n2tai x
code "unreadable input" 1 tai64n2tai <.
code "unwritable output" 2 sh -c 'echo x | tai64n2tai >/dev/full'
done_testing
