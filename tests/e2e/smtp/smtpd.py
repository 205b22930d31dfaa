"""Client side of smtpd.t: each check prints a line; the exit code says whether all held."""
import os, re, socket, subprocess, sys, time

failed = 0


def check(text, good, got=None):
    global failed
    print(('ok - ' if good else 'not ok - ') + text)
    if not good:
        failed = 1
        print('# got: %r' % (got,))


class Client:
    """One smtpd on a socket pair; env adds to or (None) removes from the environment."""

    def __init__(self, greet=True, **env):
        ours, theirs = socket.socketpair()
        e = {k: v for k, v in {**os.environ, **env}.items() if v is not None}
        self.log = open('log', 'w+b')
        self.proc = subprocess.Popen(['qmail-smtpd'], stdin=theirs, stdout=theirs, stderr=self.log, env=e)
        theirs.close()
        ours.settimeout(20)
        self.sock, self.data = ours, b''
        self.greeting = self.reply() if greet else None

    def line(self):
        while b'\n' not in self.data:
            more = self.sock.recv(65536)
            if not more:
                rest, self.data = self.data, b''
                return rest
            self.data += more
        line, self.data = self.data.split(b'\n', 1)
        return line + b'\n'

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == b'-':
            lines.append(self.line())
        return b''.join(lines).decode('latin-1')

    def send(self, data):
        self.sock.sendall(data)

    def cmd(self, text):
        self.send(text.encode('utf-8') + b'\r\n')
        return self.reply()

    def end(self):
        """Everything until the server hangs up, its exit code and its log."""
        rest = self.data
        try:
            self.sock.shutdown(socket.SHUT_WR)
            while True:
                more = self.sock.recv(65536)
                if not more:
                    break
                rest += more
        except OSError:
            pass
        code = self.proc.wait(20)
        self.sock.close()
        self.log.seek(0)
        return rest.decode('latin-1'), code, self.log.read().decode('latin-1')

    def envelope(self, *rcpts, sender='a@b'):
        r = self.cmd('MAIL FROM:<%s>' % sender)
        for x in rcpts or ('u@example.org',):
            r = self.cmd('RCPT TO:<%s>' % x)
        return r


def stored():
    return open('mess', 'rb').read(), open('env', 'rb').read()


def count():
    return os.path.getsize('count') if os.path.exists('count') else 0


def expect(text, got, want):
    check(text, re.search('^(?:' + want + ')\r?\n?$', got, re.S) is not None, got)


def control(name, text):
    with open('control/' + name, 'w') as f:
        f.write(text)


def replies():
    c = Client()
    expect('greeting', c.greeting, r'220 mail\.example\.org \(NO UCE\) ESMTP IndiMail \S+ '
           r'\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}')
    expect('HELO', c.cmd('HELO client'), r'250 mail\.example\.org')
    expect('HELO without a name shows the address', c.cmd('HELO'), r'250 mail\.example\.org \[192\.0\.2\.9\]')
    expect('NOOP', c.cmd('NOOP'), '250 ok')
    expect('NOOP with argument', c.cmd('noop x'), r'501 .*\(#5\.3\.2\)')
    expect('RSET', c.cmd('RSET'), '250 flushed')
    expect('RSET with argument', c.cmd('RSET x'), r'501 .*\(#5\.3\.2\)')
    expect('VRFY', c.cmd('VRFY root'), r'252 .*\(#2\.7\.0\)')
    expect('HELP', c.cmd('HELP'), '214-.*\r\n214-.*\r\n214 RCPT MAIL DATA QUIT HELO EHLO RSET HELP NOOP VRFY')
    expect('unknown verb', c.cmd('FOO bar'), r'502 command FOO not recognized \(#5\.5\.2\)')
    expect('empty line', c.cmd(''), r'502 .*\(#5\.5\.2\)')
    expect('known but unavailable', c.cmd('STARTTLS'), r'502 unimplemented \(#5\.5\.1\)')
    expect('AUTH without a checker', c.cmd('AUTH PLAIN'), r'503 auth not available \(#5\.3\.3\)')
    expect('RCPT before MAIL', c.cmd('RCPT TO:<a@b>'), r'503 MAIL first \(#5\.5\.1\)')
    expect('DATA before MAIL', c.cmd('DATA'), r'503 MAIL first \(#5\.5\.1\)')
    expect('MAIL', c.cmd('MAIL FROM:<a@b>'), '250 ok')
    expect('DATA before RCPT', c.cmd('DATA'), r'503 RCPT first \(#5\.5\.1\)')
    expect('DATA with argument', c.cmd('DATA x'), r'501 .*\(#5\.3\.2\)')
    expect('foreign recipient', c.cmd('RCPT TO:<u@other.example>'), r'553 .*\(#5\.7\.1\)')
    expect('relay probe', c.cmd('RCPT TO:<u%other.example@example.org>'), r'550 .*\(#5\.7\.1\)')
    expect('empty recipient', c.cmd('RCPT TO:<>'), r'555 .*\(#5\.1\.3\)')
    expect('recipient', c.cmd('rcpt to: u@example.org'), '250 ok')
    expect('subdomain with a dot entry', c.cmd('RCPT TO:<u@A.SUB.example>'), '250 ok')
    expect('but not the domain itself', c.cmd('RCPT TO:<u@sub.example>'), r'553 .*')
    expect('recipient without domain', c.cmd('RCPT TO:<postmaster>'), '250 ok')
    expect('our own address', c.cmd('RCPT TO:<u@[127.0.0.1]>'), r'553 .*')
    expect('DATA', c.cmd('DATA'), '354 go ahead')
    c.send(b'Subject: x\r\n\r\n..\r\n.leading\r\nlast\r\n.\r\n')
    expect('accepted', c.reply(), r'250 ok \d{9,} qp \d+')
    mess, env = stored()
    check('envelope', env == b'Fa@b\0Tu@example.org\0Tu@A.SUB.example\0Tpostmaster\0\0', env)
    check('Received line and body', re.match(
        br'Received: indimail-mta smtpd %d from unknown \(192\.0\.2\.9\)\n  by here\.example with SMTP; '
        br'\w{3}, .*\nSubject: x\n\n\.\nleading\nlast\n$' % c.proc.pid, mess), mess)
    expect('QUIT', c.cmd('QUIT'), r'221 mail\.example\.org closing connection')
    rest, code, log = c.end()
    check('exit 0 after QUIT', (rest, code) == ('', 0), (rest, code))
    check('one log line per recipient', log.count('HELO <unknown> MAIL from <a@b> RCPT <') == 3, log)
    check('log line', re.search(r'^qmail-smtpd: pid %d from 192\.0\.2\.9 HELO <unknown> MAIL from <a@b> RCPT '
          r'<u@example\.org> AUTH <local-rcpt> Size: \d+ TLS=No$' % c.proc.pid, log, re.M), log)
    check('relay log line', 'Invalid RELAY client: MAIL from <a@b> RCPT <u@other.example>' in log, log)


def esmtp():
    c = Client(SMTPUTF8='1', DATABYTES='1000', TLS_PROVIDER='front, TLS Server=TLSv1.3')
    expect('EHLO', c.cmd('EHLO c.example'), '250-mail.example.org\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 1000'
           '\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 HELP')
    expect('codes behind the number', c.cmd('MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME AUTH=<>'), r'250 2\.1\.0 ok')
    expect('and twice in refusals', c.cmd('RCPT TO:<u@other.example>'), r'553 5\.7\.1 .*\(#5\.7\.1\)')
    expect('unknown parameter of RCPT', c.cmd('RCPT TO:<u@example.org> NOTIFY=NEVER'), r'555 5\.5\.4 .*')
    expect('non-ASCII recipient without SMTPUTF8', c.cmd('RCPT TO:<ü@example.org>'), r'553 5\.6\.7 .*')
    expect('unknown parameter of MAIL', c.cmd('MAIL FROM:<a@b> FOO=1'), r'555 5\.5\.4 .*')
    expect('refused MAIL leaves no transaction', c.cmd('RCPT TO:<u@example.org>'), r'503 .*')
    expect('bad SIZE', c.cmd('MAIL FROM:<a@b> SIZE=x'), r'501 .*')
    expect('bad BODY', c.cmd('MAIL FROM:<a@b> BODY=BINARYMIME'), r'501 .*')
    expect('SMTPUTF8 takes no value', c.cmd('MAIL FROM:<a@b> SMTPUTF8=1'), r'501 .*')
    expect('non-ASCII sender', c.cmd('MAIL FROM:<ä@b>'), r'553 5\.6\.7 .*')
    expect('non-ASCII sender with SMTPUTF8', c.cmd('MAIL FROM:<ä@b> SMTPUTF8'), '250 2.1.0 ok')
    expect('non-ASCII recipient', c.cmd('RCPT TO:<ü@example.org>'), '250 2.1.5 ok')
    c.send(b'RCPT TO:<\xff\xfe@example.org>\r\n')
    expect('invalid UTF-8', c.reply(), r'555 5\.1\.3 .*')
    c.cmd('DATA')
    c.send(b'x: \xe4\r\n\r\n\xff\0\x80\r\n.\r\n')
    expect('accepted', c.reply(), r'250 2\.0\.0 ok \d+ qp \d+')
    mess, env = stored()
    check('8-bit and NUL bytes are kept', mess.endswith(b'x: \xe4\n\n\xff\0\x80\n'), mess)
    check('UTF-8 envelope', env == 'Fä@b\0Tü@example.org\0\0'.encode(), env)
    check('protocol and HELO name', b'(HELO c.example) (192.0.2.9)\n  by here.example with UTF8ESMTPS\n'
          b'  (tls provider front, TLS Server=TLSv1.3); ' in mess, mess)
    rest, code, log = c.end()
    check('TLS provider in the log', ' TLS=front\n' in log, log)
    check('exit 1 without QUIT', code == 1, code)
    c = Client()
    c.cmd('EHLO c')
    expect('SMTPUTF8 is unknown unless enabled', c.cmd('MAIL FROM:<a@b> SMTPUTF8'), r'555 .*')
    c.end()
    c = Client(ENHANCEDSTATUSCODES='0')
    check('ENHANCEDSTATUSCODES=0 offers none', 'ENHANCED' not in c.cmd('EHLO c'))
    expect('and gives the plain texts', c.cmd('NOOP'), '250 ok')
    c.end()


def pipelining():
    before = count()
    c = Client()
    c.send(b'EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@example.org>\r\nRCPT TO:<no@where>\r\nDATA\r\n'
           b'one\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<u@example.org>\r\nRCPT TO:<v@example.org>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n')
    rest, code, log = c.end()
    codes = re.findall(r'^(\d{3}) ', rest, re.M)
    check('pipelined replies', codes == ['250', '250', '250', '553', '354', '250', '250', '250', '553', '354', '250',
                                         '221'], rest)
    check('two messages', count() - before == 2, count() - before)
    check('a bounce has one recipient', 'single envelope recipient (#5.7.1)' in rest, rest)


def smuggling():
    head = b'EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@example.org>\r\nDATA\r\nhello'
    evil = b'MAIL FROM:<evil@b>\r\nRCPT TO:<v@example.org>\r\nDATA\r\nevil\r\n.\r\nQUIT\r\n'
    for seq in (b'\n.\n', b'\n.\r\n', b'\r.\r\n', b'\r\n.\n', b'\r\n.\r', b'\r.\r', b'\n.\r', b'\r\r\n.\r\n',
                b'\r\n.\r\r\n', b'\n'):
        for step in (None, 1):
            before = count()
            c = Client()
            if step:
                # one byte at a time: block borders everywhere
                try:
                    for b in head + seq + evil:
                        c.send(bytes([b]))
                except OSError:
                    pass
            else:
                c.send(head + seq + evil)
            rest, code, log = c.end()
            check('%r refused%s' % (seq, ' byte by byte' if step else ''),
                  re.search(r'^451 4\.6\.0 .*Bare (LF|CR).*\(#4\.6\.0\)\r\n$', rest, re.M) and rest.count('\n354') == 1
                  and code == 1 and count() == before, (rest, code))
    for seq, body in ((b'\n.\n', b'hello\n.\n'), (b'\n.\r\n', b'hello\n.\n'), (b'\r\n.\n', b'hello\n\n')):
        before = count()
        c = Client(ALLOW_BARELF='')
        c.send(head + seq + evil)
        rest, code, log = c.end()
        mess, env = stored()
        check('ALLOW_BARELF: %r is text' % seq, count() == before + 1 and env == b'Fa@b\0Tu@example.org\0\0'
              and body + b'MAIL FROM:<evil@b>' in mess and code == 0, (rest, mess))
    c = Client(ALLOW_BARELF='')
    c.send(head + b'\r.\r\n' + evil)
    rest, code, log = c.end()
    check('ALLOW_BARELF: a bare CR is refused all the same', 'Bare CR' in rest and code == 1, rest)
    c = Client()
    c.send(b'EHLO c\nQUIT\r\n')
    rest, code, log = c.end()
    check('bare LF in a command', rest.startswith('451 ') and rest.count('\n') == 1 and code == 1, rest)
    c = Client()
    c.send(b'EHLO c\rMAIL FROM:<a@b>\r\nQUIT\r\n')
    rest, code, log = c.end()
    check('bare CR in a command', rest.startswith('451 ') and rest.count('\n') == 1 and code == 1, rest)


def lines():
    c = Client()
    c.send(b'NOOP ' + b'x' * 100000 + b'\r\nNOOP\r\n')
    expect('an overlong line', c.reply(), r'500 .*\(#5\.5\.2\)')
    expect('is skipped whole', c.reply(), '250 ok')
    c.send(b'NOOP\0\r\n')
    expect('NUL in a command', c.reply(), r'500 .*')
    expect('address of 900 bytes', c.cmd('MAIL FROM:<%s>' % ('a' * 900)), '250 ok')
    expect('address of 901 bytes', c.cmd('MAIL FROM:<%s>' % ('a' * 901)), r'555 .*')
    expect('unfinished address', c.cmd('MAIL FROM:<a@b'), r'555 .*')
    expect('no address', c.cmd('MAIL'), r'555 .*')
    expect('control byte in an address', c.cmd('MAIL FROM:<a\x01@b>'), r'555 .*')
    expect('quoted local part and route', c.cmd('MAIL FROM:<@x,@y:"a\\"b c"@d>'), '250 ok')
    c.cmd('RCPT TO:<u@example.org>')
    c.cmd('DATA')
    c.send(b'\r\n.\r\n')
    c.reply()
    check('are resolved', stored()[1].startswith(b'Fa"b c@d\0'), stored()[1])
    c.end()
    control('maxcmdlen', '20\n')
    c = Client()
    expect('maxcmdlen allows its length', c.cmd('NOOP' + ' ' * 16), '250 ok')
    c.send(b'NOOP' + b' ' * 17 + b'\r\nNOOP\r\n')
    rest, code, log = c.end()
    check('and ends the session beyond', re.match(r'553 .*\(#5\.5\.2\)\r\n$', rest) and code == 1, rest)
    os.unlink('control/maxcmdlen')


def limits():
    before = count()
    control('databytes', '20\n')
    c = Client()
    c.cmd('EHLO c')
    c.cmd('MAIL FROM:<a@b> SIZE=21')
    c.cmd('RCPT TO:<u@example.org>')
    expect('declared too large', c.cmd('DATA'), r'552 5\.3\.4 sorry, that message size exceeds my databytes limit '
           r'\(#5\.3\.4\)')
    c.envelope()
    c.cmd('DATA')
    c.send(b'x' * 200000 + b'\r\n.\r\n')
    expect('grown too large', c.reply(), r'552 5\.3\.4 sorry, that message size exceeds my databytes limit \(#5\.3\.4\)')
    check('nothing queued', count() == before, count())
    c.envelope()
    c.cmd('DATA')
    c.send(b'x' * 19 + b'\r\n.\r\n')
    expect('exactly the limit', c.reply(), r'250 .*')
    rest, code, log = c.end()
    check('log of the size', 'data size exceeded: MAIL from <a@b> RCPT <u@example.org> Size: 200001' in log, log)
    os.unlink('control/databytes')
    control('maxhops', '3\n')
    c = Client()
    for head, want in ((b'Received: 1\r\nreceived: 2\r\nX: Received\r\n\r\nReceived: 3\r\n', '250 .*'),
                       (b'Received: 1\r\nRECEIVED: 2\r\nDelivered-To: x\r\n\r\n',
                        r'554 too many hops, this message is looping \(#5\.4\.6\)')):
        c.envelope()
        c.cmd('DATA')
        c.send(head + b'.\r\n')
        expect('hops %r' % head[:30], c.reply(), want)
    c.end()
    os.unlink('control/maxhops')
    c = Client(MAXRECIPIENTS='2')
    expect('maxrecipients', c.envelope('a@example.org', 'b@example.org', 'c@example.org'), r'557 .*\(#5\.7\.1\)')
    c.end()
    control('timeoutsmtpd', '1\n')
    c = Client()
    start = time.time()
    rest = c.reply()
    check('time-out', rest == '451 timeout (#4.4.2)\r\n' and 0.9 < time.time() - start < 5, rest)
    check('is logged', c.end()[1:] == (1, 'qmail-smtpd: pid %d from 192.0.2.9 timeout\n' % c.proc.pid))
    c = Client()
    c.envelope()
    c.cmd('DATA')
    c.send(b'half a message')
    rest, before = c.reply(), count()
    check('time-out within a message', rest == '451 timeout (#4.4.2)\r\n' and count() == before, rest)
    c.end()
    os.unlink('control/timeoutsmtpd')
    c = Client()
    c.envelope()
    c.cmd('DATA')
    c.send(b'half a message\r\n')
    before = count()
    rest, code, log = c.end()
    check('a message cut off is not queued', code == 1 and count() == before and 'read error' in log, (rest, log))


def many():
    n = 100000
    c = Client()
    start = time.time()
    c.send(b'EHLO c\r\nMAIL FROM:<a@b>\r\n')
    c.reply(), c.reply()
    good = 0
    for i in range(0, n, 1000):
        c.send(b''.join(b'RCPT TO:<user%d@example.org>\r\n' % k for k in range(i, i + 1000)))
        for k in range(1000):
            good += c.reply() == '250 2.1.5 ok\r\n'
    c.cmd('DATA')
    c.send(b'x\r\n.\r\n')
    last = c.reply()
    check('100,000 recipients', good == n and last.startswith('250 '), (good, last))
    env = stored()[1]
    check('all in the envelope', env.count(b'\0T') == n and env.endswith(b'Tuser%d@example.org\0\0' % (n - 1)), len(env))
    with open('/proc/%d/status' % c.proc.pid) as f:
        peak = int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1))
    check('in little memory', peak < 100000, peak)
    c.end()
    print('# %.1f s, %d kB' % (time.time() - start, peak))


def policy():
    control('badmailfrom', 'bad@x\n@evil.example\n')
    control('badmailpatterns', '*spam*\n!nospam@*\n')
    c = Client()
    for sender, want in (('BAD@x', '553'), ('any@Evil.Example', '553'), ('good@x', '250'), ('a.spam@y', '553'),
                         ('nospam@y', '250'), ('', '250')):
        expect('sender <%s>' % sender, c.cmd('MAIL FROM:<%s>' % sender), want + ' .*')
    rest, code, log = c.end()
    check('log of the sender', 'Invalid SENDER address: MAIL from <BAD@x>\n' in log, log)
    control('badmailfrom', '^x.*y$\n')
    c = Client(QREGEX='1')
    expect('regular expression', c.cmd('MAIL FROM:<X1Y>'), '553 .*')
    expect('in its place patterns are ignored', c.cmd('MAIL FROM:<spam@z>'), '250 .*')
    c.end()
    os.unlink('control/badmailfrom')
    os.unlink('control/badmailpatterns')
    c = Client(RELAYCLIENT='.hub')
    expect('RELAYCLIENT', c.envelope('u@other.example'), '250 ok')
    c.cmd('DATA')
    c.send(b'\r\n.\r\n')
    c.reply()
    check('its value is appended', stored()[1] == b'Fa@b\0Tu@other.example.hub\0\0', stored()[1])
    check('AUTH field for a remote recipient', 'AUTH <auth-ip/pop>' in c.end()[2])
    control('relayclients', '192.0.2.:\n')
    c = Client()
    expect('relayclients by prefix', c.envelope('u@other.example'), '250 ok')
    c.end()
    c = Client(TCPREMOTEIP='192.0.3.1')
    expect('not for others', c.envelope('u@other.example'), '553 .*')
    c.end()
    os.unlink('control/relayclients')
    control('localiphost', 'example.org\n')
    c = Client()
    expect('localiphost', c.envelope('u@[127.0.0.1]'), '250 ok')
    c.end()
    control('morercpthosts', 'More.example\n')
    subprocess.check_call(['qmail-newmrh'])
    c = Client()
    expect('morercpthosts.cdb', c.envelope('u@more.EXAMPLE'), '250 ok')
    c.end()
    os.rename('control/rcpthosts', 'control/off')
    c = Client()
    expect('morercpthosts.cdb alone is a list', c.envelope('u@other.example'), '553 .*')
    c.end()
    os.unlink('control/morercpthosts.cdb')
    c = Client()
    expect('no list: everything', c.envelope('u@other.example'), '250 ok')
    c.end()
    os.rename('control/off', 'control/rcpthosts')
    os.mkdir('control/badmailfrom')
    c = Client()
    expect('unreadable control file', c.greeting, r'451 .*\(#4\.3\.0\)')
    check('exit 1', c.end()[1] == 1)
    os.rmdir('control/badmailfrom')


def verdicts():
    for text, want in (('Dno thanks (#5.7.1)', r'554 no thanks \(#5\.7\.1\)'),
                       ('Zlater (#4.3.0)', r'451 later \(#4\.3\.0\)')):
        with open('verdict', 'w') as f:
            f.write(text)
        c = Client()
        c.envelope()
        c.cmd('DATA')
        c.send(b'x\r\n.\r\n')
        expect('queue says ' + text, c.reply(), want)
        kind = 'permanent' if text[0] == 'D' else 'temporary'
        log = c.end()[2]
        check('log line', re.search(r'%s \(%s\): HELO <.* Size: 2 TLS=No qp \d+$' % (re.escape(text[1:]), kind), log,
                                    re.M), log)
    os.unlink('verdict')
    c = Client(QMAILQUEUE='/nonexistent')
    c.envelope()
    c.cmd('DATA')
    c.send(b'x\r\n.\r\n')
    expect('no queue program', c.reply(), r'451 .*\(#4\.3\.0\)')
    expect('the session goes on', c.cmd('NOOP'), '250 ok')
    c.proc.terminate()
    rest, code, log = c.end()
    check('SIGTERM', re.match(r'421 mail\.example\.org .*\(#4\.3\.2\)\r\n$', rest) and code == 1, (rest, code))


def gates():
    c = Client(SHUTDOWN='')
    expect('SHUTDOWN', c.greeting, r'421 mail\.example\.org SMTP service unavailable \(#4\.3\.2\)')
    start = time.time()
    expect('verbs are refused', c.cmd('EHLO x'), r'503 bad sequence of commands \(#5\.3\.2\)')
    check('after a while', time.time() - start > 4)
    expect('QUIT works', c.cmd('QUIT'), '221 .*')
    c.end()
    c = Client(SHUTDOWN='554 go away')
    expect('SHUTDOWN with a text', c.greeting, '554 go away')
    c.end()
    control('smtpgreeting', 'one.example hi\nsecond\n')
    c = Client()
    expect('greeting of two lines', c.greeting, r'220-one\.example hi \(NO UCE\) ESMTP IndiMail .*\r\n220 second')
    c.end()
    c = Client(DISABLE_EXTRA_GREET='', DISABLE_VRFY='', DISABLE_HELP='', TCPLOCALPORT='366')
    expect('DISABLE_EXTRA_GREET', c.greeting, '220-one.example hi\r\n220 second')
    for verb in ('VRFY x', 'HELP', 'MAIL FROM:<a@b>'):
        expect(verb + ' unavailable', c.cmd(verb), r'502 unimplemented \(#5\.5\.1\)')
    c.end()
    os.unlink('control/smtpgreeting')


for part in (replies, esmtp, pipelining, smuggling, lines, limits, many, policy, verdicts, gates):
    part()
sys.exit(failed)
