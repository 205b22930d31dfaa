#!/bin/bash
# multilog: each system call in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
# mostly waiting: more at a time than elsewhere
WORKERS=20 python3 "$HERE/multilog.py" kill 28 5 >result 2>trouble || fail "multilog.py: $(tail -3 trouble)"
cat result
! grep -q '^not ok' result || FAILED=1
done_testing
