#!/bin/bash
# dynamic: each system call of qscheduler in turn is where it dies, where descriptors or disk are used up, while its
# collection grows and shrinks; the same for the calls qmail-send and todo-proc make there.
. "$(dirname "$0")/lib.sh"
dynamic() {
	python3 "$HERE/dynamic.py" "$@" >result 2>trouble || fail "dynamic.py $*: $(tail -3 trouble)"
	cat result
	! grep -q '^not ok' result || FAILED=1
}
# they mostly wait
WORKERS=$((2 * WORKERS))
dynamic qscheduler kill 28
N_MAX=30 dynamic qmail-send kill 24
N_MAX=30 dynamic todo-proc kill 24
done_testing
