#!/bin/bash
# smtpd and the files that change the environment of one message: from.envrules, domainqueue, auth.envrules; what they
# set takes effect, is logged, and ends with the transaction, in one session, the next one of a worker, or one put aside.
. "$(dirname "$0")/../queue/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export T CONTROLDIR=$T/control CONFSPLIT=3 HOSTNAME=h.example TCPREMOTEIP=127.0.0.1 QMAILQUEUE=$T/keep
unset RELAYCLIENT SPAMFILTER SPAMIGNORE FROMRULES AUTHRULES DOMAINQUEUE DATABYTES MAXRECIPIENTS BADMAILFROM QREGEX \
	USE_FNMATCH SMTPUTF8 FORCE_TLS HIDE_HOST ALLOW_BARELF TCP6REMOTEIP
mkdir control elsewhere
echo me.example >control/me
echo me.example >elsewhere/me
printf 'me.example\nd.example\n.d.example\n' >control/rcpthosts
echo other.example >elsewhere/rcpthosts
echo '@bad.example' >worse
# a queue program that notes sender, the variables of the test, and the message
cat >keep <<'P'
#!/bin/bash
cat >"$T/mess.new"
exec 3<&1
from=$(tr '\0' '\n' <&3 | head -1)
[ "$from" ] || exit 54
echo "${from#F}|${RT_A-unset}|${RT_B-unset}|${SPAMFILTER-unset}|${RELAYCLIENT-unset}" >>"$T/ran"
mv "$T/mess.new" "$T/mess"
P
sed 's/ran"/other"/' keep >other.sh
chmod +x keep other.sh
# lines of a session; the replies, without the greeting and the numbers' enhanced codes, in R
say() {
	: >ran
	R=$( (printf '%s\r\n' "$@" QUIT | ${SERVER-qmail-smtpd} 2>log) | tr -d '\r' | sed 1d)
}
# message SENDER RECIPIENT...: its commands in M, the replies' numbers in N after send
message() {
	M=("MAIL FROM:<$1>")
	shift
	for r; do M+=("RCPT TO:<$r>"); done
	M+=(DATA "Subject: s" "" "body of some length" .)
}
send() {
	message "$@"
	say "${M[@]}"
	N=$(cut -c1-3 <<<"$R" | head -n -1 | tr '\n' ' ')
}
rules() { printf "$@" >control/from.envrules; }
ran() { tr '\n' ' ' <ran; }
export RT_B=own
send a@x me@me.example
is "without rules" "$(ran)$(grep -c Setting log)" "a@x|unset|own|unset|unset 0"

# which lines, and what they say
rules '*@x:RT_A=1,RT_B=\n# remark\na@*:RT_A=two\\,2\nb@*:RT_A=b\n<>:RT_A=null\n'
send a@x me@me.example
is "several lines: the later wins, an empty value unsets" "$(ran)" "a@x|two,2|unset|unset|unset "
like "... logged with the last one's number" "$(cat log)" '^qmail-smtpd: pid [0-9]+ from 127\.0\.0\.1 Setting EnvRule No 2: MAIL from <a@x>$'
is "... once" "$(grep -c Setting log)" 1
send A@X me@me.example
is "case of the sender" "$(ran)" "A@X|two,2|unset|unset|unset "
send '' me@me.example
is "<> is the empty sender" "$(ran)" "|null|own|unset|unset "
send c@y me@me.example
is "no line" "$(ran)$(grep -c Setting log)" "c@y|unset|own|unset|unset 0"
rules '*:RT_A=star\n:RT_A=empty\n'
send '' me@me.example
is "the empty pattern, too" "$(ran)" "|empty|own|unset|unset "
rules '^a+@X$:RT_A=re\n'
QREGEX=1 send aaa@x me@me.example
is "QREGEX" "$(ran)" "aaa@x|re|own|unset|unset "
rules '*@X:RT_A=fn\n'
send a@x me@me.example
USE_FNMATCH= send a@x me@me.example
is "USE_FNMATCH" "$(ran)" "a@x|fn|own|unset|unset "
rules '*:RT_A=fn\n'
USE_FNMATCH= send a/b@x me@me.example
is "... has path rules" "$(ran)" "a/b@x|unset|own|unset|unset "
echo 'a@x:RT_A=file' >rules1
FROMRULES=$T/rules1 send a@x me@me.example
is "FROMRULES" "$(ran)" "a@x|file|own|unset|unset "

# what smtpd reads itself
rules 'a@*:DATABYTES=10\n'
send a@x me@me.example
is "DATABYTES: what is read" "$N" "250 250 354 552 "
say EHLO "MAIL FROM:<a@x> SIZE=11" "RCPT TO:<me@me.example>" DATA RSET EHLO
like "... what is declared" "$R" '^552 5\.3\.4'
is "... EHLO does not tell" "$(grep -c 'SIZE ' <<<"$R")" 0
DATABYTES=1000 say EHLO "MAIL FROM:<a@x>" EHLO "MAIL FROM:<a@x> SIZE=11" RSET "MAIL FROM:<b@x> SIZE=11" "RCPT TO:<me@me.example>" DATA .
is "... but its own limit" "$(grep -c 'SIZE 1000$' <<<"$R")" 2
is "... that of others" "$(ran)" "b@x|unset|own|unset|unset "
rules 'a@*:MAXRECIPIENTS=2\n'
send a@x 1@me.example 2@me.example 3@me.example
is "MAXRECIPIENTS" "$N" "250 250 250 557 354 250 "
rules 'a@*:BADMAILFROM=%s\n*@bad.example:BADMAILFROM=%s\n' "$T/worse" "$T/worse"
say "MAIL FROM:<a@bad.example>" "MAIL FROM:<b@bad.example>" "MAIL FROM:<a@x>"
is "BADMAILFROM" "$(cut -c1-3 <<<"$R" | tr '\n' ' ')" "553 553 250 221 "
rules 'a@*:CONTROLDIR=%s\n' "$T/elsewhere"
say "MAIL FROM:<a@x>" "RCPT TO:<u@other.example>" "RCPT TO:<u@me.example>" RSET "MAIL FROM:<b@x>" "RCPT TO:<u@other.example>" "RCPT TO:<u@me.example>"
is "CONTROLDIR: other domains are ours" "$(cut -c1-3 <<<"$R" | tr '\n' ' ')" "250 250 553 250 250 553 250 221 "
rules 'a@*:FORCE_TLS=1\nu@*:SMTPUTF8=1\nh@*:HIDE_HOST=1\nl@*:ALLOW_BARELF=1\n'
say "MAIL FROM:<a@x>" "MAIL FROM:<u@x> SMTPUTF8" "MAIL FROM:<b@x> SMTPUTF8"
is "FORCE_TLS, SMTPUTF8" "$(cut -c1-3 <<<"$R" | tr '\n' ' ')" "530 250 555 221 "
send h@x me@me.example
is "HIDE_HOST" "$(grep -c 127 mess)" 0
send b@x me@me.example
is "... of others" "$(grep -c 127 mess)" 1
say "MAIL FROM:<l@x>" "RCPT TO:<me@me.example>" DATA "one
two" . "MAIL FROM:<b@x>" "RCPT TO:<me@me.example>" DATA "one
two" .
is "ALLOW_BARELF" "$(cut -c1-3 <<<"$R" | tr '\n' ' ')" "250 250 354 250 250 250 354 451 "
rules 'a@*:SPAMFILTER=/filter\nb@*:SPAMFILTER=\n'
export SPAMFILTER=/usual
message a@x me@me.example; A=("${M[@]}"); message b@x me@me.example; B=("${M[@]}"); message c@x me@me.example; C=("${M[@]}")
say "${A[@]}" "${C[@]}" "${B[@]}" "${C[@]}"
is "SPAMFILTER, and what follows in a session" "$(ran)" \
	"a@x|unset|own|/filter|unset c@x|unset|own|/usual|unset b@x|unset|own|unset|unset c@x|unset|own|/usual|unset "
unset SPAMFILTER
rules 'a@*:RELAYCLIENT=1\n'
send a@x u@far.example
like "RELAYCLIENT comes too late" "$N" '^250 553'

# where messages go
rules 'a@*:QMAILQUEUE=%s\nn@*:NULLQUEUE=1\n' "$T/other.sh"
: >other
message n@x me@me.example
say "${M[@]}" "${A[@]}" "${C[@]}"
is "QMAILQUEUE" "$(cat other)" "a@x|unset|own|unset|unset"
is "NULLQUEUE" "$(ran)$(grep -c '^250 ok [0-9]' <<<"$R")" "c@x|unset|own|unset|unset 3"
for q in q q1 base/queue7 base/queue8; do mkdir -p "$q" && queue-fix "$q" >/dev/null; done
queued() { find "$T/$1/mess" -type f | wc -l; }
unset QMAILQUEUE
rules 'a@*:QUEUEDIR=%s\nb@*:QUEUEDIR=,QUEUE_BASE=%s,QUEUE_START=7,QUEUE_COUNT=2\n' "$T/q1" "$T/base"
QUEUEDIR=$T/q say "${A[@]}" "${B[@]}" "${B[@]}" "${C[@]}" "${C[@]}"
is "QUEUEDIR, QUEUE_BASE: real queues" "$(queued q1) $(queued base/queue7) $(queued base/queue8) $(queued q)" "1 1 1 2"
rules 'a@*:QUEUEDIR=%s\n' "$T/none"
QUEUEDIR=$T/q say "${A[@]}" RSET "${C[@]}"
like "a queue that is not there" "$R" '^451 .*\(#4\.3\.0\)$'
is "... is not that of the next message" "$(queued q)" 3
rm control/from.envrules

# by recipient
printf 'd.example:QUEUEDIR=%s\n*.d.example:RT_A=sub,QUEUEDIR=%s\n' "$T/q1" "$T/base/queue7" >control/domainqueue
message a@x me@me.example; A=("${M[@]}"); message a@x u@D.example; D=("${M[@]}")
QUEUEDIR=$T/q say "${A[@]}" "${D[@]}" "${A[@]}"
is "domainqueue: a queue of its own" "$(queued q1) $(queued q)" "2 5"
like "... logged" "$(cat log)" '^qmail-smtpd: pid [0-9]+ from 127\.0\.0\.1 Setting DomainQueue Rule No 1: MAIL from <a@x> RCPT <u@D\.example>$'
is "... once" "$(grep -c Setting log)" 1
QUEUEDIR=$T/q send a@x u@d.example u@s.d.example me@me.example
is "the later recipient wins" "$(queued base/queue7)" 2
is "... both are logged" "$(grep -c 'Setting DomainQueue' log)" 2
export QMAILQUEUE=$T/keep
printf '*.d.example:RT_A=sub\n*.far.example:RT_A=far\n' >control/domainqueue
send a@x u@s.far.example u@me.example
is "not for recipients that are refused" "$(ran)" "a@x|unset|own|unset|unset "
printf '.*:RT_A=re\n' >rules1
QREGEX=1 DOMAINQUEUE=$T/rules1 send a@x u@d.example
is "never expressions" "$(ran)" "a@x|unset|own|unset|unset "
rules 'a@*:DOMAINQUEUE=%s,RT_A=from\nb@*:RT_A=from\n' "$T/rules2"
printf 'd.EXAMPLE:RT_B=domain\n' >rules2
USE_FNMATCH= send a@x u@d.example
is "DOMAINQUEUE by sender, USE_FNMATCH" "$(ran)" "a@x|from|domain|unset|unset "
message b@x u@s.d.example
say "MAIL FROM:<a@x>" "RCPT TO:<u@d.example>" "${M[@]}"
is "the recipient after the sender, by that sender's file" "$(ran)" "b@x|sub|own|unset|unset "
rm control/domainqueue control/from.envrules

# for those who may relay
printf 'a@x:RT_A=never\n<>:RT_A=relay,DATABYTES=10\n' >control/auth.envrules
send a@x me@me.example
is "auth.envrules: not for everybody" "$(ran)" "a@x|unset|own|unset|unset "
RELAYCLIENT= send a@x me@me.example
is "... for relay clients: DATABYTES" "$N" "250 250 354 552 "
like "... logged" "$(cat log)" 'Setting EnvRule No 2: MAIL from <a@x>$'
printf ':RT_A=relay\n' >control/auth.envrules
rules 'a@x:RT_A=from,RT_B=from\n'
RELAYCLIENT= send a@x u@far.example
is "... after the sender's" "$(ran)$(grep -c Setting log)" "a@x|relay|from|unset| 2"
rm control/auth.envrules control/from.envrules
printf '<>:RT_A=named\n' >rules1
AUTHRULES=$T/rules1 RELAYCLIENT= send a@x u@far.example
is "AUTHRULES" "$(ran)" "a@x|named|own|unset| "

# the end of a transaction
rules 'a@*:RT_A=1,DATABYTES=10\nr@*:RT_A=2,BADMAILFROM=%s\n' "$T/worse"
echo 'r@bad.example' >>worse
for way in RSET "HELO x" "EHLO x" "MAIL FROM:<r@bad.example>"; do
	say "MAIL FROM:<a@x>" "RCPT TO:<me@me.example>" "$way" "${C[@]}"
	is "$way ends it" "$(ran)" "c@x|unset|own|unset|unset "
done
say "MAIL FROM:<a@x>" "${C[@]}" "${A[@]}"
is "so does another MAIL" "$(ran)$(tail -2 <<<"$R" | head -1 | cut -c1-3)" "c@x|unset|own|unset|unset 552"
{ printf 'MAIL FROM:<c@x>\r\nRSET\r\n'; wait_for 10 grep -q 'RSET done' marks; echo '@x' >control/badmailfrom
	printf 'MAIL FROM:<c@x>\r\nMAIL FROM:<a@x>\r\nMAIL FROM:<c@x>\r\nQUIT\r\n'; } | qmail-smtpd 2>log |
	while read -r line; do case $line in *flushed*) echo 'RSET done' >marks ;; esac; echo "$line"; done >out
is "policy files are read again when rules have applied" "$(sed 1d out | cut -c1-3 | tr '\n' ' ')" "250 250 250 553 553 221 "
rm control/badmailfrom

# trouble
for f in from.envrules domainqueue; do
	rm -f control/from.envrules
	mkdir control/$f
	send a@x me@me.example
	like "$f unreadable" "$R" '^451 .*\(#4\.3\.0\)$'
	like "... logged" "$(cat log)" "from 127\.0\.0\.1 unable to read .*/$f"
	is "... nothing is queued" "$(ran)" ""
	rmdir control/$f
done
mkdir control/auth.envrules
RELAYCLIENT= send a@x me@me.example
is "auth.envrules unreadable: no DATA" "$(cut -d' ' -f1-3 <<<"$N")" "250 250 451"
rmdir control/auth.envrules
mkdir dir
rules 'a@*:BADMAILFROM=%s,RT_A=1\n' "$T/dir"
say "${A[@]}" "${C[@]}"
like "a policy file of the rules unreadable" "$(head -1 <<<"$R")" '^451 .*\(#4\.3\.0\)$'
is "... the next sender's are not" "$(ran)" "c@x|unset|own|unset|unset "

# processes of their own
rules 'a@*:RT_A=1,RT_B=\n'
message a@x me@me.example; A=("${M[@]}")
REEXEC=1 say "${A[@]}" "${C[@]}"
is "REEXEC" "$(ran)" "a@x|1|unset|unset|unset c@x|unset|own|unset|unset "
echo 'd.example:RT_A=dq' >control/domainqueue
SERVER=mini-smtpd say "${A[@]}" "${D[@]}"
is "mini-smtpd has no rules" "$(ran)$(grep -c Setting log)" "a@x|unset|own|unset|unset a@x|unset|own|unset|unset 0"

# workers: one session after another, and sessions put aside
: >ran; : >port
background tcpserver -v -1 -RH -l me.example 0 0 qmail-smtpd >port 2>log
ok "tcpserver" wait_for 10 test -s port
cat >worker.py <<'P'
import os, re, socket, sys, time
port = int(sys.argv[1])


class Client:
    def __init__(self):
        self.s = socket.create_connection(('127.0.0.1', port), 60)
        self.f = self.s.makefile('rb')
        self.read()

    def read(self):
        return self.f.readline().decode('latin-1').strip()

    def say(self, line):
        self.s.sendall(line.encode() + b'\r\n')
        return self.read()

    def rest(self, sender, rcpt):
        self.say('RCPT TO:<%s>' % rcpt)
        self.say('DATA')
        return self.say('Subject: s\r\n\r\nb\r\n.')

    def send(self, sender, rcpt):
        self.say('MAIL FROM:<%s>' % sender)
        return self.rest(sender, rcpt)


def sessions(*senders):
    """One after the other; the processes that served them."""
    for sender, rcpt in senders:
        c = Client()
        print(c.send(sender, rcpt)[:3])
        c.say('QUIT')
        c.f.read()
    return [re.findall('pid ([0-9]+) from [0-9.]+ HELO <[^>]*> MAIL from <%s>' % s, open('log').read())[-1] for s, r in senders]


# until one worker has served all of them: the first may not be free again when the second comes
for _ in range(1 if 'REEXEC' in os.environ else 50):
    pids = sessions(('a@x', 'me@me.example'), ('c@x', 'me@me.example'))
    if pids[0] == pids[1]:
        print('one worker')
        break
    time.sleep(0.1)
sessions(('d@x', 'u@d.example'), ('e@x', 'me@me.example'))
# a client that goes away within a transaction
c = Client()
c.say('MAIL FROM:<a@gone>')
c.s.shutdown(socket.SHUT_RDWR)
c.f.read()
c.s.close()
c = Client()
print(c.send('f@x', 'me@me.example')[:3])
c.say('QUIT')
# silent within a transaction: its rules go along, and another client's session is not touched
c, d = Client(), Client()
c.say('MAIL FROM:<a@y>')
d.say('MAIL FROM:<g@x>')
time.sleep(1.6)
e = Client()
print(e.send('h@x', 'me@me.example')[:3])
print(c.rest('a@y', 'me@me.example')[:3])
print(d.rest('g@x', 'u@d.example')[:3])
time.sleep(1.6)
print(c.send('i@x', 'me@me.example')[:3])
print(d.send('a@z', 'me@me.example')[:3])
# limits go along, too
c.say('MAIL FROM:<l@x>')
time.sleep(1.6)
print(c.rest('l@x', 'me@me.example')[:3])
P
rules 'a@*:RT_A=1,RT_B=\nl@*:DATABYTES=1\n'
ok "its clients" timeout 100 python3 worker.py "$(cat port)"
is "... replies" "$(grep -v worker out | uniq | tr '\n' ' ')" "250 552 "
[ "${REEXEC:-}" ] || like "... two sessions of one worker" "$(cat out)" '^one worker$'
u='unset|unset'
is "each message has its own rules" "$(awk '!seen[$0]++' ran | tr '\n' ' ')" "a@x|1|unset|$u c@x|unset|own|$u d@x|dq|own|$u e@x|unset|own|$u f@x|unset|own|$u \
h@x|unset|own|$u a@y|1|unset|$u g@x|dq|own|$u i@x|unset|own|$u a@z|1|unset|$u "

# a certificate that lets its client relay counts as RELAYCLIENT, and not only for one message
needs_tls
export CERTDIR=$T/certs STARTTLS=
mkdir certs
EC="-newkey ec -pkeyopt ec_paramgen_curve:P-256"
# shellcheck disable=SC2086
{
	openssl req -x509 -nodes -days 2 -subj /CN=ca $EC -keyout ca.key -out certs/clientca.pem
	openssl req -x509 -nodes -days 2 -subj /CN=me.example $EC -keyout certs/new -out server.crt
	openssl req -new -nodes -subj "/CN=c/emailAddress=friend@me.example" $EC -keyout friend.key -out friend.csr
	openssl x509 -req -in friend.csr -CA certs/clientca.pem -CAkey ca.key -CAcreateserial -days 2 -out friend.crt
} 2>/dev/null
cat server.crt >>certs/new && mv certs/new certs/servercert.pem
echo friend@me.example >control/tlsclients
echo ':RT_B=relay' >control/auth.envrules
: >ran; : >port
background tcpserver -1 -RH -l me.example 127.0.0.1 0 qmail-smtpd >port 2>log
wait_for 10 test -s port
message a@x u@far.example; A=("${M[@]}")
printf '%s\r\n' "${C[@]}" "${A[@]}" "${C[@]}" QUIT | timeout 30 openssl s_client -connect "127.0.0.1:$(cat port)" -starttls smtp \
	-quiet -ign_eof -cert friend.crt -key friend.key >out 2>&1
is "a certificate makes a relay client, for the session" "$(ran)" "c@x|unset|own|unset|unset a@x|1|relay|unset| c@x|unset|relay|unset| "
done_testing
