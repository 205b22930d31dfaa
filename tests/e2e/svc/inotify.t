#!/bin/bash
# inotify: a line per event, both halves of a rename, the end of input, TERM, the timeout, what cannot be watched.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 inotify
like "usage" "$(cat err)" '^usage: inotify '
code "a bad timeout" 100 inotify -d x d
code "a negative one" 100 env DATA_TIMEOUT=-5 inotify -n .
code "nothing of that name" 111 inotify -n none
is "its message" "$(cat err)" "inotify: fatal: unable to watch none: No such file or directory"
mkdir d e
background inotify -n d e d >events 2>log
p=$!
ready() { touch d/probe; grep -q 'd/probe' events; }
wait_for 5 ready
: >events
echo x >d/file
mv d/file e/other
mkdir d/dir
rm e/other
echo y >"d/strange"$'\n'"name"
wait_for 5 grep -q 'strange?name closed' events
is "created" "$(grep -c '^file d/file created$' events)" 1
is "opened" "$(grep -c '^file d/file opened$' events)" 1
is "closed" "$(grep -c '^file d/file closed$' events)" 1
like "a directory" "$(cat events)" '^dir +d/dir created$'
like "deleted" "$(cat events)" '^file e/other deleted$'
old=$(sed -n 's/^file d\/file oldname renamed\[\([0-9]*\)\]$/\1/p' events)
new=$(sed -n 's/^file e\/other newname renamed\[\([0-9]*\)\]$/\1/p' events)
like "the old name" "$old" '^[1-9][0-9]*$'
is "the new name has the same cookie" "$new" "$old"
is "a newline in a name is none in the line" "$(grep -c '^name' events)" 0
is "words 2 and 3 for scripts" "$(awk '$2 == "d/file" && $3 == "closed"' events | wc -l)" 1
kill -TERM $p
wait $p
is "TERM" $? 1
is "nothing else to say" "$(cat log)" ""

mkfifo pipe
exec 9<>pipe
inotify d <pipe >events 2>log 9<&- &
p=$!
wait_for 5 ready
echo bytes >&9
sleep 0.1
ok "bytes on standard input mean nothing" kill -0 $p
exec 9<&-
wait $p
is "end of input" $? 0
is "says" "$(cat log)" "shutting down"
is "-n does not look at it" "$(timeout 0.3 inotify -n d </dev/null; echo $?)" 124
background sleep 10
start=$(date +%s)
inotify -n -d 1 e >/dev/null 2>log
is "a timeout" $? 111
is "says" "$(cat log)" "inotify: fatal: nothing happened for 1 seconds"
DATA_TIMEOUT=1 inotify -n e >/dev/null 2>log
is "DATA_TIMEOUT" $? 111
mkdir gone
inotify -n gone >/dev/null 2>log &
p=$!
looks() { ls gone; [ "$(cat /proc/$p/comm)" = inotify ] && grep -q inotify /proc/$p/fdinfo/*; }
wait_for 5 looks
rmdir gone
wait $p
is "the directory goes" $? 111
is "says" "$(cat log)" "inotify: warning: gone is gone
inotify: fatal: nothing is left to watch"
inotify -n d >/dev/full 2>log &
p=$!
until_dead() { touch d/again; ! kill -0 $p 2>/dev/null; }
wait_for 5 until_dead
wait $p
is "output that fails" $? 111
done_testing
