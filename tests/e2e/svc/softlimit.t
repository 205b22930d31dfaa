#!/bin/bash
# softlimit: every letter, = and -1, the hard limit, order, what is refused; low limits and chains in one process.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 softlimit
like "usage" "$(cat err)" '^usage: softlimit '
code "no child" 100 softlimit -m 100000000
code "nothing after --" 100 softlimit --
code "no value" 100 softlimit -m
code "unknown letter" 100 softlimit -z 1 true
for bad in x 1x -2 '' ' 1' 0x10 1,2; do
	code "bad value '$bad'" 100 softlimit -c "$bad" true
done
code "no such child" 111 softlimit ./nonexistent
is "its message" "$(cat err)" "softlimit: fatal: unable to run ./nonexistent: No such file or directory"
code "no options at all" 5 softlimit sh -c 'exit 5'
code "-- ends the options" 5 softlimit -c 0 -- sh -c 'exit 5'

# NAME [soft] as /proc shows it
soft() { local name=$1; shift; "$@" sed -n "s/^$name  *\([0-9a-z]*\).*/\1/p" /proc/self/limits; }
hard() { local name=$1; shift; "$@" sed -n "s/^$name  *[0-9a-z]*  *\([0-9a-z]*\).*/\1/p" /proc/self/limits; }
try() { is "-$1" "$(soft "$2" softlimit "-$1" "$3")" "$3"; }
try a 'Max address space' 500000000
try c 'Max core file size' 123
try d 'Max data size' 400000000
try f 'Max file size' 234567
try l 'Max locked memory' 4096
try o 'Max open files' 57
try p 'Max processes' 1000
try q 'Max msgqueue size' 4000
try r 'Max resident set' 300000000
try s 'Max stack size' 5000000
try t 'Max cpu time' 100
for what in 'data size' 'stack size' 'address space'; do
	is "-m limits the $what" "$(soft "Max $what" softlimit -m 60000000)" 60000000
done
is "-m limits locked memory" "$(soft 'Max locked memory' softlimit -m 60000 -d = -a = -s =)" 60000
is "value attached" "$(soft 'Max cpu time' softlimit -t77)" 77
is "the hard limit stays" "$(hard 'Max cpu time' softlimit -t77)" "$(hard 'Max cpu time' env)"
low() { bash -c 'ulimit -n 40; exec "$@"' - "$@"; }
is "never above the hard limit" "$(soft 'Max open files' low softlimit -o 1000)" 40
is "a number larger than any" "$(soft 'Max open files' low softlimit -o 99999999999999999999999)" 40
is "= is the hard limit" "$(soft 'Max open files' low softlimit -o 10 -o =)" 40
is "-1 for descriptors" "$(soft 'Max open files' low softlimit -o 10 -o -1 | grep -cE '^(40|[0-9]{4,}|unlimited)$')" 1
is "left to right" "$(soft 'Max open files' softlimit -o 30 -o 20 -o 25)" 25
is "-1 is no limit" "$(soft 'Max core file size' softlimit -c 0 -c -1)" unlimited
if bash -c 'ulimit -t 1000; ulimit -H -t unlimited' 2>/dev/null; then	# CAP_SYS_RESOURCE
	is "-1 lifts the hard limit too" "$(bash -c 'ulimit -t 1000; exec softlimit -t -1 grep "^Max cpu" /proc/self/limits' |
		awk '{ print $4, $5 }')" "unlimited unlimited"
else
	code "-1 above a hard limit" 111 bash -c 'ulimit -t 1000; softlimit -t -1 true'
	like "says so" "$(cat err)" '^softlimit: fatal: unable to set limit -t: Operation not permitted'
fi
is "-p0 still runs a child" "$(softlimit -p0 echo x)" x
is "a file larger than allowed" "$(softlimit -f 10 sh -c 'trap "" XFSZ; head -c 100 /dev/zero >big 2>/dev/null; wc -c <big')" 10

# a chain in one process works with less than the image takes
mkdir d
echo v >d/V
head -c 200000 /dev/zero | tr '\0' x | fold -w 60 | sed 's/^/# /' >d/.envfile
if ! grep -q glibc "$INDIMAIL"; then
	skip "a low limit" "this C library gives memory that was put aside back to the system"
elif ! grep -q __asan_init "$INDIMAIL"; then
	is "our own commands under a low limit have some memory" "$(REEXEC= softlimit -a 1000000 envdir d setlock l setuidgid "$(id -un)" readproctitle a .......... </dev/null; echo $?)" 0
else
	skip "a low limit" "a sanitizer needs more memory than there is"
fi
is "the limit reaches the child" "$(soft 'Max open files' softlimit -o 33 setlock l envdir d)" 33
is "REEXEC=1" "$(REEXEC=1 soft 'Max open files' softlimit -o 33 setlock l envdir d)" 33
done_testing
