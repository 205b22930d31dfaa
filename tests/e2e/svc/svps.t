#!/bin/bash
# svps: the tables and their order, days, logs, trouble, signals, stop and resume, tree, JSON, colours and pager.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
export DISABLE_RUN=1 CONTROLDIR=$T/control
unset PAGER LESS NO_COLOR
mkdir control
S=$T/service
code "usage" 100 svps x
code "no directory" 111 svps --servicedir=none
mkdir -p "$S/.svscan/log" "$S/.off"
fake "$S/smtp" "$S/smtp/log" "$S/send" "$S/fetch" "$S/fetch/log" "$S/late" "$S/soon" "$S/.svscan/log"
status "$S/smtp" 500 101
status "$S/send" 20 102
status "$S/fetch" 7000 103 up=0 want=d
status "$S/late" 4 104 up=0 wait=-2
status "$S/soon" 2 105 up=0 wait=30
status "$S/smtp/log" 30 106
status "$S/fetch/log" 2 107
status "$S/.svscan/log" 99999 108
cp "$(command -v sleep)" "$T/svscan"	# a pid file counts when its process is an svscan
background bash -c 'exec -a "/usr/sbin/svscan" "$0/svscan" 1000' "$T"
svscan=$!
wait_for 5 grep -q /usr/sbin/svscan /proc/$svscan/cmdline
{ printf 'xxxx\n'; echo $svscan; } >"$S/.svscan.pid"
touch -d '3700 seconds ago' "$S/.svscan.pid"
# second numbers move on: the last digit becomes x
digits() { sed -E 's/[0-9]( secs| seconds)/x\1/g'; }
code "default: main" 0 svps --servicedir="$S"
w=$((${#S} + 7))
# W is the longest path and one more
line() { printf "%-${w}s %s\n" "$@"; }
want=$(
	echo '------------ svscan ---------------'
	line "$S" "up      370x secs  pid $(printf %7d $svscan)            name = \"/usr/sbin/svscan 1000\""
	echo
	echo '------------ main -----------------'
	line "$S/fetch" 'down    700x secs spid     103'
	line "$S/soon" 'wait       x secs  pid     105 remaining      2x seconds'
	line "$S/late" 'wait       x secs  pid     104'
	line "$S/send" 'up        2x secs  pid     102'
	line "$S/smtp" 'up       50x secs  pid     101'
)
is "main" "$(digits <out)" "$want"
w=$((${#S} + 13))
ok "logs" svps -l --servicedir "$S/"
want=$(
	echo '------------ svscan ---------------'
	line "$S" "up      370x secs  pid $(printf %7d $svscan)            name = \"/usr/sbin/svscan 1000\""
	echo
	echo '------------ logs -----------------'
	line "$S/.svscan/log" "up     9999x secs  pid     108"
	line "$S/fetch/log" "up         x secs  pid     107"
	line "$S/smtp/log" "up        3x secs  pid     106"
)
is "logs" "$(digits <out | sed 's/10000x/ 9999x/')" "$want"
ok "all" svps -a --servicedir "$S"
is "all: both tables" "$(grep -c "^$S/" out)" 8
ok "long option" svps --all --servicedir "$S"
ok "days" svps -dm --servicedir "$S"
like "days" "$(cat out)" "fetch +down 00 days, 01 hrs, 56 mins, 4[0-9] secs spid     103$"
echo "$S" >control/servicedir.conf
ok "control/servicedir.conf" svps
like "the same" "$(cat out)" "^$S/smtp "
INDIMAIL_ROOT=$T ok "INDIMAIL_ROOT" svps

mkdir "$S/new"
code "trouble decides" 111 svps
is "its line" "$(cat err)" "$S/new: unable to open supervise/ok: No such file or directory"
is "and is no row" "$(grep -c "$S/new" out)" 0
code "not when it is not shown" 0 svps -l
rmdir "$S/new"
odd="$S/$(printf 'a\033[31m')"
fake "$odd"
ok "a strange name" svps
is "is defused" "$(tr -dc '\033' <out | wc -c)" 0
rm -r "$odd"

ok "JSON" svps -a --json
cp out all.json
cat >check.py <<P
import json
o = json.load(open("all.json"))
assert o["servicedir"] == "$S" and o["svscan"]["pid"] == $svscan and 3700 <= o["svscan"]["seconds"] < 3710
assert [s["name"] for s in o["main"]] == ["fetch", "soon", "late", "send", "smtp"], o
assert [s["name"] for s in o["logs"]] == [".svscan/log", "fetch/log", "smtp/log"], o
assert o["main"][4]["pid"] == 101 and o["main"][0]["supervise"] == 103
P
ok "JSON holds the same" python3 check.py
is "JSON of main only" "$(svps --json | python3 -c 'import json,sys; print(sorted(json.load(sys.stdin)))')" \
	"['main', 'servicedir', 'svscan']"

# ---- a terminal ----
cat >onterm.py <<'P'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
out = b""
try:
    while True:
        d = os.read(fd, 4096)
        if not d:
            break
        out += d
except OSError:
    pass
sys.stdout.buffer.write(out.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
esc=$(printf '\033')
python3 onterm.py svps -n >tty
like "up is green" "$(cat tty)" "smtp +$esc\[32mup$esc\[0m  "
like "down is red" "$(cat tty)" "fetch +$esc\[31mdown$esc\[0m "
like "wait is yellow" "$(cat tty)" "late +$esc\[33mwait$esc\[0m "
NO_COLOR=1 python3 onterm.py svps -n >tty
is "NO_COLOR" "$(grep -c "$esc" tty)" 0
cat >pager <<'P'
#!/bin/sh
echo "paged by $1, LESS=$LESS"
exec cat
P
chmod +x pager
PAGER="$T/pager two" NO_COLOR=1 python3 onterm.py svps >tty
is "the pager" "$(head -1 tty)" "paged by two, LESS=FRX"
like "and what it shows" "$(cat tty)" "smtp +up"
PAGER="$T/pager two" python3 onterm.py svps -n >tty
is "no pager" "$(grep -c paged tty)" 0
PAGER="$T/none" python3 onterm.py svps >tty
like "a pager that is not there" "$(cat tty)" "smtp"
PAGER="$T/pager" svps >plain
is "no pager without terminal" "$(grep -c paged plain)" 0

# ---- svscan ----
cat >scan.py <<'P'
import os, signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *a: open("hup", "w").close())
signal.signal(signal.SIGTERM, lambda *a: (open("term", "w").close(), child.kill(), os._exit(0)))
open("/proc/self/comm", "w").write("svscan")
child = subprocess.Popen(["sleep", "999"])
open("scan.pid", "w").write(str(os.getpid()) + "\n")
while True:
    signal.pause()
P
background python3 scan.py
wait_for 5 test -s scan.pid
cp scan.pid "$S/.svscan.pid"
code "HUP" 0 svps --hup
is "its words" "$(cat err)" "Sending HUP to svscan with PID $(cat scan.pid)"
wait_for 5 test -e hup && pass "it arrives" || fail "it arrives"
ok "tree" svps -T
like "the process" "$(cat out)" "^ *$(cat scan.pid) .*python3 scan.py$"
like "its child" "$(cat out)" "^ *[0-9]+   sleep 999$"
background sleep 1000
cp "$S/.svscan.pid" real.pid
echo $! >"$S/.svscan.pid"
code "a pid file that was left behind" 1 svps -t
kill -0 $! && pass "hits nobody else" || fail "hits nobody else"
mv real.pid "$S/.svscan.pid"
code "TERM" 0 svps -t
wait_for 5 test -e term && pass "it arrives" || fail "it arrives"
wait_for 5 test ! -d "/proc/$(cat scan.pid)"
code "no svscan to signal" 1 svps -h
is "its words" "$(cat err)" "svps: fatal: svscan is not running"
code "no svscan to show" 0 svps
like "its words" "$(cat err)" "^$S: svscan not running$"
code "no tree" 1 svps -T

# ---- stop and resume ----
top=/var/tmp
[ "$(id -u)" = 0 ] || top=/var/tmp/svps.$(id -u)
memory=$top$S
code "stop" 0 svps --stop
is "who was up" "$(cat err)" "Stopped $S/send
Stopped $S/smtp"
wait_for 5 grep -q d "$S/smtp/got"
is "remembered" "$(cd "$memory" && echo */down)" "send/down smtp/down"
wait_for 5 sh -c "! svstat $S/smtp"
is "waiting services are left alone" "$(cat "$S/late/got" 2>/dev/null)" ""
code "again: nobody is up" 0 svps -s
is "nothing said" "$(cat err)" ""
code "resume" 0 svps -r
is "those again" "$(cat err)" "Started $S/send
Started $S/smtp"
wait_for 5 grep -q u "$S/smtp/got" && pass "started" || fail "started"
is "forgotten" "$(cd "$memory" && echo */down)" "*/down"
wait_for 5 svstat "$S/send"
chmod 777 "$memory"
code "a memory others may write" 111 svps -s
like "is not used" "$(cat err)" "is not ours to write in$"
rm -rf "$memory"
(cd "$top" && rmdir -p ".${T}" 2>/dev/null)
[ "$top" = /var/tmp ] || rmdir "$top"
if [ "$(id -u)" != 0 ]; then
	chmod 0 "$S/smtp/supervise"
	code "somebody else's services" 1 svps
	is "its words" "$(cat err)" "You are not root"
	chmod 700 "$S/smtp/supervise"
elif id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	chmod 755 "$T"
	code "somebody else's services" 1 setpriv --reuid nobody --clear-groups "$BIN/svps"
	is "its words" "$(cat err)" "You are not root"
fi
done_testing
