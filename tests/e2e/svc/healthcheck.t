#!/bin/bash
# healthcheck: what counts as healthy, one line per culprit, where the services are, JSON.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
export DISABLE_RUN=1 CONTROLDIR=$T/control
mkdir -p control root/service/.svscan/log root/service/.hidden
S=$T/root/service
code "usage" 100 healthcheck x
code "two places" 100 healthcheck --root a --servicedir b
code "no such directory" 111 healthcheck --root "$T/none"
is "its words" "$(cat err)" "healthcheck: fatal: unable to open $T/none/service: No such file or directory"
rmdir "$S/.svscan/log"
code "no service, none is sick" 0 healthcheck --servicedir "$S"
mkdir "$S/.svscan/log"
fake "$S/smtp" "$S/smtp/log" "$S/send" "$S/.svscan/log"
hc() { healthcheck --root "$T/root" "$@"; }
code "all up" 0 hc
is "says nothing" "$(cat out err)" ""
# sick TEXT LINE STATUS...: of smtp
sick() {
	local text=$1 line=$2
	shift 2
	status "$S/smtp" "$@"
	code "$text" 1 hc
	is "$text: its line" "$(sed 's/[0-9]* seconds/N seconds/' err)" "$line"
}
sick "just started" "smtp: up N seconds, restarted too recently" 0 $$
code "less to ask for" 0 hc --stay 0
code "more to ask for" 1 hc --stay 100
is "all of them" "$(wc -l <err)" 4
sick "paused" "smtp: paused" 10 $$ paused=1
sick "down" "smtp: down N seconds" 10 $$ up=0
sick "waiting" "smtp: waiting N seconds for another service" 10 $$ up=0 wait=-1
sick "sleeping" "smtp: starts in N seconds" 10 $$ up=0 wait=60
sick "no status" "smtp: unable to read supervise/status: bad format" 10 $$ size=3
status "$S/smtp" 10 $$ up=0 want=d
code "asked down" 0 hc
status "$S/smtp" 10 $$ want=d
code "going down" 0 hc
status "$S/smtp" 10 $$ up=0 want=o
code "ran once" 0 hc
status "$S/smtp" 0 $$ want=o
code "runs once, since now" 1 hc
touch "$S/smtp/down"
status "$S/smtp" 0 $$
code "down file: nobody cares" 0 hc
rm "$S/smtp/down"
status "$S/smtp" 10 $$
status "$S/smtp/log" 10 $$ up=0
code "a logger is down" 1 hc
like "its name" "$(cat err)" "^smtp/log: down 1[0-9] seconds$"
status "$S/smtp/log" 10 $$
status "$S/.svscan/log" 10 $$ up=0
code "svscan's logger is down" 1 hc
like "its name" "$(cat err)" "^\.svscan/log: down 1[01] seconds$"
status "$S/.svscan/log" 10 $$
mkdir "$S/new" "$S/later"
touch "$S/later/down"
code "no supervise" 1 hc
is "its line" "$(cat err)" "new: unable to open supervise/ok: No such file or directory"
hc --json >all.json 2>err
is "JSON, exit" $? 1
cat >check.py <<'P'
import json
h = json.load(open("all.json"))
assert h["healthy"] is False
s = {x["name"]: x for x in h["services"]}
assert sorted(s) == [".svscan/log", "later", "new", "send", "smtp", "smtp/log"], s
assert s["new"] == {"name": "new", "wanted": True, "healthy": False, "reason": "unable to open supervise/ok: No such file or directory"}
assert s["later"] == {"name": "later", "wanted": False, "healthy": True}
P
ok "JSON" python3 check.py
is "and no lines" "$(cat err)" ""
rmdir "$S/new"
is "JSON of health" "$(hc --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["healthy"])')" True
INDIMAIL_ROOT=$T/root code "INDIMAIL_ROOT" 0 healthcheck
echo "$S" >control/servicedir.conf
code "control/servicedir.conf" 0 healthcheck
kill $FAKE_PID
wait $FAKE_PID 2>/dev/null
code "supervise gone" 1 healthcheck
like "words" "$(cat err)" '^smtp: supervise not running$'
done_testing
