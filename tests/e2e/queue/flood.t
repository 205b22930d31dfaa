#!/bin/bash
# flood: many clients at once over recycled queue files: every message arrives, once, with its own content.
. "$(dirname "$0")/../lib.sh"
port=$(free_port)
R=$T/r
"$BIN/indimail" up --root "$R" --domain flood.test --mailboxes u --queues 2 --smtp "127.0.0.1:$port" >log 2>&1 &
PIDS="$PIDS $!"
cat >client.py <<'END'
import smtplib, sys, threading
port, sessions, each = int(sys.argv[1]), 10, 60
failed = []
def run(k):
    for part in range(3):
        s = smtplib.SMTP('127.0.0.1', port, timeout=60)
        for i in range(each // 3):
            n = '%d-%d-%d' % (k, part, i)
            body = 'Subject: %s\r\n\r\n' % n + ('%s\r\n' % n) * (1 + (k * 37 + i) % 300)
            s.sendmail('a@x.test', ['u@flood.test'], body)
        s.quit()
def guard(k):
    try:
        run(k)
    except Exception as e:
        failed.append(repr(e))
ts = [threading.Thread(target=guard, args=(k,)) for k in range(sessions)]
[t.start() for t in ts]; [t.join() for t in ts]
print(failed or 'ok')
END
up() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
ok "the instance starts" wait_for 10 up
is "every client is content" "$(timeout 120 python3 client.py "$port")" ok
arrived() { [ "$(find "$R/home/u/Maildir/new" -type f | wc -l)" -ge 600 ]; }
ok "600 messages arrive" wait_for 60 arrived
cat >check.py <<'END'
import os, sys, collections
seen, bad = collections.Counter(), 0
for f in os.scandir(sys.argv[1]):
    head, body = open(f.path).read().split('\n\n', 1)
    n = [l for l in head.split('\n') if l.startswith('Subject: ')][0][9:]
    seen[n] += 1
    k, part, i = map(int, n.split('-'))
    bad += body != ('%s\n' % n) * (1 + (k * 37 + i) % 300)
print(len(seen), max(seen.values()), bad)
END
is "each once, with its own content" "$(python3 check.py "$R/home/u/Maildir/new")" "600 1 0"
empty() { [ "$(find "$R"/queue/*/mess "$R"/queue/*/todo "$R"/queue/*/info -type f | wc -l)" = 0 ]; }
ok "the queue is empty" wait_for 10 empty
is "no complaint" "$(grep -cE '^(alert|warn)' log)" 0
done_testing
