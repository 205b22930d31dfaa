#!/bin/bash
# The DSN extension of smtpd (RFC 3461): syntax of RET, ENVID, NOTIFY and ORCPT, what reaches the queue, and when it is not
# offered.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../queue/user.sh"
. "$HERE/../lib.sh"
unset QUEUEPROG SPAMQUEUE QQF_QMAILQUEUE
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 RELAYCLIENT= TCPREMOTEIP=127.0.0.1 SMTPUTF8=1
mkdir control
echo me.example >control/me
queue-fix "$QUEUEDIR"

# say LINE...: the replies behind the greeting and EHLO
say() { { printf 'EHLO c\r\n'; printf '%s\r\n' "$@"; printf 'QUIT\r\n'; } | qmail-smtpd 2>/dev/null | tr -d '\r' | sed '1,/^250 /d; $d'; }
codes() { say "$@" | cut -c1-3 | tr '\n' ' '; }
x() { printf "%$1s" | tr ' ' a; }

like "offered" "$(printf 'EHLO c\r\nQUIT\r\n' | qmail-smtpd 2>/dev/null)" '^250-DSN'
is "not in HELP" "$(printf 'HELP\r\nQUIT\r\n' | qmail-smtpd 2>/dev/null | grep -c DSN)" 0
M='MAIL FROM:<s@x>'
while IFS='	' read -r want params; do
	is "MAIL $params" "$(codes "$M $params")" "$want "
done <<L
250	RET=FULL
250	ret=Hdrs envid=abc
250	SIZE=10 RET=FULL BODY=8BITMIME ENVID=a+2Bb
250	ENVID=$(x 100)
501	ENVID=$(x 101)
501	RET
501	RET=
501	RET=SOME
501	RET=FULL RET=FULL
501	RET=FULL RET=HDRS
501	ENVID
501	ENVID=
501	ENVID=a ENVID=b
501	ENVID=a=b
501	ENVID=a+b
501	ENVID=a+2b
501	ENVID=a+0D+0A
555	NOTIFY=NEVER
555	RETURN=FULL
L
R='RCPT TO:<r@y>'
while IFS='	' read -r want params; do
	is "RCPT $params" "$(codes "$M" "$R $params")" "250 $want "
done <<L
250	NOTIFY=NEVER
250	notify=Success,delay,FAILURE
250	ORCPT=rfc822;r@y
250	ORCPT=rfc822;a+2Bb@y NOTIFY=DELAY
250	ORCPT=rfc822;$(x 493)
501	ORCPT=rfc822;$(x 494)
250	ORCPT=utf-8;\\x{E4}@y
501	NOTIFY
501	NOTIFY=
501	NOTIFY=NEVER,DELAY
501	NOTIFY=DELAY,DELAY
501	NOTIFY=SUCCESS,
501	NOTIFY=SOMETIMES
501	NOTIFY=DELAY NOTIFY=DELAY
501	ORCPT
501	ORCPT=r@y
501	ORCPT=rfc822;
501	ORCPT=;r@y
501	ORCPT=rfc822;a+0Ab
501	ORCPT=rfc822;a=b
501	ORCPT=rfc822;ä@y
501	ORCPT=utf-8;ä@y
501	ORCPT=rfc822;a ORCPT=rfc822;a
555	RET=FULL
555	SIZE=3
L
is "UTF-8 with SMTPUTF8" "$(codes "$M SMTPUTF8" "$R ORCPT=utf-8;ä@y" "$R ORCPT=rfc822;ä@y")" "250 250 501 "
is "a refused RCPT does not count" "$(codes "$M" "$R NOTIFY=X" DATA)" "250 501 503 "

# what reaches the queue
todo() { find "$QUEUEDIR/todo" -type f | while read -r f; do tr '\0' '|' <"$f" | sed 's/^u[0-9]*|p[0-9]*|//'; echo; rm "$f"; done | sort; }
body=$(printf 'DATA\r\nSubject: x\r\n\r\n.')
say "$M RET=HDRS ENVID=1" "$R NOTIFY=NEVER" RSET "$M" "$R" "$R ORCPT=rfc822;z" "$R SIZE=1" "$R" "$body" >/dev/null
is "nothing is left of a transaction before" "$(todo)" "Fs@x|Tr@y|Tr@y|yORCPT=rfc822;z|Tr@y|"
say "$M RET=HDRS" "$R NOTIFY=DELAY" "$body" "$M" "$R" "$body" >/dev/null
is "each message its own" "$(todo | tr '\n' ' ')" "Fs@x|Tr@y| Fs@x|xRET=HDRS|Tr@y|yNOTIFY=DELAY| "
say "$M SMTPUTF8" "$R ORCPT=utf-8;€@y" "$body" >/dev/null
is "UTF-8 becomes ASCII" "$(todo)" 'Fs@x|Tr@y|yORCPT=utf-8;\x{20AC}@y|'
echo q@me.example >control/quarantine
echo e@me.example >control/extraqueue
say "$M RET=FULL" "$R NOTIFY=DELAY" "$body" >/dev/null
is "in quarantine nobody is told of recipients" "$(todo | sed -n 's/|eX-Q.*//p')" "Fs@x|Te@me.example|Tq@me.example|xRET=FULL"
rm control/quarantine control/extraqueue

# the ways into the queue
cat >foreign <<P
#!/bin/sh
cat >/dev/null
cat <&1 >$T/envelope
P
chmod 755 foreign
mkdir elsewhere && ln -s "$BIN/qmail-queue" elsewhere/qmail-queue
for way in qmail-multi qmail-spamfilter "$T/elsewhere/qmail-queue"; do
	QMAILQUEUE=$way say "$M ENVID=1" "$R NOTIFY=DELAY" "$body" >/dev/null
	is "through ${way##*/}" "$(todo)" "Fs@x|xENVID=1|Tr@y|yNOTIFY=DELAY|"
done
export QMAILQUEUE=$T/foreign
is "a queue program that is not ours: not offered" "$(printf 'EHLO c\r\nQUIT\r\n' | qmail-smtpd 2>/dev/null | grep -c DSN)" 0
is "nor taken" "$(codes "$M RET=FULL" "$M" "$R NOTIFY=NEVER" "$R")" "555 250 555 250 "
say "$M" "$R" "$body" >/dev/null
is "its envelope is as ever" "$(tr '\0' '|' <envelope)" "Fs@x|Tr@y||"
for way in "qmail-spamfilter $T/foreign" qmail-qfilter "qmail-qmqpc"; do
	is "nor with $way" "$(printf 'EHLO c\r\nQUIT\r\n' | QMAILQUEUE=$way qmail-smtpd 2>/dev/null | grep -c DSN)" 0
done
is "nor behind qmail-multi" "$(printf 'EHLO c\r\nQUIT\r\n' | QMAILQUEUE=qmail-multi QUEUEPROG=$T/foreign qmail-smtpd 2>/dev/null | grep -c DSN)" 0
unset QMAILQUEUE

# the queue program's own check of such records
submit() { printf '%b' "$1" >envelope; printf 'x\n' | qmail-queue 1<envelope 2>/dev/null; echo $?; }
is "fine" "$(submit 'Fa\0xENVID=1\0Tb@c\0yNOTIFY=NEVER\0\0') $(todo)" "0 Fa|xENVID=1|Tb@c|yNOTIFY=NEVER|"
for bad in 'xRET=FULL\0Fa\0Tb\0\0' 'Fa\0yNOTIFY=NEVER\0Tb\0\0' 'Fa\0x\0Tb\0\0' 'Fa\0xRET=X\0Tb\0\0' 'Fa\0xRET=FULL\0xENVID=1\0Tb\0\0' \
	'Fa\0Tb\0yNOTIFY=X\0\0' 'Fa\0Tb\0yNOTIFY=NEVER\0yNOTIFY=NEVER\0\0' 'Fa\0Tb\0yNOTIFY=NEVER SIZE=1\0\0' 'Fa\0Tb\0xRET=FULL\0\0' \
	'Fa\0Tb\0zx\0\0' 'Fa\0xENVID=a\nb\0Tb\0\0'; do
	is "refused: $bad" "$(submit "$bad") $(todo)" "79 "
done

# from sendmail
sm() { printf 'Subject: x\n\n' | sendmail "$@" r@y 2>&1; }
sm -f s@x.org -N success,delay -R hdrs -V 'my +1'
is "sendmail" "$(todo)" "Fs@x.org|xRET=HDRS ENVID=my+20+2B1|Tr@y.me.example|yNOTIFY=SUCCESS,DELAY|"
sm -f s@x.org -Nnever
is "never" "$(todo)" "Fs@x.org|Tr@y.me.example|yNOTIFY=NEVER|"
sm -f s@x.org
is "without" "$(todo)" "Fs@x.org|Tr@y.me.example|"
sm -f s@x.org -N sometimes
is "an unknown occasion is ignored" "$? $(todo)" "0 Fs@x.org|Tr@y.me.example|"
for bad in '-R some' "-V $(x 101)"; do
	is "refused: $bad" "$(sm -f s@x.org ${bad%% *} "${bad#* }" >/dev/null; echo $?) $(todo)" "100 "
done
done_testing
