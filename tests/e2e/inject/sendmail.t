#!/bin/bash
# sendmail: its options, -t, -bs, mailq, what is refused; real clients.
. "$(dirname "$0")/../lib.sh"
cat >capture <<'Q'
#!/bin/sh
d=${0%/*}
cat >$d/q.mess
tr '\0' '\n' <&1 >$d/q.env
Q
chmod 755 capture
mkdir control
echo me.example.org >control/me
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT= USER=joe
unset QMAILUSER MAILUSER LOGNAME QMAILHOST MAILHOST QMAILNAME MAILNAME NAME QMAILINJECT PROTO
envelope() { tr '\n' ' ' <q.env; }
printf 'To: to@h.x\nBcc: bcc@h.x\nSubject: x\n\nbody\n' >in
# mail TEXT ENVELOPE ARG...
mail() { local t=$1 want=$2; shift 2; rm -f q.env; ok "$t" sendmail "$@" <in; is "$t: envelope" "$(envelope)" "$want"; }

mail "arguments" "Fjoe@me.example.org Ta@h.x Tb@h.x  " a@h.x b@h.x
mail "-t" "Fjoe@me.example.org Tto@h.x Tbcc@h.x  " -t
mail "-t and arguments" "Fjoe@me.example.org Ta@h.x Tto@h.x Tbcc@h.x  " -t a@h.x
mail "-f x" "Fs@h.y Ta@h.x  " -f s@h.y a@h.x
is "-f sets the author" "$(grep ^From: q.mess)" "From: s@h.y"
mail "-fx" "Fs@h.y Ta@h.x  " -fs@h.y a@h.x
mail "-r x" "Fs@h.y Ta@h.x  " -r s@h.y a@h.x
mail "-f without a host" "Fs@me.example.org Ta@h.x  " -f s a@h.x
mail "-f <x>" "Fs@h.y Ta@h.x  " -f '<s@h.y>' a@h.x
mail "the null sender" "F Ta@h.x  " -f '' a@h.x
mail "the null sender in brackets" "F Ta@h.x  " -f '<>' a@h.x
export QMAILNAME=no MAILNAME=no NAME=no MAILHOST=no.x
mail "-f forgets names" "Fs@me.example.org Ta@h.x  " -f s a@h.x
is "and hosts" "$(grep ^From: q.mess)" "From: s@me.example.org"
mail "-F after -f" "Fs@h.y Ta@h.x  " -f s@h.y -F 'Joe B' a@h.x
is "is the name" "$(grep ^From: q.mess)" "From: Joe B <s@h.y>"
mail "-F before -f" "Fs@h.y Ta@h.x  " -FJoe -f s@h.y a@h.x
is "is the name" "$(grep ^From: q.mess)" "From: Joe <s@h.y>"
unset QMAILNAME MAILNAME NAME MAILHOST
mail "a recipient like an option" "Fjoe@me.example.org T-x@h.x  " -- -x@h.x
mail "usual calls" "Fa@b.c Trcpt@h.x  " -oi -f a@b.c -- rcpt@h.x
for o in -i -oi -odb -oem "-o i" -em "-e m" -Ac -Am "-A m" -B8BITMIME "-B 7BIT" -Ltag "-L tag" -h -n -U -Nnever "-N never" "-N x" \
	"-p ESMTP" -v -x -m -E -J -bm -bh -bH -im -iv "-oi -odb -oem"; do
	mail "ignored: $o" "Fjoe@me.example.org Ta@h.x  " $o a@h.x
done
mail "-ti" "Fjoe@me.example.org Tto@h.x Tbcc@h.x  " -ti
for o in -Z -bd -bt -bq -q -Ax -b -f -o -bi -I; do
	rm -f q.env
	code "refused: $o" 100 sendmail $o <in
	[ -e q.env ] && fail "$o: queued"
done
code "newaliases" 100 newaliases
code "no recipients" 100 sendmail <in
printf 'To: x (\n' >bad
code "a broken header" 100 sendmail -t <bad
code "trouble" 111 env QMAILQUEUE=/nonexistent sendmail a <in
code "isendmail" 0 isendmail a@h.x <in
mkdir sbin && ln -s "$INDIMAIL" sbin/sendmail
code "by path" 0 "$T/sbin/sendmail" a@h.x <in

# -bs
printf 'EHLO x\r\nMAIL FROM:<s@h.x>\r\nRCPT TO:<r@elsewhere.org>\r\nDATA\r\nSubject: y\r\n\r\nhi\r\n.\r\nQUIT\r\n' >talk
echo only.here >control/rcpthosts
rm -f q.env
ok "-bs" sendmail -bs <talk
like "accepted" "$(cat out)" '^250 .*ok'
is "relayed" "$(envelope)" "Fs@h.x Tr@elsewhere.org  "
like "the connection in Received" "$(cat q.mess)" 'sendmail-bs@127\.0\.0\.1'
rm -f q.env
PROTO=TCP TCPREMOTEIP=192.0.2.1 sendmail -bs <talk >out 2>err
like "with PROTO nothing is assumed" "$(cat out)" '^553'

# the queue's contents
mkdir stub && printf '#!/bin/sh\necho queue: "$0"\n' >stub/qmail-qread && chmod 755 stub/qmail-qread
if "$INDIMAIL" --list | grep -q qread; then
	mkdir queue
	for c in mailq "sendmail -bp"; do
		QUEUE_BASE=$T/queue QUEUE_COUNT=1 $c >out 2>&1; a=$?
		QUEUE_BASE=$T/queue QUEUE_COUNT=1 qmail-qread >want 2>&1
		is "$c is qmail-qread" "$a $(sed 's/^[a-z-]*//' out)" "$? $(sed 's/^[a-z-]*//' want)"
	done
else
	PATH=$T/stub:$PATH
	is "mailq" "$(mailq)" "queue: $T/stub/qmail-qread"
	is "sendmail -bp" "$(sendmail -bp)" "queue: $T/stub/qmail-qread"
fi

# clients
if type s-nail >/dev/null 2>&1; then
	printf 'set mta=%s\nset sendwait\n' "$T/sbin/sendmail" >nailrc
	rm -f q.env
	echo hello | MAILRC=$T/nailrc s-nail -: u -s "from s-nail" -r s@h.y r1@h.x r2@h.x >out 2>&1
	is "s-nail" "$(envelope)" "Fs@h.y Tr1@h.x Tr2@h.x  "
	is "its subject" "$(grep ^Subject: q.mess)" "Subject: from s-nail"
else
	skip "s-nail" "not installed"
fi
python3 - "$T/sbin/sendmail" <<'P'
import subprocess, sys
from email.message import EmailMessage
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "py@h.x", "Jörg Ä <r@h.x>, q@h.x", "ü"
m.set_content("hello\n")
sys.exit(subprocess.run([sys.argv[1], "-t", "-oi", "-fpy@h.x"], input=bytes(m)).returncode)
P
is "a script's message" "$? $(envelope)" "0 Fpy@h.x Tr@h.x Tq@h.x  "

# a whole instance: from here to the mailbox, without a new process
unset QMAILQUEUE CONTROLDIR
AS=
[ "$(id -u)" != 0 ] || AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
mkdir live traces && chmod 777 live traces
port=$(free_port)
background $AS "$INDIMAIL" up --root "$T/live/i" --domain d.test --mailboxes demo --smtp "127.0.0.1:$port" >up.log 2>&1
wait_for 10 grep -q 'queue5: ratelimit' up.log || fail "the instance starts"
export CONTROLDIR=$T/live/i/control QUEUE_BASE=$T/live/i/queue QUEUE_COUNT=5
printf 'To: demo\nSubject: live\n\nbody\n' >in
ok "sendmail to a running instance" $AS sendmail -t -fdemo <in
wait_for 10 grep -rq '^Subject: live' live/i/home/demo/Maildir/new && pass "delivered" || { fail "delivered"; tail -5 up.log; }
like "from its author" "$(cat live/i/home/demo/Maildir/new/*)" '^From: demo@d\.test$'
like "by its sender" "$(cat live/i/home/demo/Maildir/new/*)" '^Return-Path: <demo@d\.test>$'
if [ -z "${REEXEC:-}" ] && strace -o /dev/null true >/dev/null 2>&1; then
	$AS strace -f -o traces/t sendmail -t -fdemo <in
	is "no fork, no second exec" "$(grep -cE 'fork\(|clone3?\(|execve\(' traces/t)" 1
else
	skip "no fork, no second exec" "no strace, or REEXEC"
fi
done_testing
