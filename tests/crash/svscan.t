#!/bin/bash
# svscan: each system call in turn is where it dies, where memory, processes or the disk have run out.  What can be
# started again is; the next svscan has every service up, one process of each, and a logger with its pipe.
. "$(dirname "$0")/lib.sh"
cat >faults.py <<'P'
import os, signal, struct, subprocess, sys
sys.path.insert(0, os.environ['HERE'])
from pool import alive, run, script, wait_until
T = os.environ['T']
env = {'PATH': os.environ['PATH'], 'DISABLE_RUN': '1', 'TERMINATE_SESSION': '1', 'SCANINTERVAL': '1', 'AUTOSCAN': '1',
       'LC_ALL': 'C'}
SERVICES = ('one', 'two', 'two/log')

def service(fn):
    try:
        d = open(f'{fn}/supervise/status', 'rb').read()
    except OSError:
        return 0
    pid, up = struct.unpack('<I', d[12:16])[0] if len(d) == 21 else 0, len(d) == 21 and d[20]
    return pid if up and alive(pid) else 0

def running(dir):
    text = open(f'{dir}/pids').read().split() if os.path.exists(f'{dir}/pids') else []
    return sorted(int(x) for x in text if alive(int(x)))

def scenario(dir, n, what):
    def all_up():
        pids = [service(f'{dir}/s/{x}') for x in SERVICES]
        return all(pids) and running(dir) == sorted(pids)
    def end(p):
        p.terminate()
        if wait_until(lambda: p.poll() is not None, 9):
            return True
        p.kill(); p.wait()
    once = f'{dir}/once'
    for fn in (once, f'{dir}/pids'):
        if os.path.exists(fn):
            os.unlink(fn)
    log = open(f'{dir}/log', 'wb')
    p = subprocess.Popen(['svscan', 's'], cwd=dir, env=dict(env, FAULT_AT=f'svscan:{n}:{what}', FAULT_ONCE=once), stderr=log)
    wait_until(lambda: p.poll() is not None or all_up(), 4)
    trouble = None
    if p.poll() is None and not all_up():
        trouble = f'call {n} ({what}): not everything is up: {[service(f"{dir}/s/{x}") for x in SERVICES]} {running(dir)}'
    if p.poll() is None and not end(p):
        trouble = f'call {n} ({what}): does not end'
    if not os.path.exists(once):
        return trouble or False
    wait_until(lambda: not running(dir), 3)
    q = subprocess.Popen(['svscan', 's'], cwd=dir, env=env, stderr=log)
    if not wait_until(all_up, 6):
        trouble = trouble or f'call {n} ({what}): afterwards {[service(f"{dir}/s/{x}") for x in SERVICES]} {running(dir)}'
    if not end(q):
        trouble = trouble or f'call {n} ({what}): the next one does not end'
    if running(dir):
        trouble = trouble or f'call {n} ({what}): left {running(dir)}'
        for x in running(dir):
            os.kill(x, signal.SIGKILL)
    if trouble:
        trouble += '\n#   ' + '\n#   '.join(open(f'{dir}/log').read().splitlines())
    return trouble

def prepare(i):
    dir = f'{T}/w{i}'
    for x in SERVICES:
        script(f'{dir}/s/{x}', f'echo $$ >>{dir}/pids\nexec {"cat" if x.endswith("log") else "sleep 1000"}\n')
    return dir

run('svscan', prepare, scenario, 90, 25)
P
HERE=$HERE python3 faults.py kill 11 28 >result 2>trouble || fail "faults.py: $(tail -3 trouble)"
cat result
! grep -q '^not ok' result || FAILED=1
done_testing
