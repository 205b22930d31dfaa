#!/bin/bash
# mailsubj, predate, datemail: what they put before their input, exit codes.
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
echo me.example.org >control/me
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT= USER=joe
unset QMAILUSER MAILUSER QMAILHOST MAILHOST QMAILNAME MAILNAME NAME QMAILINJECT
printf 'a body\nof lines\n' >body
ok "mailsubj" mailsubj "a subject" a@h.x b <body
is "envelope" "$(tr '\n' ' ' <q.env)" "Fjoe@me.example.org Ta@h.x Tb@me.example.org  "
is "fields and body" "$(sed -n '/^Subject/,$p' q.mess)" "$(printf 'Subject: a subject\nTo: a@h.x, b@me.example.org\n\na body\nof lines')"
ok "a subject of two lines" mailsubj $'x\nBcc: y' a@h.x <body
is "stays one" "$(grep ^Subject q.mess)" "Subject: x Bcc: y"
code "no recipient" 100 mailsubj subject <body
code "a bad recipient" 100 mailsubj subject 'a (' <body
code "refused" 100 env QUEUE_EXIT=31 mailsubj subject a <body
code "trouble" 111 env QUEUE_EXIT=51 mailsubj subject a <body
code "an unreadable body" 111 mailsubj subject a <.
done_testing
