#!/bin/bash
# setlock: who waits, who gives up, who says so; the lock lives as long as the child and its heirs.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 setlock
code "one argument" 100 setlock whatever
like "usage" "$(cat err)" '^usage: setlock '
code "a directory that is not there" 111 setlock nonexistent/lock echo no
is "its message" "$(cat err)" "setlock: fatal: unable to open nonexistent/lock: No such file or directory"
is "the child did not run" "$(cat out)" ""
code "-x is quiet" 0 setlock -x nonexistent/lock echo no
is "really" "$(cat out err)" ""
code "-xX is not" 111 setlock -xX nonexistent/lock echo no
umask 022
is "it runs the child" "$(setlock lock echo ok)" ok
is "mode of a new file" "$(stat -c %a lock)" 600
echo text >lock
is "it does not truncate" "$(setlock lock cat lock)" text
code "exit code of the child" 6 setlock lock sh -c 'exit 6'
code "no such child" 111 setlock lock ./nonexistent
like "its message" "$(cat err)" '^setlock: fatal: unable to run \./nonexistent'

mkfifo hold
background setlock lock sh -c 'echo held >held; read x <hold'
wait_for 5 test -s held
code "-n: locked" 111 setlock -n lock echo no
is "its message" "$(cat err)" "setlock: fatal: unable to lock lock: Resource temporarily unavailable"
code "-nx: locked" 0 setlock -nx lock echo no
is "quiet" "$(cat out err)" ""
code "-nX" 111 setlock -nX lock echo no
flock -n lock true
is "it is a flock" $? 1
setlock lock sh -c 'echo waited >waited' &
waiter=$!
sleep 0.2
is "the default waits" "$(cat waited 2>/dev/null)" ""
echo >hold
wait "$waiter"
is "until it is free" "$(cat waited)" waited
setlock -nN lock true
is "-N undoes -n" $? 0

# the descriptor goes with the chain, in this process or through exec
for re in '' 1; do
	rm -f held
	REEXEC=$re setlock lock envuidgid root setlock other sh -c 'echo >held; read x <hold' &
	pid=$!
	wait_for 5 test -s held
	code "held through a chain (REEXEC=$re)" 111 setlock -n lock true
	code "and the second one" 111 setlock -n other true
	echo >hold
	wait "$pid"
	code "free again" 0 setlock -n lock true
done
# a background process keeps it
setlock lock sh -c 'read x <hold & exit 0'
code "held by an heir" 111 setlock -n lock true
echo >hold
wait_for 5 setlock -n lock true
code "free after its end" 0 setlock -n lock true
done_testing
