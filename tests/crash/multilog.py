"""multilog - spoil the n-th system call of multilog for every n, and see what becomes of the lines.

multilog.py WHAT...   WHAT is kill or an errno number; prints a check per script and WHAT.
A run is fed numbered lines through a pipe and spoilt; a second one, unspoilt, cleans up and reads the rest of
the pipe.  An errno may cost nothing: every line once, in order.  A kill may cost what had been read and not
written, one gap, with a torn line at either end of it; nothing may come twice."""
import array
import fcntl
import os
import re
import shutil
import signal
import sys
import termios
import time

T = os.environ['T']
WORKERS = int(os.environ.get('WORKERS', 4))
LINES = 500
MISSES = 3
PIECE = 1300
LINE = [f'{i:06d} ' + 'abcdefghij'[i % 10] * (20 + i % 37) for i in range(LINES)]

# script, how the directory looks before: name -> (mode, text); "old" lines come before the first of ours
SCRIPTS = {
    'plain': (['s4096', 'n1000', './log'], {}),
    'stamped': (['t', 's4096', 'n1000', './log'], {}),
    'processor': (['s4096', 'n1000', '!cat; echo x >&5', './log'], {}),
    'two': (['s4096', 'n1000', './log', './other'], {}),
    'recovery 1': (['s4096', 'n1000', './log'],
                   {'processed': (0o744, 'old 1\n'), 'previous': (0o744, 'old 1\n'), 'newstate': (0o644, 'x\n'),
                    'current': (0o644, 'old 2\nold 3\n')}),
    'recovery 2': (['s4096', 'n1000', './log'],
                   {'processed': (0o644, 'old'), 'previous': (0o744, 'old 1\n'), 'newstate': (0o644, 'x\n'),
                    'current': (0o744, 'old 2\nold 3\n')}),
    'pruning': (['s4096', 'n3', './log'], {}),
}


class Trouble(Exception):
    pass


def run(directory, argv, stdin, fault=None):
    """Exit code, or minus the signal."""
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0),
               (os.POSIX_SPAWN_OPEN, 2, f'{directory}/err', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)]
    env = {k: os.environ[k] for k in ('PATH', 'LC_ALL', 'TZ')}
    env.update(fault or {})
    here = os.getcwd()
    os.chdir(directory)
    path = env['PATH'].split(':')[0]
    pid = os.posix_spawn(f'{path}/multilog', ['multilog', *argv], env, file_actions=actions)
    os.chdir(here)
    return pid


def code_of(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def prepare(directory, before):
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(f'{directory}/log')
    for name, (mode, text) in before.items():
        with open(f'{directory}/log/{name}', 'w') as f:
            f.write(text)
        os.chmod(f'{directory}/log/{name}', mode)


def feed(w):
    """A child that writes all lines, a piece when the one before has been read, and ends."""
    pid = os.fork()
    if pid:
        return pid
    text = ('\n'.join(LINE) + '\n').encode()
    unread = array.array('i', [0])
    for i in range(0, len(text), PIECE):
        os.write(w, text[i:i + PIECE])
        unread[0] = 1
        while unread[0]:
            fcntl.ioctl(w, termios.FIONREAD, unread)
            time.sleep(0.0005)
    os._exit(0)


def read_log(directory):
    """All lines in order, without stamps; a line without its newline has a \\ behind it."""
    names = sorted(n for n in os.listdir(directory) if n[0] == '@') + ['current']
    for name in os.listdir(directory):
        if name[0] != '@' and name not in ('current', 'state', 'lock'):
            raise Trouble(f'{name} is left')
        if name[0] == '@' and not re.fullmatch(r'@[0-9a-f]{24}\.[su]', name):
            raise Trouble(f'strange name {name}')
    out = []
    for name in names:
        with open(f'{directory}/{name}', encoding='latin1') as f:
            text = f.read()
        if text and not text.endswith('\n') and not name.endswith('.u'):
            raise Trouble(f'{name} is torn')
        if len(text) > 4096 or (len(text) < 4096 - 2000 and name.endswith('s') and text != 'old 1\n'):
            raise Trouble(f'{name} has {len(text)} bytes')
        for line in text.split('\n')[:-1]:
            out.append(re.sub('^@[0-9a-f]{24} ', '', line))
        if text and not text.endswith('\n'):
            out.append(re.sub('^@[0-9a-f]{24} ', '', text.split('\n')[-1]) + '\\')
    if os.stat(f'{directory}/current').st_mode & 0o777 != 0o744:
        raise Trouble('current is not marked')
    return out


def judge(lines, old, killed, pruned):
    if old:
        if lines[:3] != ['old 1', 'old 2', 'old 3']:
            raise Trouble(f'old lines: {lines[:4]}')
        lines = lines[3:]
    if pruned:
        want = LINE[-len(lines):]
    elif not killed:
        want = LINE
    if not killed:
        if lines != want:
            bad = next((i for i in range(min(len(lines), len(want))) if lines[i] != want[i]), -1)
            raise Trouble(f'{len(lines)} lines, line {bad} is {lines[bad]!r}')
        return 0
    # one gap: good lines, perhaps a torn one, a torn one, good lines
    index = {text: i for i, text in enumerate(LINE)}
    numbers = [index.get(line, -1) for line in lines]
    good = [n for n in numbers if n >= 0]
    if good != sorted(set(good)):
        raise Trouble('lines twice or out of order')
    gaps = [k for k in range(1, len(good)) if good[k] != good[k - 1] + 1]
    if pruned:      # what was removed is no gap
        good = list(range(good[0])) + good if good else []
    lost = LINES - len(good)
    if len(gaps) + (not good or good[-1] != LINES - 1) + (not good or good[0] != 0) > 1:
        raise Trouble(f'{len(gaps)} gaps')
    if lost > PIECE / 20:
        raise Trouble(f'{lost} lines lost')
    torn = [(k, lines[k]) for k in range(len(lines)) if numbers[k] < 0]
    for k, text in torn:
        fragment = text.rstrip('\\')
        if len(torn) > 2 or not any(line.startswith(fragment) or line.endswith(fragment) for line in LINE):
            raise Trouble(f'torn lines {torn}')
    if len(torn) == 2 and torn[1][0] != torn[0][0] + 1:
        raise Trouble(f'torn lines apart: {torn}')
    return lost


def cycle(directory, script, n, what):
    prepare(directory, SCRIPTS[script][1])
    r, w = os.pipe()
    feeder = feed(w)
    os.close(w)
    try:
        return spoil(directory, script, n, what, r)
    finally:
        os.close(r)     # whatever is still to be fed has no reader then
        os.kill(feeder, signal.SIGKILL)
        os.waitpid(feeder, 0)


def spoil(directory, script, n, what, r):
    argv, before = SCRIPTS[script]
    once = f'{directory}/once'
    fault = {'FAULT_AT': f'multilog:{n}:{what}', 'FAULT_ONCE': once, 'FAULT_TRACE': f'{directory}/trace'}
    code = code_of(run(directory, argv, r, fault))
    struck = os.path.exists(once)
    # a processor's child that is not multilog any more may have been hit instead
    if what == 'kill' and struck and code not in (-9, 0):
        raise Trouble(f'killed, but exit {code}')
    if code not in ((0, -9) if what == 'kill' else (0, 111)):
        raise Trouble(f'exit {code}')
    # a processor's child that has not got to its exec holds the lock a moment longer; supervise tries again too
    for _ in range(100):
        second = code_of(run(directory, argv, r))
        with open(f'{directory}/err', encoding='latin1') as f:
            if second != 111 or 'unable to lock' not in f.read():
                break
        time.sleep(0.02)
    if second != 0:
        raise Trouble(f'exit {second} without a fault')
    lost = 0
    for log in ['log', 'other'] if script == 'two' else ['log']:
        lost = max(lost, judge(read_log(f'{directory}/{log}'), bool(before), code == -9, script == 'pruning'))
        if script == 'pruning' and len([x for x in os.listdir(f'{directory}/log') if x[0] == '@']) > 3:  # the spoilt run may have ended before it removed one
            raise Trouble('too many old logs')
    with open(f'{directory}/err', encoding='latin1') as f:
        said = f.read()
    if said.count('pausing') > 1 or said.count('pausing') > said.count('going on') + said.count('read input'):
        raise Trouble('says: ' + said)
    if script == 'processor':
        with open(f'{directory}/log/state') as f:
            if f.read() != 'x\n' and what != 'kill':
                raise Trouble('the state is not kept')
    return struck, lost


def worker(number, script, what):
    directory = f'{T}/w{number}'
    bad, strikes, lost, misses, n = [], 0, 0, 0, number + 1
    while misses < MISSES and n < 3000 and len(bad) < 5:
        try:
            hit, more = cycle(directory, script, n, what)
            strikes, lost, misses = strikes + hit, max(lost, more), 0 if hit else misses + 1
        except Trouble as t:
            with open(f'{directory}/err', encoding='latin1') as f:
                bad.append(f'{script}:{n}:{what}: {t} | ' + f.read()[-300:].replace('\n', ' | '))
        n += WORKERS
    return bad, strikes, lost


def main():
    for what in sys.argv[1:]:
        for script in SCRIPTS:
            pipes = []
            for k in range(WORKERS):
                r, w = os.pipe()
                if os.fork() == 0:
                    os.write(w, repr(worker(k, script, what)).encode()[:60000])
                    os._exit(0)
                os.close(w)
                pipes.append(r)
            results = []
            for r in pipes:
                with os.fdopen(r) as f:
                    text = f.read()
                results.append(eval(text, {}) if text else (['a worker died'], 0, 0))
                os.wait()
            bad = [b for x in results for b in x[0]]
            strikes, lost = sum(x[1] for x in results), max(x[2] for x in results)
            if not strikes:
                bad.append('no fault struck')
            print('not ok' if bad else 'ok', f'- {script}, {what}: {strikes} calls spoilt'
                  + (f', at most {lost} lines had been read and not written' if what == 'kill' else ''), flush=True)
            for b in bad:
                print('#', b[:1500], flush=True)


main()
