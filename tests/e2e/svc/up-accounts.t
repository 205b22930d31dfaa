#!/bin/bash
# up by root on a machine with qmail's accounts: every part runs as its own user and mail flows, from SMTP,
# from root and from strangers.  Needs root: the accounts exist only in a mount namespace of the test.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	echo "ok - roles # SKIP needs root and a mount namespace"
	exit 0
fi
[ "${1:-}" = inside ] || exec unshare -m bash "$0" inside
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/accounts.sh"
port=$(free_port) R=$T/r
mkdir decoy	# of an older installation, first in PATH
for name in $(ls "$BIN"); do
	printf '#!/bin/sh\necho "$0 $*" >>"%s/asked"\nexit 1\n' "$T" >"decoy/$name"
done
chmod 755 decoy decoy/*
touch asked
chmod 666 asked
PATH=$T/decoy:$PATH "$BIN/indimail" up --root "$R" --domain mr.test --mailboxes joe --smtp "127.0.0.1:$port" --queues 2 >log 2>&1 &
up=$!
PIDS="$PIDS $up"
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
ok "it starts" wait_for 10 listening
tree() { local k; echo "$1"; for k in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do tree "$k"; done; }
who() { for p in $(tree "$up"); do ps -o user:12=,comm= -p "$p"; done | grep -v 'smtpd$\|tlskeeper$' | sort | uniq -c | awk '{print $2, $3, $1}' | tr '\n' ';'; }
want="qmaild tcpserver 1;qmailq intake 1;qmailq qmail-clean 4;qmailq qscheduler 1;qmailr qmail-rspawn 2;qmails qmail-send 2;qmails todo-proc 2;root qmail-lspawn 2;root qscheduler 1;root supervise 3;root svscan 1;"
daemons() { [ "$(who)" = "$want" ]; }
wait_for 10 daemons
# (a worker of smtpd stays for a while)
is "who is who" "$(who)" "$want"
[ -n "${REEXEC:-}" ] || ! indimail --version | grep -qw tls ||
	is "private keys are known to one process of the network daemons" "$(for p in $(tree "$up"); do ps -o user:12=,comm= -p "$p"; done | grep tlskeeper | tr -s ' ')" "qmaild tlskeeper"
cat >client.py <<'END'
import smtplib, sys
s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=20)
s.sendmail('joe@mr.test', ['joe@mr.test', 'nobody-here@mr.test'], 'Subject: smtp\r\n\r\nx\r\n')
END
ok "SMTP" timeout 30 python3 client.py "$port"
set -a
. "$R/env"
set +a
message() { printf 'To: joe@mr.test\nSubject: %s\n\nhi\n' "$1"; }
message root >m
ok "root submits" sendmail -t <m
message stranger >m
export HOME=$T
ok "a stranger submits through intake" setpriv --reuid=65534 --regid=65534 --clear-groups sendmail -t <m
arrived() { [ "$(find "$R/home/joe/Maildir/new" -type f | wc -l)" = 4 ]; }
ok "three messages and a bounce arrive" wait_for 15 arrived
is "they belong to the mailbox's user" "$(stat -c %U "$R"/home/joe/Maildir/new/* | sort -u)" alias
is "the stranger is known by its uid" "$(grep -l 'Subject: stranger' "$R"/home/joe/Maildir/new/* | xargs grep -h '^Received: indimail-mta queue' | grep -c 'invoked by uid 65534')" 1
is "a bounce is recognised" "$(grep -l 'failure notice' "$R"/home/joe/Maildir/new/* | xargs grep -h '^Received: indimail-mta queue' | grep -c 'invoked for bounce')" 1
is "all by this binary" "$(cat asked; for p in $(tree "$up"); do readlink "/proc/$p/exe"; done | sort -u)" "$BIN/indimail"
is "no complaint" "$(grep -cE 'alert|warn|fatal|deferral' log)" 0
kill "$up"
wait "$up"
is "it ends" $? 0
# logs in files: written by the log user
unset CONTROLDIR QUEUE_BASE QUEUE_COUNT SYSCONFDIR ASSIGNDIR CERTDIR INTAKE_SOCKET
port=$(free_port) R=$T/logged
"$BIN/indimail" up --root "$R" --domain mr.test --queues 1 --smtp "127.0.0.1:$port" --log files >log2 2>&1 &
up=$!
PIDS="$PIDS $up"
written() { grep -q 'qmail-send: pid' "$R/log/qmail-send/current"; }
ok "--log files" wait_for 10 written
is "multilog's user" "$(stat -c %U "$R/log/qmail-send/current")" qmaill
is "four of them" "$(who | tr ';' '\n' | grep multilog)" "qmaill multilog 4"
kill "$up"; wait "$up"
is "it ends" $? 0
done_testing
