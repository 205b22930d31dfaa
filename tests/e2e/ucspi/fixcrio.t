#!/bin/bash
# fixcrio: missing CRs in both directions, half-closed connections, large data both ways, exit codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
hex() { od -An -tx1 | tr -d ' \n'; }
code "no arguments" 100 fixcrio
like "usage" "$(cat err)" '^usage: fixcrio .*program'
is "what the program reads" "$(printf 'a\nb\r\nc' | fixcrio sh -c 'od -An -tx1 | tr -d " \n"')" "610d0a620d0a63"
is "what it writes" "$(fixcrio printf 'a\nb\r\nc' </dev/null | hex)" "610d0a620d0a63"
is "CRs elsewhere" "$(printf '\r\ra\r\r\n\n' | fixcrio cat | hex)" "0d0d610d0d0a0d0a"
is "a CR and its newline in different writes" "$(fixcrio sh -c 'printf "a\r"; sleep 0.2; printf "\nb\n"' </dev/null | hex)" "610d0a620d0a"
code "the exit code" 7 fixcrio sh -c 'exit 7' </dev/null
code "a program that is not there" 111 fixcrio ./nonexistent </dev/null
is "its message" "$(cat err)" "fixcrio: fatal: unable to run ./nonexistent: No such file or directory"
is "one of ours, with the CR it adds itself" "$(echo a | fixcrio addcr | hex)" "610d0d0a"

# as much as pipes cannot hold, both ways at once, while the program reads late
python3 -c '
import random; random.seed(3)
for i in range(60000): print("x" * random.randrange(60))' >big
ok "large, through and back" cmp <(sed 's/$/\r/' big) <(fixcrio cat <big)
ok "large, a program that writes before it reads" cmp <(sed 's/$/\r/' big big) <(fixcrio sh -c 'cat big; cat' <big)
is "input goes on after the program's output has ended" "$(fixcrio sh -c 'exec 1>&-; cat >copy' <big; cat copy | wc -c)" $(($(wc -c <big) + $(wc -l <big)))
is "a program that does not read" "$(fixcrio echo done <big | hex)" "646f6e650d0a"
is "output of a child left behind still comes" "$(fixcrio sh -c '(sleep 0.3; echo late) & echo early' </dev/null | tr -d '\r' | tr '\n' ' ')" "early late "
code "nobody reads the output" 0 sh -c 'fixcrio sh -c "trap \"\" PIPE; cat big 2>/dev/null; exit 0" </dev/null | head -c 1 >/dev/null'
done_testing
