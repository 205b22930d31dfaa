#!/bin/bash
# condredirect: the program's verdicts, both ways round.
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
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT= SENDER=s@x.org DTLINE=$'Delivered-To: me@h\n'
printf 'Subject: x\n\nbody\n' >msg
# try TEXT EXIT QUEUED ARG...
try() {
	rm -f q.env
	code "$1" "$2" condredirect "${@:4}" <msg
	is "$1: queued" "$([ -e q.env ] && echo yes || echo no)" "$3"
}
try "0 redirects" 99 yes new@a true
like "says the number" "$(cat err)" '^condredirect: qp [0-9]+$'
is "envelope" "$(cat q.env)" "$(printf 'Fs@x.org\nTnew@a\n\n')"
is "message after the program has read it" "$(condredirect new@a cat <msg >/dev/null 2>&1; tail -1 q.mess)" body
try "1 does not" 0 no new@a false
try "100" 100 no new@a sh -c 'exit 100'
try "111" 111 no new@a sh -c 'exit 111'
try "a crash" 111 no new@a sh -c 'kill -9 $$'
try "a program that is not there" 111 no new@a ./none
try "no program" 0 no new@a
try "-r: 0 does not" 0 no -r new@a true
try "-r: 1 redirects" 99 yes -r new@a false
try "-r: 100" 100 no -r new@a sh -c 'exit 100'
try "-r: no program" 99 yes -r new@a
export QUEUE_EXIT=31; code "refused" 100 condredirect new@a true <msg
export QUEUE_EXIT=51; code "trouble" 111 condredirect new@a true <msg
code "usage" 100 condredirect <msg
unset SENDER; code "SENDER is needed" 100 condredirect new@a true <msg
done_testing
