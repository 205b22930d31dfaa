#!/bin/bash
# multilog: script and patterns, labels, logs and their rotation, recovery, signals, processors, full disks.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
umask 022
label='@40000000[0-9a-f]{16}'
x() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }

# ---- what is shown
code "no actions: nothing" 0 multilog <<<"hello"
is "really nothing" "$(cat out err)" ""
both() { multilog "$@" 2>&1 >/dev/null; }
is "e" "$(echo one | both e)" one
is "e twice" "$(echo one | both e e)" "$(printf 'one\none')"
is "a partial last line is completed" "$(printf 'one' | both e | wc -c)" 4
is "an empty line" "$(echo | both e | wc -c)" 1
is "empty input" "$(both e </dev/null | wc -c)" 0
is "200 bytes are shown" "$(x 200 | both e)" "$(x 200)"
is "of more the rest is dots" "$(x 201 | both e)" "$(x 200)..."
is "of much more too" "$(x 100000 | both e)" "$(x 200)..."
like "t" "$(echo one | both t e)" "^$label one\$"
is "t shows 174 bytes" "$(x 300 | both t e | cut -c27-)" "$(x 174)..."
is "t later is nothing" "$(echo one | both e t)" one
is "words that are no action" "$(echo one | both what e xyz)" one

# ---- selection
is "-*" "$(seq 3 | both '-*' e)" ""
is "-* +one" "$(printf 'one\ntwo\nones\n' | both '-*' +one e)" one
is "in between" "$(printf 'a\nb\n' | both e '-a' e)" "$(printf 'a\nb\nb')"
is "the last match decides" "$(printf 'ab\nac\n' | both '-a*' '+*c' e)" ac
is "a star stops at the next character" "$(printf 'a: b: c\na b: c\n' | both '-*' '+*: c' e)" "a b: c"
is "with a stamp" "$(printf 'one\ntwo\n' | both t '-*' '+* two' e | wc -l)" 1
is "a star needs its character" "$(printf 'abc\n' | both '-*' '+*d' e)" ""
is "the whole line" "$(printf 'abc\n' | both '-*' +ab e)" ""
is "an empty pattern" "$(printf 'a\n\nb\n' | both '-' e)" "$(printf 'a\nb')"
is "1000 bytes count" "$( (x 1000; echo y) | both '-*' "+$(x 1000)" e | wc -c)" 204
is "not 999" "$( (x 1000; echo y) | both '-*' "+$(x 999)" e | wc -c)" 0
is "stamp included" "$(x 980 | both t '-*' "+*$(x 974)" e | wc -c)" 204

# ---- status files
printf 'one\ntwo\n' | multilog =status
is "1001 bytes" "$(wc -c <status)" 1001
is "the last line" "$(uniq -c status)" "$(printf '      1 two\n    997 ')"
is "mode" "$(stat -c %a status)" 600
x 5000 y | multilog =status
is "1000 bytes of a long line" "$(tr -d '\n' <status | wc -c) $(wc -c <status)" "1000 1001"
x 3000 z >status
echo short | multilog =status
is "it is overwritten, not cut" "$(head -1 status) $(wc -c <status)" "short 3000"
is "deselected lines are not noted" "$(printf 'a\nb\n' | multilog -b =status; head -1 status)" a
code "no status, no reason to stop" 0 multilog =none/status e <<<"line"
is "a warning and the line" "$(cat err)" "$(printf 'line\nmultilog: warning: unable to write none/status: No such file or directory')"

# ---- a log
seq 3 | multilog ./log
is "lines arrive" "$(cat log/current)" "$(seq 3)"
is "what is there" "$(ls log)" "$(printf 'current\nlock\nstate')"
is "modes" "$(stat -c %a log log/current log/lock log/state | tr '\n' ' ')" "755 744 600 644 "
seq 4 5 | multilog ./log
is "a good end goes on" "$(cat log/current)" "$(seq 5)"
echo six | multilog "$T/log"
is "an absolute name" "$(tail -1 log/current)" six
x 100000 | multilog ./long
is "a long line whole, with its newline" "$(wc -c <long/current)" 100001
(x 5000 a; echo; x 5000 b; echo) | multilog '-a*' ./pick '-*' ./none
is "the rest goes where the beginning went" "$(tr -d b <pick/current | wc -c) $(wc -c <pick/current) $(wc -c <none/current)" "1 5001 0"
printf 'a\0b\n\0' | multilog ./nul
is "NUL bytes" "$(od -An -c nul/current | tr -d ' ')" 'a\0b\n\0\n'
seq 100000 >numbers
multilog ./all <numbers
cmp -s numbers all/current && pass "no limit without s" || fail "no limit without s"
multilog t ./one '-* 9' ./two '-*' '+* 77' ./three <numbers
is "three logs" "$(cut -d' ' -f2 one/current | cmp - numbers && echo same) $(grep -c ' 9$' two/current) $(wc -l <two/current)" "same 0 99999"
like "stamped" "$(cat three/current)" "^$label 77\$"

# ---- rotation
whole() { cat "$1"/@* "$1"/current; }
multilog s4096 n1000 ./rot <numbers
whole rot | cmp -s - numbers && pass "rotated, every line once" || fail "rotated, every line once"
is "names" "$(ls rot | grep -vcE "^($label\.s|current|lock|state)\$")" 0
is "sizes" "$(find rot -name '@*' \( -size +4096c -o -size -2096c \) | wc -l)" 0
is "whole lines" "$(for f in rot/@*; do tail -c 1 $f | od -An -c; done | sort -u | tr -d ' ')" '\n'
is "modes" "$(stat -c %a rot/@* | sort -u)" 744
multilog s4096 n5 ./few <numbers
is "n5: four old ones" "$(ls few | grep -c @)" 4
tail -n "$(whole few | wc -l)" numbers | cmp -s - <(whole few) && pass "the newest" || fail "the newest"
multilog s1 n0 ./least <numbers
is "s1 is 4096, n0 is 2" "$(ls least | grep -c @) $(stat -c %s least/@* | awk '{print ($1 > 2096 && $1 <= 4096)}')" "1 1"
multilog s5000 n1000 ./a n3 s100000 ./b <numbers
is "for the directories that follow" "$(ls a | grep -c @ | awk '{print ($1 > 100)}') $(ls b | grep -c @)" "1 2"
x 20000 | multilog s4096 n100 ./cut
is "what has no newline is cut at the size" "$(stat -c %s cut/@* | sort -u | tr '\n' ' ')$(whole cut | wc -c)" "3617 4096 20001"
touch rot/@not-a-stamp rot/@400000000000000000000000x
seq 2000 | multilog s4096 n2 ./rot
is "25 characters are old logs, fewer are not" "$(ls rot | grep @ | grep -vE "^$label\.s")" "@not-a-stamp"

# ---- after a crash
mkdir crash
echo torn >crash/current
echo left >crash/previous
chmod 644 crash/current
echo new | multilog ./crash
is "current and previous become .u" "$(ls crash | grep -c '@.*\.u$')" 2
is "in order" "$(whole crash)" "$(printf 'left\ntorn\nnew')"
mkdir done
echo raw >done/previous
echo cooked >done/processed
echo note >done/newstate
chmod 744 done/processed
multilog ./done </dev/null
is "processed and marked: it counts" "$(whole done) $(cat done/state) $(ls done | tr '\n' ' ' | sed -E "s/$label/X/")" "cooked note X.s current lock state "
mkdir half
echo raw >half/previous
echo coo >half/processed
multilog ./half </dev/null
is "processed and not marked: it does not" "$(whole half) $(ls half | sed -E "s/$label/X/" | tr '\n' ' ')" "raw X.u current lock state "
mkdir twice
echo once >twice/previous
ln twice/previous "twice/@400000003000000000000000.s"
multilog ./twice </dev/null
is "named already: not again" "$(whole twice)" once
mkdir nothing
touch nothing/current
echo x | multilog ./nothing
is "an empty current is no old log" "$(ls nothing)" "$(printf 'current\nlock\nstate')"
mkdir big
(x 3999; echo) >big/current
chmod 744 big/current
seq 2000 | multilog s4096 n100 ./big
is "near to the limit at the start: no line is cut" "$(for f in big/@*; do tail -c 1 $f | od -An -c; done | sort -u | tr -d ' ')" '\n'

# ---- start-up errors
mkfifo in
exec 3<>in
background sh -c 'exec multilog t ./log s4096 ./sig <in 2>err1'
pid=$!
echo first >&3
wait_for 5 grep -q first sig/current
code "locked" 111 multilog ./log </dev/null
like "its text" "$(cat err)" '^multilog: fatal: unable to lock directory \./log: '
code "no parent" 111 multilog ./no/log </dev/null
like "its text" "$(cat err)" '^multilog: fatal: unable to open directory \./no/log: No such file or directory$'
touch plain
code "a file" 111 multilog ./plain </dev/null
like "its text" "$(cat err)" 'unable to open directory \./plain: Not a directory'
code "input that cannot be read" 111 multilog e <.
like "its text" "$(cat err)" '^multilog: warning: unable to read input: Is a directory'
code "no input" 111 sh -c 'multilog <&-'

# ---- signals
kill -ALRM $pid
ok "ALRM: a new log" wait_for 5 sh -c 'ls sig | grep -q @'
is "with what was there" "$(cut -d' ' -f2 sig/@*)" first
kill -ALRM $pid
sleep 0.1
is "an empty one goes on" "$(ls sig | grep -c @)" 1
printf 'x%.0s' $(seq 1500) >&3
wait_for 5 grep -q xxx sig/current
kill -ALRM $pid
sleep 0.1
is "not in the middle of a line" "$(ls sig | grep -c @)" 1
echo end >&3
ok "but at its end" wait_for 5 sh -c 'ls sig | grep -c @ | grep -q 2'
is "as long as nobody asks again" "$(wc -c <sig/current)" 0
kill -INT $pid
sleep 0.1
echo unseen >&3
kill -0 $pid
sleep 0.1
kill -HUP $pid
sleep 0.1
echo seen >&3
wait_for 5 grep -q ' seen' sig/current
is "INT stops logging, HUP resumes it" "$(cat sig/current | cut -d' ' -f2)" seen
is "modes while it runs" "$(stat -c %a sig/current)" 644
kill -TERM $pid
wait $pid
is "TERM" "$? $(stat -c %a sig/current) $(cat err1)" "0 744 "
background sh -c 'exec multilog ./term <in'
pid=$!
printf 'half ' >&3
sleep 0.2
kill -TERM $pid
sleep 0.1
kill -0 $pid && pass "TERM in a line: its end is waited for" || fail "TERM in a line"
printf 'full\nnext\n' >&3
wait $pid
is "then it ends and leaves the rest" "$? $(cat term/current)" "0 half full"
is "in the pipe" "$(timeout 1 head -1 <&3)" next
background sh -c 'exec multilog r1 ./clock <in'
pid=$!
echo tick >&3
ok "r1: by the clock" wait_for 5 sh -c 'ls clock | grep -q @'
kill -TERM $pid
wait $pid

# ---- processors
multilog s4096 n1000 '!tr 0-9 a-j' ./proc <numbers
is "a processor" "$(cat proc/@* | head -3 | tr '\n' ' ')" "b c d "
(cat proc/@* | tr a-j 0-9; cat proc/current) | cmp -s - numbers && pass "sees every line once" || fail "sees every line once"
is "nothing is left" "$(ls proc | grep -v @)" "$(printf 'current\nlock\nstate')"
multilog s4096 n1000 '!(cat <&4; wc -c) >&5' ./state <numbers
is "states are passed on" "$(wc -l <state/state)" "$(ls state | grep -c @)"
is "an empty result is a log" "$(stat -c %s state/@* | sort -u)" 0
multilog s4096 n1000 '!test -e once || { touch once; echo wrong; exit 3; }; cat' ./fail <numbers 2>err
whole fail | cmp -s - numbers && pass "a failure is tried again, its output dropped" || fail "a failure"
is "said once" "$(cat err)" "multilog: warning: processor failed with exit code 3 for ./fail, trying again every 5 seconds
multilog: info: processor succeeded for ./fail"
background sh -c 'exec multilog s4096 "!sleep 60" ./slow <numbers 2>err2'
pid=$!
ok "a slow processor" wait_for 5 test -e slow/processed
start=$(date +%s)
kill -TERM $pid
wait $pid
is "TERM does not wait for ever" "$? $(($(date +%s) - start < 9))" "0 1"
like "says so" "$(cat err2)" 'stopping the processor for \./slow, its log stays unprocessed'
multilog ./slow </dev/null
is "what it had is kept" "$(cat slow/@*.u slow/current | cmp - <(head -n "$(cat slow/@* slow/current | wc -l)" numbers) && echo same)" same

# ---- trouble
ln -s plain log/link && mkdir linked && ln -s ../plain linked/current
code "current is no link" 111 multilog ./linked <<<"x"
is "what it leads to is left alone" "$(stat -c '%a %s' plain)" "644 0"
# a limit on the size of files is a disk that is full
limited='trap "" XFSZ; ulimit -Sf 8; exec multilog ./full ./beside <in 2>err3'
background bash -c "$limited"
pid=$!
head -c 20000 numbers | head -n 3000 >&3
ok "a full disk: said" wait_for 5 grep -qx 'multilog: warning: unable to write current in ./full, pausing: File too large' err3
sleep 0.4
is "once" "$(wc -l <err3)" 1
prlimit --pid $pid --fsize=unlimited
ok "there is room again: said" wait_for 8 grep -qE '^multilog: info: going on after [0-9]+ seconds in ./full$' err3
ok "written" wait_for 5 sh -c 'cmp -s full/current beside/current && test $(wc -l <beside/current) = 3000'
head -n 3000 numbers | cmp -s - full/current && pass "nothing is lost, nothing comes twice" || fail "nothing is lost"
kill -TERM $pid
wait $pid
is "a good end" "$? $(grep -vc full err3)" "0 0"
rm -r full beside err3
background bash -c "$limited"
pid=$!
head -n 3000 numbers >&3
wait_for 5 grep -q pausing err3
kill -TERM $pid
start=$(date +%s)
wait $pid
is "TERM: bounded, and honest" "$? $(($(date +%s) - start < 9))" "111 1"
like "what is lost" "$(tail -1 err3)" "^multilog: fatal: ended by TERM while writing was impossible: $((2 * ($(head -n 3000 numbers | wc -c) - 8192))) bytes lost\$"
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
	background sh -c 'exec multilog ./small/log <in 2>err4'
	pid=$!
	head -c 60000 numbers >small/filler
	head -n 9000 numbers >&3 &
	ok "a file system full" wait_for 5 grep -q pausing err4
	rm small/filler
	ok "there is room again" wait_for 8 grep -q 'going on' err4
	wait_for 5 sh -c 'test $(wc -l <small/log/current) = 9000'
	head -n 9000 numbers | cmp -s - small/log/current && pass "nothing is lost" || fail "nothing is lost"
	is "two words about it" "$(sed -E 's/[0-9]+ s/N s/' err4)" "multilog: warning: unable to write current in ./small/log, pausing: No space left on device
multilog: info: going on after N seconds in ./small/log"
	kill -TERM $pid
	wait $pid
	umount small
else
	skip "a file system full" "needs root and mount"
fi
echo x | NOFSYNC= strace -f -o trace multilog ./nosync 2>/dev/null &&
	is "NOFSYNC" "$(grep -c fsync trace)" 0
code "--help" 0 multilog --help
done_testing
