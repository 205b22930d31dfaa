#!/bin/bash
# svok: running, not running, never run, no such directory, where the state may lie.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
mkdir new
code "usage" 100 svok
code "one directory only" 100 svok a b
code "never supervised" 100 svok new
is "and says nothing" "$(cat out err)" ""
code "no such directory" 100 svok none
code "not a directory" 111 svok "$FAKE"
like "with the reason" "$(cat err)" '^svok: fatal: unable to open .*supervise/ok: Not a directory$'
fake service
code "running" 0 svok service
is "and says nothing" "$(cat out err)" ""
code "absolute" 0 svok "$T/service/"
(cd service && exec svok .)
is "the current directory" $? 0
mkdir service/log
fake service/log
(cd service && exec svok log)
is "the logger in the current directory" $? 0
kill $FAKE_PID
wait $FAKE_PID 2>/dev/null
code "supervise has gone" 100 svok service/log
if [ "$(id -u)" != 0 ]; then
	chmod 0 service/supervise
	code "no permission" 111 svok service
	chmod 700 service/supervise
fi
name=$(printf 'x%.0s' {1..255})
code "a long name" 100 svok "$name"
code "too long a name" 100 svok "${name}y"
done_testing
