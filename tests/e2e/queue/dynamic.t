#!/bin/bash
# dynamic: a collection grows under load and shrinks again: no message is lost, delayed or delivered twice; whatever dies
# comes back; without shared memory or message queues mail flows all the same.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/dynamic.sh"
unset DYNAMIC_QUEUE DYNAMIC_QUEUE_TIME QUEUE_MAX QUEUE_LOAD
PORT=$(free_port) R=$T/r
flood_py
code "-s and -d" 100 qscheduler -s -d
code "--dynamic" 100 up --root "$R" --dynamic 101
code "fewer than --queues" 100 up --root "$R" --queues 5 --dynamic 4
"$BIN/up" --prepare --root "$R" --domain dyn.test --mailboxes u >/dev/null 2>&1
rm -rf "$R"/queue/queue[2-9]
"$BIN/up" --prepare --root "$R" --dynamic 8
like "an instance becomes dynamic" "$(cat "$R/service/qmail-send/run")" 'qscheduler -d "\$DEFAULTDELIVERY"'
"$BIN/up" --prepare --root "$R" --queues 1
like "and static again" "$(cat "$R/service/qmail-send/run")" 'qscheduler -s "\$DEFAULTDELIVERY"'
echo '# edited' >>"$R/service/qmail-send/run"
"$BIN/up" --prepare --root "$R" --dynamic 8
like "what somebody has edited stays" "$(cat "$R/service/qmail-send/run")" 'qscheduler -s'
rm "$R/service/qmail-send/run"
"$BIN/up" --prepare --root "$R" --dynamic 8
# other file systems are links or mounts: one is ready, one is a mount point that has nothing yet, one leads nowhere
mkdir -p elsewhere/two elsewhere/three
ln -s "$T/elsewhere/two" "$R/queue/queue2"
ln -s "$T/elsewhere/three" "$R/queue/queue3"
queue-fix "$T/elsewhere/two"
start() {
	"$BIN/up" --root "$R" --dynamic "$@" --smtp "127.0.0.1:$PORT" >>log 2>&1 &
	UP=$!
	PIDS="$PIDS $UP"
	wait_for 20 up_runs
}
. "$R/env"
export QUEUE_COUNT=1 DYNAMIC_QUEUE=1

# mail that came while nothing delivered
submit() { printf 'Fa@x.test\0Tu@dyn.test\0\0' >envelope; printf 'Subject: %s\n\nb\n' "$1" | qmail-queue 1<envelope; }
ok "no delivery process: a message is taken" submit before
is "by the queues there always are" "$(find "$R/queue/queue1/todo" -type f | wc -l)" 1
code "and nobody tells figures" 111 qmail-qread -i
like "is said" "$(cat err)" "no figures of $R/queue: "
ok "the instance starts" start 8
like "start line" "$(cat log)" '^info: qscheduler: pid [0-9]+ dynamic queues qStart/qCount 1/1, qconf=3, conf split=[0-9]+, msgqueue_len=[0-9]+, msgqueue_size=[0-9]+$'
ok "what was waiting is delivered" wait_for 20 mailbox 1
is "objects" "$(objects "$R/queue" | sed 's/.*\.//' | sort | tr '\n' ' ')" "qscheduler queue1 queue2 queue3 "

# growth in a flood
flood 10 200 0 >flooded & flooding=$!
ok "from 1 to 8 queues" grow_to 8
wait $flooding
is "no client is turned away" "$(cat flooded)" ok
ok "8 delivery processes" wait_for 20 runs qmail-send 8
is "control/qcount" "$(cat "$R/control/qcount")" 8
ok "all messages arrive" wait_for 60 mailbox 2001
rm "$R"/home/u/Maildir/new/*
flood 10 40 100 >flooded
ok "more messages" wait_for 60 mailbox 400
is "each once" "$(python3 count.py "$R/home/u/Maildir/new")" "400 1"
queues() { grep -oE '^new msg [0-9]+ queue[0-9]+$' log | sort -u -k4 | cut -d' ' -f4 | sort -u | wc -l; }
is "every queue had some" "$(queues)" 8
like "found by the message queue" "$(cat log)" '^local: a@x\.test u@dyn\.test [0-9]+ [0-9]+ bytes queue[0-9] mqueue mode$'
ok "no message is left" wait_for 20 no_mail
ok "and back" shrink_to 1
ok "one delivery process" wait_for 20 runs qmail-send 1
is "control/qcount again" "$(cat "$R/control/qcount")" 1
is "the one that stays is the first" "$(qmail-qread -i | awk '$5 == "enabled" {print $1}')" queue1

# a queue in which something is being written stays; one that rests is woken by who chose it long ago
grow_to 3
ok "three" wait_for 20 runs qmail-send 3
rm -f "$R"/home/u/Maildir/new/*
mkfifo slow
printf 'Fa@x.test\0Tu@dyn.test\0\0' >envelope
QUEUEDIR=$QUEUE_BASE/queue3 qmail-queue <slow 1<envelope & submitting=$!
exec 7>slow
printf 'Subject: slow\n' >&7
writing() { [ -n "$(find "$R/queue/queue3/mess/" -type f)" ]; }
ok "somebody is writing" wait_for 10 writing
for i in 1 2 3; do push 0; sleep 0.2; done
is "its queue stays" "$(in_use)" 3
printf '\nlate\n' >&7; exec 7>&-
wait $submitting; is "the message is taken" $? 0
ok "delivered" wait_for 20 mailbox 1
ok "now it can go" shrink_to 1
ok "one process" wait_for 20 runs qmail-send 1
for mode in mqueue fifo; do
	rm -f "$R"/home/u/Maildir/new/*
	if [ $mode = mqueue ]; then QUEUEDIR=$QUEUE_BASE/queue3 submit late; else
		(unset DYNAMIC_QUEUE; QUEUEDIR=$QUEUE_BASE/queue3 submit late); fi
	ok "$mode: a message for a queue at rest is delivered" wait_for 20 mailbox 1
	ok "$mode: and the queue rests again" wait_for 20 runs qmail-send 1
done

# two collections do not meet
mkdir -p other control; echo o.test >control/me
(QUEUE_BASE=$T/other CONTROLDIR=$T/control QUEUE_MAX=2; export QUEUE_BASE CONTROLDIR QUEUE_MAX; exec qscheduler -d >other.log 2>&1) &
other=$!
PIDS="$PIDS $other"
ok "another collection" wait_for 20 env QUEUE_BASE="$T/other" qmail-qread -i
ok "its queue was made" test -p other/queue1/lock/trigger
grow_to 2
like "it does not hear of this one" "$(QUEUE_BASE=$T/other qmail-qread -i)" '^1 of 1 queues in use$'
kill "$other"; wait "$other"; is "it ends" $? 0
is "without leaving objects" "$(objects "$T/other")" ""
ok "this one goes on" uses 2

# whatever is killed: nothing is lost
rm -f "$R"/home/u/Maildir/new/*
flood 10 60 200 again >flooded & flooding=$!
for victim in qmail-send todo-proc qmail-lspawn qscheduler todo-proc qscheduler qmail-send; do
	grow_to 3 || true
	pid=$(of $victim | tail -1)
	[ -z "$pid" ] || kill -KILL "$pid"
	sleep 0.3
done
wait $flooding
is "killed processes: every client is content" "$(cat flooded)" ok
all_there() { [ "$(python3 count.py "$R/home/u/Maildir/new" | cut -d' ' -f1)" = 600 ]; }
ok "600 messages arrive" wait_for 120 all_there
ok "no message is left" wait_for 60 no_mail
ok "back to one" shrink_to 1
ok "one process" wait_for 20 runs qmail-send 1
kill "$UP"; wait "$UP"
is "no objects are left" "$(objects "$R/queue")" ""

# a queue that cannot be made, mail in a queue beyond the last one
rm -rf "$R"/queue/queue[4-8]
ln -s "$T/nowhere/four" "$R/queue/queue4"
unset DYNAMIC_QUEUE
QUEUEDIR=$QUEUE_BASE/queue3 submit left
export DYNAMIC_QUEUE=1
rm -f "$R"/home/u/Maildir/new/*
: >log
start 5
ok "mail in a queue that is not in use is delivered" wait_for 20 mailbox 1
grow_to 3
push 200; push 200
ok "a link that leads nowhere is no queue" wait_for 20 grep -q "^warning: qscheduler: unable to create $R/queue/queue4$" log
is "the number stays" "$(in_use)" 3
kill "$UP"; wait "$UP"

# DYNAMIC_QUEUE_TIME, and growth without anybody who tells
rm "$R/queue/queue4"; : >log
echo 1 >"$R/control/concurrencylocal"
echo '|sleep 5' >"$R/home/u/.qmail"
export DYNAMIC_QUEUE_TIME=1
start 2
for i in 1 2 3; do submit busy; done
ok "it sees the load itself" wait_for 20 uses 2
second() { submit turn; grep -q '^new msg .* queue2$' log; }
ok "queues take turns" wait_for 20 second
echo ./Maildir/ >"$R/home/u/.qmail"
unset DYNAMIC_QUEUE_TIME
kill "$UP"; wait "$UP"

# no message queues
: >log; rm -f "$R"/home/u/Maildir/new/*
(ulimit -q 0; exec "$BIN/up" --root "$R" --dynamic 2 --smtp "127.0.0.1:$PORT" >>log 2>&1) & UP=$!
PIDS="$PIDS $UP"
either() { up_runs || up_runs 2; }	# as long as one of those deferred waits in the second
ok "without message queues" wait_for 20 either
is "one warning" "$(grep '^warning' log | grep -c '^warning: qscheduler: no POSIX message queues: .*; the FIFO announces messages$') $(grep -c '^warning' log)" "1 1"
flood 2 10 0 >flooded
ok "mail flows" wait_for 20 mailbox 20
like "by the FIFO" "$(cat log)" ' compat mode$'
code "nobody can be told" 111 setqload -q 1 5
kill "$UP"; wait "$UP"

# no shared memory, no room in it
without_memory() {
	: >log; rm -f "$R"/home/u/Maildir/new/*
	unshare -rm sh -c 'mount -t tmpfs -o "$1" none /dev/shm || exit; [ "$2" != full ] || dd if=/dev/zero of=/dev/shm/x
		shift 2; exec unshare -U --map-user='"$(id -u) --map-group=$(id -g)"' "$@"' sh "$@" "$BIN/up" --root "$R" --dynamic 2 --smtp "127.0.0.1:$PORT" >>log 2>&1 &
	UP=$!
	PIDS="$PIDS $UP"
	wait_for 20 grep -q '^status: local 0/' log
	is "one warning" "$(grep '^warning' log | grep -c '^warning: qscheduler: no shared memory: .*; the number of queues stays$') $(grep -c '^warning' log)" "1 1"
	flood 2 10 0 >flooded
	ok "mail flows" wait_for 20 mailbox 20
	kill "$UP"; wait "$UP"
}
if unshare -rm sh -c 'mount -t tmpfs none /dev/shm && unshare -U --map-user=1 --map-group=1 true' 2>/dev/null; then
	without_memory ro empty
	without_memory size=4k full
else
	skip "without shared memory" "no user namespaces here"
fi
done_testing
