#!/bin/bash
# spawn-filter in a running queue: send, the spawners, spawn-filter, and what stands behind it; bounces and retries.
# Started by root it runs as nobody.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/queue/daemons.sh"
export QLOCAL=$QMAILLOCAL QREMOTE=$QMAILREMOTE QMAILLOCAL=spawn-filter QMAILREMOTE=spawn-filter
unset FILTERARGS SPAMFILTER SPAMEXITCODE REJECTSPAM SPAMREDIRECT DATABYTES
cat >control/filterargs <<'F'
local.example:local:sed s/body/filtered/
bad.example:remote:cat >/dev/null; echo no such mail >&2; exit 100
later.example:remote:cat >/dev/null; [ -e "$NOW" ] || exit 1; echo x
gone.example:exit 2
F
export NOW=$T/now
empty() { [ -z "$(files)" ]; }
start_queue
submit s@me.example kim@local.example
ok "delivered" wait_for 20 seen 1 '^end msg'
is "through the filter" "$(tail -1 delivered)" filtered
submit bouncer@me.example x@bad.example
ok "refused by the filter" wait_for 20 seen 1 'delivery [0-9]+: failure: The_filter_refuses_the_message:_no_such_mail_\(#5.7.1\)/'
ok "the bounce arrives" wait_for 20 test -s bounces
submit s@me.example k@gone.example
ok "thrown away" wait_for 20 seen 1 'success: The_filter_threw_the_message_away'
is "nobody got it" "$(grep -c gone attempts)" 0
submit s@me.example k@later.example
ok "put off" wait_for 20 seen 1 'deferral: The_filter_failed_with_exit_code_1_\(#4.3.0\)/'
touch now
# it may not have been settled yet when it becomes due
due() { kill -ALRM "$SEND"; sleep 0.2; grep -q 'remote k@later.example' attempts; }
ok "delivered later" wait_for 20 due
ok "everything is done" wait_for 20 empty
stop_queue
is "a clean end" "$STOPPED" 0
done_testing
