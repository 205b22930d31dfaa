#!/bin/bash
# descriptors: a program that is not ours, wherever one is run, has standard input, output and error and nothing else: no
# socket or pipe of a daemon, in whose name it could speak.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
unset QUEUEDIR QUEUE_BASE CONFSPLIT BIGTODO INDIMAIL_ROOT QUEUE_COUNT STARTTLS SMTPS QMAILLOCAL QMAILREMOTE
# look NAME CODE: what has it open?  ls itself opens one more
cat >look <<END
#!/bin/sh
ls /proc/self/fd >$T/\$1.new; mv $T/\$1.new $T/\$1.fds
[ -z "\${3:-}" ] || exec "\$3"
exit \$2
END
chmod 755 look
few() {
	ok "$2" wait_for 20 test -s "$1.fds"
	is "$2: descriptors" "$(tr '\n' ' ' <"$1.fds")" "0 1 2 3 "
}
python3 "$HERE/../smtp_sink.py" "$T/sink" "$T/sunk" 'rcpt.bad=550 5.1.1 nobody' 2>/dev/null &
PIDS="$PIDS $!"
wait_for 10 test -s sink
"$BIN/up" --root "$R" --domain d.example --mailboxes "bob carl" --queues 1 --prepare >up.log 2>&1 || fail "it is made"
echo ":127.0.0.1:$(cat sink)" >"$R/control/smtproutes"
echo "|$T/look qmail 0" >"$R/home/bob/.qmail"
echo ./Maildir/ >>"$R/home/bob/.qmail"
export QHPSI="$T/look qhpsi 0" ONSUCCESS_REMOTE=$T/success ONFAILURE_REMOTE=$T/failure BOUNCEPROCESSOR=$T/processor
for name in success failure processor; do
	printf '#!/bin/sh\nexec %s/look %s 0\n' "$T" $name >$name
	chmod 755 $name
done
start_up --queues 1
send_to() {
	python3 -c "
import smtplib, sys
s = smtplib.SMTP('127.0.0.1', $PORT)
s.sendmail('carl@d.example', ['$1'], 'Subject: x\r\n\r\ny\r\n')
s.quit()"
}
for i in 1 2; do
	# the second time workers do it that have had a job before
	rm -f ./*.fds
	send_to bob@d.example
	few qmail "a program in .qmail"
	few qhpsi "a virus scanner"
	in_use sendmail k@remote.example </dev/null
	few success "a script behind remote"
	in_use sendmail -f carl@d.example k@bad.example </dev/null
	few failure "another"
	few processor "a bounce processor"
done
stop_up
unset QHPSI ONSUCCESS_REMOTE ONFAILURE_REMOTE BOUNCEPROCESSOR

# in place of our programs
queue=$(realpath "$INDIMAIL")
cat >own-queue <<END
#!/bin/sh
exec $T/look \$(cat $T/as) 0 $T/queue
END
printf '#!/bin/sh\nexec %s queue\n' "$queue" >queue
cat >own-local <<END
#!/bin/sh
$T/look local 0
END
cp own-local own-remote && sed -i 's/look local/look remote/' own-remote
chmod 755 own-queue queue own-local own-remote
export QMAILLOCAL=$T/own-local QMAILREMOTE=$T/own-remote QMAILQUEUE=$T/own-queue
echo bounces >as
start_up --queues 1
echo smtpd >as
send_to bob@d.example
few smtpd "a queue program behind smtpd"
few local "in place of local"
echo inject >as
in_use sendmail k@remote.example </dev/null
few inject "behind sendmail"
few remote "in place of remote"
stop_up
unset QMAILLOCAL QMAILREMOTE QMAILQUEUE

# filters
export FILTERARGS="$T/look filter 0 cat" QMAILLOCAL=spawn-filter
start_up --queues 1
rm -f filter.fds
send_to bob@d.example
ok "a filter" wait_for 20 test -s filter.fds
is "a filter: descriptors" "$(tr '\n' ' ' <filter.fds)" "0 1 2 3 "
stop_up
unset FILTERARGS QMAILLOCAL
done_testing
