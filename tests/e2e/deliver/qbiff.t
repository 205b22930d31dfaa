#!/bin/bash
# qbiff: succeeds whatever it is given (a terminal with utmp entry cannot be had in a test).
. "$(dirname "$0")/../lib.sh"
export USER=no-such-user LOCAL=joe SENDER=$'s\033[2J@x'
code "a message" 0 qbiff <<<$'Subject: hello\n\nbody'
is "says nothing elsewhere" "$(cat out err)" ""
code "no message" 0 qbiff </dev/null
head -c 100000 /dev/zero >zero
code "garbage" 0 qbiff <zero
unset USER LOCAL SENDER
code "no variables" 0 qbiff </dev/null
done_testing
