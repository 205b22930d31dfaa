#!/bin/bash
# Bounces: their header and text to the letter, as MIME, cut; double and triple ones; the processor, queue and rules for them;
# and what a crash may leave of a bounce file.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
unset BOUNCEQUEUE BOUNCEPROCESSOR BOUNCEPROCESSOR_ARGS BOUNCERULES SPAMFILTER FILTERARGS
n=0
# one bounce: bounced SENDER RECIPIENT...; waits for the end of the message and for the bounce in file GOT
GOT=bounces
bounced() {
	rm -f bounces postmaster
	n=$(grep -c '^bounce msg' log)
	submit "$@"
	wait_for 15 seen $((n + 1)) '^bounce msg' && wait_for 15 test -s "$GOT" && sleep 0.1
}
empty() { [ -z "$(files)" ]; }
# a strict reader of the bounce format list managers know: the failed addresses
qsbmf() {
	python3 - "$1" <<'P'
import email, sys
m = email.message_from_bytes(open(sys.argv[1], 'rb').read())
paragraphs = m.get_payload().split('\n\n')
assert paragraphs[0].startswith('Hi. This is the'), paragraphs[0]
for p in paragraphs[1:]:
    if p.startswith('-'):
        break
    assert p.startswith('<') and p.split('\n')[0].endswith('>:'), p
    print(p.split('\n')[0][1:-2])
P
}

# ---- the classical bounce
start_queue
ok "a bounce" bounced bouncer@me.example d@me.example
is "the whole of it" "$(sed -e 's/^Date: .*/Date: D/' -e 's/^Received: .*/R/' bounces)" \
"R
Date: D
X-Bounced-Address: <d@me.example>
From: MAILER-DAEMON@me.example
To: bouncer@me.example
Subject: failure notice

Hi. This is the indimail delivery program at me.example.
Your message did not reach the addresses below; each is followed by the reason.
No further attempt will be made.

<d@me.example>:
no such user

--- Below this line is a copy of the message.

Return-Path: <bouncer@me.example>
R
Subject: test

body"
is "list managers read it" "$(qsbmf bounces)" d@me.example
like "the date" "$(grep ^Date: bounces)" '^Date: [A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} [-+][0-9]{4}$'
ok "three failures" bounced bouncer@me.example d@me.example d1@far.example d2@far.example k@me.example
is "a paragraph for each" "$(qsbmf bounces | sort | tr '\n' ' ')" "d1@far.example d2@far.example d@me.example "
like "the address of one" "$(grep ^X-B bounces)" '^X-Bounced-Address: <d[12]?@'
rm -f bounces
submit 'bouncer-@me.example-@[]' d@me.example
ok "VERP is taken off" wait_for 10 grep -q '^local bouncer-@me.example from <>$' attempts
ok "so is BATV's prefix" bounced 'sb*-bouncer@me.example' d@me.example

# ---- double and triple
GOT=postmaster
ok "a bounce that bounces" bounced '' d@me.example
like "goes to the postmaster" "$(cat attempts)" '^local postmaster@me\.example from <#@\[\]>$'
like "and says so" "$(cat postmaster)" '^--- Below this line is the original bounce\.$'
like "the original had no sender" "$(cat postmaster)" '^Return-Path: <>$'
is "it reads like a bounce" "$(qsbmf postmaster)" d@me.example
submit '#@[]' d@me.example
ok "a third one is dropped" wait_for 10 seen 1 '^triple bounce: discarding bounce/[0-9]+ queue1$'
ok "nothing is left" wait_for 10 empty
stop_queue
echo @ >control/doublebounceto
start_queue
submit '' d@me.example
ok "nobody wants double bounces: @" wait_for 10 seen 1 '^double bounce: discarding bounce/[0-9]+ queue1$'
stop_queue
: >control/doublebounceto
start_queue
submit '' d@me.example
ok "an empty file" wait_for 10 seen 2 '^double bounce: discarding bounce/[0-9]+ queue1$'
ok "they are gone" wait_for 10 empty
stop_queue

# ---- controls
echo kdouble >control/doublebounceto
echo local.example >control/doublebouncehost
echo DAEMON >control/bouncefrom
echo mx.example >control/bouncehost
echo 'not delivered' >control/bouncesubject
echo 'twice not delivered' >control/doublebouncesubject
printf 'Hi. This is the house.\n  It failed.\n' >control/bouncemessage
printf 'Both ways.' >control/doublebouncemessage
echo 20 >control/bouncemaxbytes
start_queue
GOT=bounces
ok "with controls" bounced bouncer@me.example d@me.example
is "header and text" "$(grep -v '^Received\|^Date' bounces | sed 's/^\(Return-Path.*\)/\1/; /^Receiv/d' | head -12)" \
"X-Bounced-Address: <d@me.example>
From: DAEMON@mx.example
To: bouncer@me.example
Subject: not delivered

Hi. This is the house.
  It failed.

<d@me.example>:
no such user

--- Below this line is a copy of the message."
is "the copy is cut" "$(sed '1,/^Return-Path/d' bounces | tr '\n' '|')" "Received: indimail-m||--- End of message stripped.|"
is "still understood" "$(qsbmf bounces)" d@me.example
rm -f delivered
submit '' d@me.example
ok "a double bounce with controls" wait_for 10 grep -qs '^Subject: twice not delivered$' delivered
like "its address" "$(cat attempts)" '^local kdouble@local\.example from <#@\[\]>$'
is "its text, an empty line behind it though the file does not end a line" "$(sed '1,/^$/d; /^<d@/,$d' delivered)|$(sed -n '/^Both/,/^<d@/p' delivered | grep -c '^$')" \
	"Both ways.|1"
# a report with a message that is too large has the header only
{ printf 'Fbouncer@me.example\0xRET=FULL\0Td@me.example\0\0'; } >envelope
rm -f bounces
printf 'Subject: test\n\nbody\n' | qmail-queue 1<envelope
wait_for 10 grep -qs -- '--$' bounces
like "a large message is not returned in a report" "$(cat bounces)" '^Content-Type: text/rfc822-headers$'
is "only its header" "$(sed '1,/rfc822-headers/d' bounces | grep -c '^body$')" 0
stop_queue
echo 0 >control/bouncemaxbytes
rm control/bouncemessage control/doublebouncemessage

# ---- MIME
echo 1 >control/bouncemime
start_queue
ok "as MIME" bounced bouncer@me.example d@me.example
cat >mime.py <<'P'
import email, email.policy, sys
m = email.message_from_bytes(open('bounces', 'rb').read(), policy=email.policy.default)
text, copy = m.iter_parts()
print(m.get_content_type(), m['MIME-Version'], [d for p in m.walk() for d in p.defects])
print(text.get_content_type(), text.get_content().split('\n')[0])
print('\n'.join(l for l in text.get_content().split('\n') if l[:1] in ('<', '-')))
original = copy.get_payload(0)
print(copy.get_content_type(), original['Return-Path'], original['Subject'], repr(original.get_content()))
P
is "python understands it" "$(python3 mime.py 2>&1)" \
"multipart/mixed 1.0 []
text/plain Hi. This is the indimail delivery program at mx.example.
<d@me.example>:
--- Enclosed is a copy of the message.
message/rfc822 <bouncer@me.example> test 'body\n'"
i=$(grep -o '^bounce msg [0-9]*' log | tail -1 | cut -d' ' -f3)
like "the boundary" "$(cat bounces)" "^Content-Type: multipart/mixed; boundary=\"[0-9]{10}mx\.example$i\"$"
is "the order of the fields" "$(sed '/^$/q' bounces | grep -o '^[A-Z][A-Za-z-]*:' | tr -d '\n')" \
	"Received:Date:X-Bounced-Address:From:To:MIME-Version:Content-Type:Subject:"
stop_queue
rm control/bouncemime control/bouncehost

# ---- BOUNCEPROCESSOR
cat >processor <<P
#!/bin/sh
for a; do printf '[%s]' "\$a"; done >$T/args
pwd >$T/dir
case \$(cat $T/verdict) in hang) exec sleep 100 ;; esac
exit \$(cat $T/verdict)
P
chmod 755 processor
echo 0 >verdict
export BOUNCEPROCESSOR=$T/processor
start_queue
ok "a processor that agrees" bounced bouncer@me.example d@me.example
i=$(grep -o '^bounce msg [0-9]*' log | tail -1 | cut -d' ' -f3)
is "its arguments" "$(tr '\n' / <args)" "[bounce/$i][/no such user//][][<d@me.example>][bouncer@me.example]"
is "where it runs" "$(cat dir)" "$Q"
like "the log" "$(cat log)" "^bounce processor sender <> recipient <bouncer@me\.example> messfn <mess/[0-2]/$i> bouncefn <bounce/$i> exit=0 queue1$"
rm -f bounces
echo 1 >verdict
submit bouncer@me.example d@me.example
ok "one that objects" wait_for 10 seen 1 '^delete bounce: bounce/[0-9]+ queue1$'
ok "the message is gone" wait_for 10 empty
is "no bounce" "$(cat bounces 2>/dev/null)" ""
echo 7 >verdict
submit bouncer@me.example d@me.example
ok "one that fails" wait_for 10 seen 1 '^warn: qmail-send: queue1: trouble injecting bounce message, will try later$'
like "its code" "$(cat log)" '^bounce processor .* exit=7 queue1$'
i=$(grep -o '^bounce processor .* bouncefn <bounce/[0-9]*' log | tail -1 | sed 's/.*bounce.//')
python3 -c "import sys; sys.stdout.write('z' * 300000 + '\n')" >>"$Q/bounce/$i"
echo 0 >verdict
kill -ALRM "$SEND"
ok "is asked again" wait_for 10 test -s bounces
ok "of a long report it gets what fits" test "$(stat -c %s args)" -gt 100000 -a "$(stat -c %s args)" -lt 110000
stop_queue
export BOUNCEPROCESSOR_TIMEOUT=1
start_queue
rm -f bounces
echo hang >verdict
submit bouncer@me.example d@me.example
ok "one that hangs is ended" wait_for 10 seen 1 '^bounce processor .* exit=-1 queue1$'
ok "and asked again later" wait_for 10 seen 1 '^warn: qmail-send: queue1: trouble injecting bounce message, will try later$'
echo 0 >verdict
kill -ALRM "$SEND"
ok "then it decides" wait_for 10 test -s bounces
stop_queue
unset BOUNCEPROCESSOR_TIMEOUT
export BOUNCEPROCESSOR_ARGS=6
start_queue
rm -f delivered
submit '' d@me.example
ok "six arguments" wait_for 10 test -s delivered
i=$(grep -o '^bounce msg [0-9]*' log | tail -1 | cut -d' ' -f3)
is "the message first" "$(tr '\n' / <args)" "[mess/$((i % 3))/$i][bounce/$i][/no such user//][#@[]][<d@me.example>][kdouble@local.example]"
stop_queue
unset BOUNCEPROCESSOR BOUNCEPROCESSOR_ARGS

# ---- BOUNCEQUEUE, BOUNCERULES
cat >own-queue <<P
#!/bin/sh
cat >$T/own-message
cat <&1 >$T/own-envelope
env >$T/own-env
P
chmod 755 own-queue
export BOUNCEQUEUE=$T/own-queue SPAMFILTER=no FILTERARGS=no
mkdir other && cp control/* other && echo other.example >other/bouncehost
cat >control/bounce.envrules <<R
bouncer@*:SPECIAL=1,CONTROLDIR=$T/other
<>:SPECIAL=none
R
start_queue
submit bouncer@me.example d@me.example
ok "its own queue" wait_for 10 seen 1 '^bounce msg'
ok "ended" wait_for 10 empty
is "the envelope" "$(tr '\0' '|' <own-envelope)" 'F|Tbouncer@me.example||'
like "rules by its recipient" "$(cat own-env)" '^SPECIAL=1$'
is "no filters" "$(grep -c '^SPAMFILTER\|^FILTERARGS' own-env)" 0
like "controls are read again" "$(cat own-message)" '^From: DAEMON@other\.example$'
submit other@me.example d@me.example
ok "another" wait_for 10 grep -qs 'Tother@' own-envelope
is "no rule, nothing is left of the last one" "$(grep -c SPECIAL own-env) $(grep ^From: own-message)" "0 From: DAEMON@me.example"
stop_queue
unset BOUNCEQUEUE
export BOUNCERULES=mine
echo 'bouncer@*:NULLQUEUE=1' >control/mine
start_queue
rm -f bounces
n=$(grep -c '^bounce msg' log)
submit bouncer@me.example d@me.example
ok "rules in another file: a bounce for nobody" wait_for 10 seen $((n + 1)) '^bounce msg'
ok "gone" wait_for 10 empty
is "nothing came" "$(cat bounces 2>/dev/null)" ""
stop_queue
unset BOUNCERULES

# ---- half a paragraph
rm control/bounce.envrules
start_queue
submit bouncer@me.example late@me.example d@me.example
wait_for 10 seen 1 'deferral: not_yet'
i=$(grep -o '^new msg [0-9]*' log | tail -1 | cut -d' ' -f3)
ok "the first failure is noted" wait_for 10 test -s "$Q/bounce/$i"
printf '<late@me.example>:\nhal' >>"$Q/bounce/$i"
stop_queue
echo 0 >control/queuelifetime
touch -d '1 hour ago' "$Q/info/$((i % 3))/$i"
rm -f bounces
start_queue
kill -ALRM "$SEND"
ok "the bounce" wait_for 10 test -s bounces
is "has whole paragraphs" "$(qsbmf bounces | tr '\n' ' ')" "d@me.example late@me.example "
is "not that half" "$(grep -c '^hal' bounces)" 0
stop_queue
done_testing
