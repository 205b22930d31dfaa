#!/bin/bash
# intake: local submission over the socket by users who may not write the queue; what they may set.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 CONFSPLIT=3 INTAKE_SOCKET=$T/run/queue.sock HOSTNAME=h.example
unset TCPREMOTEIP
mkdir control run
echo me.example >control/me
owner= other=
if [ "$(id -u)" = 0 ] && setpriv --reuid 65533 --regid 65533 --clear-groups test -x "$INDIMAIL" 2>/dev/null; then
	owner="setpriv --reuid 65533 --regid 65533 --clear-groups" other="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chown 65533:65533 . run
fi
$owner qmail-queue --help >/dev/null || exit 99
$owner queue-fix "$QUEUEDIR"
Q=$QUEUEDIR
printf 'Subject: s\n\nbody\n' >message
printf 'Fa@b\0Tc@d\0\0' >envelope
records() { cat "$Q"/todo/*/* | tr '\0\n' '|/'; }
stored() { cat "$Q"/mess/*/*; }
children() { cat "/proc/$pid/task/$pid/children"; }
empty() { (cd "$Q" && find mess intd todo -type f -exec rm {} +); }
n() { find "$Q/todo" -type f | wc -l; }
submit() { $other qmail-queue <message 1<envelope 2>err; }

if [ "$other" ]; then
	submit
	is "no socket" $? 56
fi
$owner intake >log 2>&1 & pid=$!
PIDS="$PIDS $pid"
ok "it listens" wait_for 5 test -S run/queue.sock
is "for everybody" "$(stat -c %a run/queue.sock)" 666

if [ "$other" ]; then
	submit
	is "accepted" "$? $(n)" "0 1"
	like "known by the real uid" "$(records)" '^u65534\|p[0-9]+\|Fa@b\|Tc@d\|$'
	like "in Received too" "$(stored | head -1)" '^Received: indimail-mta queue [0-9]+ by host h\.example \(invoked by uid 65534\); '
	is "files are the owner's" "$(find "$Q" -type f ! -uid 65533)" ""
	is "the message is whole" "$(stored | tail -n +2)" "$(cat message)"
	empty
	EXTRAQUEUE=spy@x QUARANTINE=q@x REMOVEHEADERS=Subject MAILARCHIVE='T::a@x' FASTQUEUE=65534 USE_FSYNC= submit
	is "settings of a stranger" "$? $(records | sed 's/^.*|F/F/') $(stored | sed -n 2p)" "0 Fa@b|Tc@d| Subject: s"
	empty
	mkdir elsewhere; chown 65534 elsewhere
	HIDE_HOST= QQEH='X-Q: 1' TCPREMOTEIP=192.0.2.9 LD_PRELOAD= CONTROLDIR_FILE=/etc/passwd submit
	is "harmless ones" "$? $(records | sed 's/^.*|e/e/') $(stored | head -1 | sed 's/.*(\(.*\)).*/\1/')" \
		"0 eX-Q: 1/| invoked from network, by uid 65534"
	empty
	printf 'Fa@b\0Xc@d\0\0' >envelope; submit
	is "exit codes come through" "$? $(n)" "79 0"
	QMAIL_QUEUE_CUSTOM_ERROR=1 submit
	is "custom errors too" "$? $(cat err)" "88 Zqmail-queue: envelope record of type 88 (#4.3.0)"
	printf 'Fa@b\0Tc@d\0' >envelope; submit
	is "envelope without its end" "$? $(n)" "54 0"
	printf 'Fa@b\0Tc@d\0\0' >envelope
	NEWSENDER=s@x DTLINE=$'Delivered-To: x\n' $other forward f@far.example <message >out 2>err
	is "the client library uses the socket" "$? $(n) $(records | sed 's/^.*|F/F/; s/|e.*/|/')" "0 1 Fs@x|Tf@far.example|"
	empty
	chmod 700 "$Q"
	submit
	is "a queue nobody may look into" "$? $(n)" "0 1"
	empty
	QHPSI=/bin/false REJECTVIRUS=1 submit
	is "a stranger names no virus scanner" "$? $(n)" "0 1"
	empty
else
	skip "submission by another user" "needs root and setpriv"
fi

cat >raw.py <<'P'
import array, os, socket, struct, sys
def connect():
    s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(os.environ['INTAKE_SOCKET']); return s
def request(s, settings=b'', fds=None):
    own = fds or [os.open('message', os.O_RDONLY), os.open('envelope', os.O_RDONLY)]
    s.sendmsg([b'Q' + struct.pack('<I', len(settings)) + settings], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', own))])
def answer(s):
    b = s.recv(7, socket.MSG_WAITALL)
    return b[0] if len(b) == 7 else 'closed'
def short(s, message, envelope, settings=b'', lengths=None, more=b'', letter=b'M'):
    n = lengths or (len(settings), len(message), len(envelope))
    s.sendall(letter + struct.pack('<III', *n) + settings + message + envelope + more)
what = sys.argv[1]
s = connect()
if what == 'three':
    out = []
    for i in range(3):
        request(s, b'QQEH=X-N: %d\n\0EXTRAQUEUE=more@x\0' % i); out.append(answer(s))
    print(*out)
elif what == 'garbage': s.sendall(b'hello'); print(answer(s))
elif what == 'nofds': s.sendall(b'Q\0\0\0\0'); print(answer(s))
elif what == 'onefd': request(s, fds=[0]); print(answer(s))
elif what == 'huge': s.sendmsg([b'Q' + struct.pack('<I', 1 << 30)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 0]))]); print(answer(s))
elif what == 'virus':
    out = []
    for c in b'/bin/true', b'/bin/false', b'/no/such', b'':
        request(s, b'QHPSI=%s\0REJECTVIRUS=1\0' % c); out.append(answer(s))
    print(*out)
elif what == 'short':
    out = []
    for m, e in (b'Subject: s\n\nx\n', b'Fa@b\0Tc@d\0\0'), (b'', b'Fa@b\0Tc@d\0\0'), (b'x' * 16384, b'Fa@b\0Tc@d\0\0'), (b'x', b'Fa@b\0Tc@d\0'), (b'x', b''):
        short(s, m, e, b'QQEH=X-N: s\n\0'); out.append(answer(s))
    print(*out)
elif what == 'last':
    short(s, b'x', b'Fa@b\0Tc@d\0\0', letter=b'L'); a = answer(s)
    print(a, s.recv(1))
elif what == 'slow':
    for c in b'M\0\0\0\0\1\0\0\0\x0b\0\0\0\nFa@b\0Tc@d\0\0'[:25]: s.sendall(bytes([c]))
    print(answer(s))
elif what == 'shorthuge': short(s, b'x', b'', lengths=(0, 1 << 31, 0)); print(answer(s))
elif what == 'shortlong': short(s, b'x' * 16385, b'Fa@b\0Tc@d\0\0'); print(answer(s))
elif what == 'shortmore': short(s, b'x', b'Fa@b\0Tc@d\0\0', more=b'M'); print(answer(s))
elif what == 'shortcut': short(s, b'x', b'', lengths=(0, 5, 5)); s.shutdown(socket.SHUT_WR); print(answer(s))
elif what == 'shortfds': s.sendmsg([b'M' + bytes(12)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 0]))]); print(answer(s))
elif what == 'leave': s.close(); print('left')
P
raw() { python3 raw.py "$1" 2>&1 | tail -1; }
is "three on one connection" "$(raw three) $(n)" "0 0 0 3"
is "the owner, or root, may set more" "$(records | grep -o 'Tmore@x' | wc -l)" 3
is "short ones on one connection" "$(raw short) $(n)" "0 0 0 54 54 6"
is "a byte at a time" "$(raw slow) $(n)" "0 7"
is "the last one ends the connection" "$(raw last) $(n)" "0 b'' 8"
for what in garbage nofds onefd huge shorthuge shortlong shortmore shortcut shortfds; do is "$what: closed" "$(raw $what | grep -c 'closed\|reset')" 1; done
empty
is "the owner, or root, may name a virus scanner" "$(raw virus) $(n)" "0 33 77 0 2"
is "a visitor who leaves" "$(raw leave)" left
is "it still serves" "$(raw three)" "0 0 0"
empty

# what the client library sends in one piece, and what no longer fits: sizes of message and envelope around 16384
export AUTODOUBLE=x QMAILINJECT=f NEWSENDER=s@x DTLINE=
if [ "$other" ]; then
	for size in 0 1 16300 16340 16360 16370 16380 16383 16384 16385 32768 100000; do
		{ echo; head -c $size /dev/zero | tr '\0' x; } >body
		$other forward f@far.example <body 2>err
		is "$size bytes" "$? $(stored | tail -c "$(stat -c %s body)" | cmp - body && records | sed 's/^.*|F/F/')" "0 Fs@x|Tf@far.example|"
		empty
	done
	echo >body
	for size in 1 700 1500 3000; do
		$other forward $(seq -f 'rcpt%g@far.example' $size) <body 2>err
		is "$size recipients" "$? $(records | grep -o '|Trcpt[0-9]*@far.example' | sort -u | wc -l)" "0 $size"
		empty
	done
	# a connection is kept between the messages of a session; one that has ended meanwhile is made anew
	end_intake() { kill -TERM "$pid" $(children); wait "$pid"; }
	echo ':allow,RELAYCLIENT=""' >control/rules
	coproc { RELAYCLIENT= TCPREMOTEIP=127.0.0.1 exec $other qmail-smtpd 2>smtpd.err; }
	exec 8>&"${COPROC[1]}" 9<&"${COPROC[0]}"	# a subshell has only these
	sayto() { printf '%s\r\n' "$@" >&8; }
	take() { local l=; while IFS= read -r -t 10 l <&9; do l=${l%$'\r'}; [[ $l = ???\ * ]] && break; done; echo "${l:0:3}"; }
	letter() { for w in 'MAIL FROM:<a@b>' 'RCPT TO:<c@d>' DATA; do sayto "$w"; take; done; sayto "Subject: $1" '' x .; take; }
	take >/dev/null; sayto 'EHLO x'; take >/dev/null
	is "a session" "$(letter 1 | tail -1) $(letter 2 | tail -1) $(n)" "250 250 2"
	end_intake
	$owner intake >log 2>&1 & pid=$!
	PIDS="$PIDS $pid"
	wait_for 5 test -S run/queue.sock
	is "... that outlives intake" "$(letter 3 | tail -1) $(n)" "250 3"
	end_intake
	is "... and finds none" "$(letter 4 | tail -1) $(n)" "451 3"
	sayto QUIT
	exec 8>&- 9<&-
	$owner intake >log 2>&1 & pid=$!
	PIDS="$PIDS $pid"
	wait_for 5 test -S run/queue.sock
	empty
fi
nobody() { [ -z "$(children)" ]; }
ok "processes serve connections" test -n "$(raw three >raw.out; children)"
ok "they end when there are none" wait_for 20 nobody
is "and come again" "$(raw three)" "0 0 0"
kill -TERM "$pid"; wait "$pid"
is "TERM" $? 0
is "the socket is gone" "$(ls run)" ""
INTAKE_SOCKET=$T/none/s code "cannot listen" 111 $owner intake
done_testing
