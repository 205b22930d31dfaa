#!/bin/bash
# smtpd in front of a spam filter: senders it need not see (spamignore), lines for LOGFILTER with the filter's remark.
. "$(dirname "$0")/../queue/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 CONFSPLIT=3 HOSTNAME=h.example TCPREMOTEIP=127.0.0.1
unset RELAYCLIENT SPAMFILTER SPAMIGNORE SPAMIGNOREPATTERNS LOGFILTER LOGFD REJECTSPAM FILTERARGS SPAMEXITCODE
mkdir control
echo me.example >control/me
queue-fix "$QUEUEDIR"
cat >filter <<'P'
#!/bin/bash
echo "${SPAMFILTER-unset}" >>"$RAN"
[ -z "${FD:-}" ] || printf "$SAYS" >&"$FD"
cat >/dev/null
exit "${CODE:-1}"
P
cat >after <<'P'
#!/bin/bash
echo "queue ${SPAMFILTER-unset}" >>"$RAN"
ls /proc/self/fd >>"$RAN.fds"
exec qmail-nullqueue
P
chmod +x filter after
export RAN=$T/ran SPAMFILTER=$T/filter QMAILQUEUE=qmail-spamfilter SPAMQUEUE=$T/after
# send SENDER RECIPIENT...: the reply to the message in R
send() {
	local s=$1 r
	shift
	: >"$RAN"
	ALL=$({ printf 'HELO x\r\nMAIL FROM:<%s>\r\n' "$s"; printf 'RCPT TO:<%s>\r\n' "$@"; printf 'DATA\r\nSubject: s\r\n\r\nb\r\n.\r\nQUIT\r\n'; } |
		qmail-smtpd 2>log | tr -d '\r')
	R=$(tail -2 <<<"$ALL" | head -1)
}
send ann@a.example c@me.example
like "filtered" "$R" '^250 '
is "by the filter" "$(grep -c '^unset' ran)" 1
echo '@a.example' >control/spamignore
send Ann@A.example c@me.example
is "spamignore" "$(cat ran)" 'queue unset'
send ann@b.example c@me.example
is "... names others" "$(grep -c '^unset' ran)" 1
{ printf 'HELO x\r\n'; for s in ann@a.example ann@b.example ann@a.example; do
	printf 'MAIL FROM:<%s>\r\nRCPT TO:<c@me.example>\r\nDATA\r\n\r\nb\r\n.\r\n' $s; done; printf 'QUIT\r\n'; } >session
: >ran
qmail-smtpd <session >out 2>log
is "each message of a session by itself" "$(grep -v queue ran | wc -l),$(grep -c queue ran)" 1,3
echo '!ann@*' >control/spamignorepatterns
send ann@a.example c@me.example
is "spamignorepatterns" "$(grep -c '^unset' ran)" 1
rm control/spamignore*
mkdir control/spamignore
send ann@a.example c@me.example
like "unreadable" "$(grep -c ^451 <<<"$ALL")" '^1$'
rmdir control/spamignore

# the log
: >lines
export FD=255 SAYS='score 9\ttests\nmore\n'
FD= send ann@a.example c@me.example
LOGFILTER=$T/lines send ann@a.example c@me.example d@me.example
like "a line for each recipient" "$(sed -n 1p lines)" '^qmail-smtpd: pid [0-9]+ MAIL from <ann@a\.example> RCPT <c@me\.example> Size: [0-9]+ score 9\?tests$'
like "... the second" "$(sed -n 2p lines)" 'RCPT <d@me\.example> Size: [0-9]+ score 9'
is "no more" "$(wc -l <lines)" 2
LOGFILTER=$T/lines SAYS='' send ann@a.example c@me.example
like "without a remark" "$(sed -n 3p lines)" 'Size: [0-9]+$'
FD=9 LOGFD=9 LOGFILTER=$T/lines send ann@a.example c@me.example
like "LOGFD" "$(sed -n 4p lines)" 'score 9'
REEXEC=1 LOGFILTER=$T/lines send ann@a.example c@me.example
like "programs of their own" "$(sed -n 5p lines)" 'score 9'
QMAILQUEUE=qmail-multi QUEUEPROG=$T/after FILTERARGS="$T/filter; cat" CODE=0 LOGFILTER=$T/lines send ann@a.example c@me.example
like "FILTERARGS has it, too" "$(sed -n 6p lines)" 'score 9'
CODE=0 REJECTSPAM=1 SPAMEXITCODE=0 LOGFILTER=$T/lines send ann@a.example c@me.example
like "refused spam" "$R $(sed -n 7p lines)" '^554 .*score 9|^55. .*score 9'
SAYS=$(head -c 3000 /dev/zero | tr '\0' x) LOGFILTER=$T/lines send ann@a.example c@me.example
is "a long remark is cut" "$(($(sed -n 8p lines | wc -c) < 700))" 1
FD= LOGFILTER=lines send ann@a.example c@me.example
mkfifo fifo
FD= LOGFILTER=$T/fifo send ann@a.example c@me.example
like "a FIFO nobody reads" "$R" '^250 '
FD= LOGFILTER=$T/none send ann@a.example c@me.example
like "a file that is not there" "$R" '^250 '
unset FD
SPAMFILTER= LOGFILTER=$T/lines send ann@a.example c@me.example
is "only absolute names, and with SPAMFILTER" "$(wc -l <lines)" 8
cat fifo >got & PIDS="$PIDS $!"
FD=255 LOGFILTER=$T/fifo send ann@a.example c@me.example
ok "a FIFO with a reader" wait_for 10 grep -q 'score 9' got
done_testing
