"""states - do the files of a queue fit the states S1 to S5?

A message is its name, the inode number of its file in mess:
  S1 nothing   S2 mess   S3 mess intd   S4 mess todo, perhaps intd info local remote
  S5 mess info, perhaps local remote bounce
states.py DIR SPLIT prints what is wrong, one line each, and exits 1 when anything is."""
import os
import sys

SPLIT_PARTS = ('mess', 'intd', 'todo', 'info', 'local', 'remote')
LOCKS = {'sendmutex', 'tcpto', 'trigger', 'pid', 'pid.tmp'}
STEER = {'socket', 'metrics', 'floor', 'numbers'}


class Queue:
    """What is in a queue: a set of ids for each part, names in pid, and names that belong nowhere."""

    def __init__(self, path, split):
        self.path, self.split, self.problems = path, split, []
        self.part = {p: set() for p in SPLIT_PARTS + ('bounce',)}
        for p in SPLIT_PARTS:
            for s in os.listdir(f'{path}/{p}'):
                if not s.isdigit() or int(s) >= split:
                    self.problems.append(f'{p}/{s} is no part')
                    continue
                for name in os.listdir(f'{path}/{p}/{s}'):
                    self.take(p, name, f'{p}/{s}/{name}', int(s))
        for name in os.listdir(f'{path}/bounce'):
            self.take('bounce', name, f'bounce/{name}', None)
        self.pid = set(os.listdir(f'{path}/pid'))
        for name in set(os.listdir(f'{path}/lock')) - LOCKS:
            self.problems.append(f'lock/{name} is unknown')
        for name in set(os.listdir(path)) - set(SPLIT_PARTS) - {'bounce', 'pid', 'lock', 'journal', 'steer'}:
            self.problems.append(f'{name} is unknown')
        for name in os.listdir(f'{path}/steer') if os.path.isdir(f'{path}/steer') else ():
            if name not in STEER and not name.startswith(('hold.', 'floor.')):
                self.problems.append(f'steer/{name} is unknown')

    def take(self, part, name, file, s):
        if not name.isdigit() or name != str(int(name)):
            self.problems.append(f'{file} has no number for a name')
            return
        if s is not None and int(name) % self.split != s:
            self.problems.append(f'{file} is in the wrong part')
        self.part[part].add(int(name))

    def file(self, part, i):
        return f'{self.path}/{part}/{i}' if part == 'bounce' else f'{self.path}/{part}/{i % self.split}/{i}'

    def empty(self):
        return not any(self.part.values())

    def leftovers(self):
        """Messages in S2 and S3."""
        return self.part['mess'] - self.part['todo'] - self.part['info']

    def check(self):
        """What violates the states; only a queue at rest can be judged."""
        bad = list(self.problems)
        p = self.part
        for i in p['mess']:
            ino = os.stat(self.file('mess', i)).st_ino
            if ino != i:
                bad.append(f'{self.file("mess", i)} has inode number {ino}')
        for part in ('intd', 'todo', 'info'):
            bad += [f'{part} without mess: {i}' for i in p[part] - p['mess']]
        for part in ('local', 'remote'):
            bad += [f'{part} without info and todo: {i}' for i in p[part] - p['info'] - p['todo']]
        bad += [f'bounce without info: {i}' for i in p['bounce'] - p['info']]
        bad += [f'bounce in S4: {i}' for i in p['bounce'] & p['todo']]
        bad += [f'intd in S5: {i}' for i in p['intd'] & p['info'] - p['todo']]
        return bad


if __name__ == '__main__':
    found = Queue(sys.argv[1], int(sys.argv[2])).check()
    print(*found, sep='\n', end='\n' if found else '')
    sys.exit(bool(found))
