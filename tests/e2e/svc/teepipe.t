#!/bin/bash
# teepipe: two copies, where output goes, exit codes, either end closing early.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 teepipe
like "usage" "$(cat err)" '^usage: teepipe child'
printf 'one\ntwo\n' >in
teepipe sh -c 'cat >copy; echo noise' <in >copied 2>noise
is "exit" $? 0
ok "standard output" cmp -s in copied
ok "the program's input" cmp -s in copy
is "the program's output is on fd 2" "$(cat noise)" noise
teepipe sh -c 'cat >/dev/null; exit 7' <in >/dev/null
is "exit code of the program" $? 7
head -c 3000000 /dev/urandom >big
teepipe sh -c 'sleep 0.1; cat >copy' <big >copied
ok "a lot, to a slow program" cmp -s big copy
ok "and to us" cmp -s big copied
teepipe ./nonexistent </dev/null >out 2>err
is "no such program" $? 111
is "its message" "$(cat err)" "teepipe: fatal: unable to run ./nonexistent: No such file or directory"
teepipe sh -c 'kill -9 $$' </dev/null >out 2>err
is "a crash" $? 1
like "its message" "$(cat err)" '^teepipe: fatal: sh crashed'
teepipe true <big >out 2>err
is "a program that stops reading" $? 1
like "its message" "$(cat err)" '^teepipe: fatal: unable to write to true: Broken pipe'
{ teepipe sh -c 'cat >copy; echo ended >ended' <big 2>err; echo $? >exit; } | head -c 10 >/dev/null
is "nobody reads the output" "$(cat exit)" 1
like "its message" "$(cat err)" '^teepipe: fatal: unable to write: Broken pipe'
ok "the program could finish" test -s ended
teepipe cat <. >out 2>err
is "a read that fails" $? 1
is "one of our own as program" "$(echo x | teepipe envuidgid root sh -c 'cat >copy; echo $UID >&2' 2>&1 >/dev/null; cat copy)" "0
x"
done_testing
