"""Client side of hostile.t, against the system below $R on $PORT: each check prints a line."""
import glob, os, socket, sys, time

root, port = os.environ['R'], int(os.environ['PORT'])
failed = 0


def check(text, good, got=None):
    global failed
    print(('ok - ' if good else 'not ok - ') + text)
    if not good:
        failed = 1
        print('# got: %.300r' % (got,))


class Client:
    def __init__(self, hello=b'EHLO me'):
        self.sock = socket.create_connection(('127.0.0.1', port), 30)
        self.file = self.sock.makefile('rb')
        self.reply()
        if hello:
            self.cmd(hello)

    def reply(self):
        lines = [self.file.readline()]
        while lines[-1][3:4] == b'-':
            lines.append(self.file.readline())
        return b''.join(lines)

    def send(self, data):
        self.sock.sendall(data)

    def cmd(self, line):
        self.send(line + b'\r\n')
        return self.reply()

    def envelope(self, rcpt=b'demo@d.example', sender=b'a@side.example', param=b''):
        return self.cmd(b'MAIL FROM:<%s>%s' % (sender, param))[:3], self.cmd(b'RCPT TO:<%s>' % rcpt)[:3]

    def message(self, text, **envelope):
        self.envelope(**envelope)
        self.cmd(b'DATA')
        self.send(text + b'\r\n.\r\n')
        return self.reply()

    def rest(self):
        """What the server still says until it hangs up."""
        got = b''
        try:
            self.sock.shutdown(socket.SHUT_WR)
            while True:
                more = self.sock.recv(65536)
                if not more:
                    break
                got += more
        except OSError:
            pass
        self.close()
        return got

    def close(self):
        self.file.close()
        self.sock.close()


def recipients(count):
    c = Client()
    assert c.cmd(b'MAIL FROM:<a@side.example>')[:3] == b'250'
    for start in range(0, count, 500):
        block = range(start, min(start + 500, count))
        c.send(b''.join(b'RCPT TO:<demo-%d@d.example>\r\n' % i for i in block))
        for i in block:
            r = c.reply()
            assert r[:3] == b'250', r
    assert c.cmd(b'DATA')[:3] == b'354'
    c.send(b'Subject: many\r\n\r\nbody\r\n.\r\n')
    r = c.reply()
    assert r[:3] == b'250', r


def stored():
    texts = []
    for fn in glob.glob(root + '/home/demo/Maildir/new/*'):
        with open(fn, 'rb') as f:
            texts.append(f.read())
    return texts


def wait_for(mark, count=1, seconds=20):
    """Messages that contain mark, once there are count."""
    end = time.time() + seconds
    while True:
        got = [t for t in stored() if mark in t]
        if len(got) >= count or time.time() > end:
            return got
        time.sleep(0.05)


def content():
    line = b'X-Long: ' + b'x' * 5 * 1024 * 1024
    r = Client().message(b'Subject: long\r\n' + line + b'\r\n\r\nbody')
    got = wait_for(b'Subject: long\n') if r[:3] == b'250' else []
    check('a header line of 5 MB arrives unchanged', len(got) == 1 and
          got[0].endswith(b'\nSubject: long\n' + line + b'\n\nbody\n'), (r, len(got)))
    line = b'y' * 5 * 1024 * 1024
    r = Client().message(b'Subject: longbody\r\n\r\n' + line)
    got = wait_for(b'Subject: longbody\n')
    check('so does such a line in the body', len(got) == 1 and got[0].endswith(b'\n\n' + line + b'\n'), r)
    every = bytes(i for i in range(256) if i not in (10, 13))
    r = Client().message(b'Subject: bytes\r\nX-Odd: ' + every + b'\r\n\r\n' + every + b'\r\n\0\r\n\0')
    got = wait_for(b'Subject: bytes\n')
    check('NUL and every other byte arrive unchanged', len(got) == 1 and
          got[0].endswith(b'\nX-Odd: ' + every + b'\n\n' + every + b'\n\0\n\0\n'), r)
    r = Client().message(b'')
    got = wait_for(b'smtpd')
    check('an empty message is one', r[:3] == b'250', r)


def addresses():
    c = Client()
    check('8-bit sender without the parameter', c.cmd(b'MAIL FROM:<\xc3\xbc@side.example>')[:3] == b'553')
    c.cmd(b'MAIL FROM:<a@side.example>')
    check('8-bit recipient without it', c.cmd('RCPT TO:<demo-\u00fc@d.example>'.encode())[:3] == b'553')
    c.cmd(b'RSET')
    c.cmd(b'MAIL FROM:<a@side.example> SMTPUTF8')
    check('invalid UTF-8', c.cmd(b'RCPT TO:<demo-\xc3@d.example>')[:1] == b'5')
    check('overlong UTF-8', c.cmd(b'RCPT TO:<demo-\xc0\xae@d.example>')[:1] == b'5')
    c.cmd(b'RSET')
    r = c.message(b'Subject: utf8\r\n\r\nx', rcpt='demo-\u00fc@d.example'.encode(), param=b' SMTPUTF8')
    got = wait_for(b'Subject: utf8\n')
    check('a UTF-8 recipient with it', r[:3] == b'250' and len(got) == 1 and
          'Delivered-To: demo-\u00fc@d.example\n'.encode() in got[0], (r, got))
    for text in (b'RCPT TO:', b'RCPT TO:<', b'RCPT TO:<>', b'RCPT TO', b'RCPT', b'RCPT TO:<demo@d.example',
                 b'RCPT TO:<demo@d.example>junk', b'RCPT TO:<demo\0@d.example>',
                 b'RCPT TO:<demo\x01\x7f@d.example', b'RCPT TO:<"demo@d.example>', b'RCPT TO:<demo@@d.example>',
                 b'RCPT TO:<' + b'a' * 3000 + b'@d.example>',
                 b'RCPT TO:<demo%other.example@d.example>', b'RCPT TO:<demo@elsewhere.example>'):
        c.cmd(b'RSET')
        c.cmd(b'MAIL FROM:<a@side.example>')
        r = c.cmd(text)
        check('refused: %r' % text[:40], r[:1] == b'5', r)
    check('and the conversation goes on', c.message(b'Subject: after\r\n\r\nx')[:3] == b'250')
    r = Client().cmd(b'MAIL FROM:<' + b'a' * 10 * 1024 * 1024)
    check('an endless command', r[:1] in (b'5', b'4', b''), r)


def slowness():
    slow = [Client(hello=None) for i in range(30)]
    for i, c in enumerate(slow):
        if i % 2:
            c.cmd(b'HELO me')
            c.envelope()
            c.cmd(b'DATA')
        c.send(b'E')
    start = time.time()
    for i in range(5):
        for c in slow:
            c.send(b'x')
        r = Client().message(b'Subject: swift\r\n\r\n%d' % i)
        check('a swift client among slow ones', r[:3] == b'250', r)
    got = wait_for(b'Subject: swift\n', 5)
    check('is served at once', len(got) == 5 and time.time() - start < 10, time.time() - start)
    for c in slow:
        c.close()
    time.sleep(0.1)
    check('half a message is none', not [t for t in stored() if t.endswith(b'Exxxxx\n')])


# What some servers take for the end of a message.
ENDS = (b'\n.\n', b'\n.\r\n', b'\r\n.\n', b'\r.\r', b'\r\n.\r', b'\r.\r\n', b'\n.\r', b'\r.\n', b'\r\r\n.\r\r\n',
        b'\r\n.\r\r\n', b'\r\n\0.\r\n', b'\r\n.\0\r\n', b'\0\n.\r\n', b'\r\n. \r\n', b'\n\n.\n\n', b'\r\n..\r\n')


def smuggling():
    for i, end in enumerate(ENDS):
        c = Client()
        c.envelope()
        c.cmd(b'DATA')
        try:
            c.send(b'Subject: outer%d.\r\n\r\nouter' % i + end +
                   b'MAIL FROM:<evil@side.example>\r\nRCPT TO:<demo@d.example>\r\nDATA\r\n'
                   b'Subject: evil\r\n\r\ninner\r\n.\r\nQUIT\r\n')
        except OSError:
            pass
        c.rest()
    check('after all of them', Client().message(b'Subject: sentinel\r\n\r\nx')[:3] == b'250')
    wait_for(b'Subject: sentinel\n')
    end = time.time() + 20
    while glob.glob(root + '/queue/queue*/mess/*/*') and time.time() < end:
        time.sleep(0.05)
    texts = stored()
    for i, end in enumerate(ENDS):
        n = len([t for t in texts if b'Subject: outer%d.\n' % i in t])
        check('%r: one message or none' % end, n <= 1, n)
    check('nobody got the inner one', not [t for t in texts if t.startswith(b'Return-Path: <evil')])
    # a dot line proper ends it for everybody: the second message is the client's own
    c = Client()
    c.envelope()
    c.cmd(b'DATA')
    c.send(b'Subject: first\r\n\r\nx\r\n.\r\nMAIL FROM:<b@side.example>\r\nRCPT TO:<demo@d.example>\r\nDATA\r\n'
           b'Subject: second\r\n\r\ny\r\n.\r\nQUIT\r\n')
    c.rest()
    check('while a proper end is one', len(wait_for(b'Subject: first\n') + wait_for(b'Subject: second\n')) == 2)


if sys.argv[1] == 'recipients':
    recipients(int(sys.argv[2]))
else:
    for part in content, addresses, slowness, smuggling:
        part()
    sys.exit(failed)
