#!/bin/bash
# argv0: another program's and our own commands under another name, exit codes.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 argv0
like "usage" "$(cat err)" '^usage: argv0 .*realname name'
code "one argument" 100 argv0 sh
code "an unknown option" 100 argv0 -x sh sh
is "the name a program sees" "$(argv0 bash me -c 'echo "$BASH_ARGV0"')" me
is "in ps" "$(argv0 /bin/bash me -c 'tr "\0" " " </proc/$$/cmdline')" "me -c tr \"\\0\" \" \" </proc/\$\$/cmdline "
is "arguments" "$(argv0 printf x '%s-%s' 1 2)" 1-2
is "names may begin with a dash" "$(argv0 bash -- -c 'echo $0' 2>&1)" "--"
code "the exit code" 7 argv0 sh x -c 'exit 7'
code "a program that is not there" 111 argv0 ./nonexistent x
is "its message" "$(cat err)" "argv0: fatal: unable to run ./nonexistent: No such file or directory"
code "none on PATH" 111 argv0 nonexistent x
is "one of ours" "$(echo a | argv0 addcr whatever | od -An -c | tr -d ' ')" 'a\r\n'
is "one of ours, by path" "$(echo a | argv0 "$BIN/addcr" whatever | od -An -c | tr -d ' ')" 'a\r\n'
is "one of ours, executed again" "$(echo a | REEXEC=1 argv0 addcr whatever | od -An -c | tr -d ' ')" 'a\r\n'
is "the binary itself" "$(echo a | argv0 "$INDIMAIL" addcr | od -An -c | tr -d ' ')" 'a\r\n'
like "ours complains under its own name" "$(argv0 envdir other 2>&1)" '^usage: envdir'
done_testing
