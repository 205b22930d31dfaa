#!/bin/bash
# fghack: waits for what went into the background, exits as the child.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 fghack
like "usage" "$(cat err)" '^usage: fghack child'
code "no such child" 111 fghack ./nonexistent
is "its message" "$(cat err)" "fghack: fatal: unable to run ./nonexistent: No such file or directory"
is "a child in the background is waited for" "$(fghack sh -c '{ sleep 0.3; echo late >late; } & echo hi'; cat late)" "hi
late"
code "exit code" 0 fghack sh -c 'echo hi &'
is "its output" "$(cat out)" hi
code "exit code of the child" 7 fghack sh -c 'exit 7'
code "120 is a code like any other" 120 fghack sh -c 'exit 120'
code "a crash" 111 fghack sh -c 'kill -9 $$'
is "its message" "$(cat err)" "fghack: fatal: child crashed"
code "the code of the child, however long the rest takes" 3 fghack sh -c 'sleep 0.1 & exit 3'
# a daemon that closes the first few descriptors
cat >daemon.py <<'P'
import os, time
if os.fork():
    os._exit(4)
os.setsid()
for fd in range(0, 20):
    try: os.close(fd)
    except OSError: pass
time.sleep(0.3)
open("daemon-done", "w").write("x")
P
code "a daemon that closes twenty" 4 fghack python3 daemon.py
ok "was waited for" test -s daemon-done
is "thirty copies" "$(fghack sh -c 'ls -l /proc/$$/fd' | grep -c pipe:)" "$(($(sh -c 'ls -l /proc/$$/fd' | grep -c pipe:) + 30))"
is "what is written into them does not matter" "$(fghack bash -c 'echo noise >&9; echo fine')" fine
is "one of our own commands" "$(fghack envuidgid root printenv UID)" 0
# in one process nothing stays open that exec would have closed
mkfifo pipe
exec 9<>pipe
background sh -c 'exec fghack setlock lock readproctitle log: ..... <pipe >/dev/null 2>&1 9<&-'
started() { read -r pid <"/proc/$1/task/$1/children" || [ -n "$pid" ] && [ "$(cat /proc/$pid/comm)" = readproctitle ]; }
wait_for 5 started $!
is "thirty copies and not the pipe itself" "$(ls -l "/proc/$pid/fd" | grep -o 'pipe:.*' | sort | uniq -c | awk '$1 >= 30 { print $1 }')" 30
done_testing
