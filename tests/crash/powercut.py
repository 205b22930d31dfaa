"""powercut - does a disk that loses power keep what was acknowledged?

  powercut.py INDIMAIL CUTS SEED

A whole instance runs on a file system whose disk is a tape (tape.c): every write and every flush is recorded.  Clients
send numbered messages and note, after each 250, how far the tape was.  Then power cuts are simulated: everything before
the last flush of the tape is on the disk, of the writes after it a random part, in 4096-byte pieces, and nothing else.
The file system is mounted, the queue's journal replayed as the first process after a boot does, and every message that was
acknowledged before the cut must be whole in the queue or in its mailbox; nothing in the queue may be less than whole.

Prints one line per failure and a summary; exits 1 when anything was lost.  Needs root, /dev/fuse, loop devices, ext4."""
import hashlib
import os
import random
import shutil
import smtplib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

INDIMAIL, CUTS, SEED = os.path.realpath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
HERE = os.path.dirname(os.path.realpath(__file__))
SIZE = 96 << 20
PIECE = 4096
SESSIONS = int(os.environ.get('SESSIONS', '8'))
EACH = int(os.environ.get('EACH', '40'))
rng = random.Random(SEED)
work = tempfile.mkdtemp(prefix='indimail-powercut.', dir=os.environ.get('TMPDIR', '/tmp'))
fast = tempfile.mkdtemp(prefix='indimail-powercut.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else work)
cleanup = []
os.chmod(work, 0o755)
os.chmod(fast, 0o755)


def run(*args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw).stdout.decode()


HOST = f'127.8.{os.getpid() >> 8 & 255}.{os.getpid() & 255}'   # nobody else's
PORT = 20000 + os.getpid() % 20000


def wait(what, seconds=20):
    end = time.time() + seconds
    while not what():
        if time.time() > end:
            raise RuntimeError('waited in vain')
        time.sleep(0.05)


def text(k, i):
    """Message i of session k: its end carries the sum of the rest."""
    body = f'Subject: {k}-{i}\r\n\r\n' + f'{k}-{i} line\r\n' * (1 + (k * 131 + i * 17) % 600)
    return body + 'sum ' + hashlib.md5(body.replace('\r\n', '\n').encode()).hexdigest() + '\r\n'


def whole(data):
    """The name of the message in data, '' when a part of it is missing."""
    at = data.find(b'Subject: ')
    end = data.rfind(b'sum ')
    if at < 0 or end < 0 or hashlib.md5(data[at:end]).hexdigest().encode() != data[end + 4:end + 36]:
        return ''
    return data[at + 9:data.find(b'\n', at)].decode()


class Recording:
    """The instance, its clients, and what they were told."""

    def __init__(self):
        self.acked = []     # (position of the tape, name)
        self.image, self.tape, self.mnt = work + '/image', work + '/tape', work + '/mnt'
        os.mkdir(work + '/fuse')
        os.mkdir(self.mnt)
        with open(self.image, 'wb') as f:
            f.truncate(SIZE)
        run('mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', '-J', 'size=8', self.image)
        shutil.copy(self.image, work + '/blank')
        run('cc', '-O2', '-o', work + '/tape-disk', HERE + '/tape.c', *run('pkg-config', '--cflags', '--libs', 'fuse3').split())

    def position(self):
        with open(work + '/fuse/position') as f:
            return int(f.read())

    def client(self, k):
        s = smtplib.SMTP(HOST, PORT, timeout=60)
        for i in range(EACH):
            # some stay in the queue
            rcpt = 'u@cut.test' if (k + i) % 4 else 'held@cut.test'
            s.sendmail('a@x.test', [rcpt], text(k, i))
            self.acked.append((self.position(), f'{k}-{i}'))
            time.sleep(rng.random() * 0.02)
        s.quit()

    def make(self):
        disk = subprocess.Popen([work + '/tape-disk', self.image, self.tape, work + '/fuse'])
        cleanup.append(lambda: (subprocess.run(['umount', work + '/fuse'], stderr=subprocess.DEVNULL), disk.wait()))
        wait(lambda: os.path.exists(work + '/fuse/disk'))
        loop = run('losetup', '-f', '--show', work + '/fuse/disk').strip()
        cleanup.append(lambda: subprocess.run(['losetup', '-d', loop]))
        # a commit of the file system's own now and then, between those that are asked for
        run('mount', '-o', 'commit=1', loop, self.mnt)
        cleanup.append(lambda: subprocess.run(['umount', self.mnt], stderr=subprocess.DEVNULL))
        up = subprocess.Popen([INDIMAIL, 'up', '--root', self.mnt + '/im', '--domain', 'cut.test', '--mailboxes', 'u held', '--queues', '2',
                               '--smtp', f'{HOST}:{PORT}'], stdout=open(work + '/log', 'wb'), stderr=subprocess.STDOUT)

        def answers():
            with socket.socket() as s:
                return s.connect_ex((HOST, PORT)) == 0
        try:
            wait(answers)
            home = self.mnt + '/im/home/held'
            wait(lambda: os.path.exists(home) and os.path.exists(self.mnt + '/im/queue/journal/state'))
            with open(home + '/.qmail', 'w') as f:
                f.write('|exit 111\n')
            os.chown(home + '/.qmail', os.stat(home).st_uid, os.stat(home).st_gid)
            run('sync', '-f', self.mnt)
            self.begin = self.position()
            ts = [threading.Thread(target=self.client, args=(k,)) for k in range(SESSIONS)]
            for t in ts:
                t.start()
            for t in ts:
                t.join()
            self.end = self.position()
        finally:
            up.terminate()
            up.wait()
        for f in reversed(cleanup):
            f()
        cleanup.clear()
        return self


class Player:
    """The tape again: the disk as it is after its first n records."""

    def __init__(self, rec):
        self.rec = rec
        self.f = open(rec.tape, 'rb')
        self.disk = fast + '/durable'
        shutil.copy(work + '/blank', self.disk)
        self.n = 0
        self.pending = []       # (offset, bytes) since the last flush

    def flush(self):
        with open(self.disk, 'r+b') as d:
            for off, data in self.pending:
                d.seek(off)
                d.write(data)
        self.pending = []

    def to(self, n):
        while self.n < n:
            off, length = struct.unpack('<QQ', self.f.read(16))
            if off == 2**64 - 1:
                self.flush()
            else:
                self.pending.append((off, self.f.read(length)))
            self.n += 1

    def cut(self, path):
        """A disk that lost its power now."""
        shutil.copy(self.disk, path)
        pieces = [(off + i, data[i:i + PIECE]) for off, data in self.pending for i in range(0, len(data), PIECE)]
        keep = rng.choice((0, 0.2, 0.5, 0.8, 1))
        with open(path, 'r+b') as d:
            for off, data in pieces:
                if rng.random() < keep:
                    d.seek(off)
                    d.write(data)


def in_queue(queue):
    """Names of the messages there, and which are damaged."""
    names, bad, seen = [], [], set()
    for part in ('todo', 'info'):
        for d, _, files in os.walk(f'{queue}/{part}'):
            for i in set(files) - seen:
                try:
                    with open(f'{queue}/mess/{os.path.basename(d)}/{i}', 'rb') as f:
                        data = f.read()
                except FileNotFoundError:
                    continue    # todo-proc and send ignore it
                if part == 'todo' and not os.path.getsize(f'{d}/{i}'):
                    continue    # not acknowledged, ignored
                seen.add(i)
                name = whole(data)
                names.append(name)
                if not name and b'sentinel' not in data:
                    bad.append(f'{part}/{i}: {len(data)} bytes, {data[:80]}')
    return names, bad


def examine(player, number, disk):
    """What is wrong after a cut; disk is a new name each time, so that no loop device remembers an earlier one."""
    mnt = fast + '/mnt'
    os.makedirs(mnt, exist_ok=True)
    player.cut(disk)
    run('mount', '-o', 'loop', disk, mnt)
    try:
        queues = [f'{mnt}/im/queue/queue{q}' for q in (1, 2)]
        state = f'{mnt}/im/queue/journal/state'
        if os.path.exists(state):
            with open(state, 'r+b') as f:   # the machine has another boot id now
                f.seek(8)
                f.write(b'0' * 36)
        owner = os.stat(queues[0]).st_uid
        env = dict(os.environ, QUEUEDIR=queues[0], CONTROLDIR=f'{mnt}/im/control', QMAIL_QUEUE_CUSTOM_ERROR='1')
        with open(work + '/sentinel', 'w') as f:
            f.write('sentinel\n')
        with open(work + '/envelope', 'wb') as f:
            f.write(b'Fa@x\0Tb@x\0\0')
        with open(work + '/sentinel') as m, open(work + '/envelope', 'rb') as v:
            done = subprocess.run([INDIMAIL, 'queue'], stdin=m, stdout=v, stderr=subprocess.PIPE, env=env,
                                  preexec_fn=lambda: (os.setgroups([]), os.setgid(owner), os.setuid(owner)))
        if done.returncode:
            raise RuntimeError(f'cut at record {number}: the queue takes no message: {done.stderr.decode()}')
        names, damaged = [], []
        for q in queues:
            n, bad = in_queue(q)
            names += n
            damaged += bad
        empty = 0
        new = f'{mnt}/im/home/u/Maildir/new'
        for f in os.listdir(new):
            with open(f'{new}/{f}', 'rb') as m:
                name = whole(m.read())
            names.append(name)
            empty += not name
    finally:
        run('umount', mnt)
        os.unlink(disk)
    there = set(names)
    lost = [name for at, name in player.rec.acked if at <= number and name not in there]
    again = len([n for n in names if n and n != '']) - len(there - {''})
    return lost, damaged, empty, again


def main():
    rec = Recording().make()
    player = Player(rec)
    failures = cuts = mails = doubles = torn = 0
    for n in sorted(rng.randint(rec.begin, rec.end) for _ in range(CUTS)):
        player.to(n)
        lost, damaged, empty, again = examine(player, n, f'{fast}/cut{cuts}')
        cuts += 1
        mails += sum(at <= n for at, _ in rec.acked)
        doubles += again
        torn += empty
        if lost or damaged:
            failures += 1
            print(f'cut at record {n}: lost {lost[:5]} ({len(lost)}), damaged in the queue: {damaged}')
    print(f'{cuts} power cuts over {rec.end - rec.begin} records, {len(rec.acked)} messages acknowledged, {failures} cuts lost or '
          f'damaged one, {doubles / max(cuts, 1):.1f} messages twice and {torn / max(cuts, 1):.2f} torn mailbox files per cut')
    return failures


try:
    code = main()
finally:
    for f in reversed(cleanup):
        f()
    shutil.rmtree(fast, ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)
sys.exit(1 if code else 0)
