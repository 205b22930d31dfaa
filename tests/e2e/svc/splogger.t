#!/bin/bash
# splogger: severities, tag and facility, folding, control bytes, on a socket of our own.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control SYSLOG_SOCKET=$T/log
mkdir control
cat >sink.py <<'P'
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("log")
with open("got", "wb", 0) as f:
    while True:
        f.write(s.recv(65536) + b"\n")
P
background python3 sink.py
wait_for 5 test -S log
{
	echo 'alert: fire'
	echo 'warning: smoke'
	echo
	echo 'warn: heat'
	printf 'tab\there \303\274\n'
	printf 'no newline'
} | splogger tag 3
is "exit at the end" $? 0
wait_for 5 grep -q newline got
stamp='[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}'
like "alert" "$(cat got)" "^<25>$stamp tag: [0-9]+\.[0-9]{6} alert: fire$"
like "warning" "$(cat got)" "^<28>$stamp tag: [0-9.]+ warning: smoke$"
like "warn" "$(cat got)" "^<28>.* warn: heat$"
like "info, strange bytes" "$(cat got)" '^<30>.*tab\?here \?\?$'
like "the last line" "$(cat got)" '^<30>.*no newline$'
is "empty lines are dropped" "$(wc -l <got)" 5
: >got
head -c 2000 /dev/zero | tr '\0' x | splogger
wait_for 5 grep -q '+x' got
like "defaults: tag splogger, facility mail" "$(cat got)" "^<22>$stamp splogger: [0-9.]+ x{799}$"
is "a long line is folded" "$(grep -c '[0-9]+x' got)" 2
code "usage" 100 splogger a b c
code "bad facility" 100 splogger a 99
SYSLOG_SOCKET=$T/none code "no logger is no reason to die" 0 splogger <<<"x"
done_testing
