"""crash - spoil the n-th system call of one program for every n, and see what becomes of the mail.

crash.py PROGRAM WHAT...   WHAT is kill or an errno number; prints a check per WHAT.
The program is qmail-queue, qmail-smtpd, intake, or one of the daemons that qmail-start starts; qmail-rspawn and qmail-remote
deliver to a host of ours.  WORKERS
instances share the work; each has its own queue and mailbox below $T.  With DSN in the environment every sender
wants to be told of success, too, and must be.  START is the command that starts the daemons, in place of
qmail-start; where it is of one process only, that is the one to be spoilt."""
import ctypes
import os
import signal
import socket
import struct
import sys
import threading
import time

from states import Queue

SPLIT = 3
DOMAIN, FAR = 'crash.test', 'far.test'
QUEUE_CODES = {51, 53, 54, 55, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 78, 80, 81, 83}
DSN = 'DSN' in os.environ
START = os.environ.get('START', 'qmail-start').split()
MISSES = 3          # this many n in a row without a strike: the program makes no more calls
N_MAX = 2000
STALL = 0.3         # seconds without progress after an errno strike
PATIENCE = 20       # seconds a whole cycle may need on a busy machine
PR_SET_CHILD_SUBREAPER = 36


class Trouble(Exception):
    pass


REFUSED = ('nobody', 'bad@far.test')


def address(rcpt):
    return rcpt if '@' in rcpt else f'{rcpt}@{DOMAIN}'


class Host:
    """Another host: takes what it is sent, any number of messages in a connection, and remembers who got which."""

    def __init__(self):
        self.taken, self.connections = {}, 0
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=50)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            s, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            with s, s.makefile('rwb') as f:
                self.talk(f)
        except OSError:
            pass

    def talk(self, f):
        def say(text):
            f.write(text + b'\r\n')
            f.flush()

        rcpts = []
        say(b'220 far')
        for line in f:
            verb = line[:4].upper()
            if verb == b'EHLO':
                say(b'250-far\r\n250 PIPELINING')
            elif verb == b'RCPT' and b'bad@' in line:
                say(b'550 no')
            elif verb == b'DATA' and rcpts:
                say(b'354 go')
                text = b''
                while not text.endswith(b'\r\n.\r\n'):
                    more = f.readline()
                    if not more:
                        return
                    text += more
                key = text.split(b'X-Key: ')[1].split(b'\r')[0].decode()
                for r in rcpts:
                    self.taken[key, r] = self.taken.get((key, r), 0) + 1
                say(b'250 taken')
                rcpts = []
            elif verb == b'DATA':
                say(b'554 nobody')
            elif verb == b'QUIT':
                say(b'221 bye')
                return
            else:
                if verb == b'RCPT':
                    rcpts.append(line.split(b'<')[1].split(b'>')[0].decode())
                say(b'250 ok')


def wait_until(done, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.004)
    return True


class Instance:
    """One queue, one user, one Maildir, in a directory of its own."""

    def __init__(self, root):
        self.root, self.queue = root, f'{root}/queue/queue1'
        self.log, self.once, self.maildir = f'{root}/log', f'{root}/once', f'{root}/home/user/Maildir'
        self.env = {k: os.environ[k] for k in ('PATH', 'LC_ALL', 'TZ', 'TODO_PROCESSOR') if k in os.environ}
        self.env['CONFSPLIT'] = str(SPLIT)
        self.run(['indimail', 'up', '--prepare', '--root', root, '--domain', DOMAIN, '--mailboxes', 'user',
                  '--queues', '1'])
        self.env.update(CONTROLDIR=f'{root}/control', ASSIGNDIR=f'{root}/users', QUEUEDIR=self.queue,
                        QUEUE_BASE=f'{root}/queue', SYSCONFDIR=root)
        with open(f'{root}/home/user/.qmail-defer', 'w') as f:
            f.write(f'|test -e {root}/ready || exit 111\n./Maildir/\n')
        self.number, self.pid, self.wanted, self.far = 0, 0, set(), None

    def spawn(self, argv, env=None, fds=()):
        """fds: (descriptor, file name or descriptor, flags)"""
        actions = [(os.POSIX_SPAWN_OPEN, fd, what, flags, 0o644) if isinstance(what, str) else
                   (os.POSIX_SPAWN_DUP2, what, fd) for fd, what, flags in fds]
        path = self.env['PATH'].split(':')[0]
        if argv[0] == 'indimail':
            path = os.path.dirname(os.environ['INDIMAIL'])
        return os.posix_spawn(f'{path}/{argv[0]}', argv, env or self.env, file_actions=actions)

    def run(self, argv, env=None, fds=()):
        """Exit code, or minus the signal."""
        return os.waitstatus_to_exitcode(os.waitpid(self.spawn(argv, env, fds), 0)[1])

    # ---- messages

    def message(self, key):
        return f'From: user@{DOMAIN}\nX-Key: {key}\n\nbody of {key}\n'

    def submit(self, rcpts, fault=None, extra=''):
        """Hand a message to qmail-queue; its key and exit code."""
        self.number += 1
        key = f'k{self.number}k'
        with open(f'{self.root}/m', 'w') as f:
            f.write(self.message(key))
        with open(f'{self.root}/e', 'w') as f:
            f.write(f'Fuser@{DOMAIN}\0' + f'xENVID={key}\0' * DSN + ''.join(
                f'T{address(r)}\0' + f'yNOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{r}\0' * DSN for r in rcpts) + '\0')
        env = dict(self.env, **(fault or {}), QQEH=extra)
        code = self.run(['qmail-queue'], env, ((0, f'{self.root}/m', os.O_RDONLY), (1, f'{self.root}/e', os.O_RDONLY),
                                               (2, '/dev/null', os.O_WRONLY)))
        if code == 0:
            self.want(key, rcpts)
        return key, code

    def want(self, key, rcpts):
        self.wanted |= {(key, 'bounce' if r in REFUSED else r) for r in rcpts}
        if DSN:
            self.wanted |= {(key, f'told of {r}') for r in rcpts if r != 'nobody'}

    def arrived(self):
        """(key, recipient or "bounce") of every message in the Maildir, with how often."""
        got = {}
        for name in os.listdir(f'{self.maildir}/new'):
            with open(f'{self.maildir}/new/{name}', encoding='latin1') as f:
                text = f.read()
            key = text[text.index('X-Key: ') + 7:].split('\n')[0] if 'X-Key: ' in text else '?'
            to = text[text.index('Delivered-To: ') + 14:].split('@')[0]
            if 'Action: delivered' in text:
                for told in text.split('\nFinal-Recipient: rfc822;')[1:]:
                    told = key, 'told of ' + told.split('@')[0]
                    got[told] = got.get(told, 0) + 1
                continue
            if text.startswith('Return-Path: <>'):
                to = 'bounce' if any(f'<{address(r)}>' in text for r in REFUSED) else 'bounce without its reason'
                to += ' of what was not refused' * (f'<fine' in text)
            if f'body of {key}\n' not in text:
                to += ', cut'
            got[key, to] = got.get((key, to), 0) + 1
        return got | self.far.taken if self.far else got

    # ---- daemons

    def files(self):
        return Queue(self.queue, SPLIT)

    def start(self, fault=None):
        open(self.log, 'w').close()
        self.pid = self.spawn(START + ['./Maildir/'], dict(self.env, **(fault or {})),
                              ((0, '/dev/null', os.O_RDONLY), (1, self.log, os.O_WRONLY | os.O_APPEND),
                               (2, 1, 0)))

    def ready(self):
        """Is qmail-send there and does it catch the signals that are sent to it?"""
        try:
            with open(f'/proc/{self.pid}/status') as f:
                fields = dict(line.split(':', 1) for line in f)
        except OSError:
            return False
        caught = int(fields.get('SigCgt', '0'), 16)
        return all(caught >> (s - 1) & 1 for s in (signal.SIGTERM, signal.SIGALRM))

    def said(self, text):
        with open(self.log, encoding='latin1') as f:
            return text in f.read()

    def gone(self):
        """Has every process of the instance ended?  (Orphans become ours.)"""
        try:
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return False
                if pid == self.pid:
                    self.pid = 0
        except ChildProcessError:
            return True

    def kill_all(self):
        with open(f'/proc/self/task/{os.getpid()}/children') as f:
            for pid in f.read().split():
                os.kill(int(pid), signal.SIGKILL)

    def stop(self):
        """TERM to send; false when it does not end by itself."""
        if not self.gone() and self.pid:
            if not wait_until(lambda: self.ready() or self.gone()):
                raise Trouble('qmail-send does not start')
            if self.pid:
                os.kill(self.pid, signal.SIGTERM)
        good = wait_until(self.gone, 12)
        while not self.gone():
            self.kill_all()
            time.sleep(0.01)
        return good

    def drain(self):
        """Run the daemons without faults until nothing but leftovers is in the queue; bounces are to be seen there, too."""
        open(f'{self.root}/ready', 'w').close()
        self.start({'QUEUE_FILES': '1'})
        alarm = [0.0]

        def empty():
            if self.gone():
                raise Trouble('the daemons end without a fault: ' + self.tail())
            if time.monotonic() > alarm[0] and self.ready():
                os.kill(self.pid, signal.SIGALRM)
                alarm[0] = time.monotonic() + 0.1
            # one directory is read after the other: a bounce may come into the first one and its cause
            # leave the second one meanwhile, so look twice
            return not any(q.part['todo'] or q.part['info'] for q in (self.files(), self.files()))

        if not wait_until(empty):
            raise Trouble('the queue is not emptied: ' + self.tail())
        if not self.stop():
            raise Trouble('qmail-send does not stop: ' + self.tail())
        os.unlink(f'{self.root}/ready')

    def tail(self):
        with open(self.log, encoding='latin1') as f:
            return ' | '.join(f.read().splitlines()[-12:])

    def judge_states(self, when):
        bad = self.files().check()
        if bad:
            raise Trouble(f'{when}: ' + '; '.join(bad))

    def judge_mail(self):
        """Everything acknowledged is there; returns the number of duplicates.  Empties the mailbox."""
        got = self.arrived()
        lost = self.wanted - set(got)
        strange = {g for g in got if ',' in g[1] or g[0] == '?' or 'without' in g[1] or 'not refused' in g[1]}
        if lost or strange:
            raise Trouble(f'lost {sorted(lost)} strange {sorted(strange)}: ' + self.tail())
        self.wanted = set()
        if self.far:
            self.far.taken = {}
        self.forget()
        return sum(got.values()) - len(got)

    def forget(self):
        """What is allowed to be left: files of S2 and S3, pid files, tmp files of the Maildir."""
        q = self.files()
        for part in ('mess', 'intd'):
            for i in q.part[part]:
                os.unlink(q.file(part, i))
        for name in q.pid:
            if name.startswith('loose.'):
                continue
            os.unlink(f'{self.queue}/pid/{name}')
        for part in ('new', 'tmp'):
            for name in os.listdir(f'{self.maildir}/{part}'):
                os.unlink(f'{self.maildir}/{part}/{name}')

    def fault(self, program, n, what):
        if os.path.exists(self.once):
            os.unlink(self.once)
        return {'FAULT_AT': f'{program}:{n}:{what}', 'FAULT_ONCE': self.once}

    def struck(self):
        return os.path.exists(self.once)


# ---- one n, for each kind of program: true when the fault struck

def cycle_daemon(inst, program, n, what):
    """A plain message, one with every fate, one settled before its first attempt; one more later."""
    fault = inst.fault(program, n, what)
    inst.submit(['user'])
    inst.submit(['user', 'nobody', 'user-defer'])
    inst.submit(['user', 'nobody'], extra='X-Pad: ' + 'p' * 8100 + '\n')
    inst.start(fault)
    inst.submit(['user'])
    last, since = None, time.monotonic()

    def rest():
        nonlocal last, since
        if inst.gone():
            return True
        q = inst.files()
        now = {p: frozenset(ids) for p, ids in q.part.items()}, os.path.getsize(inst.log)
        if now != last:
            last, since = now, time.monotonic()
        if len(q.part['mess']) <= 1 and not q.part['todo'] and inst.ready() and \
                (not q.part['mess'] or inst.said('deferral')):
            return True
        return inst.struck() and time.monotonic() - since > STALL

    if not wait_until(rest):
        raise Trouble('neither an end nor rest: ' + inst.tail())
    if not inst.stop():
        raise Trouble('qmail-send does not stop after TERM: ' + inst.tail())
    inst.judge_states('after the fault')
    inst.drain()
    inst.judge_states('at the end')
    return inst.struck(), inst.judge_mail()


def settle(inst):
    """Until the queue is empty, the daemons are gone, or nothing has happened for a while after the fault."""
    last, since = None, time.monotonic()

    def rest():
        nonlocal last, since
        now = inst.files().part['mess'], os.path.getsize(inst.log)
        if now != last:
            last, since = now, time.monotonic()
        return inst.gone() or (inst.ready() and not now[0]) or \
            (inst.struck() and time.monotonic() - since > STALL)

    if not wait_until(rest):
        raise Trouble('neither an end nor rest: ' + inst.tail())


def cycle_remote(inst, program, n, what):
    """To another host: several recipients at once, one that is refused; one more for a connection that is there."""
    far = inst.far = inst.far or Host()
    with open(f'{inst.root}/control/smtproutes', 'w') as f:
        f.write(f':127.0.0.1:{far.port}\n')
    far.connections, begun = 0, time.monotonic()
    rounds = [f'fine1@{FAR}', f'fine2@{FAR}', f'fine3@{FAR}'], [f'fine1@{FAR}', f'bad@{FAR}'], [f'fine4@{FAR}']
    for rcpts in rounds:
        inst.submit(rcpts)
        if rcpts is rounds[0]:
            inst.start(inst.fault(program, n, what))
        if not inst.struck() or rcpts is rounds[-1]:
            settle(inst)
    # a refusal may cost a connection; workers do not wait for more than five seconds
    if not inst.struck() and far.connections > 2 and time.monotonic() - begun < 4:
        raise Trouble(f'{far.connections} connections: none is used again')
    if not inst.stop():
        raise Trouble('qmail-send does not stop after TERM: ' + inst.tail())
    inst.judge_states('after the fault')
    if inst.files().part['mess'] or inst.wanted - set(inst.arrived()):
        inst.drain()
    inst.judge_states('at the end')
    return inst.struck(), inst.judge_mail()


def ask_intake(inst, sock):
    """One submission on a connection to intake: its exit code."""
    inst.number += 1
    key = f'k{inst.number}k'
    fds = []
    for name, text in (('m', inst.message(key)), ('e', f'Fuser@{DOMAIN}\0Tuser@{DOMAIN}\0\0')):
        with open(f'{inst.root}/{name}', 'w') as f:
            f.write(text)
        fds.append(os.open(f'{inst.root}/{name}', os.O_RDONLY))
    try:
        settings = b'TCPREMOTEIP=192.0.2.1\0'
        socket.send_fds(sock, [b'Q' + struct.pack('<I', len(settings)) + settings], fds)
        answer = sock.recv(7, socket.MSG_WAITALL)
    finally:
        for fd in fds:
            os.close(fd)
    if len(answer) < 7:
        raise EOFError
    code, _, length = struct.unpack('<BIH', answer)
    sock.recv(length, socket.MSG_WAITALL)
    if code == 0:
        inst.want(key, ['user'])
    return code


def intake_session(inst, count):
    """So many submissions on one connection: their exit codes, and 'lost' when the connection is."""
    codes = []
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(inst.env['INTAKE_SOCKET'])
            for _ in range(count):
                codes.append(ask_intake(inst, s))
    except (OSError, EOFError):
        codes.append('lost')
    return codes


def cycle_intake(inst, program, n, what):
    inst.env['INTAKE_SOCKET'] = path = f'{inst.root}/sock'
    if os.path.exists(path):
        os.unlink(path)
    before = inst.files()
    inst.pid = inst.spawn(['intake'], dict(inst.env, **inst.fault(program, n, what)), ((2, '/dev/null', os.O_WRONLY),))
    if not wait_until(lambda: intake_session(inst, 0) == [] or inst.gone()):
        raise Trouble('intake does not start')
    first = intake_session(inst, 2)
    again = intake_session(inst, 1)
    if any(c not in QUEUE_CODES | {0, 'lost'} for c in first + again):
        raise Trouble(f'exit codes {first} {again}')
    if not inst.struck() and first + again != [0, 0, 0]:
        raise Trouble(f'without a fault {first} {again}')
    if first != [0, 0] and again != [0] and not wait_until(inst.gone, 1):
        raise Trouble(f'intake does not get over it: {first} {again}')
    # workers may outlive it for a moment
    if not inst.gone() and inst.pid:
        os.kill(inst.pid, signal.SIGTERM)
    if not wait_until(inst.gone):
        raise Trouble('intake does not stop')
    inst.judge_states(f'after {first} {again}')
    after, lost = inst.files(), (first + again).count('lost')
    new = len(after.part['todo']) - len(before.part['todo'])
    if not (first + again).count(0) <= new <= (first + again).count(0) + lost:
        raise Trouble(f'{new} messages after {first} {again}')
    return inst.struck(), 0


def cycle_queue(inst, program, n, what):
    before = inst.files()
    trace = f'{inst.root}/trace'
    if os.path.exists(trace):
        os.unlink(trace)
    _, code = inst.submit(['user', 'nobody'] if n % 5 == 0 else ['user'],
                          dict(inst.fault(program, n, what), FAULT_TRACE=trace))
    inst.judge_states(f'exit {code}')
    after = inst.files()
    if code > 0 and code not in QUEUE_CODES:
        raise Trouble(f'exit code {code}')
    with open(trace) as f:
        failed_call = next((w[2] for w in (line.split() for line in f) if w[1] == str(n)), '')
    if code > 0 and failed_call != 'unlink' and (after.part != before.part or after.pid != before.pid):
        raise Trouble(f'exit {code} leaves something behind: {after.part} {after.pid}')
    if what == 'kill' and inst.struck() and code != -9:
        raise Trouble(f'killed, but exit {code}')
    return inst.struck(), 0


def smtp_session(inst, env):
    """Two messages in one session; true for each that got its 250."""
    ours, theirs = socket.socketpair()
    pid = inst.spawn(['qmail-smtpd'], env, ((0, theirs.fileno(), 0), (1, theirs.fileno(), 0),
                                            (2, '/dev/null', os.O_WRONLY)))
    theirs.close()
    ours.settimeout(1)      # a reply whose write failed never comes
    stream = ours.makefile('rwb')
    good = []

    def ask(line):
        if line:
            stream.write(line.encode() + b'\r\n')
            stream.flush()
        reply = stream.readline()
        while reply[3:4] == b'-':
            reply = stream.readline()
        if not reply:
            raise EOFError
        return reply[:3] == b'250' or reply[:3] == b'354' or reply[:3] == b'220'

    try:
        ask('')
        ask('EHLO client')
        for _ in range(2):
            inst.number += 1
            key = f'k{inst.number}k'
            if not (ask(f'MAIL FROM:<user@{DOMAIN}>') and ask(f'RCPT TO:<user@{DOMAIN}>') and ask('DATA')):
                ask('RSET')
                continue
            if ask(inst.message(key).replace('\n', '\r\n') + '.'):
                inst.want(key, ['user'])
                good.append(key)
        ask('QUIT')
    except (OSError, EOFError):
        pass
    for s in (stream, ours):
        try:
            s.close()
        except OSError:
            pass
    os.waitpid(pid, 0)
    return good


def cycle_smtpd(inst, program, n, what):
    env = dict(inst.env, **inst.fault(program, n, what), TCPREMOTEIP='127.0.0.1', TCPLOCALIP='127.0.0.1',
               PROTO='TCP')
    good = smtp_session(inst, env)
    inst.judge_states('after the session')
    if not inst.struck() and len(good) != 2:
        raise Trouble(f'without a fault {len(good)} of 2 messages are taken')
    return inst.struck(), 0


# ---- all of them

def worker(number, workers, program, what):
    """Every workers-th n; returns the lines to print and a summary."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    inst = Instance(f'{os.environ["T"]}/i{number}')
    cycle = {'qmail-queue': cycle_queue, 'qmail-smtpd': cycle_smtpd, 'intake': cycle_intake, 'qmail-rspawn': cycle_remote,
             'qmail-remote': cycle_remote}.get(program, cycle_daemon)
    bad, strikes, twice, misses, n = [], 0, 0, 0, number + 1
    while misses < MISSES and n < N_MAX and len(bad) < 5:
        try:
            hit, more = cycle(inst, program, n, what)
            strikes, twice, misses = strikes + hit, twice + more, 0 if hit else misses + 1
        except Trouble as t:
            bad.append(f'{program}:{n}:{what}: {t}')
            inst.kill_all()
            wait_until(inst.gone)
            inst = Instance(f'{inst.root}x')
        n += workers
    try:
        inst.drain()
        inst.judge_states('at the end')
        twice += inst.judge_mail()
    except Trouble as t:
        bad.append(f'{program}:{what}, at the end: {t}')
    return bad, strikes, twice


def main():
    program, workers = sys.argv[1], int(os.environ.get('WORKERS', 2))
    for what in sys.argv[2:]:
        pipes = []
        for k in range(workers):
            r, w = os.pipe()
            if os.fork() == 0:
                os.chdir(os.environ['T'])
                text = repr(worker(k, workers, program, what))
                os.write(w, text.encode()[:60000])
                os._exit(0)
            os.close(w)
            pipes.append(r)
        results = []
        for r in pipes:
            with os.fdopen(r) as f:
                text = f.read()
            results.append(eval(text, {}) if text else (['a worker died'], 0, 0))
            os.wait()
        bad = [b for r in results for b in r[0]]
        strikes, twice = (sum(r[k] for r in results) for k in (1, 2))
        if not strikes:
            bad.append('no fault struck')
        print('not ok' if bad else 'ok', f'- {program} {what}: {strikes} calls spoilt, {twice} duplicates', flush=True)
        for b in bad:
            print('#', b[:1500], flush=True)
        os.system(f'rm -rf {os.environ["T"]}/i[0-9]*')


main()
