#!/bin/bash
# tcpto: both address families, every queue of the collection.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/base QUEUE_START=1 QUEUE_COUNT=2
mkdir -p control base/queue1/lock base/queue2/lock base/slowq/lock
for q in queue1 queue2 slowq; do head -c 2048 /dev/zero >base/$q/lock/tcpto; done
python3 - <<'P'
import socket, struct, time
now = int(time.time())
with open("base/queue2/lock/tcpto", "r+b") as f:
    f.seek(64)
    f.write(struct.pack("<I B3x I 4x", 2, 3, now - 50) + socket.inet_aton("192.0.2.7") + bytes(12))
    f.write(struct.pack("<I B3x I 4x", 10, 10, now - 5) + socket.inet_pton(socket.AF_INET6, "2001:db8::1"))
P
code "exit code" 0 qmail-tcpto
is "nothing on standard output" "$(cat out)" ""
like "IPv4" "$(cat err)" '^192\.0\.2\.7 ipv4 timed out 5[0-9] seconds ago; # recent timeouts: 3$'
like "IPv6" "$(cat err)" '^2001:db8::1 ipv6 timed out [5-9] seconds ago; # recent timeouts: 10$'
is "every queue" "$(grep '^processing' err | sed 's/.*base.//' | tr '\n' ' ')" "queue1 queue2 slowq "
code "no operands" 100 qmail-tcpto x
code "no such queue" 111 env QUEUEDIR="$T/none" qmail-tcpto
like "is named" "$(cat err)" '^qmail-tcpto: fatal: unable to enter .*/none: '
done_testing
