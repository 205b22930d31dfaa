#!/bin/bash
# qstat: both numbers, every queue, flat todo.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/base QUEUE_COUNT=3 HOME=$T
mkdir control base
CONFSPLIT=151 queue-fix base/queue1; CONFSPLIT=3 queue-fix -b 0 base/queue2; queue-fix base/nqueue
touch base/queue1/mess/{0/151,1/152,150/150} base/queue1/todo/150/150
touch base/queue2/mess/{0/3,1/4} base/queue2/todo/{3,4} base/queue2/mess/0/junk
mkdir base/queue2/todo/999
code "exit code" 0 qmail-qstat
is "numbers" "$(sed "s|$T/||" out)" 'processing queue base/queue1
messages in queue: 3
messages in queue but not yet preprocessed: 1

processing queue base/queue2
messages in queue: 2
messages in queue but not yet preprocessed: 2

processing queue base/nqueue
messages in queue: 0
messages in queue but not yet preprocessed: 0'
is "QUEUEDIR" "$(QUEUEDIR=$T/base/queue2 qstat | head -2 | tail -1)" "messages in queue: 2"
chmod 0 base/queue1/mess/1
code "unreadable" 111 qstat
code "usage" 100 qstat x
code "no such queue" 111 env QUEUEDIR="$T/none" qmail-qstat
like "is named" "$(cat err)" '^qmail-qstat: fatal: unable to enter .*/none: '
done_testing
