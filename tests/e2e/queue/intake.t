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
elif what == 'leave': s.close(); print('left')
P
raw() { python3 raw.py "$1" 2>&1 | tail -1; }
is "three on one connection" "$(raw three) $(n)" "0 0 0 3"
is "the owner, or root, may set more" "$(records | grep -o 'Tmore@x' | wc -l)" 3
for what in garbage nofds onefd huge; do is "$what: closed" "$(raw $what | grep -c 'closed\|reset')" 1; done
is "a visitor who leaves" "$(raw leave)" left
is "it still serves" "$(raw three)" "0 0 0"
kill -TERM "$pid"; wait "$pid"
is "TERM" $? 0
is "the socket is gone" "$(ls run)" ""
INTAKE_SOCKET=$T/none/s code "cannot listen" 111 $owner intake
done_testing
