#!/bin/bash
# mini-smtpd: the classic replies, what it looks at and what it does not, line ends, limits; a small queue program
# keeps what arrives.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/keep.sh"
mkdir control
echo mail.example.org >control/me
export CONTROLDIR=$T/control TCPLOCALHOST=here.example TCPREMOTEIP=192.0.2.9 TCPREMOTEHOST=client.example
unset RELAYCLIENT DATABYTES HIDE_HOST ALLOW_BARELF TCPREMOTEINFO
# talk LINE...: one session; its replies are in $replies
talk() {
	printf '%s\r\n' "$@" | mini-smtpd >replies 2>log
	got=$?
	replies=$(tr -d '\r' <replies)
}
like "--help" "$(mini-smtpd --help)" '^mini-smtpd - receive mail'
code "no name for ourselves: temporary" 1 env CONTROLDIR=/nonexistent mini-smtpd </dev/null
like "which the client is told" "$(cat out)" '^451 .*\(#4\.3\.0\)'

talk "HELO me" QUIT
is "greeting, HELO, QUIT" "$replies" "220 mail.example.org ESMTP
250 mail.example.org
221 mail.example.org closing connection"
is "exit code after QUIT" $got 0
talk "EHLO me" QUIT
is "EHLO" "$replies" "220 mail.example.org ESMTP
250-mail.example.org
250-PIPELINING
250 8BITMIME
221 mail.example.org closing connection"
echo 100 >control/databytes
talk "EHLO me" QUIT
like "SIZE where there is a limit" "$replies" '^250-SIZE 100$'
DATABYTES=50 talk "EHLO me" QUIT
like "DATABYTES wins" "$replies" '^250-SIZE 50$'
rm control/databytes
printf 'one.example\nand more\n' >control/smtpgreeting
talk QUIT
like "smtpgreeting" "$replies" '^220-one\.example ESMTP$'
like "all of it" "$replies" '^220 and more$'
rm control/smtpgreeting
talk
is "the client goes away" $got 1
talk "AUTH PLAIN x" STARTTLS "ETRN x" NONSENSE "MAIL FROM:<a@b> SMTPUTF8" QUIT
is "what the other server knows is unknown here" "$(sed 1d <<<"$replies" | cut -c1-3 | tr '\n' ' ')" "502 502 502 502 555 221 "
STARTTLS=1 SHUTDOWN=1 SMTPUTF8=1 talk "EHLO x" QUIT
is "whatever its variables say" "$(wc -l <<<"$replies")" 5
talk NOOP "VRFY me" HELP RSET QUIT
is "NOOP VRFY HELP RSET" "$(sed 1d <<<"$replies" | cut -c1-4 | tr '\n' ' ')" "250  252  214- 214- 214  250  221  "
like "HELP names what there is" "$replies" '^214 RCPT MAIL DATA QUIT HELO EHLO RSET HELP NOOP VRFY$'

talk "RCPT TO:<u@example.org>" DATA "MAIL FROM:<a@b>" DATA "RCPT TO:bad<" QUIT
is "out of order" "$(sed 1d <<<"$replies" | head -5 | cut -c1-14 | tr '\n' '|')" "503 MAIL first|503 MAIL first|250 ok|503 RCPT first|555 sorry, the|"
mail=("EHLO me" "MAIL FROM:<a@b>" "RCPT TO:<u@example.org>" "RCPT TO:<v@other.example>" DATA "Subject: x" "" "..dot" . QUIT)
talk "${mail[@]}"
is "a message" "$(sed 1,4d <<<"$replies" | cut -c1-6 | tr '\n' '|')" "250 ok|250 ok|250 ok|354 go|250 ok|221 ma|"
like "its number" "$replies" '^250 ok [0-9]+ qp [0-9]+$'
is "its envelope; everybody is a recipient without rcpthosts" "$(envelope)" "Fa@b|Tu@example.org|Tv@other.example||"
like "its Received line" "$(tr '\n' ' ' <mess)" '^Received: indimail-mta mini-smtpd [0-9]+ from client\.example \(HELO me\) \(192\.0\.2\.9\)   by here\.example with ESMTP; '
is "its text" "$(tail -3 mess | tr '\n' '|')" "Subject: x||.dot|"
like "its log" "$(cat log)" '^mini-smtpd: pid [0-9]+ from 192\.0\.2\.9 HELO <me> MAIL from <a@b> RCPT <u@example\.org> '
HIDE_HOST=1 talk "${mail[@]}"
like "HIDE_HOST" "$(tr '\n' ' ' <mess)" '^Received: indimail-mta mini-smtpd [0-9]+ \(HELO me\) +by here\.example with ESMTP; '
echo "Dsorry, no (#5.3.0)" >verdict
talk "${mail[@]}"
like "the queue program refuses" "$replies" '^554 sorry, no \(#5\.3\.0\)$'
echo "Zlater (#4.3.0)" >verdict
talk "${mail[@]}"
like "for now" "$replies" '^451 later \(#4\.3\.0\)$'
rm verdict
QMAILQUEUE=/nonexistent talk "${mail[@]}"
like "there is none" "$replies" '^451 qq .*\(#4\.3\.0\)$'

printf 'example.org\n.sub.example\n' >control/rcpthosts
talk "MAIL FROM:<>" "RCPT TO:<u@example.org>" "RCPT TO:<u@a.SUB.example>" "RCPT TO:<a%b@example.org>" "RCPT TO:<u@c.example>" QUIT
is "rcpthosts" "$(sed 1,2d <<<"$replies" | head -4)" "250 ok
250 ok
250 ok
553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
RELAYCLIENT= talk "MAIL FROM:<>" "RCPT TO:<u@c.example>" QUIT
is "RELAYCLIENT" "$(sed -n 3p <<<"$replies")" "250 ok"
RELAYCLIENT=.via talk "MAIL FROM:<>" "RCPT TO:<u@c.example>" DATA . QUIT
is "its value" "$(envelope)" "F|Tu@c.example.via||"
printf 'more.example\n' >control/morercpthosts
qmail-newmrh
talk "MAIL FROM:<>" "RCPT TO:<u@more.example>" QUIT
is "morercpthosts.cdb" "$(sed -n 3p <<<"$replies")" "250 ok"
echo local.example >control/localiphost
talk "MAIL FROM:<>" "RCPT TO:<u@[127.0.0.1]>" QUIT
like "localiphost: the domain is checked after it is put in" "$(sed -n 3p <<<"$replies")" '^553 '
echo example.org >control/localiphost
talk "MAIL FROM:<>" "RCPT TO:<u@[127.0.0.1]>" DATA . QUIT
is "and is in the envelope" "$(envelope)" "F|Tu@example.org||"
echo '@b' >control/badmailfrom
talk "MAIL FROM:<a@b>" QUIT
is "badmailfrom is not asked" "$(sed -n 2p <<<"$replies")" "250 ok"

echo 20 >control/databytes
talk "MAIL FROM:<a@b> SIZE=21" "RCPT TO:<u@example.org>" DATA "MAIL FROM:<a@b>" "RCPT TO:<u@example.org>" DATA "more than twenty bytes" . QUIT
is "databytes" "$(grep -c '^552 sorry, that message size exceeds my databytes limit (#5.3.4)$' <<<"$replies")" 2
rm control/databytes
hops=()
for i in $(seq 100); do hops+=("Received: $i"); done
talk "MAIL FROM:<a@b>" "RCPT TO:<u@example.org>" DATA "${hops[@]}" "" . QUIT
like "a loop" "$replies" '^554 too many hops, this message is looping \(#5\.4\.6\)$'
talk "MAIL FROM:<a@b>" "RCPT TO:<u@example.org>" DATA "${hops[@]:1}" "" . QUIT
like "one hop less" "$replies" '^250 ok [0-9]+ qp'

before=$(kept)
printf 'MAIL FROM:<a@b>\r\nRCPT TO:<u@example.org>\r\nDATA\r\nx\ny\r\n.\r\nQUIT\r\n' | mini-smtpd >replies 2>log
is "a bare LF: the end" "$? $(tail -1 replies | cut -c1-3) $(grep -c ^221 replies)" "1 451 0"
is "nothing was queued" "$(kept)" "$before"
printf 'MAIL FROM:<a@b>\r\nRCPT TO:<u@example.org>\r\nDATA\r\nx\ny\r\n.\r\nQUIT\r\n' | ALLOW_BARELF=1 mini-smtpd >replies 2>log
is "ALLOW_BARELF" "$? $(tail -2 mess | tr '\n' '|')" "0 x|y|"
printf 'MAIL FROM:<a@b>\nQUIT\r\n' | mini-smtpd >replies 2>log
is "a bare LF behind a command" "$? $(tail -1 replies | cut -c1-3)" "1 451"
echo 1 >control/timeoutsmtpd
mkfifo slow
exec 9<>slow
code "a silent client" 1 mini-smtpd <slow
like "is told so" "$(tr -d '\r' <out)" '^451 timeout \(#4\.4\.2\)$'
echo 1200 >control/timeoutsmtpd
mini-smtpd <slow >replies 2>log &
pid=$!
PIDS="$PIDS $pid"
ok "it waits" wait_for 10 grep -q ^220 replies
kill "$pid"
wait "$pid"
is "TERM: exit code" $? 1
like "the client is told" "$(tr -d '\r' <replies)" '^421 .*\(#4\.3\.2\)$'
chmod 0 control/rcpthosts
[ "$(id -u)" = 0 ] || { talk QUIT; like "an unreadable control file" "$replies" '^451 .*\(#4\.3\.0\)$'; }
chmod 644 control/rcpthosts
rm control/me && mkdir control/me
talk QUIT
like "a directory in its place" "$replies" '^451 .*\(#4\.3\.0\)$'
done_testing
