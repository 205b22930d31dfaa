#!/bin/bash
# readproctitle: what ps sees, scrolling, NULs, the end; when it is started without exec.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 readproctitle
like "usage" "$(cat err)" '^usage: readproctitle'
code "less than five bytes" 100 readproctitle service errors: ....
code "end of input" 0 readproctitle service errors: ..... </dev/null
is "says nothing" "$(cat out err)" ""
mkfifo pipe
exec 9<>pipe
line() { tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ *$//'; }
end() { kill $pid; wait $pid 2>/dev/null; }
shown() { [ "$(line)" = "$1" ]; }
show() { wait_for 5 shown "$1"; line; }
readproctitle service errors: ............. <pipe 9<&- &
pid=$!
PIDS="$PIDS $pid"
is "dots at first" "$(show 'readproctitle service errors: .............')" "readproctitle service errors: ............."
is "the name" "$(cat /proc/$pid/comm)" readproctitle
printf abc >&9
is "bytes come in at the right" "$(show 'readproctitle service errors: ..........abc')" "readproctitle service errors: ..........abc"
printf 'd\0e\0' >&9
is "NULs do not count" "$(show 'readproctitle service errors: ........abcde')" "readproctitle service errors: ........abcde"
printf 0123456789 >&9
is "three dots stay" "$(show 'readproctitle service errors: ...0123456789')" "readproctitle service errors: ...0123456789"
head -c 20000 /dev/zero | tr '\0' x >&9
is "a flood" "$(show 'readproctitle service errors: ...xxxxxxxxxx')" "readproctitle service errors: ...xxxxxxxxxx"
printf -- '-tail' >&9
is "and its tail" "$(show 'readproctitle service errors: ...xxxxx-tail')" "readproctitle service errors: ...xxxxx-tail"
like "ps sees it" "$(ps -o args= -p $pid)" '^readproctitle service errors: \.\.\.xxxxx-tail'
end
# dots need not be dots
readproctitle a xxxxxxxx <pipe 9<&- &
pid=$!
PIDS="$PIDS $pid"
is "the last word is overwritten" "$(show 'readproctitle a ........')" "readproctitle a ........"
end
# behind other commands in one process
setlock lock envuidgid root readproctitle log: .......... <pipe 9<&- &
pid=$!
PIDS="$PIDS $pid"
printf q >&9
is "at the end of a chain" "$(show 'readproctitle log: .........q')" "readproctitle log: .........q"
end
# under our own name
"$INDIMAIL" readproctitle log: .......... <pipe 9<&- &
pid=$!
PIDS="$PIDS $pid"
is "indimail readproctitle" "$(show 'readproctitle log: ..........')" "readproctitle log: .........."
end
code "a read that fails" 111 readproctitle log: .......... <.
# forked by a command that stays
background sh -c 'exec fghack readproctitle xyz ..................................... <pipe 9<&-'
pid=
child() { read -r pid <"/proc/$1/task/$1/children" || [ -n "$pid" ]; }
wait_for 5 child $!
is "forked by another command" "$(show 'readproctitle xyz .....................................')" "readproctitle xyz ....................................."
done_testing
