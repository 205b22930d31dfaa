#!/bin/bash
# direct: the Maildir of $USER, what is put before the message, every exit code, hostile addresses.
[ "$(id -u)" != 0 ] || { setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@" || exit; AS_ROOT=1; }
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
umask 022
export HOME=$T/home
unset HIDE_HOST ERROR_FD DEATH QMAIL_QUEUE_CUSTOM_ERROR
printf 'Subject: x\n\nbody\n' >message
direct() { # ENVELOPE in printf's notation
	printf "$1" >envelope
	qmail-direct <message 1<envelope 2>err
}
new() { cat home/Maildir/new/* 2>/dev/null; }
stored() { ls home/Maildir/new | wc -l; }
fresh() {
	rm -rf home/Maildir
	maildirmake home/Maildir
}
mkdir home

if [ -n "${AS_ROOT:-}" ]; then
	# root stores as the user himself
	chmod 711 "$T"
	name=$(getent passwd 65534 | cut -d: -f1)
	if [ -z "$name" ] || [ "$(getent passwd "$name" | cut -d: -f6)" != /nonexistent ]; then
		skip "root" "no account without a home"
		done_testing
	fi
	fresh
	USER=$name direct 'Fa@b\0Tc@d\0\0'
	is "root: the account's home, not HOME" "$? $(stored)" "53 0"
	like "it has none" "$(cat err)" '^qmail-direct: fatal: unable to .*/nonexistent/Maildir/'
	USER=no-such-user direct 'Fa@b\0Tc@d\0\0'
	is "root: nobody" "$? $(stored)" "87 0"
	USER=root direct 'Fa@b\0Tc@d\0' # cut, so that nothing is stored
	is "a cut envelope comes first" $? 54
	done_testing
fi

export USER=some-body-else
like "--help" "$(qmail-direct --help)" '^qmail-direct - store a message'
fresh
direct 'Fsender@x.example\0Tone@y.example\0Ttwo@z.example\0\0'
is "stored" "$? $(stored)" "0 1"
is "Return-Path" "$(new | sed -n 1p)" "Return-Path: <sender@x.example>"
is "X-Recipients" "$(new | sed -n 2p)" "X-Recipients: one@y.example,two@z.example"
like "Received" "$(new | sed -n 3p)" "^Received: indimail-mta direct [0-9]+ by host [^ ]+ \\(invoked by uid $(id -u)\\); [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]{4} "
is "the message" "$(new | sed 1,3d)" "$(cat message)"
is "tmp is empty" "$(ls home/Maildir/tmp)" ""
is "only its owner reads it" "$(stat -c %a home/Maildir/new/*)" 600
like "the name has the size" "$(ls home/Maildir/new)" ",S=$(stat -c %s home/Maildir/new/*)\$"
fresh
HIDE_HOST=1 direct 'F\0Tone\0\0'
is "no sender, HIDE_HOST" "$(new | sed -n '1p;3p' | sed 's/direct [0-9]* /direct N /;s/;.*//' | tr '\n' '|')" "Return-Path: <>|Received: indimail-mta direct N (invoked by uid $(id -u))|"
fresh
direct 'Fa\nX-Evil: 1@x\0Tb\r\nX-Evil: 2@y\0\0'
is "addresses begin no lines" "$? $(new | grep -c '^X-Evil')" "0 0"
fresh
direct 'Fa@x\0xENVID=1\0Tb@y\0yNOTIFY=NEVER\0\0'
is "delivery status parameters are passed over" "$? $(new | sed -n 2p)" "0 X-Recipients: b@y"
fresh
rcpts=$(for i in $(seq 9000); do printf 'Tlong.recipient.number.%s@some.domain.example\\0' "$i"; done)
direct "Fa@x\\0$rcpts\\0"
is "thousands of recipients" $? 0
ok "in lines of bearable length" awk 'length > 998 { exit 1 }' home/Maildir/new/*
like "those that are too many are counted" "$(new)" '^	\(and [0-9]+ more\)$'
fresh
cat message | (printf 'F\0Tx\0\0' >envelope; qmail-direct 1<envelope)
is "from a pipe" "$? $(new | tail -1)" "0 body"
printf 'Subject: y\n\nby inject\n' | QMAILQUEUE=qmail-direct CONTROLDIR=$T/control qmail-inject -fa@b.example c@d.example
is "behind qmail-inject" "$? $(grep -l 'by inject' home/Maildir/new/* | wc -l)" "0 1"

fresh
direct 'Xa\0Tb\0\0'
is "no sender" "$? $(stored)" "79 0"
direct 'Fa\0Xb\0\0'
is "an unknown record" "$? $(stored)" "79 0"
direct 'Fa\0\0'
is "no recipient" "$? $(stored)" "79 0"
direct 'Fa\0Tb\0'
is "cut" "$? $(stored)" "54 0"
direct "Fa\\0T$(printf '%1010s' | tr ' ' x)\\0\\0"
is "a long address" "$? $(stored)" "11 0"
printf 'F\0Tx\0\0' >envelope
qmail-direct <"$T" 1<envelope 2>err
is "an unreadable message" "$? $(stored)" "53 0"
USER='' direct 'F\0Tx\0\0'
is "USER is empty" "$? $(stored)" "87 0"
is "text" "$(cat err)" "qmail-direct: fatal: USER is not set"
(unset HOME; direct 'F\0Tx\0\0')
is "no such user, and no HOME" "$? $(stored)" "87 0"
is "text" "$(cat err)" "qmail-direct: fatal: there is no user some-body-else"
rm -rf home/Maildir
direct 'F\0Tx\0\0'
is "no Maildir" $? 53
like "text" "$(cat err)" '^qmail-direct: fatal: unable to '
fresh
chmod 500 home/Maildir/tmp
direct 'F\0Tx\0\0'
is "an unwritable one" $? 53
chmod 700 home/Maildir/tmp
mkfifo never
exec 9<>never
DEATH=1 qmail-direct <&9 1<envelope 2>err
is "nothing comes: timeout" "$? $(stored)" "52 0"
head -c 100000 /dev/zero >message
(trap '' XFSZ; ulimit -f 8; direct 'F\0Tx\0\0')
is "no room" $? 53
is "nothing stays" "$(ls home/Maildir/tmp home/Maildir/new | grep -c ,)" 0
done_testing
