#!/bin/bash
# predate: the Date field in the local zone, the child's exit code.
. "$(dirname "$0")/../lib.sh"
D='[1-9][0-9]? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}'
like "Date first" "$(echo body | predate cat | head -1)" "^Date: $D \\+0000\$"
is "then the input" "$(printf 'one\ntwo\n' | predate cat | sed 1d)" "$(printf 'one\ntwo')"
like "east" "$(TZ=XXX-5:30 predate cat </dev/null)" "^Date: $D \\+0530\$"
like "west" "$(TZ=XXX3:30 predate cat </dev/null)" "^Date: $D -0330\$"
like "zones to the minute" "$(TZ=XXX-0:19:32 predate cat </dev/null)" "^Date: $D \\+0020\$"
code "the child's exit code" 7 predate sh -c 'exit 7' </dev/null
code "a child that does not read" 0 predate true </dev/zero
code "a child that crashes" 111 predate sh -c 'kill -9 $$' </dev/null
code "no such program" 111 predate ./nothing </dev/null
code "no child" 100 predate </dev/null
is "usage" "$(cat err)" "predate: usage: predate child"
done_testing
