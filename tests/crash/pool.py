"""pool - scenarios side by side, each with the n-th system call of a program spoilt.

run(PROGRAM, prepare, scenario, CALLS, LEAST) goes over the WHATs of the command line (kill or an errno number) and prints
a check for each.  prepare(i) makes a directory; scenario(directory, n, what) returns None when all is well, what went
wrong, or False when the n-th call was never made.  At least LEAST calls must have been spoilt."""
import concurrent.futures
import os
import sys
import time


def wait_until(done, seconds):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def script(directory, text):
    os.makedirs(directory, exist_ok=True)
    with open(f'{directory}/run', 'w') as f:
        f.write('#!/bin/sh\n' + text)
    os.chmod(f'{directory}/run', 0o755)


def run(program, prepare, scenario, calls, least):
    workers = int(os.environ['WORKERS'])
    free = [prepare(i) for i in range(workers)]

    def one(job):
        directory = free.pop()
        try:
            return scenario(directory, *job)
        finally:
            free.append(directory)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for what in sys.argv[1:]:
            results = list(pool.map(one, [(n, what) for n in range(1, calls + 1)]))
            hits = sum(r is not False for r in results)
            bad = [r for r in results if r]
            for r in bad:
                print('#', r)
            print('not ok' if bad or hits < least else 'ok', f'- {program}: {hits} calls, {what}')
