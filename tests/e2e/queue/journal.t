#!/bin/bash
# journal: what it holds is put back after the machine was started anew, and only then; what is finished is not; it is
# used again when it is full.  The machine's start is the boot id in journal/state.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export QUEUE_JOURNAL=2 CONTROLDIR=$T/control QUEUEDIR=$T/q	# a journal also where the scratch directory is in memory

mkdir -p control
echo me.example >control/me
if [ ! -r /proc/sys/kernel/random/boot_id ]; then
	skip "journal" "there is no boot id"
	done_testing
fi
queue-fix "$QUEUEDIR" || exit 99
printf 'Subject: one\n\nbody of one\n' >one
printf 'Fa@b\0Tc@d\0Te@f\0\0' >envelope
submit() { qmail-queue <"$1" 1<envelope 2>err; }
newboot() { printf '0%.0s' {1..36} | dd of="$1/journal/state" bs=1 seek=8 conv=notrunc status=none; }
todos() { find "$QUEUEDIR"/todo -type f | wc -l; }
texts() { cat "$QUEUEDIR"/mess/*/* | grep -c "^Subject: $1\$"; }
empty() { (cd "$QUEUEDIR" && find mess intd todo info local remote -type f -delete); }
fresh() { empty; rm -rf "$QUEUEDIR/journal"; }
records() { cat "$QUEUEDIR"/todo/*/* | tr '\0' '|'; }

submit one
is "accepted" "$? $(todos)" "0 1"
ok "the journal has it" grep -q 'body of one' "$QUEUEDIR/journal/000"
is "nobody else reads it" "$(stat -c %a "$QUEUEDIR/journal" "$QUEUEDIR/journal/000" "$QUEUEDIR/journal/state" | tr '\n' ' ')" "700 600 600 "
before=$(records)
empty
submit one
is "no new start: nothing comes back" "$(todos)" 1

empty
newboot "$QUEUEDIR"
printf 'Subject: two\n\nbody of two\n' >two
submit two
is "a new start: both come back, beside the new one" "$(todos) $(texts one) $(texts two)" "3 2 1"
like "with their envelopes" "$(records)" "Fa@b\|Tc@d\|Te@f\|"
is "as they were" "$(records | grep -oF "$before" | wc -l)" 1
newboot "$QUEUEDIR"
submit two
is "whole ones are not put back twice" "$(todos) $(texts one) $(texts two)" "4 2 2"

# what a crash leaves: too short, zeros, no content
fresh
submit one
f=$(echo "$QUEUEDIR"/mess/*/*)
truncate -s 20 "$f"
newboot "$QUEUEDIR"
submit two
is "a short one is replaced" "$(todos) $(texts one) $(texts two)" "2 1 1"
fresh
submit one
f=$(echo "$QUEUEDIR"/mess/*/*)
dd if=/dev/zero of="$f" bs=10 count=3 conv=notrunc status=none
newboot "$QUEUEDIR"
submit two
is "zeros are replaced" "$(todos) $(texts one) $(texts two)" "2 1 1"
fresh
submit one
f=$(echo "$QUEUEDIR"/todo/*/*)
: >"$f"
newboot "$QUEUEDIR"
submit two
is "an empty envelope is replaced" "$(todos) $(texts one) $(texts two)" "2 1 1"
fresh
submit one
f=$(echo "$QUEUEDIR"/mess/*/*)
i=${f#"$QUEUEDIR"/mess/}
printf 'Fa@b\0' >"$QUEUEDIR/info/$i"
printf 'Tc@d\0' >"$QUEUEDIR/remote/$i"
rm "$QUEUEDIR/todo/$i" "$QUEUEDIR/intd/$i"
newboot "$QUEUEDIR"
submit two
is "one that is stored in info stays" "$(todos) $(texts one)" "1 1"
ok "with its recipients" test -s "$QUEUEDIR/remote/$i"

# large ones take the other way
fresh
{ printf 'Subject: large\n\n'; head -c 300000 /dev/zero | tr '\0' x; echo; } >large
submit large
is "a large message" "$? $(texts large)" "0 1"
is "is not in the journal" "$(grep -c 'Subject: large' "$QUEUEDIR/journal/000")" 0
newboot "$QUEUEDIR"
submit two
is "and stays where it is" "$(texts large)" 1

# 8 megabytes, twice as much mail, no keeper
fresh
{ printf 'Subject: full\n\n'; head -c 200000 /dev/zero | tr '\0' y; echo; } >full
for i in $(seq 80); do JOURNAL_SIZE=8 submit full || echo "exit $?"; done >trouble
is "a journal that is full is used again" "$(cat trouble)$(texts full)" 80
is "within its size" "$(ls "$QUEUEDIR/journal" | grep -c '^0')" 2
newboot "$QUEUEDIR"
JOURNAL_SIZE=8 submit two
is "none is lost or doubled by a start" "$(texts full)" 80

# many at once, some killed
fresh
pids=
for i in $(seq 40); do
	(submit one && echo >>accepted) &
	pids="$pids $!"
	[ $((i % 8)) != 0 ] || kill -9 $! 2>/dev/null
done
wait $pids 2>/dev/null
n=$(wc -l <accepted)
empty
newboot "$QUEUEDIR"
submit two
ok "every accepted one of many at once comes back" test "$(texts one)" -ge "$n"

# switched off
fresh
QUEUE_JOURNAL=0 submit one
is "without" "$? $(texts one)$(ls "$QUEUEDIR")" "0 1$(ls "$QUEUEDIR" | grep -v journal)"
submit one
empty
newboot "$QUEUEDIR"
QUEUE_JOURNAL=0 submit two
is "old records are left for a start that wants them" "$(todos)" 1
USE_FSYNC= submit two
is "no syncs wanted: no journal" "$(todos)" 2

# finished messages: an instance, its keeper
R=$T/im
unset QUEUEDIR CONTROLDIR
"$BIN/indimail" up --root "$R" --domain journal.test --mailboxes 'u w' --queues 2 --smtp "127.0.0.1:0" >log 2>&1 & up=$!
PIDS="$PIDS $up"
ok "the instance" wait_for 10 test -S "$R/run/queue.sock"
ok "its queues have a journal in common" wait_for 5 test -s "$R/queue/journal/state"
printf 'To: u@journal.test\nSubject: done\n\nx\n' >done
send() { (. "$R/env"; export QUEUE_JOURNAL=2 CONTROLDIR QUEUE_BASE QUEUE_COUNT INTAKE_SOCKET; sendmail "$@"); }
for i in 1 2 3 4 5 6; do send u@journal.test <done || echo "exit $?"; done
arrived() { [ "$(find "$R/home/u/Maildir/new" -type f | wc -l)" = "$1" ]; }
ok "six arrive" wait_for 10 arrived 6
is "the queues' own journals are not used" "$(ls "$R"/queue/queue1/journal "$R"/queue/queue2/journal 2>/dev/null | grep -c '^0')" 0
kill "$up"
wait "$up" 2>/dev/null
printf '0%.0s' {1..36} | dd of="$R/queue/journal/state" bs=1 seek=8 conv=notrunc status=none
"$BIN/indimail" up --root "$R" --smtp "127.0.0.1:0" >log2 2>&1 & up=$!
PIDS="$PIDS $up"
ok "the instance again" wait_for 10 test -S "$R/run/queue.sock"
send u@journal.test <done
ok "the next one arrives" wait_for 10 arrived 7
sleep 0.3
is "what was delivered is not delivered again" "$(find "$R/home/u/Maildir/new" -type f | wc -l)" 7
is "nothing was put back" "$(grep -c 'put back' log2)" 0
done_testing
