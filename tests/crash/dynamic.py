"""dynamic - spoil the n-th system call of a program of a collection that grows and shrinks, for every n, and see what
becomes of the mail.

dynamic.py PROGRAM WHAT...   WHAT is kill or an errno number; PROGRAM is qscheduler, qmail-send or todo-proc.  A
qscheduler that ends is started again, as supervise does it.  Prints a check per WHAT."""
import os
import subprocess
import sys

import pool

CALLS = int(os.environ['CALLS'])    # of one life that are spoilt; a daemon makes calls for ever
PATIENCE = 40


class Trouble(Exception):
    pass


def wait_until(done, seconds=PATIENCE):
    return pool.wait_until(done, seconds)


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


    def leaves(self):
        """The objects left by a life that nothing disturbs, after all those that were killed."""
        open(f'{self.root}/log', 'w').close()
        self.start()
        wait_until(lambda: 'dynamic queues' in self.tail())
        self.stop()
        ino = os.stat(f'{self.root}/queue').st_ino
        return [name for name in os.listdir('/dev/shm') if f'.{ino:x}.' in name]


PROGRAM = sys.argv.pop(1)
collections = []


def prepare(i):
    collections.append(Collection(f'{os.environ["T"]}/d{i}'))
    return collections[-1]


def scenario(c, n, what):
    try:
        return None if c.cycle(PROGRAM, n, what) else False
    except Trouble as t:
        if c.scheduler.poll() is None:
            c.stop()
        c.__init__(f'{c.root}x')
        return f'{PROGRAM}:{n}:{what}: {t}'[:1500]


pool.run(PROGRAM, prepare, scenario, CALLS, CALLS // 2)
left = sum((c.leaves() for c in collections), [])
print('not ok' if left else 'ok', f'- {PROGRAM}: no objects are left', *left)
os.system(f'rm -rf {os.environ["T"]}/d[0-9]*')
