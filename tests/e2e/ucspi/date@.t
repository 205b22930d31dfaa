#!/bin/bash
# date@: what a server says, made fit for a terminal; errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
at=127.77.0.13
code "nobody listens" 111 date@ "$at"
is "its message" "$(cat err)" "date@: fatal: unable to connect to $at port 13: Connection refused"
code "an unknown host" 111 date@ nonexistent.invalid
like "its message" "$(cat err)" '^date@: fatal: .*IP address for nonexistent.invalid'
like "--help" "$(date@ --help)" '^date@ - '
if [ "$(id -u)" = 0 ]; then
	background tcpserver -RHl0 "$at" 13 sh -c 'printf "Thu Nov 26\r\n\007"'
	wait_for 10 date@ "$at"
	is "the answer" "$(date@ "$at")" 'Thu Nov 26
^G'
else
	skip "the answer" "ports below 1024 need root"
fi
done_testing
