#!/bin/bash
# spawn-filter: which program it stands for, rules, size limit, spam and filter step, every report, and a whole delivery
# through lspawn and rspawn.  Started by root it runs as nobody.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
. "$(dirname "$0")/../lib.sh"
umask 022
export CONTROLDIR=$T/control TMPDIR=$T/tmp
C=$CONTROLDIR
mkdir -p control home tmp
echo me.test >control/me
qmaildirmake home/Maildir
unset FILTERARGS SPAMFILTER SPAMEXITCODE REJECTSPAM SPAMREDIRECT DATABYTES FROMRULES RCPTRULES LOGFILTER QMAILLOCAL QMAILREMOTE
printf 'Subject: t\n\nbody\n' >msg

# what stands behind it: shows its arguments, environment and message
cat >behind <<'P'
#!/bin/sh
{ echo "$0 $*"; cat; } >"$OUT"
env >"$OUT.env"
case ${0##*/}$1 in *--*) echo stored ;; *) printf 'r\0Kaccepted\n\0' ;; esac
P
chmod +x behind
export OUT=$T/out.behind QLOCAL=$T/behind QREMOTE=$T/behind
# l CMD-ENV...: a local delivery bob-x@here.test from ann@Far.test; code in CODE, report in R
l() {
	rm -f out.behind*
	(exec -a qmail-local env "$@" bash -c 'exec -a qmail-local spawn-filter -- bob '"$T"'/home bob-x - x here.test ann@Far.test ./Maildir/ "X-Q: 1
"') <msg >report 2>err
	CODE=$?
	R=$CODE:$(tr '\0\n' '^/' <report)
}
r() {
	rm -f out.behind*
	(env "$@" bash -c 'exec -a qmail-remote spawn-filter far.test ann@here.test "X-Q: 1
" 17 eve@far.test') <msg >report 2>err
	CODE=$?
	R=$CODE:$(tr '\0\n' '^/' <report)
}

l A=1
is "local without filters" "$R" 0:stored/
is "its arguments" "$(sed -n 1p out.behind)" "$T/behind -- bob $T/home bob-x - x here.test ann@Far.test ./Maildir/ X-Q: 1"
is "its message" "$(tail -n +3 out.behind)" "$(cat msg)"
r A=1
is "remote without filters" "$R" '0:r^Kaccepted/^'
is "its arguments" "$(sed -n 1p out.behind)" "$T/behind far.test ann@here.test X-Q: 1"
code "under its own name the arguments decide: local" 0 spawn-filter -- bob "$T/home" bob '' '' here.test a@b ./Maildir/ '' <msg
is "... local" "$(cat out)" stored
code "... remote" 0 spawn-filter h.test a@b '' 9 c@h.test <msg
is "... remote" "$(tr '\0\n' '^/' <out)" 'r^Kaccepted/^'
code "usage" 100 spawn-filter
ok "help" spawn-filter --help

# ---- our own programs behind it
unset QLOCAL QREMOTE
code "qmail-local itself" 0 bash -c "exec -a qmail-local spawn-filter -- bob $T/home bob '' '' here.test a@b ./Maildir/ ''" <msg
is "delivered" "$(cat home/Maildir/new/* | tail -1)" body
code "wrong arguments are its business" 100 bash -c 'exec -a qmail-local spawn-filter -- bob' <msg
like "... local" "$(cat err)" '^usage: qmail-local'
code "... and remote's" 0 bash -c 'exec -a qmail-remote spawn-filter host' <msg
like "... remote" "$(tr -d '\0' <out)" '^D.*#5\.3\.5'
ok "filtered for qmail-local" env FILTERARGS='sed s/body/flesh/' bash -c "exec -a /usr/x/qmail-local spawn-filter -- bob $T/home bob '' '' here.test a@b ./Maildir/ ''" <msg
is "its text" "$(cat home/Maildir/new/* | grep -c flesh)" 1
ok "in a process of its own" env REEXEC=1 FILTERARGS='sed s/body/bones/' bash -c "exec -a qmail-local spawn-filter -- bob $T/home bob '' '' here.test a@b ./Maildir/ ''" <msg
is "its text" "$(cat home/Maildir/new/* | grep -c bones)" 1
export QLOCAL=$T/behind QREMOTE=$T/behind

# ---- the filter step
l FILTERARGS='tr a-z A-Z'
is "the filter's output is delivered" "$R,$(tail -1 out.behind)" 0:stored/,BODY
is "filters are unset behind" "$(grep -cE '^(FILTERARGS|SPAMFILTER|DOMAIN|_SENDER)=' out.behind.env)" 0
r FILTERARGS='tr a-z A-Z'
is "... remote" "$R,$(tail -1 out.behind)" '0:r^Kaccepted/^,BODY'
l FILTERARGS="env >$T/fenv; cat"
is "what the filter is told" "$(grep -E '^(DOMAIN|_EXT|_SENDER|_RECIPIENT|_QQEH|FILTERARGS|SPAMFILTER)=' fenv | sort | tr '\n' ,)" \
	"DOMAIN=here.test,_EXT=x,_QQEH=X-Q: 1,_RECIPIENT=bob-x@here.test,_SENDER=ann@Far.test,"
r FILTERARGS="env >$T/fenv; cat"
is "... remote" "$(grep -E '^(DOMAIN|_EXT|_SENDER|_RECIPIENT|_QQEH)=' fenv | sort | tr '\n' ,)" \
	"DOMAIN=far.test,_EXT=eve,_QQEH=X-Q: 1,_RECIPIENT=eve@far.test,_SENDER=ann@here.test,"
for f in 'exit 2:0' 'echo no >\&2; exit 100:100' 'echo late >\&2; exit 1:111' 'exit 99:111' 'kill -9 $$:111' '/no/such:111'; do
	l FILTERARGS="cat >/dev/null; ${f%:*}"
	is "local, filter: ${f%:*}" "$CODE,$(ls out.behind 2>/dev/null)" "${f##*:},"
	r FILTERARGS="cat >/dev/null; ${f%:*}"
	case ${f##*:} in 0) w='^0:r\^K[^^]*/\^$' ;; 100) w='^0:h\^D.*/\^$' ;; *) w='^0:s\^Z.*/\^$' ;; esac
	like "remote, filter: ${f%:*}" "$R" "$w"
done
r FILTERARGS='printf "bad\0 \007 words" >&2; exit 100'
is "words of the filter" "$R" '0:h^DThe filter refuses the message: bad? ? words (#5.7.1)/^'
l FILTERARGS='head -c 5000000 /dev/zero | tr "\0" x >&2; exit 1'
is "... of any length" "$CODE,$(($(wc -c <report) < 1200))" 111,1
is "... deferred with them" "$(grep -c '#4\.3\.0' report)" 1
l FILTERARGS='sleep 60' DEATH=1
like "a filter that hangs" "$R" '^111:.*#4\.3\.0'
l FILTERARGS=cat TMPDIR=/nowhere
like "no room for temporary files" "$R" '^111:unable to create a temporary file.*#4\.3\.0'
cat msg | (exec -a qmail-local bash -c "FILTERARGS='cat; true' exec -a qmail-local spawn-filter -- b /h b '' '' here.test a@b ./M/ ''") >out
is "a message from a pipe" "$(tail -1 out.behind)" body

# ---- control lines
cat >control/filterargs <<'F'
# comment
other.test:false
here.test:remote:false
HERE.test:local:sed s:body:one: :X_A=1,X_B=2
*.test:sed s/body/two/
F
l A=1
is "the domain's line for local mail" "$R,$(tail -1 out.behind),$(grep -c '^X_[AB]=' out.behind.env)" 0:stored/,one,2
r A=1
is "a pattern, the recipient's domain" "$R,$(tail -1 out.behind)" '0:r^Kaccepted/^,two'
r MATCH_SENDER_DOMAIN=
like "the sender's domain" "$R" '^0:s\^Z.*exit code 1'
r MATCH_SENDER_DOMAIN= MATCH_RECIPIENT_DOMAIN=
is "... but for remote mail" "$R,$(tail -1 out.behind)" '0:r^Kaccepted/^,two'
l MATCH_SENDER_DOMAIN=1
is "... local" "$(tail -1 out.behind)" two
l FILTERARGS='sed s/body/three/'
is "the variable wins" "$(tail -1 out.behind)" three
l FILTERARGS=
is "... even when empty" "$(tail -1 out.behind)" body
printf '^here[.]:sed s/body/four/\n(:false\n' >control/filterargs
l QREGEX=1
is "regular expressions" "$(tail -1 out.behind)" four
printf 'dd.test:local:sed s/body/five/\n' >control/filterargs
sf() { FILTERARGS_= "$@" spawn-filter -- b /h bob '' '' '' '' ./M/ '' <msg >/dev/null; }
ok "no domain, DEFAULT_DOMAIN" sf env DEFAULT_DOMAIN=dd.test
is "... counts" "$(tail -1 out.behind)" five
echo dd.test >control/defaultdomain
ok "no domain, defaultdomain" sf env
is "... counts" "$(tail -1 out.behind)" five
rm control/filterargs control/defaultdomain
mkdir control/filterargs
l A=1
like "a control file that cannot be read" "$R" '^111:.*#4\.3\.0'
rmdir control/filterargs

# ---- rules
echo 'ann@far.test:FILTERARGS=sed s/body/from/' >control/fromd.envrules
echo 'ann@far.test:FILTERARGS=false' >control/from.envrules
l A=1
is "fromd.envrules" "$(tail -1 out.behind)" from
echo '*@here.test:FILTERARGS=sed s/body/rcpt/,X_C=3' >control/rcpt.envrules
l A=1
is "rcpt.envrules come later" "$(tail -1 out.behind),$(grep -c ^X_C=3 out.behind.env)" rcpt,1
echo 'bob-x@*:DATABYTES=5' >my.rules
l RCPTRULES=$T/my.rules
is "DATABYTES for a recipient" "$CODE,$(grep -c '#5\.3\.4' report)" 100,1
r DATABYTES=5
like "... remote" "$R" '^0:h\^D.*\(#5\.3\.4\)/\^$'
r DATABYTES=5000
is "... large enough" "$R" '0:r^Kaccepted/^'
echo 5 >control/databytes
l A=1
is "databytes" "$CODE" 100
rm control/*rules control/databytes
{ head -c 200000 /dev/zero | tr '\0' '*'; echo ':A=1'; printf ':\n::=\n\0bob:X=1\n*:=,=,\\,X_D=4\n'; } >control/rcpt.envrules
l A=1
is "hostile rules" "$R" 0:stored/
rm control/rcpt.envrules

# ---- the spam step
cat >spamf <<'P'
#!/bin/bash
[ -z "$SLOG" ] || echo "score 7 $1" >&255
case $1 in same) cat >/dev/null ;; *) sed "s/^Subject:/X-Spam: $1\n&/" ;; esac
exit ${2:-0}
P
chmod +x spamf
l SPAMFILTER="$T/spamf yes 0"
like "SPAMEXITCODE must be set" "$R" '^111:.*SPAMEXITCODE'
export SPAMEXITCODE=0
l SPAMFILTER="$T/spamf 'two words' 1"
is "ham: the filter's output is delivered" "$R,$(sed -n 3p out.behind)" "0:stored/,X-Spam: two words"
l SPAMFILTER="$T/spamf" SPAMFILTERARGS='same 2'
is "unsure: without output the message itself" "$R,$(tail -1 out.behind)" 0:stored/,body
l SPAMFILTER="$T/spamf same 3"
like "other codes" "$R" '^111:.*exit code 3.*#4\.3\.0'
l SPAMFILTER="$T/spamf same 3" HAMEXITCODE=3
is "HAMEXITCODE" "$R" 0:stored/
l SPAMFILTER="$T/spamf same 4" UNSUREEXITCODE=4
is "UNSUREEXITCODE" "$R" 0:stored/
l SPAMFILTER="'open"
like "no command" "$R" '^111:.*#4\.3\.5'
l SPAMFILTER=/no/such
like "no such filter" "$R" '^111:'
export SPAMFILTER="$T/spamf yes 0"
l A=1
is "spam is delivered" "$R,$(sed -n 3p out.behind)" "0:stored/,X-Spam: yes"
l REJECTSPAM=1
is "REJECTSPAM 1" "$CODE,$(grep -c '#5\.7\.1' report)" 100,1
r REJECTSPAM=1
like "... remote" "$R" '^0:h\^D.*\(#5\.7\.1\)/\^$'
l REJECTSPAM=2
is "REJECTSPAM 2" "$CODE,$(ls out.behind 2>/dev/null)" 0,
r REJECTSPAM=2
like "... remote" "$R" '^0:r\^K[^^]*/\^$'
unset SPAMFILTER
printf '*:local:%s/spamf line 0:REJECTSPAM=1\n' "$T" >control/spamfilter
l A=1
is "control/spamfilter and its environment" "$CODE" 100
r A=1
is "... not for remote mail" "$R" '0:r^Kaccepted/^'
printf '*:%s/spamf line 0\n' "$T" >control/spamfilter
printf 'here.test:local:1\n*:2\n' >control/rejectspam
l A=1
is "control/rejectspam" "$CODE" 100
r A=1
like "... remote" "$R,$(ls out.behind 2>/dev/null)" '^0:r\^K[^^]*/\^,$'
echo '@far.test' >control/spamignore
l A=1
is "spamignore" "$R,$(sed -n 3p out.behind)" "0:stored/,Subject: t"
printf '!ann@*\n' >control/spamignorepatterns
l A=1
is "spamignorepatterns" "$CODE" 100
rm control/spamignore*
ok "spamignore.cdb" python3 - control/spamignore.cdb <<'P'
import struct, sys
key = b"ann@far.test"
h = 5381
for c in key: h = ((h * 33) ^ c) & 0xffffffff
rec = struct.pack("<II", len(key), 0) + key
pos = 2048 + len(rec)
tables = b"".join(struct.pack("<II", pos if i <= h % 256 else pos + 16, 2 if i == h % 256 else 0) for i in range(256))
slots = [struct.pack("<II", 0, 0)] * 2
slots[(h // 256) % 2] = struct.pack("<II", h, 2048)
open(sys.argv[1], "wb").write(tables + rec + b"".join(slots))
P
l A=1
is "... counts" "$R,$(sed -n 3p out.behind)" "0:stored/,Subject: t"
rm control/spamignore.cdb control/rejectspam

# copies of spam
cat >q <<'P'
#!/bin/sh
exec 3<&1
cat >"$OUT.copy"; cat <&3 | tr '\0' '^' >"$OUT.envelope"; env >"$OUT.copyenv"; exit ${QEXIT:-0}
P
chmod +x q
export QMAILQUEUE=$T/q
echo 'here.test:local:spam@box.test' >control/spamredirect
l REJECTSPAM=2
is "a copy for spamredirect" "$CODE,$(cat out.behind.envelope)" "0,F^Tspam@box.test^^"
is "its text" "$(cat out.behind.copy)" "$(printf 'X-Spam-Redirected-To: spam@box.test\nX-Q: 1\nX-Spam: line\nSubject: t\n\nbody')"
cp out.behind.copy msg
l A=1
is "it does not go round" "$R,$(ls out.behind.copy 2>/dev/null)" 0:stored/,
printf 'Subject: t\n\nbody\n' >msg
l SPAMREDIRECT=bob-X@here.test
is "... nor to the recipient" "$R,$(ls out.behind.copy 2>/dev/null)" 0:stored/,
r SPAMREDIRECT=s@x.test
is "SPAMREDIRECT, and the message is delivered" "$R,$(cat out.behind.envelope)" '0:r^Kaccepted/^,F^Ts@x.test^^'
l QEXIT=31
is "the queue refuses" "$CODE,$(ls out.behind 2>/dev/null)" 111,
rm control/spamfilter control/spamredirect

# the log
mkfifo fifo
export SPAMFILTER="$T/spamf yes 1" SLOG=1
l LOGFILTER=$T/fifo
is "nobody reads LOGFILTER" "$R" 0:stored/
: >logfile
l LOGFILTER=$T/logfile
like "a line for LOGFILTER" "$(cat logfile)" '^spawn-filter: pid [0-9]+ MAIL from <ann@Far.test> RCPT <bob-x@here.test> Size: [0-9]+ score 7 yes$'
l LOGFILTER=logfile
is "only absolute names" "$(wc -l <logfile)" 1
unset SPAMFILTER SLOG
is "no temporary files stay" "$(ls tmp | wc -l)" 0

# ---- memory: a large message through both filters
ok "a large message" python3 -c "open('msg','w').write('Subject: big\n\n' + 'x' * 70 + '\n' * 1 + ('y' * 79 + '\n') * 600000)"
(little_memory 60000; l SPAMFILTER="cat" SPAMEXITCODE=9 HAMEXITCODE=0 FILTERARGS=cat; echo "$R" >large)
is "... in little memory" "$(cat large),$(wc -c <out.behind | cut -c1-3)" 0:stored/,480
printf 'Subject: t\n\nbody\n' >msg

# ---- under the spawners
unset QLOCAL QREMOTE QMAILQUEUE SPAMEXITCODE
export ASSIGNDIR=$T/users QUEUEDIR=$T/queue QMAILLOCAL=$(command -v spawn-filter) QMAILREMOTE=spawn-filter
mkdir -p users queue/mess/3 queue/lock
printf '=joe:joe:%s:%s:%s/home:::\n.\n' "$(id -u)" "$(id -g)" "$T" >users/assign
qmail-newu
cp msg queue/mess/3/17
head -c 2048 /dev/zero >queue/lock/tcpto
cat >drive.py <<'P'
import struct, subprocess, sys
f = [x.encode() for x in sys.argv[2:]]
cmd = b'\0\0' + b''.join(x + b'\0' for x in (b'3/17', b's@x.org', b'X-Q: 1\n', b'Filterargs: false\nSpamfilter: x\n', f[0]))
p = subprocess.run([sys.argv[1]] + (['./Maildir/'] if 'lspawn' in sys.argv[1] else []), input=cmd, stdout=subprocess.PIPE)
print(p.stdout[4:-1].decode().replace('\n', '/'))
P
echo '*:local:sed s/body/spawned/' >control/filterargs
echo '*:remote:echo never >&2; exit 100' >>control/filterargs
is "lspawn" "$(python3 drive.py qmail-lspawn joe@here.test)" "Kdid 1+0+0/"
is "delivered" "$(cat home/Maildir/new/* | grep -c spawned)" 1
is "rspawn" "$(python3 drive.py qmail-rspawn joe@far.test)" "DThe filter refuses the message: never (#5.7.1)/"
is "the same with REEXEC" "$(REEXEC=1 python3 drive.py qmail-rspawn joe@far.test)" "DThe filter refuses the message: never (#5.7.1)/"
echo '*:local:exit 100' >control/filterargs
like "lspawn refuses" "$(python3 drive.py qmail-lspawn joe@here.test)" '^DThe filter refuses'
echo '*:local:exit 7' >control/filterargs
like "lspawn defers" "$(python3 drive.py qmail-lspawn joe@here.test)" '^ZThe filter failed'
done_testing
