#!/bin/bash
# spamfilter: the filter's verdicts and what becomes of spam, who is not filtered, the program behind it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/user.sh"
. "$here/../lib.sh"
. "$here/front.sh"
submit() { qmail-spamfilter "$@" <message 1<envelope 2>err; }
# try TEXT WANT [ARGUMENT...]: exit code, number of messages, last line, recipients
try() {
	submit "${@:3}"
	is "$1" "$? $(n) $(stored | tail -1) $(queued)" "$2"
	empty
}
all="Fa@x@b Tc@d Te@f "
program spam <<'P'
sed "s/^body/${1-text}/"; exit ${VERDICT-0}
P
try "no SPAMFILTER" "0 1 body $all"
SPAMFILTER= try "an empty one" "0 1 body $all"
export SPAMFILTER="$T/spam 'a word'"
for v in 0 1 2; do VERDICT=$v try "verdict $v: accepted, rewritten" "0 1 a word $all"; done
SPAMFILTERARGS=ignored SPAMFILTER=$T/spam try "SPAMFILTERARGS" "0 1 ignored $all"
SPAMFILTER='sh -c "cat >/dev/null; exit 1"' try "a filter that writes nothing changes nothing" "0 1 body $all"
SPAMFILTER='sh -c "cat; echo ${SPAMFILTER-none}${FILTERARGS-none}"' try "neither SPAMFILTER nor FILTERARGS are set for it" "0 1 nonenone $all"
for v in 3 71 100 111 255; do VERDICT=$v try "verdict $v: none" "76 0  "; done
like "and says so" "$(cat err)" '^qmail-spamfilter: fatal: the spam filter failed with exit code 255$'
SPAMFILTER='sh -c "kill -9 $$"' try "a crash" "123 0  "
SPAMFILTER=$T/missing try "no such filter" "76 0  "
SPAMFILTER="$T/spam 'open" try "an open quote" "87 0  "
SPAMFILTER="sleep 5" DEATH=1 try "too slow" "52 0  "
TMPDIR=$T/none try "no temporary files" "68 0  "
# spam
REJECTSPAM=0 try "REJECTSPAM=0" "0 1 a word $all"
REJECTSPAM=1 try "REJECTSPAM=1" "32 0  "
REJECTSPAM=2 try "REJECTSPAM=2" "0 0  "
for v in 1 2; do VERDICT=$v REJECTSPAM=1 try "REJECTSPAM, verdict $v" "0 1 a word $all"; done
export REJECTSPAM=1
SPAMEXITCODE=7 VERDICT=7 try "SPAMEXITCODE" "32 0  "
SPAMEXITCODE=1 VERDICT=1 try "SPAMEXITCODE comes before HAMEXITCODE" "32 0  "
SPAMEXITCODE=1 VERDICT=0 try "what was spam no more is" "0 1 a word $all"
HAMEXITCODE=9 VERDICT=9 try "HAMEXITCODE" "0 1 a word $all"
UNSUREEXITCODE=9 VERDICT=9 try "UNSUREEXITCODE" "0 1 a word $all"
SPAMREDIRECT=s@p REJECTSPAM=1 try "refused before it is redirected" "32 0  "
unset REJECTSPAM
SPAMREDIRECT=s@p try "SPAMREDIRECT" "0 1 a word F Ts@p "
NOTIFYSPAM=s@q try "NOTIFYSPAM" "0 1 a word F Ts@q "
GLOBALSPAMREDIRECT=s@r try "GLOBALSPAMREDIRECT" "0 1 a word F Ts@r "
echo s@control >control/globalspamredirect
try "globalspamredirect" "0 1 a word F Ts@control "
SPAMREDIRECT=s@p try "the variable comes first" "0 1 a word F Ts@p "
VERDICT=1 try "not for ham" "0 1 a word $all"
printf 'Fa@b\0Tc@d\0' >cut
qmail-spamfilter <message 1<cut 2>err; is "the client is gone" "$? $(n)" "54 0"
REJECTSPAM=2 qmail-spamfilter <message 1<cut 2>err; is "nor is it told that half a message is gone" $? 54
rm control/globalspamredirect
qmail-spamfilter <message 1<cut 2>err; is "the queue sees what is missing" "$? $(n)" "54 0"
# unfiltered
export VERDICT=100
RELAYCLIENT= try "RELAYCLIENT" "0 1 body $all"
AUTHINFO=x try "AUTHINFO alone" "76 0  "
AUTHINFO=x RELAYCLIENT_NOSPAMFILTER= try "AUTHINFO, RELAYCLIENT_NOSPAMFILTER" "0 1 body $all"
RELAYCLIENT_NOSPAMFILTER= try "it alone" "76 0  "
export VERDICT=1
# the next program
program after <<P
echo "\$0 \$* \${SPAMQUEUE-none}" >$T/seen; cat >>$T/seen; tr '\0' '|' <&1 >>$T/seen; exit 7
P
try "operands" "7 0  " "$T/after" one two
is "they, the message, the envelope" "$(tr '\n' / <seen)" "$T/after one two none/Subject: hello//a word/Fa@x@b|Tc@d|Te@f||"
SPAMQUEUE="$T/after three" try "SPAMQUEUE" "7 0  "
is "with its words, unset" "$(head -1 seen)" "$T/after three none"
QUEUEPROG="$T/after" try "QUEUEPROG" "7 0  "
FILTERARGS='tr a-z A-Z' try "FILTERARGS" "0 1 A WORD $all"
SPAMQUEUE=$T/none try "no such program" "120 0  "
cat message | qmail-spamfilter qmail-nullqueue 1<envelope; is "a pipe" $? 0
REEXEC=1 try "REEXEC" "0 1 a word $all"
# the virus scanner; it goes on with the operands
mkdir scans
export SCANDIR=$T/scans SCANCMD=$T/viruses
program viruses <<P
echo "\$#" >$T/scanned; exit \${VIRUS:-0}
P
for v in 2 6; do VIRUS=1 VIRUSCHECK=$v try "VIRUSCHECK=$v" "33 0  "; done
is "the scanner ran" "$(cat scanned)" 2
VIRUSCHECK=2 try "no virus" "0 0  " qmail-nullqueue
for v in 0 1 8; do VIRUS=1 VIRUSCHECK=$v try "VIRUSCHECK=$v" "0 1 a word $all"; done
# behind real clients
export QMAILQUEUE=qmail-spamfilter REJECTSPAM=1 VERDICT=0
printf 'To: c@d.x\n\nbody\n' | qmail-inject -fa@b.x 2>err
is "from inject" "$? $(n) $(grep -c '5.7.1' err)" "100 0 1"
echo d.x >control/rcpthosts
smtp() {
	printf '%s\r\n' 'HELO x' 'MAIL FROM:<a@b.x>' 'RCPT TO:<c@d.x>' DATA '' body . QUIT |
		TCPREMOTEIP=127.0.0.1 TCPLOCALIP=127.0.0.1 NODNSCHECK= qmail-smtpd 2>err | tr -d '\r' | tail -2 | head -1
}
like "from smtpd" "$(smtp) $(n)" '^554 .*5\.7\.1\) 0$'
like "a filter that fails" "$(VERDICT=111 smtp) $(n)" '^451 .*4\.3\.0\) 0$'
like "not spam" "$(VERDICT=1 smtp) $(n) $(stored | tail -1) $(queued)" '^250 .* 1 a word Fa@b.x Tc@d.x $'
empty
# a discarded message is a success although the envelope is long
export REJECTSPAM=2
(for i in $(seq 4000); do echo "Bcc: recipient$i@example.org"; done; printf 'Subject: x\n\nbody\n') >many
qmail-inject -fa@b <many 2>err; is "thrown away" "$? $(n)" "0 0"
done_testing
