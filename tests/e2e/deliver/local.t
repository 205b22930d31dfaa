#!/bin/bash
# local: every kind of .qmail line, which file rules, exit codes, environment, loops, forwards.
. "$(dirname "$0")/../lib.sh"
export CONTROLDIR=$T/control
H=$T/home
mkdir "$CONTROLDIR" "$H" || exit 99
chmod 755 "$H"
qmaildirmake "$H/Maildir"
printf 'From: a@b\nSubject: test\n\nbody\nFrom here\n>From there\nlast' >msg
# a queue program that keeps what it gets
cat >capture <<'E'
#!/bin/sh
d=${0%/*}
cat >$d/q.mess
tr '\0' '\n' <&1 >$d/q.env
exit ${QUEUE_EXIT:-0}
E
chmod 755 capture
export QMAILQUEUE=$T/capture

# deliver DASH EXT [SENDER [DEFAULT]]: one delivery for joe
deliver() {
	qmail-local -- joe "$H" "joe$1$2" "$1" "$2" a.b.example.com "${3-s@x.org}" "${4-./Maildir/}" $'X-Q: 1\n' <msg
}
dot() { cat >"$H/.qmail$1"; chmod 600 "$H/.qmail$1"; }
clean() { rm -f "$H"/.qmail* "$H"/.localdomains "$H"/mbox "$H"/Maildir/new/* q.mess q.env; chmod 755 "$H"; }

code "too few arguments" 100 qmail-local joe "$H"
code "home must be absolute" 100 qmail-local joe home joe '' '' h s ./Maildir/ '' <msg
code "home must exist" 111 qmail-local joe "$T/none" joe '' '' h s ./Maildir/ '' <msg
like "with its code" "$(cat err)" '#4.3.0'

# default delivery, Maildir
code "no .qmail: default delivery" 0 deliver '' ''
is "what was done" "$(cat out)" "did 1+0+0"
is "one file in new" "$(ls "$H/Maildir/new" | wc -l)" 1
is "none in tmp" "$(ls "$H/Maildir/tmp")" ""
f=$(ls "$H/Maildir/new")
like "its name" "$f" "^[0-9]+\.I[0-9a-f]+V[0-9a-f]+M[0-9]+P[0-9]+\.[^,/:]+,S=$(stat -c %s "$H/Maildir/new/$f")\$"
like "its inode" "$f" "\.I$(printf %x "$(stat -c %i "$H/Maildir/new/$f")")V"
is "its mode" "$(stat -c %a "$H/Maildir/new/$f")" 600
is "its content" "$(cat "$H/Maildir/new/$f")" "$(printf 'Return-Path: <s@x.org>\nDelivered-To: joe@a.b.example.com\nX-Q: 1\n'; cat msg)"
clean; : | dot ''
code "an empty file is default delivery too" 0 deliver '' ''
is "stored" "$(ls "$H/Maildir/new" | wc -l)" 1
clean; echo ./nowhere/ | dot ''
code "a missing maildir" 111 deliver '' ''
like "its code" "$(cat err)" '#4.2.1'
clean
code "an extension without file" 100 deliver - nobody
like "no mailbox" "$(cat err)" '#5.1.1'
head -c 200000 /dev/urandom | base64 >big
cp msg small
(cat small; echo; cat big) >msg
code "a large message" 0 deliver '' ''
cmp -s <(tail -n +4 "$H"/Maildir/new/*) msg && pass "arrives whole" || fail "arrives whole"
mv small msg; clean
deliver '' '' '' >out
like "empty sender" "$(cat "$H"/Maildir/new/*)" '^Return-Path: <>$'

# mbox
clean; echo ./mbox | dot ''
code "mbox" 0 deliver '' '' 'a b@x.org'
is "what was done" "$(cat out)" "did 1+0+0"
code "a second message" 0 deliver '' '' ''
like "From_ line" "$(sed -n 1p "$H/mbox")" '^From a-b@x.org [A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:]{8} [0-9]{4}$'
is "quoted sender" "$(sed -n 2p "$H/mbox")" 'Return-Path: <"a b"@x.org>'
is "the rest" "$(sed -n '3,11p' "$H/mbox")" "$(printf 'Delivered-To: joe@a.b.example.com\nX-Q: 1\nFrom: a@b\nSubject: test\n\nbody\n>From here\n>>From there\nlast\n')"
is "an empty line between" "$(sed -n 12p "$H/mbox")" ""
like "bounces" "$(sed -n 13p "$H/mbox")" '^From MAILER-DAEMON '
is "mode" "$(stat -c %a "$H/mbox")" 600
before=$(stat -c %s "$H/mbox")
(ulimit -f 8; trap '' XFSZ
	qmail-local -- joe "$H" joe '' '' h s ./mbox '' <big >out 2>err; echo $? >rc)
is "a write error is temporary" "$(cat rc)" 111
is "and leaves the mailbox as it was" "$(stat -c %s "$H/mbox")" "$before"
clean; mkfifo "$H/mbox"; echo ./mbox | dot ''
code "a fifo that nobody reads" 111 deliver '' ''
clean; echo /dev/null | dot ''
code "/dev/null" 0 deliver '' ''

# programs
clean; printf '|cat >got\n' | dot ''
code "program" 0 deliver '' ''
is "what was done" "$(cat out)" "did 0+0+1"
cmp -s "$H/got" msg && pass "reads the message" || fail "reads the message"
printf '|cat >got1\n|cat >got2\n' | dot ''
deliver '' '' >/dev/null
cmp -s "$H/got2" msg && pass "each reads it from the start" || fail "each reads it from the start"
for c in 100 64 65 70 76 77 78 112; do
	echo "|exit $c" | dot ''; code "exit $c is permanent" 100 deliver '' ''
done
for c in 111 1 71 75 127; do
	echo "|exit $c" | dot ''; code "exit $c is temporary" 111 deliver '' ''
done
echo '|kill -9 $$' | dot ''; code "a crash is temporary" 111 deliver '' ''
printf '|echo one\n&f@x\n|exit 99\n|echo two\n./Maildir/\n' | dot ''
code "exit 99 skips the rest" 0 deliver '' ''
is "not what came before" "$(sed 's/qp .*/qp/' out)" "$(printf 'one\ndid 0+1+2\nqp')"
printf '|echo text of a bounce; exit 100\n' | dot ''
deliver '' '' >out
is "output is the report" "$(cat out)" "text of a bounce"
printf '|except false\n|bouncesaying no-such-user\n' | dot ''
code "our own programs run without a shell" 100 deliver '' ''
is "their text" "$(cat out err)" no-such-user

# environment
clean; printf '|env >env\n' | dot -default
EXPECT="USER=joe HOME=$H LOCAL=joe-li-st-x-y HOST=a.b.example.com HOST2=a.b.example HOST3=a.b HOST4=a
 EXT=li-st-x-y EXT2=st-x-y EXT3=x-y EXT4=y SENDER=s@x.org NEWSENDER=s@x.org DEFAULT=li-st-x-y
 RECIPIENT=joe-li-st-x-y@a.b.example.com MAILARCHIVE=forward.arch"
SPAMFILTER=x deliver - li-st-x-y >/dev/null
for v in $EXPECT; do grep -qxF -- "$v" "$H/env" && pass "${v%%=*}" || fail "$v: $(grep "^${v%%=*}=" "$H/env")"; done
like "DTLINE" "$(cat "$H/env")" '^DTLINE=Delivered-To: joe-li-st-x-y@a.b.example.com$'
like "RPLINE" "$(cat "$H/env")" '^RPLINE=Return-Path: <s@x.org>$'
like "UFLINE" "$(cat "$H/env")" '^UFLINE=From s@x.org '
like "QQEH" "$(cat "$H/env")" '^QQEH=X-Q: 1$'
is "SPAMFILTER is removed" "$(grep -c '^SPAMFILTER' "$H/env")" 0
FOO=1 BAR=2 MESSID=1/2 SANITIZE_ENV=FOO:PATH deliver - e >/dev/null
is "SANITIZE_ENV" "$(grep -E '^(FOO|BAR|MESSID|T)=' "$H/env" | sort)" "$(printf 'FOO=1\nMESSID=1/2')"

# which file
clean
for x in -a-b -a-default -default -x:y -li-default; do echo "|echo $x \"\${DEFAULT-none}\"" | dot "$x"; done
which_file() { deliver - "$1" | head -1; }
is "exact" "$(which_file a-b)" "-a-b none"
is "nearest default" "$(which_file a-C.d)" "-a-default C.d"
is "outer default" "$(which_file q-r)" "-default q-r"
is "dots are colons, case is ignored" "$(which_file X.Y)" "-x:y none"
is "a file named default itself" "$(which_file li-default)" "-li-default default"
is "directories do not count" "$(mkdir "$H/.qmail-dir"; which_file dir; rmdir "$H/.qmail-dir")" "-default dir"
is "nor fifos" "$(mkfifo "$H/.qmail-fifo"; which_file fifo; rm "$H/.qmail-fifo")" "-default fifo"

# labels, conditions, directories of variables, comments
clean; mkdir -p "$H/vars"; echo blue >"$H/vars/COLOUR"
dot '' <<'E'
# a comment
?big exit 99
|echo small
:big a label with text
%./vars
|echo $COLOUR
?end
|echo never
:other
:end
|echo end
E
code "jumps" 0 deliver '' ''
is "the path taken" "$(cat out)" "$(printf 'blue\nend\ndid 0+0+3')"
printf '?big exit 0\n|echo small\n?nowhere\n|echo never\n' | dot ''
code "no jump without 99, a missing label ends" 0 deliver '' ''
is "the path taken" "$(cat out)" "$(printf 'small\ndid 0+0+2')"
printf '%%./none\n' | dot ''; code "a missing directory of variables" 111 deliver '' ''
printf '\n./Maildir/\n' | dot ''
code "a blank first line" 111 deliver '' ''
like "its code" "$(cat err)" '#4.2.1'
printf '#\n\n \t\n./Maildir/ \t\n' | dot ''
code "other blank lines and trailing blanks" 0 deliver '' ''

# permissions
clean; echo ./Maildir/ | dot ''; chmod 602 "$H/.qmail"
code "a .qmail that others may write" 111 deliver '' ''
like "its code" "$(cat err)" '#4.7.0'
chmod 700 "$H/.qmail"
code "the x bit forbids mailboxes" 111 deliver '' ''
like "its code" "$(cat err)" '#4.7.0'
echo '|true' | dot ''; chmod 700 "$H/.qmail"; code "and programs" 111 deliver '' ''
echo '&f@x' | dot ''; chmod 700 "$H/.qmail"; code "not forwards" 0 deliver '' ''
printf './Maildir/\n+other\n./Maildir/\n+list\nf@x\n' | dot ''; code "+list allows what came before" 0 deliver '' ''
printf '+list\n|true\n' | dot ''; code "+list forbids programs" 111 deliver '' ''
clean; chmod 757 "$H"; code "a home that others may write" 111 deliver '' ''
like "its code" "$(cat err)" '#4.7.0'
chmod 1755 "$H"; code "a sticky home" 111 deliver '' ''
like "its code" "$(cat err)" '#4.2.1'
chmod 755 "$H"

# loops
clean; cp msg plain
(echo 'Delivered-To: joe@a.b.example.com'; cat plain) >msg
code "a loop" 100 deliver '' ''
like "its code" "$(cat err)" '#5.4.6'
echo 1 >control/maxdeliveredto
code "maxdeliveredto 1 allows one" 0 deliver '' ''
(echo 'Delivered-To: joe@a.b.example.com'; cat msg) >m; mv m msg
code "but not two" 100 deliver '' ''
echo -1 >control/maxdeliveredto
code "-1 any number" 0 deliver '' ''
rm control/maxdeliveredto
(echo 'X: 1'; echo; echo 'Delivered-To: joe@a.b.example.com') >msg
code "the body does not count" 0 deliver '' ''
mv plain msg

# localdomains
echo good.org >control/localdomains
export LOCALDOMAINS=
code "a foreign sender" 100 deliver '' '' s@bad.org
like "its code" "$(cat err)" '#5.2.1'
code "a listed one" 0 deliver '' '' s@GOOD.org
code "one without domain" 0 deliver '' '' ''
unset LOCALDOMAINS; : >"$H/.localdomains"
code "the file in the home" 100 deliver '' '' s@bad.org
clean

# forwards
printf '&one@x.org\ntwo@y.org\n& three\n' | dot -l
code "forward" 0 deliver - l
like "what was done" "$(cat out)" '^did 0\+3\+0$'
like "and the number" "$(cat out)" '^qp [0-9]+$'
is "envelope" "$(cat q.env)" "$(printf 'Fs@x.org\nTone@x.org\nTtwo@y.org\nTthree\n\n')"
is "header" "$(head -6 q.mess)" "$(printf 'Delivered-To: joe-l@a.b.example.com\nX-Forwarded-To: one@x.org\nX-Forwarded-To: two@y.org\nX-Forwarded-To: three\nX-Forwarded-For: s@x.org\nX-Q: 1')"
cmp -s <(tail -n +7 q.mess) msg && pass "message" || fail "message"
: | dot -l-owner; deliver - l >/dev/null
is "-owner" "$(head -1 q.env)" "Fjoe-l-owner@a.b.example.com"
deliver - l '' >/dev/null; is "not for bounces" "$(head -1 q.env)" "F"
deliver - l '#@[]' >/dev/null; is "nor double bounces" "$(head -1 q.env)" "F#@[]"
: | dot -l-owner-default; deliver - l >/dev/null
is "VERP" "$(head -1 q.env)" "Fjoe-l-owner-@a.b.example.com-@[]"
export QUEUE_EXIT=31; code "refused by the queue" 100 deliver - l
export QUEUE_EXIT=53; code "queue in trouble" 111 deliver - l
unset QUEUE_EXIT
rm -f q.env; printf '&f@x\n|exit 111\n' | dot ''; deliver '' '' >/dev/null
[ -e q.env ] && fail "no forward when a line fails" || pass "no forward when a line fails"

# -n
clean; printf './Maildir/\n./mbox\n|cmd a\n&f@x\n' | dot ''
is "-n only describes" "$(qmail-local -n joe "$H" joe '' '' h s ./Maildir/ '' </dev/null)" \
	"$(printf 'maildir ./Maildir/\nmbox ./mbox\nprogram cmd a\nforward f@x\ndid 2+1+1')"
is "and does nothing" "$(ls "$H/Maildir/new" "$H" | grep -c '^mbox')" 0
done_testing
