#!/bin/bash
# envuidgid: UID and GID of an account.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 envuidgid
code "one argument" 100 envuidgid root
like "usage" "$(cat err)" '^usage: envuidgid account child'
is "root" "$(envuidgid root sh -c 'echo $UID $GID' </dev/null)" "0 0"
is "as printenv sees it" "$(envuidgid root printenv UID GID | tr '\n' ' ')" "0 0 "
is "another account" "$(envuidgid nobody printenv UID GID | tr '\n' ' ')" "$(id -u nobody) $(id -g nobody) "
is "nobody changes ids" "$(envuidgid nobody id -u)" "$(id -u)"
code "unknown account" 111 envuidgid nobody-of-that-name true
is "its message" "$(cat err)" "envuidgid: fatal: unknown account nobody-of-that-name"
code "no such child" 111 envuidgid root ./nonexistent
is "its message" "$(cat err)" "envuidgid: fatal: unable to run ./nonexistent: No such file or directory"
code "exit code of the child" 3 envuidgid root sh -c 'exit 3'
is "a chain" "$(envuidgid nobody envuidgid root printenv UID)" 0
done_testing
