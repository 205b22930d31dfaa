#!/bin/bash
# supervise: each system call in turn is where it dies, where memory, the disk or processes have run out, where the disk
# fails.  The next supervise has the service up, one process of it, whatever the last one has left.
. "$(dirname "$0")/lib.sh"
cat >faults.py <<'P'
import os, signal, struct, subprocess, sys
sys.path.insert(0, os.environ['HERE'])
from pool import alive, run, script, wait_until
T = os.environ['T']
env = {'PATH': os.environ['PATH'], 'DISABLE_RUN': '1', 'LC_ALL': 'C'}

def scenario(dir, n, what):
    """None, or what went wrong; False when the n-th call was never made."""
    def status():
        try:
            d = open(f'{dir}/s/supervise/status', 'rb').read()
        except OSError:
            return None
        return struct.unpack('<IBBhB', d[12:]) if len(d) == 21 and d[0] == 0x40 else None
    def is_up():
        s = status()
        return s and s[4] and alive(s[0])
    def tell(bytes):
        try:
            fd = os.open(f'{dir}/s/supervise/control', os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        os.write(fd, bytes)
        os.close(fd)
    once = f'{dir}/once'
    for fn in (once, f'{dir}/pids'):
        if os.path.exists(fn):
            os.unlink(fn)
    spoiled = dict(env, FAULT_AT=f'supervise:{n}:{what}', FAULT_ONCE=once)
    log = open(f'{dir}/log', 'ab')
    p = subprocess.Popen(['supervise', 's'], cwd=dir, env=spoiled, stderr=log)
    wait_until(lambda: p.poll() is not None or is_up(), 0.4)
    tell(b'dx')
    wait_until(lambda: p.poll() is not None, 1.5)
    hung = p.poll() is None
    if hung:
        # an unread command, a start put off: it must still end when told to
        p.terminate()
        if not wait_until(lambda: p.poll() is not None, 3):
            p.kill()
            p.wait()
            return f'call {n} ({what}): does not end'
    if not os.path.exists(once):
        return False
    if what == 'kill' and p.returncode != -signal.SIGKILL and p.returncode not in (0, 100, 111):
        return f'call {n}: exit {p.returncode}'
    q = subprocess.Popen(['supervise', 's'], cwd=dir, env=env, stderr=log)
    def runs():
        try:
            os.close(os.open(f'{dir}/s/supervise/ok', os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True
    wait_until(runs, 3)
    # killed between "down" and the signal it leaves a service that the next one still has to end
    def finished():
        s = status()
        return s and s[2] == ord('d') and not s[4]
    wait_until(lambda: finished() or (is_up() and status()[2] != ord('d')), 5)
    if finished():
        tell(b'u')
    if not wait_until(is_up, 5):
        q.kill(); q.wait()
        return f'call {n} ({what}): no service afterwards'
    def noted():
        return os.path.exists(f'{dir}/pids') and str(status()[0]) in open(f'{dir}/pids').read().split()
    wait_until(noted, 3)
    pids = [int(x) for x in open(f'{dir}/pids').read().split()]
    running = [x for x in pids if alive(x)]
    trouble = None if running == [status()[0]] else f'call {n} ({what}): {running} run, {status()[0]} is the service'
    tell(b'dx')
    if not wait_until(lambda: q.poll() is not None, 3):
        trouble = trouble or f'call {n} ({what}): the next one does not end'
        q.kill(); q.wait()
    for x in pids:
        if alive(x):
            os.kill(x, signal.SIGKILL)
    return trouble

def prepare(i):
    dir = f'{T}/w{i}'
    script(f'{dir}/s', f'echo $$ >>{dir}/pids\nexec sleep 1000\n')
    return dir

run('supervise', prepare, scenario, 70, 30)
P
HERE=$HERE python3 faults.py kill 12 28 5 >result 2>trouble || fail "faults.py: $(tail -3 trouble)"
cat result
! grep -q '^not ok' result || FAILED=1
done_testing
