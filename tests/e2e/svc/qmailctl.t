#!/bin/bash
# qmailctl: every action on services of straw and on real ones, who may use it, access rules.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
export DISABLE_RUN=1 CONTROLDIR=$T/control SYSCONFDIR=$T/etc
mkdir control
S=$T/service
code "usage: nothing" 100 qmailctl
code "usage: unknown" 100 qmailctl dance
code "usage: two" 100 qmailctl start stop
code "help" 0 qmailctl help
is "lists the actions" "$(grep -c . out)" 18
code "no directory" 111 qmailctl --servicedir none status
mkdir -p "$S/.svscan/log"
fake "$S"/{qmail-send.25,qmail-smtpd.25,qmail-smtpd.587,qmail-qmqpd.628,other,qmail-send.25/log,.svscan/log}
echo "$S" >control/servicedir.conf
got() { (cd "$S" && for f in $(find . -name got | sort); do echo "${f%/got} $(cat "$f")"; rm "$f"; done | sed 's,^\./,,' | tr '\n' ';'); }
# does ACTION EXPECTED-BYTES
does() {
	code "$1" "${3:-0}" qmailctl "$1"
	sleep 0.1
	is "$1: who gets what" "$(got)" "$2"
}
does reload "qmail-send.25 h;"
is "its line" "$(cat out)" "reloading qmail-send.25:                   [  OK  ]"
does pause "qmail-send.25 p;qmail-smtpd.25 p;qmail-smtpd.587 p;"
does cont "qmail-send.25 c;qmail-smtpd.25 c;qmail-smtpd.587 c;"
does rotate ".svscan/log a;qmail-send.25/log a;"
does condrestart ""
background sleep 1000
echo $! >"$S/.svscan.pid"
does try-restart ""
cp "$(command -v sleep)" "$T/svscan"	# a pid file counts when its process is an svscan
background "$T/svscan" 1000
echo $! >"$S/.svscan.pid"
wait_for 5 grep -q svscan /proc/$!/comm
does try-restart "qmail-qmqpd.628 du;qmail-send.25 t;qmail-smtpd.25 du;qmail-smtpd.587 du;"
touch "$S/other/down"
does start "qmail-qmqpd.628 u;qmail-send.25 u;qmail-smtpd.25 u;qmail-smtpd.587 u;"
mkdir -p q/queue1/lock
QUEUE_BASE=$T/q QUEUE_COUNT=1 qmailctl flush >out 2>err
is "flush: the senders" "$(sleep 0.1; got)" "qmail-send.25 a;"
like "flush: the table" "$(cat out)" "^clearing the table of timeouts: +\[(  OK  |FAILED)\]$"
mkdir "$S/silent"
code "a service without supervise" 1 qmailctl start
like "is told" "$(cat out)" "^starting silent: +\[FAILED\]$"
like "others are served" "$(cat out)" "^starting qmail-smtpd.25: +\[  OK  \]$"
rmdir "$S/silent"
got >/dev/null
code "status" 0 qmailctl status
is "svscan's logger, services, loggers" "$(sed 's,.*/service/\([^:]*\):.*,\1,' out | tr '\n' ' ')" \
	".svscan/log other qmail-qmqpd.628 qmail-send.25 qmail-smtpd.25 qmail-smtpd.587 qmail-send.25/log "
does kill ".svscan/log dxk;other dxk;qmail-qmqpd.628 dxk;qmail-send.25 dxk;qmail-send.25/log dxk;qmail-smtpd.25 dxk;qmail-smtpd.587 dxk;"
code "status of none" 1 qmailctl stat
like "its words" "$(cat out)" "qmail-send.25: supervise not running"
rm -r "$S"

# ---- real ones ----
service() { mkdir -p "$1" && { echo '#!/bin/sh'; cat; } >"$1/run" && chmod +x "$1/run"; }
service "$S/one" <<<'exec sleep 1000'
service "$S/one/log" <<<'exec cat >/dev/null'
service "$S/two" <<<'exec sleep 1000'
touch "$S/two/down"
code "start svscan" 0 qmailctl start
is "its line" "$(cat out)" "starting svscan:                           [  OK  ]"
pid=$(cat "$S/.svscan.pid")
wait_for 10 svstat "$S/one" && wait_for 10 svstat "$S/one/log" && wait_for 10 svok "$S/two" && pass "services run" || fail "services"
code "healthy" 0 healthcheck --stay 0 --servicedir "$S"
svc -d "$S/one"
wait_for 10 sh -c "! svstat $S/one"
code "start what is down" 0 qmailctl start
wait_for 10 svstat "$S/one" && pass "it is up" || fail "it is up"
code "and not what is to be down" 1 svstat "$S/two"
code "restart" 0 qmailctl restart
[ "$(cat "$S/.svscan.pid")" != "$pid" ] && pass "another svscan" || fail "another svscan"
wait_for 5 svstat "$S/one" && wait_for 5 svok "$S/one/log" && wait_for 5 svok "$S/two" && pass "services run at once" || fail "services run at once"
code "stop" 0 qmailctl stop
is "its lines" "$(sed 's/: */: /' out)" "stopping one: [  OK  ]
stopping two: [  OK  ]
stopping svscan: [  OK  ]"
sh -c "! svok $S/one && ! svok $S/one/log && ! svok $S/two" && pass "nobody is left" || fail "nobody is left"
code "stop again" 1 qmailctl stop
code "shut is content" 0 qmailctl shut

# ---- access rules ----
mkdir -p etc/tcp
for f in tcp.smtp tcp.qmtp tcp.imap tcp.pop3 tcp.poppass tcp6.smtp; do echo ":allow" >etc/tcp/$f; done
touch -d '1 hour ago' etc/tcp/tcp.qmtp
touch etc/tcp/tcp.qmtp.cdb etc/tcp/tcp.qmqp.cdb etc/tcp/tcp.other.cdb etc/tcp/tcp.strange
touch etc/tcp/tcp.qmqp.cdb
code "cdb" 0 qmailctl cdb
is "what is done" "$(sed "s,: *, ,; s,$T/etc/tcp/,," out | sort)" "building tcp.imap.cdb [  OK  ]
building tcp.pop3.cdb [  OK  ]
building tcp.poppass.cdb [  OK  ]
building tcp.smtp.cdb [  OK  ]
building tcp6.smtp.cdb [  OK  ]
removing tcp.qmqp.cdb [  OK  ]"
is "mode" "$(stat -c %a etc/tcp/tcp.smtp.cdb)" 664
is "untouched" "$(ls etc/tcp/tcp.other.cdb etc/tcp/tcp.strange* | wc -l)" 2
code "cdb again" 0 qmailctl cdb
is "nothing to do" "$(cat out)" ""

if [ "$(id -u)" != 0 ]; then
	chmod 555 "$S"
	code "not ours" 4 qmailctl status
	chmod 755 "$S"
elif id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	chmod 755 "$T"
	code "not root, not the owner" 4 setpriv --reuid nobody --clear-groups "$BIN/qmailctl" status
	like "its words" "$(cat err)" "needs root"
	chown nobody "$S"
	code "the owner" 1 setpriv --reuid nobody --clear-groups "$BIN/qmailctl" status
fi
done_testing
