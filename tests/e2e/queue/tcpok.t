#!/bin/bash
# tcpok: zeroes over lock/tcpto of every queue, size kept; a queue without the file is an error.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/base QUEUE_START=1 QUEUE_COUNT=2
mkdir -p control base/queue1/lock base/queue2/lock
head -c 2048 /dev/urandom >base/queue1/lock/tcpto
head -c 6400 /dev/urandom >base/queue2/lock/tcpto
code "exit code" 0 qmail-tcpok
for q in queue1 queue2; do is "$q" "$(tr -d '\0' <base/$q/lock/tcpto | wc -c)" 0; done
is "sizes" "$(stat -c %s base/queue1/lock/tcpto base/queue2/lock/tcpto | tr '\n' ' ')" "2048 6400 "
rm base/queue1/lock/tcpto
code "no file" 111 qmail-tcpok
like "says which" "$(cat err)" 'queue1/lock/tcpto'
code "no operands" 100 qmail-tcpok x
code "no such queue" 111 env QUEUEDIR="$T/none" qmail-tcpok
like "is named" "$(cat err)" '^qmail-tcpok: fatal: unable to enter .*/none: '
done_testing
