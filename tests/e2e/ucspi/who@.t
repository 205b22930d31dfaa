#!/bin/bash
# who@: what a server says, made fit for a terminal; errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
at=127.77.0.11
code "nobody listens" 111 who@ "$at"
is "its message" "$(cat err)" "who@: fatal: unable to connect to $at port 11: Connection refused"
code "an unknown host" 111 who@ nonexistent.invalid
like "its message" "$(cat err)" '^who@: fatal: .*IP address for nonexistent.invalid'
like "--help" "$(who@ --help)" '^who@ - '
if [ "$(id -u)" = 0 ]; then
	background tcpserver -RHl0 "$at" 11 sh -c 'printf "joe\r\nann\033[1m\344\r\na\rb"'
	wait_for 10 who@ "$at"
	is "the answer" "$(who@ "$at")" 'joe
ann^[[1mM-d
a^Mb'
else
	skip "the answer" "ports below 1024 need root"
fi
done_testing
