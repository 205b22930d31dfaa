#!/bin/bash
# ismaildup: what is the same message, how long, and when it has been seen.
. "$(dirname "$0")/../lib.sh"
mkdir d
cat >prog <<'P'
#!/bin/sh
d=${0%/*}
echo "$*" >>$d/ran
tail -1 >>$d/ran
exit ${RESULT:-0}
P
chmod 755 prog
# message SUBJECT [LINE...]: its trace lines first
message() { printf '%s\n' "${@:2}" "Subject: $1" "" body >msg; }
# try TEXT EXIT RUNS
try() {
	rm -f ran
	code "$1" "$2" ismaildup d ./prog a b <msg
	is "$1: runs" "$(grep -c body ran 2>/dev/null)" "$3"
}
message one "From: x@y"
try "first" 0 1
is "arguments, the whole message" "$(tr '\n' / <ran)" "a b/body/"
like "the record" "$(cat d/dupmd5)" "^[0-9]+ $(printf 'From: x@y\nSubject: one\n' | md5sum | cut -d' ' -f1)\$"
is "nothing else in the directory" "$(ls -A d)" dupmd5
try "second" 0 ""
is "says so" "$(cat err)" "ismaildup: duplicate"
message one "Received: by z; now" "	more" "From: x@y"; try "another Received" 0 ""
message one "DELIVERED-TO: me" "X-Delivered-To: you" "From: x@y"; try "another Delivered-To" 0 ""
message one "From: x@z"; try "another From" 0 1
message two "From: x@y"; try "another Subject" 0 1
printf 'From: x@y\nSubject: one\n\nother body\n' >msg; code "another body" 0 ismaildup d ./prog <msg
is "is the same message" "$(cat err)" "ismaildup: duplicate"
cat /dev/null >msg; try "an empty message" 0 0
# a message that was not accepted has not been seen
message three
for r in 111 100 1; do RESULT=$r try "exit $r" $r 1; done
RESULT=99 try "exit 99" 99 1
try "now it has" 0 ""
message four
code "a crash" 111 ismaildup d sh -c 'kill -9 $$' <msg
code "no such program" 111 ismaildup d ./missing <msg
try "neither counts" 0 1
# time
message five
DUPLICATE_INTERVAL=0 try "no interval" 0 1
DUPLICATE_INTERVAL=0 try "no interval, again" 0 1
now=$(date +%s) hex=$(printf 'Subject: six\n' | md5sum | cut -d' ' -f1)
message six
echo "$((now - 1000)) $hex" >d/dupmd5; try "older than 900 seconds" 0 1
is "old lines go" "$(wc -l <d/dupmd5)" 1
echo "$((now - 800)) $hex" >d/dupmd5; try "younger" 0 ""
echo "$((now - 1000)) $hex" >d/dupmd5; DUPLICATE_INTERVAL=2000 try "DUPLICATE_INTERVAL" 0 ""
ELIMINATE_DUPS_INT=2000 try "ELIMINATE_DUPS_INT" 0 ""
echo "$((now + 5000)) $hex" >d/dupmd5; try "from the future" 0 1
printf 'rubbish\n%s\n\n%s x\n' "$now" "$now" >d/dupmd5; try "rubbish" 0 1
is "goes" "$(wc -l <d/dupmd5)" 1
for i in $(seq 30000); do echo "$now $hex$i"; echo "$now 0123456789abcdef0123456789abcdef"; done >d/dupmd5
message seven; try "a long record" 0 1
is "is kept within bounds" "$(($(wc -c <d/dupmd5) <= 1048576 + 100))" 1
# another fingerprint
rm d/dupmd5; message eight
export ELIMINATE_DUPS_ARGS="sed -n 's/^Key: //p'"
message eight "Key: k"; try "ELIMINATE_DUPS_ARGS" 0 1
message nine "Key: k"; try "its output decides" 0 ""
like "and is what is digested" "$(cat d/dupmd5)" "$(echo k | md5sum | cut -d' ' -f1)\$"
ELIMINATE_DUPS_ARGS=false try "one that fails: delivered" 0 1
ELIMINATE_DUPS_ARGS=./missing try "one that is missing: delivered" 0 1
ELIMINATE_DUPS_ARGS="a 'b" try "one that is no command: delivered" 0 1
unset ELIMINATE_DUPS_ARGS
# trouble with the record never costs a message
message ten
code "no such directory" 0 ismaildup none ./prog <msg
like "a warning" "$(cat err)" '^ismaildup: warning: unable to lock none: No such file or directory$'
mkdir -p e/dupmd5; code "a record that is none" 0 ismaildup e ./prog <msg
code "a pipe" 111 sh -c 'echo x | ismaildup d ./prog'
code "usage" 100 ismaildup d <msg
code "usage" 100 ismaildup <msg
# two at a time: one of them delivers
message eleven; rm -f ran
for i in 1 2 3 4; do ismaildup d sh -c 'cat >/dev/null; sleep 0.2; echo x >>ran' <msg 2>/dev/null & p="${p-} $!"; done
wait $p
is "four at once" "$(wc -l <ran)" 1
done_testing
