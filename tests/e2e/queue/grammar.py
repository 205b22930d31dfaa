#!/usr/bin/env python3
"""grammar.py LOG [live] - does every line of a log of send, todo-proc and qscheduler fit qmail-log(5), and do the lines
make sense together?  As matchup reads them: a delivery starts once and ends once, under a number that no other has had since
send's start; a message ends once, with nothing under way and no recipient undecided; status lines count what runs.
Several queues may share the log.  Prints what is wrong, a line each, then how often each kind of line came.
live: messages may be left over at the end; else they must not be."""
import re
import sys

Q = r'(?P<q>[\w.-]+)'
I = r'(?P<i>[1-9][0-9]*)'
D = r'(?P<d>[1-9][0-9]*)(?P<ident>\.[0-9]+)?'
SAFE = r'[!-$&-~]'                                  # what is left of text from outside: no blank, no %
N, P, RATE = r'[0-9]+', r'[1-9][0-9]*', r'-?[0-9]+\.[0-9]{10}'
FILE = r'(?:mess|intd|todo|info|local|remote|bounce)/\S+'
ALERTS = (r'cannot start: .+', r'oh no! lost (?:qmail-clean|spawn|todo-proc) connection! dying\.\.\.',
          r'unable to append to bounce message; HELP! sleeping\.\.\.', r'out of memory, sleeping\.\.\.',
          r'unable to opendir \S+, sleeping\.\.\.', r'unable to reread \S+')
WARNS = (rf'unable to (?:stat|unlink|create|utime|open|link|sync) {FILE}.*; will try again later',
         rf'trouble marking {FILE}; message will be delivered twice!', rf'trouble (?:fsyncing|reading|writing to) {FILE}.*',
         rf'qmail-clean unable to clean up {FILE}', r'trouble injecting bounce message, will try later',
         r'trouble injecting a delivery report, will try later', rf'unknown record type in {FILE}',
         r'internal error: delivery report out of range')
KINDS = [(name, re.compile(text)) for name, text in (
    ('send', rf'info: qmail-send: pid {P}: (?P<dir>/\S+): ratelimit=(?:ON|OFF), loglock=(?:enabled|disabled), conf split={P}'),
    ('todo-proc', rf'info: todo-proc: pid {P}: (?P<dir>/\S+): conf split={P}, todo chunk size={N}, bigtodo=(?:yes|no)'),
    ('status', rf'status: local (?P<l>{N})/{N}(?: \(held\))? remote (?P<r>{N})/{N}(?: \(held\))?(?: delayed jobs={N})? {Q}'
               r'(?: exitasap)?'),
    ('new', rf'new msg {I} {Q}'),
    ('info', rf'info msg {I}: bytes (?P<n>{P}) from <(?P<from>{SAFE}*)> qp {P} uid {N} {Q}'),
    ('rcpt', rf'(?P<chan>local|remote): (?P<from>{SAFE}+) (?P<to>{SAFE}+) {I} (?P<n>{P}) bytes {Q} '
             r'(?:opendir|mqueue|compat) mode'),
    ('start', rf'starting delivery {D}: msg {I} to (?P<chan>local|remote) (?P<to>{SAFE}+) {Q}'),
    ('report', rf'delivery {D}: (?P<verdict>success|failure|deferral): (?P<text>{SAFE}*) {Q}'),
    ('mangled', rf'delivery {D}: report mangled, will defer: {Q}'),
    ('bounce', rf'bounce msg {I} qp {P} {Q}'),
    ('discard', rf'(?:double|triple) bounce: discarding bounce/{I} {Q}'),
    ('processor', rf'bounce processor sender <{SAFE}*> recipient <{SAFE}*> messfn <\S+> bouncefn <\S+> exit={N} {Q}'),
    ('deleted', rf'delete bounce: bounce/{I} {Q}'),
    ('end', rf'end msg {I} qmail-send: {Q}'),
    ('rate', rf'info: {Q} {SAFE}+ msg {I}: rate \[{N}/{RATE}/{RATE}\] ok since {N} secs'),
    ('rate exceeded', rf'warning: {Q} {SAFE}+ msg {I}: rate exceeded \[{N}/{RATE}/{RATE}\] need {N} secs; will try again later'),
    ('held', r'(?:local|remote) deliveries (?:temporarily held|resumed)'),
    ('told', rf'info: qmail-send: {Q}: (?:success|delayed) report for msg {I} qp {P}'),
    ('signal', rf'alert: qmail-send: pid {P} got (?:TERM|ALRM|HUP): {Q}'),
    ('exiting', rf'info: qmail-send: pid {P} {Q} exiting'),
    ('alert', rf'alert: (?:qmail-send|todo-proc): {Q}: (?:{"|".join(ALERTS)})'),
    ('warn', rf'warn: (?:qmail-send|todo-proc): {Q}: (?:{"|".join(WARNS)})'),
    ('scheduler', rf'info: qscheduler: pid {P}, (?:queue /\S+(?:, load={N})?|journal) (?:started|died|killed)'),
    ('static', rf'info: qscheduler: pid {P} static queues (?:nqueue\+ )?qStart/qCount {P}/{P} conf split={P}'),
    ('dynamic', rf'info: qscheduler: pid {P} dynamic queues qStart/qCount {P}/{P}, qconf={P}, '
                rf'(?:load={N}|conf split={P}, msgqueue_len={P}, msgqueue_size={P})'),
    ('recovered', rf'info: (?:qscheduler|qmail-start: /\S+): {P} messages put back from the journal'),
)]


class Message:
    def __init__(self, known):
        self.known = known              # from its first line on; else it was there before this send
        self.size = self.sender = None
        self.open = {}                  # (channel, recipient): how many are undecided
        self.running = 0


class Queue:
    def __init__(self):
        self.msg, self.delivery, self.last, self.up = {}, {}, 0, False
        self.used = {'local': 0, 'remote': 0}

    def restart(self):
        """A new send: numbers begin anew, what was not ended is found again."""
        self.delivery, self.last, self.up = {}, 0, True
        self.used = {'local': 0, 'remote': 0}
        for m in self.msg.values():
            m.known, m.running = False, 0

    def get(self, i):
        if i not in self.msg:
            raise ValueError(f'msg {i} is not there')
        return self.msg[i]

    def new(self, g):
        old = self.msg.get(g['i'])
        if old and old.known:
            raise ValueError('it is there already')
        self.msg[g['i']] = Message(True)

    def info(self, g):
        m = self.get(g['i'])
        if m.size:
            raise ValueError('a second time')
        m.size, m.sender = g['n'], g['from'] or '<>'

    def rcpt(self, g):
        m = self.get(g['i'])
        if (m.size, m.sender) != (g['n'], g['from']):
            raise ValueError(f'info msg says {m.size} {m.sender}')
        key = g['chan'], g['to']
        m.open[key] = m.open.get(key, 0) + 1

    def start(self, g):
        m, d = self.get(g['i']), int(g['d'])
        if d != self.last + 1:
            raise ValueError(f'the last one was {self.last}')
        if m.known and not m.open.get((g['chan'], g['to'])):
            raise ValueError('no such recipient is undecided')
        self.last, self.delivery[d] = d, (m, g['chan'], g['to'])
        self.used[g['chan']] += 1
        m.running += 1

    def report(self, g):
        if int(g['d']) not in self.delivery:
            raise ValueError('it has not been started, or has ended')
        m, chan, to = self.delivery.pop(int(g['d']))
        self.used[chan] -= 1
        m.running -= 1
        if g.get('verdict') in ('success', 'failure') and m.open.get((chan, to)):
            m.open[chan, to] -= 1

    mangled = report

    def bounce(self, g):
        self.get(g['i'])

    discard = told = deleted = bounce

    def end(self, g):
        m = self.get(g['i'])
        left = [k for k, n in m.open.items() if n]
        if m.running or (m.known and left):
            raise ValueError(f'{m.running} under way, undecided {left}')
        del self.msg[g['i']]

    def status(self, g):
        if not self.up:
            raise ValueError('before the start')
        if self.used != {'local': int(g['l']), 'remote': int(g['r'])}:
            raise ValueError(f'{self.used} are under way')

    def exiting(self, g):
        if self.delivery:
            raise ValueError(f'{len(self.delivery)} deliveries under way')
        self.up = False


def main():
    queues, counts, bad = {}, {}, 0
    with open(sys.argv[1], encoding='latin1', newline='\n') as f:
        text = f.read()
    if text and not text.endswith('\n'):
        print('the last line has no end')
        bad += 1
    for number, line in enumerate(text.split('\n')[:-1], 1):
        fits = [(name, m.groupdict()) for name, m in ((n, r.fullmatch(line)) for n, r in KINDS) if m]
        if len(fits) != 1:
            print(f'{number}: {"ambiguous" if fits else "no such line"}: {line}')
            bad += 1
            continue
        name, g = fits[0]
        counts[name] = counts.get(name, 0) + 1
        where = g.get('q') or (g.get('dir') or '').rsplit('/', 1)[-1]
        q = queues.setdefault(where, Queue())
        try:
            if name == 'send':
                q.restart()
            elif where and hasattr(q, name):
                getattr(q, name)(g)
        except ValueError as e:
            print(f'{number}: {line}: {e}')
            bad += 1
    for where, q in queues.items():
        if q.msg and 'live' not in sys.argv[2:]:
            print(f'{where}: left over: {" ".join(q.msg)}')
            bad += 1
    print(*(f'{n}={counts[n]}' for n, _ in KINDS if n in counts))
    sys.exit(bad > 0)


main()
