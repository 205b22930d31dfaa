#!/bin/bash
# qread and its counts: settled messages, finished recipients, bounces, todo, odd files, every queue.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/base QUEUE_COUNT=2 CONFSPLIT=5 HOME=$T
mkdir control base
for q in queue1 queue2 slowq; do queue-fix base/$q; done
# settled QUEUE ID SENDER: mess and info
settled() {
	local s=$(($2 % 5))
	printf '0123456789' >"base/$1/mess/$s/$2"
	printf 'F%s\0eX-E: 1\n\0' "$3" >"base/$1/info/$s/$2"
	touch -d '2026-11-05 06:07:08 UTC' "base/$1/info/$s/$2"
}
settled queue1 11 a@b
printf 'Tjoe@x\0Dann@x\0' >base/queue1/local/1/11
printf 'Dbob@y\0Teve@y\0' >base/queue1/remote/1/11
settled queue1 12 ''
printf 'Trem@y\0' >base/queue1/remote/2/12
echo 'x' >base/queue1/bounce/12
settled queue2 23 $'odd\033[2J@x'
printf 'Tl@x\0' >base/queue2/local/3/23
printf '01234' >base/slowq/mess/4/34
printf 'u1\0p2\0Fs@t\0Tone@x\0Ttwo@x\0' | tee base/slowq/todo/4/34 >base/slowq/intd/4/34
touch -d '2026-11-05 06:07:08 UTC' base/slowq/todo/4/34
code "default" 0 qmail-qread
sed "s|$T/||" out >got
printf 'processing queue base/queue1
5 Nov 2026 06:07:08 GMT  1/#11  10  <a@b> 
\tlocal\tjoe@x
  done\tlocal\tann@x
  done\tremote\tbob@y
\tremote\teve@y
5 Nov 2026 06:07:08 GMT  2/#12  10  <>  bouncing
\tremote\trem@y

processing queue base/queue2
5 Nov 2026 06:07:08 GMT  3/#23  10  <odd_[2J@x> 
\tlocal\tl@x

processing queue base/slowq

' >want
is "local and remote" "$(cat got)" "$(cat want)"
is "-l" "$(qread -l | grep -c '#')" 2
is "-r" "$(qread -r | grep '#' | sed 's/.*#//' | tr '\n' /)" "11  10  <a@b> /12  10  <>  bouncing/"
is "-r has remote recipients only" "$(qread -r | grep -c local)" 0
QUEUEDIR=$T/base/slowq code "-t" 0 qread -t
is "a message in todo" "$(sed "s|$T/||" out)" "$(printf 'processing queue base/slowq\n5 Nov 2026 06:07:08 GMT  4/#34  5  <s@t> \n\ttodo\tone@x\n\ttodo\ttwo@x\n')"
is "-a" "$(qread -a | grep -c '#')" 4
code "-sca" 0 qread -sca
is "counts" "$(sed "s|$T/||" out | tail -10)" "$(printf 'processing queue base/slowq
Messages in local  queue: 0
Messages in remote queue: 0
Messages in bounce queue: 0
Messages in todo   queue: 1

Total Messages in local  queue: 2
Total Messages in remote queue: 2
Total Messages in bounce queue: 1
Total Messages in todo   queue: 1' )"
is "silent" "$(grep -c '#' out)" 0
# settled half-way: still in todo, so not yet in info
printf 'Fs@t\0' >base/slowq/info/4/34
is "todo wins over info" "$(qread -a | grep -c '#34')" 1
echo junk >base/slowq/info/4/junk; printf 'Fcut' >base/slowq/info/4/39; printf 'Xwhat\0' >base/slowq/info/4/44
code "odd files do not disturb" 0 qread
is "they are told" "$(grep -c '/info/4/\(39\|44\)$' err)" 2
chmod 0 base/queue1/info
code "unreadable" 111 qread
chmod 700 base/queue1/info
QUEUEDIR=$T/base/nothing code "no such queue" 111 qread
like "is named" "$(cat err)" '^qmail-qread: fatal: unable to enter .*/nothing: '
BIGTODO=0 queue-fix base/slowq 2>/dev/null
BIGTODO=0 QUEUEDIR=$T/base/slowq qread -t >out
is "flat todo" "$(grep -c '/#[0-9]*  5  <s@t>' out)" 1
mkdir .defaultqueue; echo "$T/base/queue2" >.defaultqueue/QUEUEDIR
is "~/.defaultqueue" "$(qread | grep -c processing)" 1
code "usage" 100 qread x
qread >/dev/full 2>/dev/null
is "output that fails" $? 111
done_testing
