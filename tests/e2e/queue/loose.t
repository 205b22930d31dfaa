#!/bin/bash
# loose: messages that are in the journal only.  They leave no files unless they have to wait; then every tool sees them, and
# nothing is lost or comes twice when processes die meanwhile.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0"
. "$(dirname "$0")/../lib.sh"
umask 022
export CONFSPLIT=3
D=loose.test ROOT=$T/im Q=$T/im/queue/queue1 NEW=$T/im/home/user/Maildir/new
unset QUEUE_FILES

start_up() {
	PORT=$(free_port)
	background "$INDIMAIL" up --root "$ROOT" --domain $D --mailboxes user --smtp "127.0.0.1:$PORT" --queues 1 >>up.log 2>&1
	UP=$!
	wait_for 10 eval 'ls -d "$Q"/steer/socket >/dev/null 2>&1'
}
stop_up() { kill "$UP"; wait "$UP"; }
export CONTROLDIR=$ROOT/control ASSIGNDIR=$ROOT/users QUEUE_BASE=$ROOT/queue QUEUE_COUNT=1 SYSCONFDIR=$ROOT
submit() {
	printf 'From: user@%s\nX-Key: %s\n\nbody\n' $D "$1" >mess
	printf 'Fuser@%s\0Tuser%s@%s\0\0' $D "${2:-}" $D >env
	QUEUEDIR=$Q qmail-queue <mess 1<env
}
times() { grep -hsx "X-Key: $1" "$NEW"/* | wc -l; }
arrived() { [ "$(times "$1")" = 1 ]; }
files() { find "$Q"/mess "$Q"/todo "$Q"/intd "$Q"/info -type f | wc -l; }
no_files() { [ "$(files)" = 0 ]; }
numbers() { ls "$Q"/pid | grep -c '^loose\.'; }

start_up || fail "the instance starts"
# a first message has files; what becomes of it is the number of the next one
submit first
ok "delivered" wait_for 10 arrived first
ok "nothing is left" wait_for 10 no_files
ok "a number is kept" wait_for 5 eval '[ "$(numbers)" -ge 1 ]'
had=$(ls -i "$Q"/pid | awk '$2 ~ /^loose\./ { print $1 }')

printf '|touch %s/begun; while [ -e %s/block ]; do sleep 0.05; done\n./Maildir/\n' "$T" "$T" >"$ROOT/home/user/.qmail-slow"
touch block
submit second -slow
ok "its delivery begins" wait_for 10 test -e begun
ok "without files" no_files
id=$(sed -n 's/^new msg \([0-9]*\).*/\1/p' up.log | tail -1)
like "under a kept number" " $(echo $had) " " $id "
ok "by its name" test ! -s "$Q/pid/loose.$id" -a -e "$Q/pid/loose.$id"
rm block
ok "it arrives" wait_for 10 arrived second
ok "still no files" no_files
ok "the number is kept" test -e "$Q/pid/loose.$id"

# who looks sees it
touch block; rm -f begun
submit third -slow
ok "the next one begins" wait_for 10 test -e begun
like "qstat counts it" "$(qmail-qstat)" 'messages in queue: 1
messages in queue but not yet preprocessed: 1'
is "for it has files now" "$(files)" 3
rm block
ok "it arrives, too" wait_for 10 arrived third
ok "and its files go" wait_for 10 no_files

# one that takes long gets them by itself
touch block; rm -f begun
submit fourth -slow
ok "one that takes long" wait_for 10 test -e begun
ok "has files after a while" wait_for 10 eval '! no_files'
rm block
ok "arrives" wait_for 10 arrived fourth
ok "and is gone" wait_for 10 no_files

# deferred, it waits like any other
touch block
printf '|test ! -e %s/block || exit 111\n./Maildir/\n' "$T" >"$ROOT/home/user/.qmail-defer"
submit fifth -defer
ok "deferred: it has its files" wait_for 10 eval '[ "$(files)" = 2 ]'
rm block
QUEUEDIR=$Q q retry --all >/dev/null
wait_for 10 arrived fifth
is "delivered at the next attempt" "$(times fifth)" 1
ok "gone" wait_for 10 no_files

# all processes are killed while it is in the journal only
submit warm
wait_for 10 arrived warm
wait_for 10 no_files
touch block; rm -f begun
submit sixth -slow
wait_for 10 test -e begun
is "no files yet" "$(files)" 0
tree() { local p; for p in $(cat /proc/"$1"/task/"$1"/children 2>/dev/null); do tree "$p"; echo "$p"; done; }
kill -9 $(tree "$UP") "$UP" 2>/dev/null
wait "$UP" 2>/dev/null
rm -f begun
is "killed before it arrived" "$(times sixth)" 0
like "q finds it" "$(QUEUEDIR=$Q q list --json)" "user-slow@$D"
rm block
start_up
ok "the next start delivers it" wait_for 10 arrived sixth

# an end in order leaves files for what was not tried
stop_up
submit seventh
is "nobody there: files at once" "$(files)" 3
start_up
ok "taken at the start" wait_for 10 arrived seventh
ok "all is gone" wait_for 10 no_files
QUEUE_FILES=1 submit eighth
ok "QUEUE_FILES=1" wait_for 10 arrived eighth
is "each came once" "$(cat "$NEW"/* | grep -c '^X-Key: ')" 9
stop_up
done_testing
