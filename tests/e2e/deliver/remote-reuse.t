#!/bin/bash
# remote-reuse: a connection serves the messages that follow it, recipients of one message share a transaction; a host
# that does not want that, or breaks off, gets new connections, and nothing is lost or sent twice.
# Started by root it runs as nobody: a single-user instance, whatever accounts the machine has.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
unset REEXEC	# workers keep connections
export CONTROLDIR=$T/control QUEUEDIR=$T/q
mkdir -p control q/lock q/mess/3
echo client.test >control/me
head -c 2048 /dev/zero >q/lock/tcpto
printf 'Subject: t\n\nbody\n' >q/mess/3/100
printf 'Subject: u\n\nother\n' >q/mess/3/101

# server MODE: counts connections, prints one line per event to T/events
cat >server.py <<'P'
import socket, sys, threading, time
mode = sys.argv[1]
s = socket.socket()
s.bind(('127.0.0.1', 0)); s.listen(50)
open('port.new', 'w').write(str(s.getsockname()[1]))
log = open('events', 'a', buffering=1)
import os; os.rename('port.new', 'port')
def serve(c, n):
    f = c.makefile('rwb')
    def say(t): f.write(t.encode() + b'\r\n'); f.flush()
    say('220 sink'); log.write(f'{n} connect\n')
    messages = rcpts = 0
    for line in f:
        word = line.strip().decode().upper()
        if word.startswith('EHLO'):
            f.write(b'250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n'); f.flush()
        elif word.startswith('MAIL'):
            if mode == 'limit' and messages: say('421 enough'); break
            log.write(f'{n} mail\n'); say('250 ok')
        elif word.startswith('RCPT'):
            if 'BAD' in word: say('550 no'); continue
            rcpts += 1; log.write(f'{n} rcpt {word[8:]}\n'); say('250 ok')
        elif word == 'DATA':
            if not rcpts: say('554 no recipients'); continue
            if mode == 'vanish' and messages: break
            say('354 go')
            while f.readline() != b'.\r\n': pass
            if mode == 'dies' and messages: log.write(f'{n} took\n'); break
            messages += 1; rcpts = 0
            log.write(f'{n} took\n'); say('250 taken')
            if mode == 'closes': break
            if mode == 'farewell': say('421 good bye'); break
        elif word == 'QUIT':
            log.write(f'{n} quit\n'); say('221 bye'); break
        else: say('250 ok')
    f.close(); c.close()
n = 0
while True:
    c, _ = s.accept(); n += 1
    threading.Thread(target=serve, args=(c, n), daemon=True).start()
P
# drive.py: rspawn gets one command after another (or, with +, together); prints the reports
cat >drive.py <<'P'
import os, select, subprocess, sys, time
p = subprocess.Popen(['qmail-rspawn'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
out, reports = b'', {}
def read(n):
    global out
    end = time.time() + 60
    while len(reports) < n and time.time() < end:
        if not select.select([p.stdout], [], [], 1)[0]: continue
        got = os.read(p.stdout.fileno(), 65536)
        if not got: break
        out += got
        while len(out) > 2 and b'\0' in out[2:]:
            slot = int.from_bytes(out[:2], 'little')
            text, out = out[2:].split(b'\0', 1)
            reports[slot] = text.decode().replace('\n', '/')
os.read(p.stdout.fileno(), 2)
k = 0
for word in sys.argv[1:]:
    if word.startswith('sleep'):
        time.sleep(float(word[5:])); continue
    data, before = b'', k
    for rcpt in word.split('+'):
        mess, rcpt = rcpt.split(':') if ':' in rcpt else ('100', rcpt)
        data += k.to_bytes(2, 'little') + b'\0'.join([b'3/' + mess.encode(), b's@x', b'', b'', rcpt.encode()]) + b'\0'
        k += 1
    p.stdin.write(data); p.stdin.flush()
    read(k)
p.stdin.close(); p.wait()
for slot in sorted(reports): print(slot, reports[slot])
P
run() {
	local mode=$1
	shift
	rm -f port events
	background python3 server.py "$mode"
	wait_for 5 test -s port
	SMTPROUTE=":127.0.0.1:$(cat port)" python3 drive.py "$@" >reports 2>trouble
	wait_for 2 grep -q quit events
}
n() { grep -c "$1" events; }

run good a@x b@x c@x d@x e@x
is "all are delivered" "$(grep -c ' KFrom' reports)" 5
is "through one connection, which is ended" "$(n connect) $(n mail) $(n quit)" "1 5 1"
run good a@x b@y c@z
is "other domains, the same host" "$(grep -c ' KFrom' reports) $(n connect)" "3 1"
CONNECTION_REUSE=2 run good a@x b@x c@x d@x e@x
is "as many messages as wanted" "$(n connect) $(n took)" "3 5"
CONNECTION_REUSE=1 run good a@x b@x c@x
is "one message each" "$(n connect) $(n took) $(n quit)" "3 3 3"
run good a@x bad@x c@x
is "a refusal ends it" "$(grep -c ' KFrom' reports) $(grep -c ' DFrom' reports) $(n connect)" "2 1 2"

run closes a@x b@x c@x
is "the host closes after each" "$(grep -c ' KFrom' reports) $(n connect) $(n took)" "3 3 3"
run farewell a@x b@x c@x
is "the host says 421 after each" "$(grep -c ' KFrom' reports) $(n connect) $(n took)" "3 3 3"
run limit a@x b@x c@x
is "the host takes one per connection" "$(grep -c ' KFrom' reports) $(n connect) $(n took)" "3 3 3"
run vanish a@x b@x c@x
is "the host vanishes at the second" "$(grep -c ' KFrom' reports) $(n connect) $(n took)" "3 3 3"
run dies a@x b@x
like "it dies after the final dot: no second try" "$(sed -n 2p reports)" '^1 Z.*Possible duplicate!'
is "it got that once" "$(n took)" 2
run good a@x sleep6 b@x
is "a connection waits some seconds, not longer" "$(grep -c ' KFrom' reports) $(n connect) $(n quit)" "2 2 2"

run good a@x+b@x+c@x
is "recipients that come together share a transaction" "$(grep -c ' KFrom: <s@x> RCPT: <[abc]@x>' reports) $(n connect) $(n mail) $(n rcpt)" "3 1 1 3"
run good a@x+bad@x+c@x
like "each has its own report" "$(cat reports)" '^1 DFrom: <s@x> RCPT: <bad@x> 127.0.0.1 does not like recipient./Remote host said: 550 no/$'
is "and the others theirs" "$(grep -c '^[02] KFrom.*accepted message' reports) $(n mail)" "2 1"
run good bad@x+bad2@x
is "nobody" "$(grep -c 'Giving up on' reports) $(n took)" "2 0"
run good a@x+b@y+c@x
is "other domains do not" "$(grep -c ' KFrom' reports) $(n took)" "3 3"
run good a@x+101:b@x
is "other messages do not" "$(grep -c ' KFrom' reports) $(n took)" "2 2"
many=$(for i in $(seq 250); do printf '+r%s@x' "$i"; done)
run good "${many#+}"
is "many" "$(grep -c ' KFrom' reports) $(n rcpt)" "250 250"
ok "in few transactions" test "$(n mail)" -le 10
cat >other <<'P'
#!/bin/sh
echo "$#" >>"$OUT"
printf 'r\0Kyes\n\0'
P
chmod +x other
OUT=$T/counts QMAILREMOTE=$T/other run good a@x+b@x
is "another program in remote's place gets one recipient at a time" "$(tr '\n' ' ' <counts)$(grep -c ' K' reports)" "5 5 2"
done_testing
