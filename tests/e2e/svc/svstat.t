#!/bin/bash
# svstat: the line of every state, exit codes, strange and hostile status files, JSON.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
export DISABLE_RUN=1
fake s
# shows TEXT EXIT LINE-REGEX STATUS...: seconds may be one more than written
shows() {
	local text=$1 want=$2 line=$3 got
	shift 3
	status s "$@"
	got=$(svstat s 2>&1; echo "exit $?")
	like "$text" "$got" "^$line\$"
	is "$text: exit" "${got##*exit }" "$want"
}
me=$$
shows "up" 0 "s: up 1003[67] seconds pid $me " 10036 $me
shows "up, once" 0 "s: up [5-7] seconds pid $me " 5 $me want=o
shows "clock set back" 0 "s: up 0 seconds pid $me " -1000 $me
shows "paused" 3 "s: up [5-7] seconds, paused pid $me " 5 $me paused=1
shows "want down" 5 "s: up [5-7] seconds, want down pid $me " 5 $me want=d
shows "paused and want down" 5 "s: up [5-7] seconds, paused, want down pid $me " 5 $me want=d paused=1
shows "down although wanted" 4 "s: down [5-7] seconds, normally up, want up spid 45 " 5 45 up=0
shows "down" 1 "s: down [5-7] seconds, normally up spid 45 " 5 45 up=0 want=d
shows "down, once" 1 "s: down [5-7] seconds, normally up spid 45 " 5 45 up=0 want=o
shows "sleeping before its start" 1 "s: wait [4-6] seconds spid 153976 remaining 2[4-6] seconds" 4 153976 wait=30 up=0
shows "waiting for another" 1 "s: wait [4-6] seconds spid 153976 " 4 153976 wait=-2 up=0
shows "the process has gone" 0 "s: up [5-7] seconds \\?pid 4194999 " 5 4194999
shows "a number that is no pid" 0 "s: up [5-7] seconds \\?pid 4294967295 " 5 4294967295
shows "classic file, up" 0 "s: up [5-7] seconds pid $me " 5 $me size=18
shows "classic file, down" 4 "s: down [5-7] seconds, normally up, want up spid 0 " 5 0 size=18
touch s/down
shows "normally down" 0 "s: up [5-7] seconds, normally down pid $me " 5 $me
shows "down as it should be" 1 "s: down 1003[67] seconds spid 45058 " 10036 45058 up=0 want=d
shows "down but asked up" 4 "s: down [5-7] seconds, want up spid 45058 " 5 45058 up=0
rm s/down

for size in 0 1 17 19 20 22 100; do
	status s 5 $me size=$size
	code "a file of $size bytes" 100 svstat s
	is "is no status file" "$(cat out err)" "s: unable to read supervise/status: bad format"
done
head -c 21 /dev/zero | tr '\0' '\377' >s/supervise/status
code "garbage" 100 svstat s
like "is no status file" "$(cat err)" 'bad format'
rm s/supervise/status
code "no status file" 111 svstat s
is "its words" "$(cat out err)" "s: unable to read supervise/status: No such file or directory"
code "no directory" 111 svstat none
is "its words" "$(cat err)" "none: unable to chdir: No such file or directory"
mkdir new
code "never supervised" 111 svstat new
is "its words" "$(cat err)" "new: unable to open supervise/ok: No such file or directory"
mkdir -p dead/supervise
mkfifo dead/supervise/ok
code "no supervise" 2 svstat dead
is "its words" "$(cat err)" "dead: supervise not running"
is "on standard error only" "$(cat out)" ""
status s 5 $me
code "the last one decides" 0 svstat dead s
like "and all are shown" "$(cat out err)" '^s: up'
code "the last one decides" 2 svstat s dead
code "usage" 100 svstat
svstat s >/dev/full 2>err
is "output lost" "$? $(cat err)" "111 svstat: fatal: unable to write output"

status s 5 $me
odd=$(printf 'o"d\\d\n\377\303\274')
mkdir "$odd"
code "JSON" 2 svstat --json s new "$odd" dead
cp out all.json
cat >check.py <<P
import json, sys
a = json.load(open("all.json", encoding="utf8"))
assert [o["name"] for o in a] == ["s", "new", 'o"d\\\\d\n\ufffd\u00fc', "dead"], a
s = a[0]
assert 5 <= s["seconds"] <= 7 and s["since"] > 1e9, s
assert {k: s[k] for k in s if k not in ("seconds", "since")} == dict(dir="s", name="s", state="up", pid=$me,
    paused=False, want="up", normally="up", lost=False, code=0), s
assert a[3] == dict(dir="dead", name="dead", state="unknown", error="supervise not running", code=2), a[3]
assert a[1]["code"] == 111, a[1]
P
ok "JSON holds what the lines hold" python3 check.py
touch s/down
status s 4 77 up=0 wait=30 want=o
svstat --json "$T/s" >all.json
cat >check.py <<P
import json
s, = json.load(open("all.json"))
assert s["state"] == "wait" and s["supervise"] == 77 and 24 <= s["remaining"] <= 26 and "pid" not in s, s
assert s["want"] == "once" and s["normally"] == "down" and s["dir"].endswith("/s") and s["code"] == 1, s
P
ok "JSON of a waiting service" python3 check.py
mkdir s/log
fake s/log
is "a logger's name in JSON" "$(svstat --json "$T/s/log" | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["name"])')" s/log
done_testing
