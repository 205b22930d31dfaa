#!/bin/bash
# maildir2mbox: order, From_ lines, quoting, what stays.
. "$(dirname "$0")/../lib.sh"
maildirmake box
export MAILDIR=$T/box MAIL=$T/mbox MAILTMP=$T/mbox.tmp
printf 'Return-Path: <a b@x>\nSubject: second\n\nFrom me\nlast' >box/cur/1:2,S
printf 'Subject: first\n\n>From you\n' >box/new/2
printf 'x' >box/new/.hidden
touch -d @1000000100 box/cur/1:2,S; touch -d @1000000000 box/new/2 box/new/.hidden
touch -d '+1 hour' box/new/3
printf 'From old Thu Jan 01 00:00:00 1970\n\nold\n\n' >mbox
code "moves" 0 maildir2mbox
is "the mailbox" "$(cat mbox; echo .)" "From old Thu Jan 01 00:00:00 1970

old

From MAILER-DAEMON Sun Sep 09 01:46:40 2001
Subject: first

>>From you

From a-b@x Sun Sep 09 01:48:20 2001
Return-Path: <a b@x>
Subject: second

>From me
last

."
is "hidden and new ones stay" "$(ls -A box/new box/cur | tr '\n' ' ')" "box/cur:  box/new: .hidden 3 "
is "no temporary file" "$(ls mbox.tmp 2>/dev/null)" ""
before=$(cat mbox); code "nothing to do" 0 maildir2mbox
is "nothing changes" "$(cat mbox)" "$before"
# a delivery that waits for the lock must not write into the replaced file
touch -d @1000000000 box/new/3
for i in $(seq 20); do printf 'Subject: %s\n\n' $i >box/new/m$i; touch -d @1000000000 box/new/m$i; done
mkdir home; chmod 755 home; mkdir control; export CONTROLDIR=$T/control
for i in 1 2 3 4 5 6; do
	printf 'Subject: late%s\n\n' $i | cat >late$i
	qmail-local -- joe "$T/home" joe '' '' h s "$MAIL" '' <late$i >/dev/null &
	printf 'Subject: x\n\n' >box/new/r$i; touch -d @1000000000 box/new/r$i
	maildir2mbox
done
wait
is "no delivery is lost" "$(grep -c '^Subject: late' mbox)" 6
mkdir bad; MAILDIR=$T/bad code "no maildir" 111 maildir2mbox
MAILTMP=$T/none/tmp; : >box/new/9; touch -d @1000000000 box/new/9
code "no place for the temporary file" 111 maildir2mbox
[ -e box/new/9 ] && pass "the message stays" || fail "the message stays"
unset MAIL; code "MAIL is needed" 111 maildir2mbox
done_testing
