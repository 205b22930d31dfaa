#!/bin/bash
# nullqueue: everything is swallowed; read errors and the alarm have their codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
printf 'Fa@b\0Tc@d\0\0' >envelope
qmail-nullqueue <envelope 1<envelope
is "both descriptors read to their ends" $? 0
qmail-nullqueue <"$T" 1<envelope 2>err
is "a directory as message: read error" $? 54
qmail-nullqueue <envelope 1<"$T" 2>err
is "a directory as envelope: read error" $? 54
mkfifo never
exec 9<>never
DEATH=1 qmail-nullqueue <&9 1<envelope 2>err
is "nothing comes: timeout" $? 52
NULLQUEUE=1 QUEUEDIR=$T/none forward x@y </dev/null >out 2>&1
is "forward needs its variables" $? 100
done_testing
