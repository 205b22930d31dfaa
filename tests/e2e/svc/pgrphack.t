#!/bin/bash
# pgrphack: the child leads a session of its own.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 pgrphack
like "usage" "$(cat err)" '^usage: pgrphack child'
code "no such child" 111 pgrphack ./nonexistent
is "its message" "$(cat err)" "pgrphack: fatal: unable to run ./nonexistent: No such file or directory"
code "exit code of the child" 8 pgrphack sh -c 'exit 8'
# pid, group, session
ids='import os; print(len({os.getpid(), os.getpgrp(), os.getsid(0)}), os.getpgrp())'
read -r kinds group <<<"$(pgrphack python3 -c "$ids")"
is "its pid is its group and its session" "$kinds" 1
[ "$group" != "$(python3 -c 'import os; print(os.getpgrp())')" ]
is "and not ours" $? 0
is "a leader stays one" "$(pgrphack pgrphack python3 -c "$ids" | cut -d' ' -f1)" 1
# a signal to our group does not reach it
cat >group.sh <<'S'
pgrphack sh -c 'echo >ready; sleep 0.5; echo survived >survived' &
while [ ! -s ready ]; do sleep 0.05; done
kill -TERM 0
S
setsid bash group.sh 2>/dev/null
wait_for 5 test -s survived
ok "signals to the group pass it by" test -s survived
done_testing
