# dynamic.sh - sourced after lib.sh by tests of collections whose number of queues changes.
# an instance below R that speaks SMTP on PORT; its log is LOG
flood_py() {
	cat >flood.py <<'END'
import smtplib, sys, threading, time
port, sessions, each, first = map(int, sys.argv[1:5])
failed = []
def run(k):
    left = list(range(each))
    for attempt in range(600):
        try:
            s = smtplib.SMTP('127.0.0.1', port, timeout=60)
            while left:
                s.sendmail('a@x.test', ['u@dyn.test'], 'Subject: %d-%d\r\n\r\nbody\r\n' % (first + k, left[0]))
                left.pop(0)
            s.quit()
            return
        except (smtplib.SMTPException, OSError) as e:
            if len(sys.argv) < 6:
                failed.append(repr(e))
                return
            time.sleep(0.1)
    failed.append('gave up')
ts = [threading.Thread(target=run, args=(k,)) for k in range(sessions)]
[t.start() for t in ts]; [t.join() for t in ts]
print(failed or 'ok')
END
	cat >count.py <<'END'
# how many different messages there are, and how often the most frequent came
import collections, os, sys
seen = collections.Counter()
for f in os.scandir(sys.argv[1]):
    seen[[l for l in open(f.path) if l.startswith('Subject: ')][0]] += 1
print(len(seen), max(seen.values()))
END
}
# flood SESSIONS EACH FIRST [again]: different messages; again: a failure is no reason to give up
flood() { timeout 200 python3 flood.py "$PORT" "$@"; }
in_use() { qmail-qread -i 2>/dev/null | sed -n 's/^\([0-9]*\) of .*/\1/p'; }
uses() { [ "$(in_use)" = "$1" ]; }
# push LOAD: say it of every queue in use
push() { local i; for i in $(seq "$(in_use)"); do setqload -q "$i" "$1"; done; }
# push_until LOAD N: until that many are in use
push_until() {
	local i
	for i in $(seq 600); do
		! uses "$2" || return 0
		push "$1" 2>/dev/null
		sleep 0.05
	done
	return 1
}
grow_to() { push_until 200 "$1"; }
shrink_to() { push_until 0 "$1"; }
mailbox() { [ "$(find "$R/home/u/Maildir/new" -type f | wc -l)" -ge "$1" ]; }
family() { local k; for k in $(ps --ppid "$1" -o pid=); do echo "$k"; family "$k"; done; }
# of NAME: the processes of that name below UP
of() { ps -o pid=,args= -p "$(family "$UP" | paste -sd, -)" | awk -v a="$1" '$2 == a {print $1}'; }
runs() { [ "$(of "$1" | wc -l)" = "$2" ]; }
no_mail() { [ -z "$(find "$R"/queue/queue*/ -path '*/mess/*' -type f -print -quit)" ]; }
# objects DIR: the shared memory of the collection in DIR
objects() { find /dev/shm -maxdepth 1 -name "$(stat -c 'indimail.*.*' "$1")" -printf '%f\n' | grep -F ".$(printf %x "$(stat -c %i "$1")")."; }
up_runs() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && uses "${1:-1}"; }
