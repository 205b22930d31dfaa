#!/bin/bash
# forward: envelope, header lines, missing variables, refusals.
. "$(dirname "$0")/../lib.sh"
cat >capture <<'Q'
#!/bin/sh
d=${0%/*}
cat >$d/q.mess
tr '\0' '\n' <&1 >$d/q.env
exit ${QUEUE_EXIT:-0}
Q
chmod 755 capture
mkdir control
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT=
export NEWSENDER=s-owner@x.org DTLINE=$'Delivered-To: me@h\n' QQEH=$'X-Q: 1\n'
printf 'Subject: x\n\nbody\n' >msg
code "forwards" 0 forward one@a two@b <msg
like "says the number" "$(cat err)" '^forward: qp [0-9]+$'
is "envelope" "$(cat q.env)" "$(printf 'Fs-owner@x.org\nTone@a\nTtwo@b\n\n')"
is "message" "$(cat q.mess)" "$(printf 'Delivered-To: me@h\nX-Forwarded-To: one@a\nX-Forwarded-To: two@b\nX-Forwarded-For: s-owner@x.org\nX-Q: 1\nSubject: x\n\nbody')"
unset QQEH
code "no extra header lines" 0 forward one@a <msg
is "message" "$(sed -n 4p q.mess)" "Subject: x"
export QUEUE_EXIT=31; code "refused" 100 forward one@a <msg
export QUEUE_EXIT=51; code "trouble" 111 forward one@a <msg
unset QUEUE_EXIT
(unset NEWSENDER; code "NEWSENDER is needed" 100 forward one@a <msg; exit $FAILED) || FAILED=1
(unset DTLINE; code "DTLINE is needed" 100 forward one@a <msg; exit $FAILED) || FAILED=1
code "usage" 100 forward <msg
mkdir control/defaultqueue; printf '%s\n' "$T/other" >control/defaultqueue/QMAILQUEUE
sed 's/q\.env/other.env/' capture >other; chmod 755 other; unset QUEUE_BASE
code "defaultqueue chooses the queue" 0 forward one@a <msg
[ -s other.env ] && pass "the other queue got it" || fail "the other queue got it"
done_testing
