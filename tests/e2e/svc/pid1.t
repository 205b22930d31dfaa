#!/bin/bash
# pid1: a root of one static binary and an empty configuration directory, in namespaces of its own: "up" as process 1
# boots a mail system, mail flows, every process may be killed, TERM ends it all and loses nothing.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
if ldd "$INDIMAIL" >/dev/null 2>&1; then
	skip "process 1" "needs the static binary"
	done_testing
fi
if ! unshare -U -r -p -f true 2>/dev/null; then
	skip "process 1" "needs user and pid namespaces"
	done_testing
fi
uid=$(id -u) gid=$(id -g)

# pids of everything below PID, seen from outside
family() { local k; for k in $(ps --ppid "$1" -o pid=); do echo "$k"; family "$k"; done; }
answers() { python3 -c "import socket; assert socket.create_connection(('127.0.0.1', $PORT), 2).recv(3) == b'220'" 2>/dev/null; }
# boot UNSHARE-OPTION... : the box on $PORT; $BOX is unshare, $INIT its process 1
boot() {
	PORT=$(free_port)
	env -i INDIMAIL_ROOT="/$MAIL" unshare -U -p -f --kill-child "$@" --root="$T/root" --wd=/ \
		/indimail up --domain box.test --mailboxes joe --queues 2 --smtp "127.0.0.1:$PORT" >>"$T/log" 2>&1 &
	BOX=$!
	PIDS="$PIDS $BOX"
	ok "it boots" wait_for 20 answers
	INIT=$(ps --ppid "$BOX" -o pid= | tr -d ' ')
}
# the names of all processes that are always there
cast() {
	ps -o comm= -p "$(family "$INIT" | paste -sd, -)" | grep -vE 'smtpd$|^qmail-local|^qmail-remote' | sort | uniq -c | tr -s ' \n' ' '
}
ACCEPTED=0
# one message; counts when it was accepted
send_one() {
	timeout 10 python3 - "$PORT" "$ACCEPTED" <<'P' 2>/dev/null && ACCEPTED=$((ACCEPTED + 1))
import smtplib, sys
s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=8)
s.sendmail('a@side.example', ['joe@box.test'], 'Subject: number %s.\r\n\r\nbody\r\n' % sys.argv[2])
s.quit()
P
}
MAIL=mail
numbers() { sed -n 's/^Subject: number \([0-9]*\)\.$/\1/p' "$T/root/$MAIL"/home/joe/Maildir/new/* 2>/dev/null | sort -nu | wc -l; }
arrived() { [ "$(numbers)" -ge "$ACCEPTED" ]; }
whole() { [ "$(cast)" = "$CAST" ]; }
ended() { ! kill -0 "$BOX" 2>/dev/null; }
shut_down() {
	local start=$(date +%s%N)
	family "$INIT" >"$T/family"
	kill -TERM "$INIT"
	wait "$BOX"
	is "TERM: $1" $? 0
	local ms=$((($(date +%s%N) - start) / 1000000))
	[ $ms -lt 10000 ] && pass "within ten seconds ($ms ms)" || fail "within ten seconds ($ms ms)"
	is "nobody is left" "$(for p in $(cat "$T/family"); do ps -o comm= -p "$p"; done)" ""
}

mkdir -p root/etc/indimail root/mail
cp "$INDIMAIL" root/indimail
boot -r
is "nothing but the binary and the mail" "$(ls root | tr '\n' ' ')" "etc indimail mail "
is "and an empty configuration directory" "$(ls root/etc/indimail)" ""
complete() { [ "$(family "$INIT" | wc -l)" -ge 18 ]; }
ok "everybody is there" wait_for 10 complete
sleep 0.2
CAST=$(cast)
like "the cast" "$CAST" ' 1 intake .* 2 qmail-send .* 3 supervise 1 tcpserver '
send_one && pass "a message" || fail "a message"
ok "is delivered" wait_for 10 arrived

# every process below process 1, one after the other: all back within three seconds
named() { ps -o pid=,comm= -p "$(family "$INIT" | paste -sd, -)" | awk -v n="$1" '$2 == n {print $1}'; }
worst=0 lost= killed=0
for name in intake tcpserver qmail-smtpd qscheduler qmail-send qmail-lspawn qmail-rspawn qmail-clean todo-proc supervise; do
	count=$(named "$name" | wc -l)
	for ((i = 1; i <= count; i++)); do
		victim=$(named "$name" | sed -n "${i}p")
		[ -n "$victim" ] || continue
		start=$(date +%s%N)
		kill -KILL "$victim"
		killed=$((killed + 1))
		if ! { wait_for 6 answers && wait_for 6 whole; }; then
			lost="$lost $name"
			echo "# after $name: $(cast)"
		fi
		ms=$((($(date +%s%N) - start) / 1000000))
		[ $ms -gt $worst ] && worst=$ms
		[ $ms -le 3000 ] || echo "# $name: $ms ms"
		send_one || fail "a message after $name was killed"
	done
done
[ $killed -ge 18 ] && pass "$killed processes killed" || fail "$killed processes killed"
is "all came back" "$lost" ""
[ $worst -le 3000 ] && pass "within three seconds (longest $worst ms)" || fail "within three seconds (longest $worst ms)"
send_one
ok "nothing is lost" wait_for 15 arrived
shut_down "with root's name"
is "every message has been delivered" "$(numbers)" "$ACCEPTED"

# again, as an arbitrary user on a root nobody can write to
mkdir root/other
chmod 555 root root/etc root/etc/indimail
MAIL=other ACCEPTED=0
boot --map-user=12345 --map-group=12345
send_one && pass "an arbitrary user takes mail" || fail "an arbitrary user takes mail"
ok "and delivers it" wait_for 10 arrived
kill -INT "$INIT"
wait "$BOX"
is "INT ends it as well" $? 0
chmod 755 root root/etc root/etc/indimail

# told to end before it is ready
env -i unshare -U -r -p -f --kill-child --root="$T/root" --wd=/ /indimail up --root /early --domain e.test --queues 5 \
	--smtp "127.0.0.1:$(free_port)" >early.log 2>&1 &
BOX=$!
PIDS="$PIDS $BOX"
until [ -e root/early/control ]; do sleep 0.001; done
INIT=$(ps --ppid "$BOX" -o pid= | tr -d ' ')
shut_down "at once"

# svscan itself as process 1, with the lines of a service on standard output
mkdir -p root/service/one root/service/one/log
printf '#!/bin/sh\nexec indimail tai64n\n' >root/service/one/log/run
printf '#!/bin/sh\nexec 2>&1\nexec indimail svscan --help\n' >root/service/one/run
chmod 755 root/service/one/run root/service/one/log/run
env -i unshare -U -r -p -f --kill-child --root="$T/root" --wd=/ /indimail svscan /service >svscan.log 2>&1 &
BOX=$!
PIDS="$PIDS $BOX"
logged() { [ "$(grep -cE '^@[0-9a-f]{24} usage: svscan' svscan.log)" -ge 2 ]; }
ok "svscan as process 1: a service, a logger, no shell" wait_for 10 logged
INIT=$(ps --ppid "$BOX" -o pid= | tr -d ' ')
shut_down "svscan"
done_testing
