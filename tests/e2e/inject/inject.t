#!/bin/bash
# inject: options, variables, every class of field, refusals, limits, odd bytes.
. "$(dirname "$0")/../lib.sh"
cat >capture <<'Q'
#!/bin/sh
d=${0%/*}
cat >$d/q.mess
tr '\0' '\n' <&1 >$d/q.env
echo "$X_RULE" >$d/q.rule
exit ${QUEUE_EXIT:-0}
Q
chmod 755 capture
mkdir control
echo me.example.org >control/me
echo example.org >control/defaultdomain
echo plus.example.org >control/plusdomain
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT= USER=joe
unset QMAILUSER MAILUSER LOGNAME QMAILHOST MAILHOST QMAILSUSER QMAILSHOST QMAILNAME MAILNAME NAME QMAILINJECT \
	QMAILMFTFILE QMAILDEFAULTDOMAIN QMAILDEFAULTHOST QMAILPLUSDOMAIN QMAILIDHOST DATABYTES MAXRECIPIENTS
envelope() { tr '\n' ' ' <q.env; }
# send TEXT MESSAGE [ARG...]: must be accepted
send() { local t=$1 m=$2; shift 2; printf "$m" >in; ok "$t" qmail-inject "$@" <in; }
# refuse TEXT MESSAGE [ARG...]: must exit 100 and queue nothing
refuse() { local t=$1 m=$2; shift 2; printf "$m" >in; rm -f q.env; code "$t" 100 qmail-inject "$@" <in
	[ ! -e q.env ] || fail "$t: queued all the same"; }

# recipients
M='To: to@h.x\nCc: cc@h.x\nBcc: bcc@h.x\nApparently-To: app@h.x\n\nbody\n'
send "arguments win" "$M" arg@h.x
is "arguments only" "$(envelope)" "Fjoe@me.example.org Targ@h.x  "
send "no arguments" "$M"
is "header recipients" "$(envelope)" "Fjoe@me.example.org Tto@h.x Tcc@h.x Tbcc@h.x Tapp@h.x  "
send "-h" "$M" -h arg@h.x
is "-h: header only" "$(envelope)" "Fjoe@me.example.org Tto@h.x Tcc@h.x Tbcc@h.x Tapp@h.x  "
send "-H" "$M" -H arg@h.x
is "-H: both" "$(envelope)" "Fjoe@me.example.org Targ@h.x Tto@h.x Tcc@h.x Tbcc@h.x Tapp@h.x  "
send "-H -a: the last counts" "$M" -H -a arg@h.x
is "-a" "$(envelope)" "Fjoe@me.example.org Targ@h.x  "
refuse "-a without arguments" "$M" -a
refuse "no recipients at all" 'Subject: x\n\n'
send "arguments are completed" 'X: y\n\n' one two@box three@box+ '<four@h.x>' '"f ve"@h.x' 's x@h.x' se@[1.2.3.4]
is "completed" "$(sed 1d q.env | tr '\n' '|')" \
	"Tone@me.example.org|Ttwo@box.example.org|Tthree@box.plus.example.org|Tfour@h.x|Tf ve@h.x|Ts x@h.x|Tse@[1.2.3.4]||"
send "resent" 'To: to@h.x\nResent-To: r1@h.x\nResent-Cc: r2@h.x\nResent-Bcc: r3@h.x\nBcc: b@h.x\n\n'
is "only the Resent- recipients" "$(envelope)" "Fjoe@me.example.org Tr1@h.x Tr2@h.x Tr3@h.x  "
is "resent counterparts only" "$(grep -o '^[A-Za-z-]*:' q.mess | tr '\n' ' ')" \
	"Resent-Date: Resent-Message-ID: Resent-From: To: Resent-To: Resent-Cc: "
send "resent without recipients shown" 'Resent-From: x@h.x\n\n' a@h.x
is "Resent-Cc is made up" "$(grep -i cc: q.mess)" "Resent-Cc: recipient list not shown: ;"

# fields
send "an empty header" '\nbody\n' a@h.x
is "added fields in order" "$(grep -o '^[A-Za-z-]*:' q.mess | tr '\n' ' ')" "Date: Message-ID: From: Cc: "
like "Date" "$(sed -n 1p q.mess)" '^Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [1-9][0-9]? [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} \+0000$'
like "Message-ID" "$(sed -n 2p q.mess)" '^Message-ID: <[0-9]{14}\.[0-9]+\.indimail@me\.example\.org>$'
is "From" "$(sed -n 3p q.mess)" "From: joe@me.example.org"
is "Cc" "$(sed -n 4p q.mess)" "Cc: recipient list not shown: ;"
is "then the body" "$(sed -n '5,$p' q.mess)" "$(printf '\nbody')"
F='Date: d\nMessage-ID: <i>\nFrom: f\nTo: t\n'
send "nothing to add" "${F}\nbody"
is "bytes of the rest are kept" "$(cat q.mess)" "$(printf "Date: d\nMessage-ID: <i>\nFrom: f@me.example.org\nTo: t@me.example.org\n\nbody")"
send "rewritten fields" "${F}Sender: a\nReply-To: b\nReturn-Receipt-To: c\nErrors-To: d\nApparently-To: e\nX-To: f\nSubject: g h\n"
is "rewritten" "$(sed -n '5,9s/.*: //p' q.mess | tr '\n' ' ')" "$(for u in a b c d e; do printf '%s@me.example.org ' $u; done)"
is "others are not" "$(sed -n '10,11p' q.mess)" "$(printf 'X-To: f\nSubject: g h')"
send "removed fields" "Bcc: a\nReturn-Path: <b@h.x>\nContent-Length: 7\nResent-Bcc: c\nKeep: me\n\n"
like "they are gone" "$(grep -icE '^(resent-)?bcc|return-path|content-length' q.mess)" '^0$'
is "order: added, then saved" "$(tail -2 q.mess)" "$(printf 'Keep: me\n')"
send "blanks become commas" 'To: one two\n\tthree (x) <four>\n\n'
is "with commas" "$(grep -A1 ^To: q.mess)" "$(printf 'To: one two three (x) <four@me.example.org>\n')"
send "bare blanks" 'To: one two\n\n'
is "with commas" "$(grep ^To: q.mess)" "To: one@me.example.org, two@me.example.org"
send "groups" 'To: g: a@h.x, b@h.x;, nobody: ;\n\n'
is "members are recipients" "$(envelope)" "Fjoe@me.example.org Ta@h.x Tb@h.x  "
send "quoted and commented" 'To: "a b"@h.x (c), Joe "Q" <@r:"j"@h.x>\n\n'
is "envelope unquoted" "$(sed -n '2,3p' q.env)" "$(printf 'Ta b@h.x\nTj@h.x')"
is "header quoted" "$(grep ^To: q.mess)" 'To: "a b"@h.x (c), Joe "Q" <j@h.x>'
send "folding" "To: $(printf 'user%d@example.org, ' $(seq 30))\n\n"
[ "$(awk 'length > 80' q.mess | wc -l)" = 0 ] && pass "no long line" || fail "no long line"
is "all recipients" "$(grep -c ^T q.env)" 30
send "an mbox line" "From joe Thu Jan  1 00:00:00 1970\n${F}\n"
is "becomes a field" "$(sed -n 1p q.mess)" "MBOX-Line: From joe Thu Jan  1 00:00:00 1970"
send "text without a header" 'Hello,\nTo: me\n' a@h.x
is "is all body" "$(sed '1,/^$/d' q.mess)" "$(printf 'Hello,\nTo: me')"
send "CRLF" 'To: a@h.x\r\nSubject: x\r\n\r\nbody\r\n'
is "kept where nothing is rewritten" "$(sed -n '/^To/,$p' q.mess)" "$(printf 'To: a@h.x\nSubject: x\r\n\nbody\r')"

# syntax
for bad in 'To: joe (' 'To: "joe' 'To: joe@[1' 'To: <joe' 'To: joe>' 'Cc: )' 'From: @' 'Resent-To: x:y:z;;' 'bad name: x' \
	': x' 'b\x80d: x' 'To: a\0b@h.x'; do
	refuse "refused: $bad" "$bad\nTo: a@h.x\n\n" b@h.x
done
printf 'To: joe (\n' >in; qmail-inject a@h.x <in 2>err
like "says what is wrong" "$(cat err)" '^qmail-inject: fatal: unable to parse this line.*To: joe \($'
code "unknown option" 100 qmail-inject -Z </dev/null
send "8-bit bytes" 'To: J\xf6rg <j@h.x>\nSubject: \xff\n\n\xfe\0\x01'
is "kept" "$(tail -c 4 q.mess | od -An -tx1)" " 0a fe 00 01"
is "in phrases too" "$(grep -a ^To: q.mess | od -An -c | head -1)" "$(printf 'To: J\xf6rg <j@h.x>\n' | od -An -c | head -1)"

# sender
send "-f" "${F}\n" -f s@box
is "completed" "$(sed -n 1p q.env)" "Fs@box.example.org"
send "-f empty" "${F}\n" -f ''
is "the null sender" "$(sed -n 1p q.env)" "F"
send "-f #@[]" "${F}\n" -f '#@[]'
is "stays" "$(sed -n 1p q.env)" "F#@[]"
send "Return-Path" "Return-Path: <rp@h.x>\n${F}\n"
is "is the sender" "$(sed -n 1p q.env)" "Frp@h.x"
send "an empty Return-Path" "Return-Path: <>\n${F}\n"
is "is the null sender" "$(sed -n 1p q.env)" "F"
send "-s" "Return-Path: <rp@h.x>\n${F}\n" -s
is "ignores Return-Path" "$(sed -n 1p q.env)" "Fjoe@me.example.org"
send "-f before Return-Path" "Return-Path: <rp@h.x>\n${F}\n" -ff@h.x
is "-f wins" "$(sed -n 1p q.env)" "Ff@h.x"
printf '%b' "$F" >in
ok "-n" qmail-inject -n -f 'a b@h.x' <in
is "Return-Path first" "$(head -1 out)" 'Return-Path: <"a b"@h.x>'
is "the rest as queued" "$(sed 1d out)" "$(printf "Date: d\nMessage-ID: <i>\nFrom: f@me.example.org\nTo: t@me.example.org")"
rm -f q.env; qmail-inject -n <in >/dev/null; [ ! -e q.env ] && pass "-n queues nothing" || fail "-n queues nothing"
ok "-n -N" qmail-inject -n -N <in
[ -s q.env ] && pass "-N queues" || fail "-N queues"

# variables
# from TEXT WANT VAR=VALUE...
from() {
	local t=$1 want=$2
	shift 2
	printf 'To: x\n\n' >in
	env "$@" qmail-inject <in
	is "$t" "$(grep ^From: q.mess) $(sed -n 1p q.env)" "$want"
}
from "QMAILUSER, QMAILHOST first" "From: a@h.x Fa@h.x" QMAILUSER=a MAILUSER=b USER=c LOGNAME=d QMAILHOST=h.x MAILHOST=i.x
from "MAILUSER, MAILHOST" "From: b@i.x Fb@i.x" MAILUSER=b USER=c LOGNAME=d MAILHOST=i.x
from "USER" "From: c@me.example.org Fc@me.example.org" USER=c LOGNAME=d
from "LOGNAME" "From: d@me.example.org Fd@me.example.org" -u USER LOGNAME=d
from "anonymous" "From: anonymous@me.example.org Fanonymous@me.example.org" -u USER
from "QMAILSUSER, QMAILSHOST" "From: joe@me.example.org Fs@sh.x" QMAILSUSER=s QMAILSHOST=sh.x
from "QMAILNAME first" "From: Joe Blow <joe@me.example.org> Fjoe@me.example.org" QMAILNAME='Joe Blow' MAILNAME=b NAME=c
from "MAILNAME" 'From: "J. Blow" <joe@me.example.org> Fjoe@me.example.org' MAILNAME='J. Blow' NAME=c
from "NAME" "From: c <joe@me.example.org> Fjoe@me.example.org" NAME=c
from "QMAILINJECT=c" 'From: joe@me.example.org (J \(x\)) Fjoe@me.example.org' QMAILINJECT=c NAME='J (x)'
from "a name with a line end" 'From: "J_Bcc: x" <joe@me.example.org> Fjoe@me.example.org' NAME=$'J\nBcc: x'
from "odd user" 'From: "a b"@me.example.org Fa b@me.example.org' QMAILUSER='a b'
from "QMAILDEFAULTHOST, QMAILDEFAULTDOMAIN" "From: joe@dh.dd Fjoe@dh.dd" QMAILDEFAULTHOST=dh QMAILDEFAULTDOMAIN=dd
from "QMAILPLUSDOMAIN" "From: joe@dh.pd Fjoe@dh.pd" QMAILDEFAULTHOST=dh+ QMAILPLUSDOMAIN=pd
from "QMAILINJECT=r" "From: joe@me.example.org Fjoe-@me.example.org-@[]" QMAILINJECT=r
QMAILINJECT=m qmail-inject <in
like "QMAILINJECT=m" "$(sed -n 1p q.env)" '^Fjoe-[0-9]{9,}\.[0-9]+@me\.example\.org$'
QMAILIDHOST=id.x qmail-inject <in
like "QMAILIDHOST" "$(grep ^Message-ID q.mess)" '@id\.x>$'
printf '%bReturn-Path: <rp@h.x>\n' "$F" >in
QMAILINJECT=sfi qmail-inject <in
is "QMAILINJECT=sfi" "$(sed -n 1p q.env) $(grep ^From: q.mess)" "Fjoe@me.example.org From: joe@me.example.org"
like "a new Message-ID" "$(grep ^Message-ID q.mess)" 'indimail@me'
is "QMAILINJECT=n prints" "$(QMAILINJECT=n qmail-inject <in | head -1)" "Return-Path: <rp@h.x>"
echo list@h.x >lists
printf 'To: LIST@h.x, a@h.x\nCc: b@h.x\nBcc: c@h.x\n\n' >in
QMAILMFTFILE=lists qmail-inject <in
is "QMAILMFTFILE" "$(grep ^Mail-F q.mess)" "Mail-Followup-To: LIST@h.x, a@h.x, b@h.x"
printf 'To: list@h.x\nMail-Followup-To: z\n\n' >in
QMAILMFTFILE=lists qmail-inject <in
is "not when there is one" "$(grep ^Mail-F q.mess)" "Mail-Followup-To: z"
printf 'To: other@h.x\n\n' >in
QMAILMFTFILE=lists qmail-inject <in
is "not for others" "$(grep -c ^Mail-F q.mess)" 0
code "an unreadable list of lists" 111 env QMAILMFTFILE=none qmail-inject <in

# control files
echo dh.x >control/defaulthost; echo ih.x >control/idhost
printf '\n' | qmail-inject a
is "defaulthost, idhost" "$(sed -n 2p q.env) $(grep -o '@ih.x>' q.mess)" "Ta@dh.x @ih.x>"
rm control/defaulthost; mkdir control/defaulthost
printf '\n' >in; code "an unreadable control file" 111 qmail-inject a <in
rmdir control/defaulthost

# limits and rules
printf 'To: a@h.x\n\n%01000d\n' 0 >in
code "databytes by size" 100 env DATABYTES=500 qmail-inject <in
rm -f q.env
cat in | code "databytes while sending" 100 env DATABYTES=500 qmail-inject
wait_for 5 test -e q.env
is "nothing queued" "$(cat q.env)" ""
ok "databytes enough" env DATABYTES=5000 qmail-inject <in
echo 500 >control/databytes
code "control/databytes" 100 qmail-inject <in
ok "DATABYTES goes first" env DATABYTES=0 qmail-inject <in
rm control/databytes
code "MAXRECIPIENTS" 100 env MAXRECIPIENTS=2 qmail-inject a b c <in
ok "MAXRECIPIENTS reached" env MAXRECIPIENTS=2 qmail-inject a b <in
ok "MAXRECIPIENTS and the header" env MAXRECIPIENTS=1 qmail-inject -h <<<'To: a,b,c'
echo 2 >control/maxrecipients
code "control/maxrecipients" 100 qmail-inject a b c <in
rm control/maxrecipients
printf 'joe@*:X_RULE=sender,DATABYTES=500\nz@*:X_RULE=z\n' >control/from.envrules
code "from.envrules" 100 qmail-inject <in
ok "for other senders" qmail-inject -f Z@h.x <in
is "a rule for the sender" "$(cat q.rule)" z
rm control/from.envrules
printf 'h.x:X_RULE=hx\n*.net:X_RULE=net\n' >control/domainqueue
ok "domainqueue" qmail-inject <in
is "by recipient domain" "$(cat q.rule)" hx
ok "domainqueue, last match" qmail-inject a@H.X b@c.NET <in
is "the last recipient" "$(cat q.rule)" net
printf '.*:X_RULE=re\n' >rules
ok "DOMAINQUEUE names the file" env QREGEX=1 DOMAINQUEUE=$T/rules qmail-inject <in
is "never a regular expression" "$(cat q.rule)" ""
printf 'h.x:QMAILQUEUE=%s\n' "$T/other" >rules; sed 's/q\.env/other.env/' capture >other; chmod 755 other
ok "a queue per domain" env DOMAINQUEUE=$T/rules qmail-inject <in
[ -s other.env ] && pass "the other queue got it" || fail "the other queue got it"
rm control/domainqueue

# the queue's answers
code "refused for good" 100 env QUEUE_EXIT=31 qmail-inject <in
like "with its text" "$(cat err)" '^qmail-inject: fatal: mail server permanently rejected message \(#5\.3\.0\)$'
code "refused for now" 111 env QUEUE_EXIT=53 qmail-inject <in
code "no queue program" 111 env QMAILQUEUE=/nonexistent qmail-inject <in
code "an unreadable message" 111 qmail-inject a <.

# size
python3 - >in <<'P'
import sys
sys.stdout.write("To: " + ",\n ".join("user%d@host%d.example.net" % (i, i % 7) for i in range(10000)) + "\n\nbody\n")
P
ok "10,000 recipients" qmail-inject <in
is "all of them" "$(grep -c ^T q.env)" 10000
{ printf 'Subject: '; head -c 3000000 /dev/zero | tr '\0' x; printf '\nTo: a@h.x\n\n'; } >in
ok "a long header line" qmail-inject <in
is "kept" "$(grep ^Subject q.mess | wc -c)" 3000010
{ printf 'Subject: '; head -c 17000000 /dev/zero | tr '\0' x; printf '\nTo: a@h.x\n\n'; } >in
code "a header of 17 MB" 100 qmail-inject <in
{ printf 'To: a@h.x\n\n'; head -c 5000000 /dev/urandom; } >in
ok "a body of 5 MB" qmail-inject <in
cmp <(tail -c 5000000 in) <(tail -c 5000000 q.mess) && pass "body kept" || fail "body kept"

# defaultqueue
mkdir control/defaultqueue; echo "$T/third" >control/defaultqueue/QMAILQUEUE
sed 's/q\.env/third.env/' capture >third; chmod 755 third; unset QMAILQUEUE
ok "control/defaultqueue" qmail-inject a <<<x
[ -s third.env ] && pass "chooses the queue" || fail "chooses the queue"
done_testing
