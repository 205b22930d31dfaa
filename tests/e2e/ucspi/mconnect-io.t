#!/bin/bash
# mconnect-io: descriptors 6 and 7, both ways at once, ends.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
like "--help" "$(mconnect-io --help)" '^mconnect-io - '
mkfifo network
(sleep 0.4 >network) &
is "descriptor 7 gets CRs" "$(printf 'a\nb' | mconnect-io 6<network 7>got; od -An -tx1 got | tr -d ' \n')" "610d0a62"
is "descriptor 6 is shown as it is" "$(printf 'a\r\nb' >in; mconnect-io 6<in 7>/dev/null </dev/null | od -An -tx1 | tr -d ' \n')" "610d0a62"
code "its end is the end" 0 timeout 5 sh -c 'sleep 1 | mconnect-io 6</dev/null 7>/dev/null'
code "descriptors that are not open" 111 sh -c 'mconnect-io </dev/null 6<&- 7>&-'
like "its message" "$(cat err)" '^mconnect-io: fatal: unable to copy: Bad file descriptor'
head -c 1000000 /dev/urandom >big
mconnect-io 6<big 7>/dev/null <big >got
ok "large" cmp big got
done_testing
