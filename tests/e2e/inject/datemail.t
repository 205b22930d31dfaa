#!/bin/bash
# datemail: sendmail with a Date field put first.
. "$(dirname "$0")/../lib.sh"
D='[1-9][0-9]? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}'
mkdir control
echo me.example.org >control/me
printf '#!/bin/sh\ncat >%s/q.mess\ntr "\\0" "\\n" <&1 >%s/q.env\n' "$T" "$T" >capture
chmod 755 capture
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT= USER=joe
unset QMAILUSER MAILUSER QMAILHOST MAILHOST
export TZ=XXX-5:30
ok "datemail" datemail -fs@h.x a@h.x <<<$'Subject: x\n'
is "as sendmail" "$(tr '\n' ' ' <q.env)" "Fs@h.x Ta@h.x  "
like "with the date" "$(grep ^Date: q.mess)" "^Date: $D \\+0530\$"
is "one date" "$(grep -c ^Date: q.mess)" 1
code "datemail without recipients" 100 datemail </dev/null
done_testing
