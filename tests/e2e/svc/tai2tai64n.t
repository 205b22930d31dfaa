#!/bin/bash
# tai2tai64n: decimal stamps of every form, what stays, exit codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
conv() { is "$1" "$(printf '%s\n' "$1" | tai2tai64n)" "$2"; }
conv '935467455.787492500 mark' '@4000000037c219bf2ef02e94 mark'
conv '935467455 no fraction' '@4000000037c219bf00000000 no fraction'
conv '935467455.5 half' '@4000000037c219bf1dcd6500 half'
conv '935467455. dot' '@4000000037c219bf00000000 dot'
conv '0.0000000019 cut off' '@400000000000000000000001 cut off'
conv '4294967295.999999999' '@40000000ffffffff3b9ac9ff'
conv '4294967296.1 too large' '4294967296.1 too large'
conv '99999999999999999999999999999999999999999999999999999999999999999999999999 huge' '99999999999999999999999999999999999999999999999999999999999999999999999999 huge'
conv 'text' 'text'
conv '' ''
conv '.5' '.5'
conv '1.2.3 x' '@40000000000000010bebc200.3 x'
is "partial last line" "$(printf '7' | tai2tai64n)" '@400000000000000700000000'
is "there and back" "$(echo '0935467455.787492500 mark' | tai2tai64n | tai64n2tai)" '0935467455.787492500 mark'
for n in 1 5 64; do
	is "in pieces of $n" "$(printf '12345.678901 a\n1 b\nc\n' | dd bs=$n status=none | tai2tai64n)" \
		"$(printf '12345.678901 a\n1 b\nc\n' | tai2tai64n)"
done
code "operands" 100 tai2tai64n x
code "unreadable input" 1 tai2tai64n <.
code "unwritable output" 2 sh -c 'echo x | tai2tai64n >/dev/full'
done_testing
