# front.sh - sourced by tests of what stands in for queue, after lib.sh: two queues, a message, and its envelope.
export CONTROLDIR=$T/control QUEUE_BASE=$T/base QUEUE_COUNT=1
mkdir control base
echo host.example >control/me
queue-fix base/queue1
printf 'Fa@x@b\0Tc@d\0Te@f\0\0' >envelope
printf 'Subject: hello\n\nbody\n' >message
stored() { cat base/queue1/mess/*/* 2>/dev/null | grep -v '^Received:'; }
# the records F and T of what is queued
queued() { cat base/queue1/todo/*/* 2>/dev/null | tr '\0' '\n' | grep '^[FT]' | tr '\n' ' '; }
n() { find base/queue1/todo -type f | wc -l; }
empty() { find base -path '*/[mit][neo][std][sdo]/*' -type f -exec rm {} +; }
# program NAME: an executable from standard input
program() { { echo '#!/bin/sh'; cat; } >"$1"; chmod 755 "$1"; }
