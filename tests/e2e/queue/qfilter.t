#!/bin/bash
# qfilter: messages and envelopes changed by filters, their environment, every exit code, the program behind them.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/user.sh"
. "$here/../lib.sh"
. "$here/front.sh"
submit() { qmail-qfilter "$@" <message 1<envelope 2>err; }

submit true
is "a filter that does nothing" "$? $(stored | tr '\n' /) $(queued)" "0 Subject: hello//body/ Fa@x@b Tc@d Te@f "
empty
submit tr a-z A-Z -- sed s/BODY/text/ -- cat
is "three filters" "$? $(stored | tr '\n' /)" "0 SUBJECT: HELLO//text/"
empty
cat message | qmail-qfilter cat 1< <(cat envelope)
is "pipes" "$? $(stored | tail -1) $(queued)" "0 body Fa@x@b Tc@d Te@f "
empty
(head -c 3000000 /dev/zero | tr '\0' 'x'; echo) >big
qmail-qfilter cat -- true -- cat <big 1<envelope
is "a large message" "$? $(stored | cmp - big && echo same)" "0 same"
empty
program edit <<'P'
tr '\0' '\n' <&3 | sed 's/Tc@d/Tnew@d/' | tr '\n' '\0' >&4
P
submit ./edit -- sh -c 'cat; echo "$QMAILUSER|$QMAILHOST|$(echo $QMAILRCPTS)|$NUMRCPTS|$ENVSIZE|$MSGSIZE|${QMAILNAME-none}"'
is "a new envelope" "$? $(queued)" "0 Fa@x@b Tnew@d Te@f "
is "the environment knows it" "$(stored | tail -1)" "a@x|b|new@d e@f|2|20|21|none"
empty
export QMAILNAME=me
submit sh -c 'cat; echo more' -- sh -c 'cat; echo "$MSGSIZE|${QMAILNAME-none}|${FILTERARGS-none}"'
is "MSGSIZE of what a filter wrote" "$(stored | tail -1)" "26|none|none"
empty
printf 'F\0Tc\0\0' >none
qmail-qfilter sh -c 'cat; echo "<$QMAILUSER|$QMAILHOST>"' <message 1<none
is "no sender" "$? $(stored | tail -1)" "0 <|>"
empty
(printf 'Fa@b\0'; for i in $(seq 20000); do printf 'Trecipient%s@example.org\0' "$i"; done; printf '\0') >many
qmail-qfilter sh -c 'cat; echo "$NUMRCPTS"; test $(echo "$QMAILRCPTS" | wc -c) -lt 110000 && echo "$QMAILRCPTS" | sed -n 2p' <message 1<many
is "more recipients than a variable holds" "$? $(stored | tail -2 | tr '\n' ' ')" "0 20000 recipient2@example.org "
is "all are queued" "$(queued | wc -w)" 20001
empty

# exit codes
for pair in 2:0 99:0 31:31 100:31 71:71 111:71 88:88 1:1 32:32 53:53; do
	submit cat -- sh -c "exit ${pair%:*}" -- sh -c "touch $T/later"
	is "exit ${pair%:*}" "$? $(n)$(ls later 2>/dev/null)" "${pair#*:} 0"
done
submit sh -c 'printf "Dnot today (#5.7.1)" >&2; exit 88'
is "its own text" "$? $(cat err)" "88 Dnot today (#5.7.1)"
ERROR_FD=9 qmail-qfilter sh -c 'printf "Dnine" >&9; exit 88' <message 1<envelope 9>nine
is "on ERROR_FD" "$? $(cat nine)" "88 Dnine"
submit sh -c 'kill -9 $$'
is "a crash" "$? $(cat err)" "88 Zqmail-qfilter: sh crashed (#4.3.0)"
ERROR_FD=9 qmail-qfilter sh -c 'kill -9 $$' <message 1<envelope 9>nine
is "a crash, told on ERROR_FD" "$? $(cat nine)" "88 Zqmail-qfilter: sh crashed (#4.3.0)"
submit sh -c 'printf "Fa@b\0Tc@d" >&4'
is "a broken envelope" "$? $(cat err)" "88 Zqmail-qfilter: sh wrote a bad envelope (#4.3.0)"
TMPDIR=$T/nodir submit cat
is "no temporary files" "$? $(cat err)" "88 Zqmail-qfilter: unable to create a temporary file in $T/nodir: No such file or directory (#4.3.0)"
submit; is "no filter" $? 81
submit cat --; is "no filter at the end" $? 81
submit -- cat; is "no filter at the start" $? 81
submit cat -- -- cat; is "no filter in the middle" $? 81
submit ./missing
is "no such filter" "$? $(grep -c 'unable to run ./missing$' err)" "81 1"
qmail-qfilter cat <"$T" 1<envelope 2>err
is "read error" "$? $(grep -c 'unable to read the message: Is a directory' err)" "54 1"
printf 'Fa@b\0Tc@d\0' >cut
qmail-qfilter sh -c "touch $T/later" <message 1<cut 2>err
is "the client is gone: no filter runs" "$? $(ls later 2>/dev/null)" "54 "
printf 'Xa@b\0\0' >cut; qmail-qfilter cat <message 1<cut 2>err; is "not an envelope" $? 79
printf 'Fa@b\0Xc\0\0' >cut; qmail-qfilter cat <message 1<cut 2>err; is "not a recipient" $? 79
: >cut; qmail-qfilter cat <message 1<cut 2>err; is "no envelope" $? 54
(printf 'F'; head -c 1003 /dev/zero | tr '\0' a; printf '\0Tc\0\0') >cut
qmail-qfilter cat <message 1<cut 2>err; is "an address of 1003 bytes" $? 11
DEATH=1 submit sleep 5; is "a filter that takes too long" $? 52
is "none of them queued anything" "$(n)" 0

# the program in place of queue
program after <<P
echo "\$0 \$* \${QQF_QMAILQUEUE-none} \${QMAILUSER-none}" >$T/seen; cat >>$T/seen; tr '\0' '|' <&1 >>$T/seen; exit 7
P
QQF_QMAILQUEUE="$T/after one 'two three'" submit sed s/body/text/
is "QQF_QMAILQUEUE" "$? $(tr '\n' / <seen)" "7 $T/after one two three none none/Subject: hello//text/Fa@x@b|Tc@d|Te@f||"
QQF_MAILQUEUE=$T/after submit true; is "QQF_MAILQUEUE" $? 7
QUEUEPROG=$T/after submit true; is "QUEUEPROG" $? 7
QQF_QMAILQUEUE=$T/none submit sh -c "printf '$T/after\0' >&5" -- true
is "descriptor 5" "$? $(sed -n 4p seen)" "7 body"
QUEUEPROG=$T/missing submit true; is "no such program" $? 120
QQF_QMAILQUEUE='qmail-qfilter tr a-z A-Z' submit sed s/body/text/
is "another qfilter" "$? $(stored | tail -1)" "0 TEXT"
empty
REEXEC=1 submit tr a-z A-Z; is "REEXEC" "$? $(stored | tail -1)" "0 BODY"
empty
# behind a real client
export QMAILQUEUE="qmail-qfilter sed s/body/injected/"
printf 'To: c@d.x\n\nbody\n' | qmail-inject -fa@b.x 2>err
is "from inject" "$? $(stored | tail -1) $(queued)" "0 injected Fa@b.x Tc@d.x "
program refuse <<<"exit 31"
export QMAILQUEUE="qmail-qfilter $T/refuse"
printf 'To: c@d.x\n\nbody\n' | qmail-inject -fa@b.x 2>err
is "refused" "$? $(grep -c '5.3.0' err)" "100 1"
done_testing
