#!/bin/bash
# q by root on a machine with qmail's accounts: what it makes belongs to the daemons, beside them and without them.
# Needs root: the accounts exist only in a mount namespace of the test.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	echo "ok - q by root # SKIP needs root and a mount namespace"
	exit 0
fi
[ "${1:-}" = inside ] || exec unshare -m bash "$0" inside
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/accounts.sh"
R=$T/r Q=$T/r/queue/queue1
begin() {
	port=$(free_port)
	indimail up --root "$R" --domain mr.test --mailboxes joe --smtp "127.0.0.1:$port" --queues 1 >>log 2>&1 &
	up=$!
	PIDS="$PIDS $up"
	wait_for 15 test -S "$Q/steer/socket"
}
indimail up --prepare --root "$R" --domain mr.test --mailboxes joe --queues 1 >log 2>&1
echo 1 >"$R/control/holdremote"
ok "send listens" begin
set -a
. "$R/env"
set +a
is "steer is send's" "$(stat -c '%U %a' "$Q/steer")" "qmails 700"
printf 'To: x@far.test\nSubject: one\n\nhi\n' | sendmail -f joe@mr.test -t
listed() { [ "$(q list | grep -c .)" = "$1" ]; }
ok "a message" wait_for 10 listed 1
code "hold" 0 q hold --all
is "by send" "$(stat -c %U "$Q"/steer/hold.*)" qmails
code "export" 0 q export --delete --all box
code "import" 0 q import box
ok "again" wait_for 10 listed 1
id=$(q list | sed 's|.*/\([0-9]*\) .*|\1|')
is "its message is the queue's" "$(stat -c %U "$Q"/mess/*/"$id")" qmailq
code "metrics" 0 metrics
like "send runs" "$(cat out)" '^indimail_up\{queue="queue1"\} 1$'
q hold --all >out
settled() { q list --json | grep -q '"channel":"remote"'; }
ok "settled" wait_for 10 settled
q release --all >out
kill "$up"
wait "$up"
code "hold without send" 0 q hold --all
is "is send's as well" "$(stat -c %U "$Q"/steer/hold.*)" qmails
q release --all >out
code "bounce without send" 0 q delete --bounce --all
is "the bounce file is send's" "$(stat -c %U "$Q"/bounce/*)" qmails
begin
bounced() { grep -q 'removed from the queue by its administrator' "$R"/home/joe/Maildir/new/*; }
ok "send sends it" wait_for 15 bounced
empty() { [ -z "$(find "$Q" -type f -path '*/[0-9]*/*')" ]; }
ok "nothing is left" wait_for 10 empty
is "no complaint" "$(grep -cE 'alert|fatal|unable' log)" "$(grep -c 'got TERM' log)"
kill "$up"
wait "$up"
done_testing
