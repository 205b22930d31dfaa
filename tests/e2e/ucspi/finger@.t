#!/bin/bash
# finger@: the line that is sent, the answer made fit for a terminal; errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
at=127.77.0.79
code "nobody listens" 111 finger@ "$at"
is "its message" "$(cat err)" "finger@: fatal: unable to connect to $at port 79: Connection refused"
code "an unknown host" 111 finger@ nonexistent.invalid
like "its message" "$(cat err)" '^finger@: fatal: .*IP address for nonexistent.invalid'
like "--help" "$(finger@ --help)" '^finger@ - '
if [ "$(id -u)" = 0 ]; then
	background tcpserver -RHl0 "$at" 79 sh -c 'read -r line; printf "asked <%s>\n" "$line"'
	wait_for 10 finger@ "$at"
	is "a user" "$(finger@ "$at" joe)" "asked <joe^M>"
	is "no user" "$(finger@ "$at")" "asked <^M>"
else
	skip "the answer" "ports below 1024 need root"
fi
done_testing
