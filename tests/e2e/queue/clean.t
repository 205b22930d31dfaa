#!/bin/bash
# clean: requests on a pipe, one answer byte each; garbage; the sweep of pid.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 CONFSPLIT=7
queue-fix "$QUEUEDIR"
# message ID: as it lies in the queue in state S4
message() { for d in mess intd todo; do echo x >"$QUEUEDIR/$d/$(($1 % 7))/$1"; done; }
# ask REQUEST...: the answers
ask() { printf '%s\0' "$@" | qmail-clean; }
there() { (cd "$QUEUEDIR" && find mess intd todo -type f | sort | tr '\n' ' '); }

message 100; message 101; message 102
is "foop: intd and mess go" "$(ask foop/100)" +
is "todo stays" "$(there)" "intd/3/101 intd/4/102 mess/3/101 mess/4/102 todo/2/100 todo/3/101 todo/4/102 "
is "todo: intd and todo go" "$(ask todo/3/101)" +
is "mess stays" "$(there)" "intd/4/102 mess/3/101 mess/4/102 todo/2/100 todo/4/102 "
is "done: everything goes" "$(ask done/102 foop/101 todo/2/100)" +++
is "nothing is left" "$(there)" ""
is "missing files are fine" "$(ask foop/5555 todo/0/5555 done/5555)" +++
is "garbage" "$(ask foop/x foop/ fooq/123 '' / todo/-1 'foop/99999999999999999999999' "$(head -c 200 /dev/zero | tr '\0' 7)")" xxxxxxxx
is "endless garbage is one answer" "$({ head -c 100000 /dev/zero | tr '\0' a; printf '\0foop/77\0'; } | qmail-clean)" x+
is "a request without its end is none" "$(printf 'foop/12' | qmail-clean)" ""
mkdir -p "$QUEUEDIR/mess/4/200"
is "what cannot be removed" "$(ask foop/200)" !
printf 'foop/1\0' | qmail-clean >/dev/full 2>err
is "nobody to answer" $? 100
QUEUEDIR=$T/nowhere code "no queue" 111 qmail-clean </dev/null
echo old >"$QUEUEDIR/pid/1.1.1"; echo new >"$QUEUEDIR/pid/2.2.2"; mkdir "$QUEUEDIR/pid/3"
touch -a -d '3 days ago' "$QUEUEDIR/pid/1.1.1" "$QUEUEDIR/pid/3"
ask foop/1 >/dev/null
is "old pid files are swept" "$(ls "$QUEUEDIR/pid" | grep -v spare | tr '\n' ' ')" "2.2.2 3 "
sleep 1.1
OSSIFIED=0 ask foop/1 >/dev/null
is "OSSIFIED says how old" "$(ls "$QUEUEDIR/pid" | grep -v spare | tr '\n' ' ')" "3 "
done_testing
