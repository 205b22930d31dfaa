#!/bin/bash
# up as root on a machine without qmail's accounts: everything belongs to uid 65532, or to whoever owns
# the directory.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
if [ "$(id -u)" != 0 ] || getent passwd qmailq >/dev/null; then
	skip "up as root" "needs root and a machine without qmail's accounts"
	done_testing
fi
ok "prepare" up --root "$T/a" --domain d.example --mailboxes demo --prepare
is "uid 65532" "$(find "$T/a" ! -uid 65532 | head -3)" ""
mkdir b; chown 65531:65530 b
ok "in a directory of somebody's" up --root "$T/b" --domain d.example --mailboxes demo --prepare
is "is his" "$(find "$T/b" ! -uid 65531 | head -3)" ""
mkdir -m 700 secret
code "behind a door he may not pass" 111 up --root "$T/secret/c" --domain d.example --prepare
like "is said" "$(cat err)" 'may not pass'
PORT=$(free_port)
up --root "$T/a" --smtp 127.0.0.1:$PORT >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
wait_for 5 bash -c "ps --ppid $pid -o pid= | grep -q ."
is "nobody is root" "$(ps --ppid "$pid" -o uid= | sort -u | tr -d ' \n') $(ps -o uid= -p "$pid" | tr -d ' ')" "65532 65532"
kill "$pid"; wait "$pid"
is "TERM" $? 0
done_testing
