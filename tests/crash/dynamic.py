"""dynamic - spoil the n-th system call of a program of a collection that grows and shrinks, for every n, and see what
becomes of the mail.

dynamic.py PROGRAM WHAT...   WHAT is kill or an errno number; PROGRAM is qscheduler, qmail-send or todo-proc.  A
qscheduler that ends is started again, as supervise does it.  Prints a check per WHAT."""
import os
import subprocess
import sys
import time

N_MAX = int(os.environ.get('N_MAX', 120))   # calls of one life that are spoilt; a daemon makes calls for ever
PATIENCE = 40


class Trouble(Exception):
    pass


def wait_until(done, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Collection:
    def __init__(self, root):
        self.root, self.new = root, f'{root}/home/user/Maildir/new'
        self.env = {k: os.environ[k] for k in ('PATH', 'LC_ALL', 'TZ')}
        subprocess.run(['up', '--prepare', '--root', root, '--domain', 'crash.test', '--mailboxes', 'user',
                        '--queues', '1'], env=self.env, check=True, stderr=subprocess.DEVNULL)
        self.env.update(CONTROLDIR=f'{root}/control', ASSIGNDIR=f'{root}/users', QUEUE_BASE=f'{root}/queue',
                        SYSCONFDIR=root, CONFSPLIT='3', QUEUE_COUNT='1', QUEUE_MAX='2', DYNAMIC_QUEUE='1',
                        ERROR_INTERVAL='0')
        subprocess.run(['rm', '-rf', f'{root}/queue/queue1'], check=True)
        subprocess.run(['queue-fix', f'{root}/queue/queue1'], env=self.env, check=True)
        self.number, self.wanted, self.scheduler = 0, set(), None

    def start(self, fault=None):
        with open(f'{self.root}/log', 'a') as log:
            self.scheduler = subprocess.Popen(['qscheduler', '-d', './Maildir/'], env=dict(self.env, **(fault or {})),
                                              stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def alive(self):
        """Start it again when it has ended."""
        if self.scheduler.poll() is not None:
            self.start(self.fault)

    def stop(self):
        self.scheduler.terminate()
        try:
            self.scheduler.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.scheduler.kill()
            self.scheduler.wait()
            raise Trouble('qscheduler does not end: ' + self.tail())

    def submit(self, **more):
        self.number += 1
        key = f'k{self.number}k'
        with open(f'{self.root}/e', 'wb') as f:
            f.write(b'Fuser@crash.test\0Tuser@crash.test\0\0')
        with open(f'{self.root}/m', 'w') as f:
            f.write(f'X-Key: {key}\n\nbody\n')
        with open(f'{self.root}/m') as m, open(f'{self.root}/e') as e:
            r = subprocess.run(['qmail-queue'], stdin=m, stdout=e.fileno(), stderr=subprocess.DEVNULL,
                               env=dict(self.env, **more)).returncode
        if r == 0:
            self.wanted.add(key)

    def push(self, load, want):
        """Tell a load until so many queues are in use."""
        def there():
            self.alive()
            out = subprocess.run(['qmail-qread', '-i'], env=self.env, capture_output=True, text=True).stdout
            if f'\n{want} of ' in out:
                return True
            for q in ('1', '2'):
                subprocess.run(['setqload', '-q', q, str(load)], env=self.env, stderr=subprocess.DEVNULL)
            return False
        return wait_until(there, 10)

    def missing(self):
        got = set()
        for name in os.listdir(self.new):
            with open(f'{self.new}/{name}') as f:
                text = f.read()
            got.add(text[text.index('X-Key: ') + 7:].split('\n')[0])
        return self.wanted - got

    def tail(self):
        with open(f'{self.root}/log') as f:
            return ' | '.join(f.read().splitlines()[-12:])

    def cycle(self, program, n, what):
        once = f'{self.root}/once'
        if os.path.exists(once):
            os.unlink(once)
        self.fault = {'FAULT_AT': f'{program}:{n}:{what}', 'FAULT_ONCE': once}
        self.submit()
        self.start(self.fault)
        self.push(200, 2)
        two = f'{self.root}/queue/queue2'
        self.submit()
        if os.path.exists(f'{two}/lock/trigger'):
            self.submit(QUEUEDIR=two)
        self.push(0, 1)
        if os.path.exists(f'{two}/lock/trigger'):
            self.submit(QUEUEDIR=two)

        def done():
            self.alive()
            return not self.missing()
        if program == 'todo-proc' and what != 'kill' and not wait_until(done, 2):
            # what fails there is tried again after two minutes, or by the next todo-proc
            self.alive()
            self.stop()
            self.start()
        if not wait_until(done):
            raise Trouble(f'lost or late: {self.missing()}: {self.tail()}')
        hit = os.path.exists(once)
        self.alive()
        self.stop()
        for name in os.listdir(self.new):
            os.unlink(f'{self.new}/{name}')
        self.wanted = set()
        subprocess.run(['rm', '-rf', two], check=True)
        return hit


def worker(number, workers, program, what):
    c = Collection(f'{os.environ["T"]}/d{number}')
    bad, strikes = [], 0
    for n in range(number + 1, N_MAX, workers):
        try:
            strikes += c.cycle(program, n, what)
        except Trouble as t:
            bad.append(f'{program}:{n}:{what}: {t}')
            if len(bad) == 3:
                break
            if c.scheduler.poll() is None:
                c.stop()
            c = Collection(f'{c.root}x')
    # whoever was killed has left objects; the last life removes them
    open(f'{c.root}/log', 'w').close()
    c.start()
    wait_until(lambda: 'dynamic queues' in c.tail(), 20)
    c.stop()
    st = os.stat(f'{c.root}/queue')
    left = [name for name in os.listdir('/dev/shm') if f'.{st.st_ino:x}.' in name]
    if left:
        bad.append(f'objects are left: {left}')
    return bad, strikes


def main():
    program, workers = sys.argv[1], int(os.environ.get('WORKERS', 2))
    for what in sys.argv[2:]:
        pipes = []
        for k in range(workers):
            r, w = os.pipe()
            if os.fork() == 0:
                os.write(w, repr(worker(k, workers, program, what)).encode()[:60000])
                os._exit(0)
            os.close(w)
            pipes.append(r)
        results = []
        for r in pipes:
            with os.fdopen(r) as f:
                text = f.read()
            results.append(eval(text, {}) if text else (['a worker died'], 0))
            os.wait()
        bad = [b for r in results for b in r[0]]
        strikes = sum(r[1] for r in results)
        if not strikes:
            bad.append('no fault struck')
        print('not ok' if bad else 'ok', f'- {program} {what}: {strikes} calls spoilt', flush=True)
        for b in bad:
            print('#', b[:1500], flush=True)
        os.system(f'rm -rf {os.environ["T"]}/d[0-9]*')


main()
