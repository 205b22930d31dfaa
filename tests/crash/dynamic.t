#!/bin/bash
# dynamic: each system call of qscheduler in turn is where it dies, where descriptors or disk are used up, while its
# collection grows and shrinks; the same for the calls qmail-send and todo-proc make there.
. "$(dirname "$0")/lib.sh"
# dynamic CALLS PROGRAM WHAT...
dynamic() {
	# they mostly wait: more at a time than elsewhere
	CALLS=$1 WORKERS=12 python3 "$HERE/dynamic.py" "${@:2}" >result 2>trouble || fail "dynamic.py $*: $(tail -3 trouble)"
	cat result
	! grep -q '^not ok' result || FAILED=1
}
dynamic 120 qscheduler kill 28
dynamic 30 qmail-send kill 24
dynamic 30 todo-proc kill 24
done_testing
