#!/bin/bash
# svscanboot: leftovers are stopped, variables loaded, svscan started; its complaints in ps; more than one directory.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
export DISABLE_RUN=1 CONTROLDIR=$T/control
mkdir control
service() { mkdir -p "$1" && { echo '#!/bin/sh'; cat; } >"$1/run" && chmod +x "$1/run"; }
code "no such directory" 111 svscanboot "$T/none"
like "its words" "$(cat err)" "^svscanboot: fatal: unable to open $T/none: No such file or directory$"

S=$T/service
service "$S/one" <<<'env >../../one.env; exec sleep 1000'
service "$S/bad" <<<'exec sleep 1000'
mkdir -p "$S/.svscan/variables" "$S/old" "$S/old/log"
printf '5\n' >"$S/.svscan/variables/SCANINTERVAL"
printf 'hello\n' >"$S/.svscan/variables/GREETING"
touch "$S/old/down" "$S/old/log/down"
printf '#!/bin/sh\nexec sleep 100\n' | tee "$S/old/run" >"$S/old/log/run"
fake "$S/old" "$S/old/log"
(cd "$T" && exec svscanboot service) 2>err.log &
pid=$!
wait_for 10 svstat "$S/one" && pass "svscan runs" || fail "svscan runs"
wait_for 5 test -s "$S/old/got"; wait_for 5 test -s "$S/old/log/got"
is "a leftover was stopped" "$(cat "$S/old/got")" dx
is "and its logger" "$(cat "$S/old/log/got")" dx
is "it is the same process" "$(cat /proc/$pid/comm)" svscan
like "variables are loaded" "$(cat one.env)" "^GREETING=hello$"
like "PATH is set" "$(cat one.env)" "^PATH=/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin$"
is "input, output" "$(readlink /proc/$pid/fd/0) $(readlink /proc/$pid/fd/1 | cut -c1-4) $(readlink /proc/$pid/fd/2 | cut -c1-4)" \
	"/dev/null pipe pipe"
is "directory" "$(readlink /proc/$pid/cwd)" "$S"
if [ -e "$BIN/readproctitle" ]; then
	title=$(ps -o args= --ppid $pid | grep readproctitle)
	like "a process to show errors" "$title" "^readproctitle $S errors: \.{300,}"
	kill "$(ps -o pid=,args= --ppid $pid | awk '/readproctitle/ {print $1}')"
else
	skip "a process to show errors" "no readproctitle"
fi
kill -TERM $pid
svc -dx "$S"/*/ "$S"/old/log 2>/dev/null
wait $pid
is "ends on TERM" $? 0
wait_for 10 sh -c "! svok $S/one && ! svok $S/old"

touch "$S/.svscan/variables/SCANLOG"
echo "$S" >control/servicedir.conf
svscanboot &
pid=$!
wait_for 10 svstat "$S/one" && pass "the default directory" || fail "the default directory"
is "with SCANLOG nobody shows errors" "$(ps -o args= --ppid $pid | grep -c readproctitle)" 0
is "output" "$(readlink /proc/$pid/fd/2)" "/dev/null"
kill -TERM $pid
svc -dx "$S"/*/ "$S/old/log" 2>/dev/null
wait $pid
wait_for 10 sh -c "! svok $S/one && ! svok $S/old"

service "$T/second/two" <<<'exec sleep 1000'
mkdir -p "$T/second/.svscan/variables"
touch "$T/second/.svscan/variables/SCANLOG"
svscanboot "$S" "$T/missing" second &
pid=$!
wait_for 10 svstat "$S/one" && wait_for 10 svstat second/two && pass "two directories, one missing" || fail "two directories"
is "two svscans" "$(ps -o comm= --ppid $pid | sort | uniq -c | tr -s ' ')" " 2 svscan"
kill -TERM $pid
wait $pid
is "the end is passed on" $? 0
svc -dx "$S"/*/ "$S/old/log" second/two 2>/dev/null
wait_for 10 sh -c "! svok $S/one && ! svok second/two"
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	printf '\n' >"$S/.svscan/variables/UNSHARE"
	svscanboot "$S" &
	pid=$!
	wait_for 10 svstat "$S/one"
	[ "$(readlink /proc/$pid/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ] && pass "mounts of its own" || fail "mounts of its own"
	kill -TERM $pid
	svc -dx "$S"/*/ "$S/old/log" 2>/dev/null
	wait $pid
	wait_for 10 sh -c "! svok $S/one"
else
	skip "mounts of its own" "needs root"
fi
done_testing
