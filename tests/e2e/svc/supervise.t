#!/bin/bash
# supervise: status, commands, scripts, restarts, waiting, taking over, and everything that can be in the way.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../queue/user.sh"
. "$HERE/../lib.sh"
. "$HERE/supervise.sh"
code "no directory" 100 supervise
code "three words" 100 supervise a b c
code "a path" 100 supervise /tmp
code "a dot" 100 supervise .x
code "no such directory" 111 supervise nonexistent
like "is said" "$(cat err)" '^supervise: fatal: unable to chdir to nonexistent: No such file or directory$'

# ---- start, status, state directory ----
mkdir a
script a/run 'echo "$1 $2" >>runs' 'env >environment' 'exec sleep 1000'
now=$(date +%s)
sup a
ok "it starts" wait_for 5 is_up a
wait_for 5 lines a/runs 1
is "run is told where and why" "$(cat a/runs)" "$T/a auto startup"
is "PPID" "$(grep ^PPID= a/environment)" "PPID=$SUP"
like "the pid" "$(ps -o args= -p "$(field a pid)")" '^sleep 1000'
is "want" "$(field a want)$(field a paused)$(field a wait)" u00
s=$(field a since)
[ "$s" -ge "$now" ] && [ "$s" -le $((now + 2)) ] && pass "since" || fail "since: $s, now $now"
is "nanoseconds end in 500" "$(($(field a nsec) % 1000))" 500
is "modes" "$(stat -c %a:%F a/supervise/* a/supervise | sort | uniq -c | tr -s ' \n' ' ')" \
	" 4 600:fifo 1 600:regular empty file 1 600:regular file 1 644:regular file 1 700:directory "
code "a second supervise" 100 supervise a
like "says why" "$(cat err)" 'unable to acquire .*supervise/lock: '
is "the first goes on" "$(field a up)" 1
opens() { timeout 2 python3 -c "import os,sys; os.close(os.open(sys.argv[1], os.O_WRONLY|os.O_NONBLOCK))" "$1" 2>/dev/null; }
opens a/supervise/up && pass "the FIFO up has a reader" || fail "the FIFO up has a reader"
opens a/supervise/dn && fail "dn has none" || pass "dn has none"

# ---- commands ----
pid=$(field a pid)
tell a p
paused() { [ "$(field a paused)" = "$1" ]; }
ok "p" wait_for 5 paused 1
is "it is stopped" "$(ps -o state= -p "$pid")" T
tell a c
ok "c" wait_for 5 paused 0
like "it goes on" "$(ps -o state= -p "$pid")" '[SR]'
kill -STOP "$pid"
ok "somebody else's STOP is seen" wait_for 5 paused 1
kill -CONT "$pid"
ok "and his CONT" wait_for 5 paused 0
tell a d
ok "d" wait_for 5 is_down a
is "nobody wants it up" "$(field a want)" d
is "the pid is supervise's" "$(field a pid)" "$SUP"
like "its end is told" "$(cat a.log)" "^a: supervise: warning: pid $pid got signal 15$"
opens a/supervise/dn && pass "the FIFO dn has a reader" || fail "the FIFO dn has a reader"
opens a/supervise/up && fail "up has none" || pass "up has none"
: >a/runs
tell a u
ok "u" wait_for 5 is_up a
wait_for 5 lines a/runs 1
like "manual startup" "$(cat a/runs)" ' manual startup$'
pid=$(field a pid)
: >a/runs
tell a r
again() { is_up a && [ "$(field a pid)" != "$pid" ]; }
ok "r" wait_for 5 again
wait_for 5 lines a/runs 1
like "manual restart" "$(cat a/runs)" ' manual restart$'
pid=$(field a pid)
: >a/runs
tell a k
ok "k" wait_for 5 again
wait_for 5 lines a/runs 1
like "abnormal startup" "$(cat a/runs)" ' abnormal startup$'
tell a d; wait_for 5 is_down a
: >a/runs
tell a o
ok "o" wait_for 5 is_up a
wait_for 5 lines a/runs 1
like "one-time startup" "$(cat a/runs)" ' one-time startup$'
is "no preference" "$(field a want)" 0
tell a t
ok "it is not started again" wait_for 5 is_down a
sleep 1.2
is "really not" "$(field a up)" 0
tell a '?!zZ'
is "unknown bytes do nothing" "$(runs a && field a up)" 0
tell a x
ok "x" wait_for 5 not runs a
wait "$SUP"; is "ends with 0" $? 0

# every signal
mkdir sig
cat >sig/run <<'P'
#!/usr/bin/env python3
import os, signal, time
def got(n, f): os.write(fd, (signal.Signals(n).name + '\n').encode())
fd = os.open('got', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
for s in 'HUP ALRM INT TERM QUIT USR1 USR2 CONT'.split(): signal.signal(getattr(signal, 'SIG' + s), got)
os.write(fd, b'ready\n')
while True: time.sleep(60)
P
chmod 755 sig/run
sup sig
wait_for 5 lines sig/got 1
n=1
for c in h a i t q 1 U 2 c; do
	tell sig $c
	n=$((n + 1))
	wait_for 5 lines sig/got $n
done
is "signals" "$(tail -n +2 sig/got | tr '\n' ' ')" "SIGHUP SIGALRM SIGINT SIGTERM SIGQUIT SIGUSR1 SIGUSR1 SIGUSR2 SIGCONT "
SHUTDOWN=$(wc -l <sig/got)
tell sig dx
gone() { lines sig/got $((SHUTDOWN + 2)); }
ok "d is TERM and CONT" wait_for 5 gone
is "in this order" "$(tail -2 sig/got | tr '\n' ' ')" "SIGTERM SIGCONT "
tell sig k
ok "k ends it" wait_for 5 not runs sig
: >sig/got
SHUTDOWN_SIGNAL=12 sup sig
wait_for 5 lines sig/got 1
tell sig d
ok "SHUTDOWN_SIGNAL" wait_for 5 lines sig/got 3
is "is sent instead" "$(sed -n 2p sig/got)" SIGUSR2
tell sig kx; wait_for 5 not runs sig

# ---- scripts beside it ----
mkdir b
script b/run 'exec sleep 1000'
script b/shutdown 'echo "shutdown $*" >>log' 'kill -0 $2 && echo alive >>log'
script b/alert 'echo "alert $*" >>log'
touch b/down
sup b
sleep 0.3
is "down: it is not started" "$(field b up)$(field b want)" 0d
tell b u; wait_for 5 is_up b
pid=$(field b pid)
tell b k
ok "alert runs" wait_for 5 lines b/log 1
is "with what happened" "$(cat b/log)" "alert $T/b $pid 9 stopped/signalled"
wait_for 5 is_up b
pid=$(field b pid)
: >b/log
tell b d
ok "shutdown runs" wait_for 5 lines b/log 2
is "before the signal" "$(tr '\n' ';' <b/log)" "shutdown $T/b $pid;alive;"
ok "then it ends" wait_for 5 is_down b
sleep 0.2
is "no alert for what was asked for" "$(grep -c alert b/log)" 0
script b/run 'sleep 0.1' 'exit 7'
: >b/log
tell b u
ok "an exit code" wait_for 5 lines b/log 1
like "is told" "$(cat b/log)" "^alert $T/b [0-9]+ 7 exited\$"
like "and logged" "$(cat b.log)" 'exited with status=7$'
quit b
mkdir i
script i/init '[ -e ready ] || exit 1' 'echo init "$*" >>log'
script i/run 'echo run >>log' 'exec sleep 1000'
sup i
ok "init fails" wait_for 5 grep -q 'initialization failed for .*, sleeping 60 seconds' i.log
is "nothing runs" "$(field i up)" 0
touch i/ready
quit i
sup i
ok "init succeeds" wait_for 5 lines i/log 2
is "before run, once" "$(tr '\n' ';' <i/log)" "init $T/i;run;"
tell i t
ok "it comes back" wait_for 5 lines i/log 3
is "without another init" "$(grep -c init i/log)" 1
quit i

# ---- never faster than once a second ----
mkdir fast
script fast/run 'date +%s.%N >>times'
sup fast
ok "a service that dies at once" wait_for 8 lines fast/times 4
python3 - fast/times <<'P' && pass "is started once a second" || fail "is started once a second"
import sys
t = [float(x) for x in open(sys.argv[1])]
# what lies between the start and the script's first line varies
assert all(b - a >= 0.5 for a, b in zip(t, t[1:])) and t[3] - t[0] >= 2.6, t
P
quit fast

# ---- nothing to run ----
mkdir none
sup none
sleep 2.3
is "a missing run is said once" "$(grep -c 'unable to start run: No such file or directory' none.log)" 1
printf '#!/bin/sh\nexec sleep 1000\n' >none/run
ok "no permission is said" wait_for 5 grep -q 'unable to start run: Permission denied' none.log
chmod 755 none/run
ok "then it starts" wait_for 5 is_up none
mv none gone
is "a directory that moves away keeps its supervise" "$(runs gone && field gone up)" 1
rm -r gone/run
tell gone r
ok "without run again" wait_for 5 is_down gone
kill -0 "$SUP" && pass "it lives" || fail "it lives"
rm -rf gone
sleep 1.2
kill -TERM "$SUP"; wait "$SUP"
is "a removed directory stops nobody" $? 0
mkdir junk
echo 'neither script nor program' >junk/run; chmod 755 junk/run
sup junk
sleep 0.3
runs junk && pass "what cannot be executed" || fail "what cannot be executed"
quit junk
mkdir -p odd/supervise
echo text >odd/supervise/control
code "a file where the FIFO belongs" 111 supervise odd
like "is named" "$(cat err)" 'supervise/control is not a FIFO'
is "and is left alone" "$(cat odd/supervise/control)" text

# ---- no process to be had ----
mkdir full
script full/run 'exec sleep 1000'
prlimit --nproc=1 "$BIN/supervise" full >>full.log 2>&1 &
SUP=$!
PIDS="$PIDS $SUP"
ok "a full process table is said" wait_for 5 grep -q 'unable to fork, sleeping 60 seconds: Resource temporarily unavailable' full.log
sleep 0.5
is "once" "$(grep -c 'unable to fork' full.log)" 1
[ "$(awk '{print $14 + $15}' "/proc/$SUP/stat")" -lt 10 ] && pass "without a busy loop" || fail "without a busy loop"
prlimit --nproc=1000 --pid "$SUP" 2>/dev/null
tell full x
ok "it still listens" wait_for 5 not runs full

# ---- status after a crash ----
for n in 0 7 20 40; do
	head -c $n /dev/zero >a/supervise/status
	sup a
	wait_for 5 is_up a && pass "a status of $n bytes is mended" || fail "a status of $n bytes is mended"
	quit a
done

# ---- killed supervise ----
script a/run 'exec sleep 1000'
sup a; wait_for 5 is_up a
pid=$(field a pid) since=$(field a since)
kill -KILL "$SUP"; wait "$SUP" 2>/dev/null
is "its service goes on" "$(ps -o args= -p "$pid")" "sleep 1000"
sup a
is "the next one takes it over" "$(field a pid)$(field a up)" "${pid}1"
is "with its age" "$(field a since)" "$since"
like "and says so" "$(cat a.log)" "^a: supervise: warning: pid $pid of a former supervise is still running, taken over\$"
tell a p; wait_for 5 paused 1
is "signals reach it" "$(ps -o state= -p "$pid")" T
tell a ck
ok "its end is seen" wait_for 5 again
quit a
sup a; wait_for 5 is_up a
pid=$(field a pid)
kill -KILL "$SUP" "$pid"; wait "$SUP" 2>/dev/null
sup a
ok "a service that died meanwhile is started" wait_for 5 again
kill -KILL "$SUP"; wait "$SUP" 2>/dev/null
python3 - a "$$" <<'P'
import struct, sys
# a reused pid: the process is not the one that was started
d = bytearray(open(sys.argv[1] + '/supervise/status', 'rb').read())
d[12:16] = struct.pack('<I', int(sys.argv[2]))
open(sys.argv[1] + '/supervise/status', 'wb').write(d)
w = open(sys.argv[1] + '/supervise/service').read().split()
old, w[0] = w[0], sys.argv[2]
open(sys.argv[1] + '/supervise/service', 'w').write(' '.join(w) + '\n')
open('old', 'w').write(old)
P
sup a
wait_for 5 is_up a
[ "$(field a pid)" != "$$" ] && pass "a stranger is not taken for it" || fail "a stranger is not taken for it"
quit a
kill "$(cat old)" 2>/dev/null

# killed between "down" and the signal: the next one finishes it, with shutdown
script b/run 'exec sleep 1000'
sup b; tell b u; wait_for 5 is_up b
pid=$(field b pid)
kill -KILL "$SUP"; wait "$SUP" 2>/dev/null
python3 -c "
f = open('b/supervise/status', 'r+b'); f.seek(17); f.write(b'd')"
: >b/log
sup b
ok "what was to go down goes down" wait_for 5 is_down b
wait_for 5 grep -q "^shutdown" b/log
like "after its shutdown script" "$(cat b/log)" "^shutdown .* $pid\$"
quit b
# told to exit, it does not wait for a script whose service has ended
script b/shutdown 'exec sleep 3'
sup b; tell b u; wait_for 5 is_up b
tell b dx
kill -KILL "$(field b pid)"
ok "x does not wait for a script" wait_for 2 not runs b
wait "$SUP"
script b/shutdown 'echo "shutdown $*" >>log' 'kill -0 $2 && echo alive >>log'

# ---- TERM ----
sup b; tell b d; wait_for 5 is_down b
: >b/log
tell b u; wait_for 5 is_up b
pid=$(field b pid)
kill -TERM "$SUP"; wait "$SUP"
is "TERM" $? 0
kill -0 "$pid" 2>/dev/null && fail "takes the service along" || pass "takes the service along"
ok "shutdown has run" wait_for 5 grep -q "shutdown .* $pid" b/log

# ---- waiting for another service ----
mkdir w
script w/run 'date +%s >started' 'exec sleep 1000'
printf '1\n../a\n' >w/wait
sup w; WSUP=$SUP
waits() { [ "$(field w wait)" = "$1" ]; }
ok "it waits" wait_for 5 waits -2
is "and is down" "$(field w up)" 0
sup a; ASUP=$SUP; wait_for 5 is_up a
ok "the other one is up: it sleeps" wait_for 5 waits 1
ok "and starts" wait_for 5 is_up w
is "nothing remains" "$(field w wait)" 0
tell w t; pid=$(field w pid)
sleep 1.1
wait_for 5 is_up w && pass "after a crash it does not sleep again" || fail "after a crash it does not sleep again"
SUP=$WSUP; quit w
printf '1\n%s\n' "$T/a" >w/wait
sup w
ok "an absolute path" wait_for 5 is_up w
quit w
SUP=$ASUP; quit a
printf '9\nnowhere\n' >w/wait
sup w
ok "what does not exist is not waited for" wait_for 3 waits 9
tell w d
ok "d while it sleeps" wait_for 5 waits 0
quit w
printf '30\na\n' >w/wait
sup w
ok "it waits for what is down" wait_for 5 waits -2
kill -TERM "$SUP"; wait "$SUP"
is "TERM while it waits" $? 0

# ---- variables ----
mkdir -p v/variables
echo value >v/variables/NAME
printf 'x' >v/variables/HOME; : >v/variables/HOME
script v/run 'env | sort >environment.new; mv environment.new environment' 'exec sleep 1000'
chmod 755 v/variables
OUTSIDE=yes sup v
wait_for 5 test -e v/environment
is "on top of the environment" "$(grep -cE '^(NAME=value|OUTSIDE=yes)$' v/environment)" 2
is "an empty file unsets" "$(grep -c ^HOME= v/environment)" 0
quit v
rm v/environment
echo "$PATH" >v/variables/PATH
chmod 700 v/variables
OUTSIDE=yes sup v
wait_for 5 test -e v/environment
is "in place of the environment" "$(grep -cE '^NAME=value$' v/environment)$(grep -c OUTSIDE v/environment)" 10
quit v

# ---- no shell where none is needed ----
mkdir p
cat >p/run <<'END'
#!/bin/sh
# a comment
exec 2>&1
exec supervise --help "$NOTHING" >&2
END
chmod 755 p/run
sup p
ok "a script that is not plain goes to the shell" wait_for 5 grep -q 'usage: supervise' p.log
quit p
mkdir p/inner
cat >p/run <<'END'
#!/bin/sh
exec indimail supervise inner
END
chmod 755 p/run
script p/inner/run 'exec sleep 1000'
sup p
ok "a plain one" wait_for 5 runs p/inner
is "needs no exec" "$(ps -o comm= -p "$(field p pid)")" supervise
is "and no shell" "$(readlink "/proc/$(field p pid)/exe")" "$(readlink "/proc/$SUP/exe")"
is "it inherits nothing of its supervise" "$(ls -l "/proc/$(field p pid)/fd" | grep -c "$T/p/supervise/\(lock\|status\|control\|ok\)")" 0
tell p/inner dx
sleep 0.2
quit p

# ---- process groups ----
mkdir g
script g/run 'trap "echo shell >>got" USR1' '(trap "echo child >>got" USR1; echo ready >>got; while :; do sleep 0.05; done) &' \
	'echo ready >>got' 'while :; do sleep 0.05; done'
SETPGID=1 sup g
ok "it is ready" wait_for 5 lines g/got 2
is "SETPGID: it leads a group" "$(ps -o pgid= -p "$(field g pid)" | tr -d ' ')" "$(field g pid)"
tell g 1
ok "signals reach all of it" wait_for 5 lines g/got 4
tell g kx
wait_for 5 not runs g
mkdir d
script d/run 'sleep 1000 &' 'echo $! >child' 'sleep 0.2' 'exit 0'
chmod 1755 d/run
sup d
wait_for 5 test -s d/child
adopted() { [ "$(field d pid)" = "$(cat d/child)" ] && is_up d; }
ok "sticky run: the daemon it leaves is the service" wait_for 5 adopted
like "that is said" "$(cat d.log)" 'pid [0-9]+ did double fork$'
tell d d
ok "and can be stopped" wait_for 5 is_down d
quit d
done_testing
