#!/bin/bash
# multi: choice of queue and program, the filter's exit codes, MIN_FREE.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/base QUEUE_START=3 QUEUE_COUNT=2
mkdir control base
echo host.example >control/me
for q in queue3 queue4; do queue-fix base/$q; done
printf 'Fa@b\0Tc@d\0\0' >envelope
printf 'Subject: hello\n\nbody\n' >message
# submit [ARGUMENT...]: exit code in $?, descriptors as a client gives them
submit() { qmail-multi "$@" <message 1<envelope 2>err; }
stored() { cat base/queue*/mess/*/* 2>/dev/null | grep -v '^Received:'; }
n() { find base -path '*/todo/*' -type f | wc -l; }
empty() { find base -path '*/[mit][neo][std][sdo]/*' -type f -exec rm {} +; }

for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do submit || echo "exit $?"; done >out
is "twenty messages" "$(cat out)$(n)" 20
is "some in each queue" "$(ls -d base/queue[34]/todo/*/* | cut -d/ -f2 | sort -u | tr '\n' ' ')" "queue3 queue4 "
empty
for i in 1 2 3 4 5 6 7 8; do QUEUEDIR=$T/base/queue4 submit; done
is "QUEUEDIR" "$(find base/queue4/todo -type f | wc -l)" 8
empty
cat >prog <<'P'
#!/bin/sh
echo "$#:$*:$QUEUEPROG:$QUEUEDIR" >"$OUT"
exec 3<&1
cat <&3 | tr '\0' '|' >>"$OUT"
cat >>"$OUT"
exit 7
P
chmod 755 prog
export OUT=$T/seen
submit "$T/prog" one two
is "a program with arguments" "$? $(head -1 seen)" "7 2:one two::"
is "gets envelope and message" "$(sed -n 2p seen)" 'Fa@b|Tc@d||Subject: hello'
QUEUEPROG=$T/prog submit
is "QUEUEPROG, unset for it" "$? $(head -1 seen)" "7 0:::"
QUEUEPROG=$T/missing submit
is "no such program" $? 120
printf '#!/bin/sh\necho "$1 $QUEUEDIR" >"$OUT"; exit 3\n' >qmail-queue; chmod 755 qmail-queue
submit "$T/qmail-queue"
is "another queue program of that name is told the directory" "$? $(grep -c "^$T/base/queue[34] $T/base/queue[34]$" seen)" "3 1"
# the filter
FILTERARGS='tr a-z A-Z' submit
is "the filter's output is queued" "$? $(stored | tr '\n' /)" "0 SUBJECT: HELLO//BODY/"
empty
cat message | FILTERARGS='cat; echo "$0 $#" ' qmail-multi 1<envelope
is "a pipe as message; argv[0]" "$? $(stored | tail -1)" "0 qmailfilter 0"
empty
FILTERARGS='cat >/dev/null; echo "${FILTERARGS-none} ${SPAMFILTER-none}"' SPAMFILTER=x submit
is "without FILTERARGS and SPAMFILTER" "$(stored)" "none none"
empty
for pair in 2:0 99:0 88:88 31:31 100:31 1:71 71:71 111:71 255:71; do
	FILTERARGS="exit ${pair%:*}" submit
	is "filter exit ${pair%:*}" $? "${pair#*:}"
done
FILTERARGS='kill -9 $$' submit
is "a filter that crashes" $? 71
FILTERARGS='echo Zmy reason >&2; exit 88' submit
is "its own text" "$? $(cat err)" "88 Zmy reason"
printf 'Fa@b\0Tc@d\0' >cut
FILTERARGS='exit 99' qmail-multi <message 1<cut 2>err
is "thrown away, but the client is gone" $? 54
is "none of them queued anything" "$(n)" 0
TMPDIR=$T/none FILTERARGS=cat submit
is "no temporary files" $? 68
FILTERARGS=cat qmail-multi <&- 1<envelope 2>err
is "no message" $? 54
FILTERARGS='sleep 5' DEATH=1 submit
is "a filter that takes too long" $? 52
# space
MIN_FREE=$((1 << 60)) submit
is "too little space" "$? $(n)" "53 0"
MIN_FREE=1000 submit
is "enough space" "$? $(n)" "0 1"
QUEUEDIR=$T/nowhere MIN_FREE=1000 submit
is "no file system to ask" $? 54
done_testing
