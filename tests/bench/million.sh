#!/bin/bash
# million.sh BINARY [MESSAGES] - a queue with very many messages: how long q list --json takes and how much memory, how long
# send looks through the queue when it starts, and how much it remembers per message.
# The files are made directly, small ones, in a directory below TMPDIR (three inodes and 8 KB per message on ext4), and all
# are due in the far future, so that nothing is delivered.  COLD=1 as root: caches are dropped before each measurement.
set -u
INDIMAIL=$(realpath "${1:?path of the binary}")
N=${2:-1000000}
T=$(mktemp -d "${TMPDIR:-/tmp}/indimail-million.XXXXXX") || exit 99
SEND=
trap '[ -n "$SEND" ] && kill "$SEND" && wait "$SEND"; rm -rf "$T"' EXIT
chmod 755 "$T"
cd "$T" || exit 99
mkdir bin control users && "$INDIMAIL" --install bin
export PATH=$T/bin:$PATH CONTROLDIR=$T/control QUEUEDIR=$T/queue1 ASSIGNDIR=$T/users
echo me.example >control/me
queue-fix queue1 || exit 99
cold() { [ "${COLD:-0}" = 1 ] && sync && echo 3 >/proc/sys/vm/drop_caches; }
now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{printf "%.1f", $2 - $1}'; }

start=$(now)
python3 - "$N" <<'P'
import os, sys, time
n, later = int(sys.argv[1]), time.time() + 86400
for i in range(1, n + 1):
    part = '%d/%d' % (i % 151, i)
    for name, text in (('mess', b''), ('info', b'Fsender%d@example.org\0' % (i % 1000)),
                       ('remote', b'Tuser%d@host%d.example\0' % (i, i % 5000))):
        fd = os.open('queue1/%s/%s' % (name, part), os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(fd, text)
        os.close(fd)
    os.utime('queue1/remote/' + part, (later, later))
P
echo "made $N messages in $(since "$start") s"

cold
start=$(now)
python3 - <<'P'
import os, resource, subprocess
p = subprocess.Popen(['q', 'list', '--json'], stdout=subprocess.PIPE)
lines = sum(1 for _ in p.stdout)
_, status, usage = os.wait4(p.pid, 0)
print('q list --json: %d lines, exit %d, at most %d KB' % (lines, status, usage.ru_maxrss))
P
echo "q list --json: $(since "$start") s"
start=$(now)
q summary | sed -n 1,2p
echo "q summary: $(since "$start") s"

# memory SEND: private bytes of the process
memory() { awk '/^Private/ {n += $2} END {print n * 1024}' "/proc/$1/smaps_rollup"; }
seen() { grep -q "$1" log; }
begin() {
	: >log
	qmail-start ./Maildir/ >>log 2>&1 &
	SEND=$!
	until seen 'info: todo-proc'; do sleep 0.05; done
}
end() { kill "$SEND"; wait "$SEND"; SEND=; }
mv queue1 full
queue-fix queue1
begin
empty=$(memory "$SEND")
end
rm -rf queue1
mv full queue1
cold
start=$(now)
begin
echo "send has seen the queue after $(since "$start") s"
full=$(memory "$SEND")
echo "send: $empty bytes empty, $full with $N messages: $(((full - empty) / N)) bytes per message"
start=$(now)
q retry --id 1 --wait 60
echo "an order: $(since "$start") s"
start=$(now)
end
echo "send ended, times written, after $(since "$start") s"
