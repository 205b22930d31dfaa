#!/bin/bash
# irmail: the sender from the From_ lines, the message behind them.
. "$(dirname "$0")/../lib.sh"
printf '#!/bin/sh\ncat >%s/q.mess\ntr "\\0" "\\n" <&1 >%s/q.env\n' "$T" "$T" >capture
chmod 755 capture
mkdir control
echo me.example.org >control/me
export QMAILQUEUE=$T/capture CONTROLDIR=$T/control SKIP_LOCAL_ENVIRONMENT= USER=uucp
# way TEXT WANTED-SENDER LINES
way() {
	printf "$3To: x\n\nbody\n" >in
	ok "$1" rmail r@h.x 's@h.x' <in
	is "$1: sender and recipients" "$(tr '\n' ' ' <q.env)" "F$2 Tr@h.x Ts@h.x  "
	is "$1: message" "$(sed -n '/^To/,$p' q.mess)" "$(printf 'To: x@me.example.org\n\nbody')"
}
D='Sat Nov 21 09:00:00 2026'
way "one host" "near!joe@me.example.org" "From joe $D remote from near\n"
way "two hosts" "near!far!joe@me.example.org" "From uucp $D remote from near\n>From joe $D remote from far\n"
way "a domain" "joe@far.example.org" "From uucp $D remote from near\n>From joe $D remote from far.example.org\n"
way "a way in the last line" "joe@b.org" "From a!b.org!joe $D remote from near\n"
way "an address" "joe@b.org" "From joe@b.org $D remote from near\n"
way "no host" "joe@me.example.org" "From joe $D\n"
way "no line" "uucp@me.example.org" ""
head -c 3000000 /dev/zero | tr '\0' x >big
cat <(printf "From joe@h.x $D\nA: b\n\n") big | rmail r@h.x
is "a large message" "$(sed -n '$p' q.mess | wc -c)" 3000000
code "no recipient" 100 irmail </dev/null
code "the exit code of sendmail" 111 env QMAILQUEUE=/nonexistent irmail r@h.x <in
code "an unreadable message" 111 irmail r@h.x <.
done_testing
