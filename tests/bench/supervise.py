"""Measures supervision; run by supervise.sh as: supervise.py SCRATCH-DIRECTORY BINARY..."""
import ctypes, os, re, shutil, signal, statistics, subprocess, sys, time

SERVICES, WINDOW, ROUNDS = (int(os.environ[k]) for k in ('SERVICES', 'WINDOW', 'ROUNDS'))
CASES = os.environ['CASES'].split()
SAMPLES = 30
PATIENCE = 60           # seconds, for everything that is waited for
USER = 'daemon'
W = sys.argv[1]
os.chdir(W)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: what is left behind comes to us
HOLD = []               # the writing end of what is read at the moment: it never ends
TABLE = {}              # (row) -> {system: number}


def slurp(fn):
    try:
        with open(fn) as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        return ''


def children(pid):
    return [int(p) for p in slurp(f'/proc/{pid}/task/{pid}/children').split()]


def tree(pid):
    return [pid] + [q for p in children(pid) for q in tree(p)]


def field(text, name):
    m = re.search(rf'^{name}:\s*(\d+)', text, re.M)
    return int(m[1]) if m else 0


def comm(pid):
    return slurp(f'/proc/{pid}/comm').strip()


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def until(what, done, nap=0.002):
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f'# {what}: not within {PATIENCE} seconds')
        time.sleep(nap)


def remove_processes():
    """Everything that descends from us, by its number."""
    for _ in range(50):
        mine = tree(os.getpid())[1:]
        if not mine:
            return
        for pid in mine:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()


class System:
    """scanner: argv without the directory; keeper: argv without the service; stop(scanner pid, directory)"""
    def __init__(self, name, scanner, keeper, chain, stop, env={}):
        self.name, self.scanner, self.keeper, self.chain, self.stop = name, scanner, keeper, chain, stop
        self.env = os.environ | {'PATH': '/usr/bin:/bin'} | env

    def start(self, argv, cwd='.'):
        # a pipe for each: s6-log makes its standard input non-blocking, for all who share it
        while HOLD:
            os.close(HOLD.pop())
        stdin, writer = os.pipe()
        HOLD.append(writer)
        log = open(W + '/log', 'a')
        pid = subprocess.Popen(argv, env=self.env, cwd=cwd, stdin=stdin, stdout=log, stderr=log,
                               start_new_session=True).pid
        os.close(stdin)
        log.close()
        return pid


def term(pid, _):
    os.kill(pid, signal.SIGTERM)


def hup(pid, _):
    os.kill(pid, signal.SIGHUP)


def svc(pid, d):
    os.kill(pid, signal.SIGTERM)
    subprocess.run(['/usr/bin/svc', '-dx'] + [f'{d}/{n}' for n in os.listdir(d)])


def s6(_, d):
    subprocess.run(['/usr/bin/s6-svscanctl', '-t', d])


CHAIN = 'setuidgid {u} softlimit -o 200 envdir ./env multilog t ./main'.format(u=USER)


def ours(binary, i, autoscan):
    links = f'{W}/bin{i}'
    if not os.path.isdir(links):
        os.mkdir(links)
        subprocess.run([binary, '--install', links], check=True, stdout=subprocess.DEVNULL)
    static = b'/ld-' not in open(binary, 'rb').read(4096)   # no interpreter
    env = {'TERMINATE_SESSION': '1', 'PATH': links + ':/usr/bin:/bin'}
    if autoscan:
        env |= {'AUTOSCAN': '1', 'SCANINTERVAL': '60'}
    return System('indimail' + (f' {i}' if i > 1 else '') + (', static' if static else '') + ('' if autoscan else ', no AUTOSCAN'),
                  [links + '/svscan'], [links + '/supervise'], CHAIN, term, env)


PEERS = [
    System('daemontools', ['/usr/bin/svscan'], ['/usr/bin/supervise'], re.sub(
        r'(setuidgid|softlimit|envdir|multilog)', r'/usr/bin/\1', CHAIN), svc),
    System('runit', ['/usr/bin/runsvdir'], ['/usr/bin/runsv'],
           f'/usr/bin/chpst -u {USER} -o 200 -e ./env /usr/bin/svlogd ./main', hup),
    System('s6', ['/usr/bin/s6-svscan'], ['/usr/bin/s6-supervise'],
           f'/usr/bin/s6-setuidgid {USER} /usr/bin/s6-softlimit -o 200 /usr/bin/s6-envdir ./env '
           '/usr/bin/s6-log t ./main', s6),
]
OURS = [ours(b, i, True) for i, b in enumerate(sys.argv[2:])]
QUIET = [ours(sys.argv[2], 0, False)]


def note(row, system, value):
    TABLE.setdefault(row, {}).setdefault(system.name, []).append(value)


def service(d, run):
    os.makedirs(d)
    with open(d + '/run', 'w') as f:
        f.write('#!/bin/sh\n' + run + '\n')
    os.chmod(d + '/run', 0o755)


def fresh(n, run):
    shutil.rmtree('scan', ignore_errors=True)
    for i in range(n):
        service(f'scan/s{i}', run)
    return W + '/scan'


# ---- many services ----

def start_all(s):
    """The scanner's number, once every service sleeps."""
    d = fresh(SERVICES, 'exec sleep 100000')
    t = time.monotonic()
    scanner = s.start(s.scanner + [d])
    up = set()

    def all_up():
        for k in children(scanner):
            if k not in up and any(comm(c) == 'sleep' for c in children(k)):
                up.add(k)
        return len(up) >= SERVICES
    until(s.name + ' is up', all_up, 0.005)
    note('start of all services, ms', s, 1000 * (time.monotonic() - t))
    return scanner


def stop_all(s, scanner):
    t = time.monotonic()
    s.stop(scanner, W + '/scan')

    def gone():
        reap()
        return not children(os.getpid())
    until(s.name + ' is gone', gone, 0.005)
    note('end of all services, ms', s, 1000 * (time.monotonic() - t))


def work(pids):
    cpu = sum(int(slurp(f'/proc/{p}/schedstat').split()[0]) for p in pids)
    return cpu, sum(field(slurp(f'/proc/{p}/status'), 'voluntary_ctxt_switches') for p in pids)


def idle(s):
    scanner = start_all(s)
    time.sleep(6)
    pids = [scanner] + children(scanner)
    if len(pids) != SERVICES + 1:
        raise SystemExit(f'# {s.name}: {len(pids)} processes')
    t, (cpu, wakeups) = time.monotonic(), work(pids)
    time.sleep(WINDOW)
    t, (cpu2, wakeups2) = time.monotonic() - t, work(pids)
    note('idle processor time, % of a core', s, (cpu2 - cpu) / 1e7 / t)
    note('wakeups per second', s, (wakeups2 - wakeups) / t)
    maps = [slurp(f'/proc/{p}/smaps_rollup') for p in pids]
    pss = [field(m, 'Pss') for m in maps]
    note('PSS per supervise, KB, mean', s, statistics.mean(pss[1:]))
    note('PSS per supervise, KB, largest', s, max(pss[1:]))
    private = [field(m, 'Private_Dirty') + field(m, 'Private_Clean') for m in maps]
    note('private memory per supervise, KB, mean', s, statistics.mean(private[1:]))
    tables = [field(slurp(f'/proc/{p}/status'), 'VmPTE') for p in pids]
    note('page tables per supervise, KB, mean', s, statistics.mean(tables[1:]))
    note('PSS of the scanner, KB', s, pss[0])
    note('PSS of all of them, KB', s, sum(pss))
    stop_all(s, scanner)


# ---- one after another ----

def restart(s):
    d = fresh(SAMPLES, 'echo up >../../said\nexec sleep 100000')
    if not os.path.exists('said'):
        os.mkfifo('said')
    said = os.open('said', os.O_RDWR)
    scanner = s.start(s.scanner + [d])
    n = 0
    while n < SAMPLES:
        n += os.read(said, 4096).count(b'up')
    time.sleep(1.5)
    for k in children(scanner):
        (pid,) = [c for c in children(k) if comm(c) == 'sleep']
        t = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        os.read(said, 4096)
        note('from kill -9 to the next run, ms', s, 1000 * (time.monotonic() - t))
        time.sleep(0.02)
    os.close(said)
    remove_processes()


def prepare_chain(d):
    os.mkdir(d + '/env')
    with open(d + '/env/WORD', 'w') as f:
        f.write('value\n')
    os.mkdir(d + '/main')
    shutil.chown(d + '/main', USER)


def chain(s):
    d = fresh(SAMPLES, 'exec ' + s.chain)
    for i in range(SAMPLES):
        prepare_chain(f'{d}/s{i}')
        open(f'{d}/s{i}/down', 'w').close()
    s.start(s.scanner + [d])
    time.sleep(2)
    for i in range(SAMPLES):
        t = time.monotonic()
        with open(f'{d}/s{i}/supervise/control', 'wb', buffering=0) as f:
            f.write(b'u')
        until('the chain', lambda: os.path.exists(f'{d}/s{i}/main/current'), 0.0001)   # and not a busy core
        note('start of a chain of 4, ms', s, 1000 * (time.monotonic() - t))
        time.sleep(0.02)
    remove_processes()


def calls(s):
    """execs, forks and all system calls between supervise's own exec and its end"""
    d = fresh(1, 'exec ' + s.chain) + '/s0'
    prepare_chain(d)
    s.start(['strace', '-f', '-o', W + '/calls'] + s.keeper + ['s0'], W + '/scan')
    until('the chain', lambda: os.path.exists(d + '/main/current'))
    time.sleep(0.3)
    with open(d + '/supervise/control', 'wb', buffering=0) as f:
        f.write(b'dx')

    def gone():
        reap()
        return not children(os.getpid())
    until('the end of the chain', gone)
    names = re.findall(r'^\d+ +(\w+)\(', slurp(W + '/calls'), re.M)
    note('its execs', s, names.count('execve') - 1)
    note('its forks', s, sum(names.count(k) for k in ('clone', 'clone3', 'fork', 'vfork')))
    note('its system calls, supervise included', s, len(names))


def cell(v):
    return '-' if v is None else f'{v:.4f}' if v < 0.1 else f'{v:.2f}' if v < 10 else f'{v:.0f}'


def print_table():
    systems = [s.name for s in OURS + QUIET + PEERS]
    first = OURS[0].name
    print(f'\nLinux {os.uname().release}, {os.cpu_count()} cores, {SERVICES} services, {WINDOW} s idle, '
          f'starts and ends median of {ROUNDS}, others of {SAMPLES}; in brackets {first} to them\n')
    print('|', ' | '.join(['case'] + systems), '|')
    print('|---' + '|---:' * len(systems) + '|')
    for row, values in TABLE.items():
        v = {k: statistics.median(x) for k, x in values.items()}
        cells = []
        for k in systems:
            ratio = f' ({v[first] / v[k]:.2f})' if k in [p.name for p in PEERS] and v.get(k) else ''
            cells.append(cell(v.get(k)) + ratio)
        print('|', ' | '.join([row] + cells), '|')


try:
    if 'idle' in CASES:
        for s in OURS + QUIET + PEERS:
            idle(s)
    for _ in range(ROUNDS - ('idle' in CASES) if 'start' in CASES else 0):
        for s in OURS + PEERS:
            stop_all(s, start_all(s))
    for case, times in ((restart, 1), (chain, 1), (calls, 3)):
        for _ in range(times if case.__name__ in CASES else 0):
            for s in OURS + PEERS:
                case(s)
    print_table()
finally:
    remove_processes()
