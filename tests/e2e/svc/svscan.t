#!/bin/bash
# svscan: services and loggers of a directory, scanning, its own log, and the end.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../queue/user.sh"
. "$HERE/../lib.sh"
. "$HERE/supervise.sh"
# scan OPTIONS DIR: in the background; its pid is in $SCAN, its words in scan.log
scan() {
	svscan "$@" >>scan.log 2>&1 &
	SCAN=$!
	PIDS="$PIDS $SCAN"
}
end_scan() { kill -TERM "$SCAN"; wait "$SCAN"; }
has_line() { grep -qE "$1" "$2" 2>/dev/null; }
# quit_all DIR...: what svscan has left
quit_all() {
	local d
	for d; do
		runs "$d" && tell "$d" dx
	done
	for d; do wait_for 5 not runs "$d" || fail "$d ends"; done
}
code "two directories" 100 svscan a b
code "no such directory" 111 svscan nonexistent
code "no slots" 100 svscan -n 0 .

# ---- services and loggers ----
mkdir -p s/one s/two/log s/.hidden elsewhere
for d in one .hidden; do script s/$d/run 'env >environment' 'exec sleep 1000'; done
script s/two/run 'echo from two' 'exec sleep 1000'
script s/two/log/run 'env >environment' 'exec cat >>../lines'
script elsewhere/run 'exec sleep 1000'
touch s/file
ln -s ../elsewhere s/linked
mkdir s/.svscan
scan s
for d in one two two/log linked; do ok "$d" wait_for 5 runs "s/$d"; done
ok "the logger gets what its service says" wait_for 5 has_line '^from two$' s/two/lines
runs s/.hidden && fail "hidden ones are not started" || pass "hidden ones are not started"
is "pid file" "$(cat s/.svscan.pid)" "$SCAN"
wait_for 5 test -s s/one/environment
is "environment" "$(grep -E '^(SCANDIR|MAIN_SV)=' s/one/environment | sort | tr '\n' ' ')" "MAIN_SV=one SCANDIR=$T/s "
wait_for 5 test -s s/two/log/environment
is "of a logger" "$(grep -E '^SV_PWD=' s/two/log/environment)" "SV_PWD=two"
is "names in ps" "$(ps --ppid "$SCAN" -o args= | sort | tr '\n' ';')" \
	"supervise linked;supervise one;supervise two;supervise two/log;"
is "its own" "$(ps -o comm= -p "$SCAN")" svscan
code "a second one" 111 svscan s
like "says so" "$(cat err)" '^svscan: fatal: \[svscan\] already running$'
is "the pid file stays" "$(cat s/.svscan.pid)" "$SCAN"

# ---- scanning ----
mkdir s/three; script s/three/run 'exec sleep 1000'
sleep 0.3
runs s/three && fail "a new service waits for HUP" || pass "a new service waits for HUP"
kill -HUP "$SCAN"
ok "HUP" wait_for 5 runs s/three
touch s/one/down
kill -HUP "$SCAN"
ok "a new file down is a request" wait_for 5 is_down s/one
rm s/one/down
kill -HUP "$SCAN"
ok "and so is its end" wait_for 5 is_up s/one

tell s/three dx
wait_for 5 not runs s/three
mv s/three s/renamed
kill -HUP "$SCAN"
ok "a renamed one is started under its new name" wait_for 5 runs s/renamed
mv s/renamed s/three

# ---- what dies ----
keeper() { ps --ppid "$SCAN" -o pid=,args= | awk -v n="$1" '$3 == n {print $1}'; }
old=$(keeper one) service=$(field s/one pid)
kill -KILL "$old"
replaced() { local k; k=$(keeper one) && [ -n "$k" ] && [ "$k" != "$old" ] && runs s/one && is_up s/one; }
ok "a killed supervise has a successor" wait_for 5 replaced
is "that takes the service over" "$(field s/one pid)" "$service"
old=$(keeper two/log)
kill -KILL "$old" "$(field s/two/log pid)"
script s/two/run 'echo again' 'exec sleep 1000'
tell s/two r
ok "no line is lost while a logger is away" wait_for 5 has_line '^again$' s/two/lines
tell s/three dx
ok "told to go, a supervise goes" wait_for 5 not runs s/three
sleep 1.2
runs s/three && fail "and stays away" || pass "and stays away"

# ---- the end: the others go on ----
script s/.svscan/shutdown 'echo shutdown >>shutdown'
end_scan
is "TERM" $? 0
ok "the pid file is gone" test ! -e s/.svscan.pid
is "the shutdown script has run" "$(cat s/shutdown)" shutdown
like "its words" "$(cat scan.log)" "^svscan: info: pid: $SCAN: exiting\.\.\.\$"
is "services go on" "$(runs s/one && field s/one up)" 1
quit_all s/one s/two s/two/log s/linked
rm -rf s/.svscan/shutdown s/three

# ---- a stale pid file; a killed svscan ----
echo 999999 >s/.svscan.pid
scan s
ok "a stale pid file is in nobody's way" wait_for 5 runs s/one
kill -KILL "$SCAN"; wait "$SCAN" 2>/dev/null
SCANINTERVAL=1 scan s
sleep 0.5
is "a second svscan does not start services twice" "$(pgrep -f '^supervise one$' -u "$(id -u)" | wc -l)" 1
quit_all s/one s/two s/two/log s/linked
SCANNOW=1
ok "but takes its place" wait_for 5 runs s/one
unset SCANNOW
quit_all s/one s/two s/two/log s/linked
end_scan

# ---- AUTOSCAN, -n, verbose, .svars ----
mkdir n; mkdir n/a n/b
script n/a/run 'env >environment' 'exec sleep 1000'; script n/b/run 'exec sleep 1000'
mkdir n/a/.svars; echo yes >n/a/.svars/FROM_SVARS
: >scan.log
SCANINTERVAL=1 AUTOSCAN=1 scan -v -n 1 n
started() { { runs n/a || runs n/b; } && has_line 'running too many services' scan.log; }
ok "-n" wait_for 5 started
like "-v" "$(cat scan.log)" '^svscan: info: Starting service [ab]$'
first=a; runs n/b && first=b
quit_all n/$first
rm -rf n/$first
other=b; [ $first = b ] && other=a
ok "a removed service makes room for another, without HUP" wait_for 6 runs n/$other
[ $other = a ] || { mkdir n/a; script n/a/run 'env >environment' 'exec sleep 1000'; mkdir n/a/.svars; echo yes >n/a/.svars/FROM_SVARS; quit_all n/b; rm -rf n/b; wait_for 6 runs n/a; }
wait_for 5 has_line ^FROM_SVARS=yes n/a/environment && pass ".svars" || fail ".svars"
end_scan; quit_all n/a

# ---- its own log, INITCMD ----
mkdir -p l/.svscan/log l/x
script l/.svscan/log/run 'exec cat >>../../own'
script l/x/run 'echo from x' 'exec sleep 1000'
script l/.svscan/run 'echo init; sleep 0.3; echo initialized'
SCANLOG= INITCMD= WAIT_INITCMD=1 scan -v l
ok "SCANLOG" wait_for 5 has_line '^from x$' l/own
is "after INITCMD" "$(grep -nE '^(initialized|from x)$' l/own | cut -d: -f2 | tr '\n' ';')" "initialized;from x;"
end_scan
ok "the last words are in the log" wait_for 5 has_line 'exiting\.\.\.$' l/own
quit_all l/x

# ---- services that end with it ----
mkdir -p e/base e/app/log e/slow e/.svscan
script e/base/run 'trap "sleep 0.2; date +%s%N >ended; exit" TERM' 'while :; do sleep 0.05; done'
script e/app/run 'trap "for i in \$(seq 2000); do echo line \$i; done; date +%s%N >ended; exit" TERM' 'echo up' \
	'while :; do sleep 0.05; done'
script e/app/log/run 'exec sh -c "while read -r x; do echo \"\$x\"; done >../lines; echo end >>../lines"'
printf '0\nbase\n' >e/app/wait
script e/slow/run 'trap "" TERM INT' 'echo $$ >pid' 'while :; do sleep 0.05; done'
: >scan.log
TERMINATE_SESSION=1 KILLWAIT=2 scan e
ok "they start" wait_for 5 has_line up e/app/lines
wait_for 5 test -s e/slow/pid
ps --ppid "$SCAN" -o pid= >pids; cat e/slow/pid >>pids
start=$(date +%s%N)
end_scan
is "something had to be killed" $? 111
ms=$((($(date +%s%N) - start) / 1000000))
[ $ms -lt 6000 ] && pass "bounded time" || fail "bounded time: $ms ms"
is "nobody is left" "$(for p in $(cat pids); do ps -o args= -p "$p"; done)" ""
is "the logger has read everything" "$(tail -2 e/app/lines | tr '\n' ';') $(grep -c '^line' e/app/lines)" "line 2000;end; 2000"
[ "$(cat e/app/ended)" -lt "$(cat e/base/ended)" ] && pass "what waits for another ends first" || fail "what waits for another ends first"
rm -rf e/slow
TERMINATE_SESSION=1 scan e
wait_for 5 runs e/app
kill -KILL "$SCAN"; wait "$SCAN" 2>/dev/null
ok "killed, it takes them along" wait_for 5 not runs e/app
ok "all of them" wait_for 5 not runs e/base
script e/.svscan/shutdown 'exec sleep 60'
TERMINATE_SESSION=1 KILLWAIT=4 scan e
wait_for 5 runs e/app; wait_for 5 is_up e/app
start=$(date +%s)
end_scan
is "a shutdown script that hangs" $? 0
[ $(($(date +%s) - start)) -le 20 ] && pass "is not waited for long" || fail "is not waited for long"
rm e/.svscan/shutdown
TERMINATE_SESSION=1 scan e
wait_for 5 runs e/app; wait_for 5 is_up e/app
kill -INT "$SCAN"; wait "$SCAN"
is "INT" $? 0
done_testing
