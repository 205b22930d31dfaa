#!/usr/bin/env python3
"""dns_liar.py PORTFILE - a name server on a free loopback port, UDP and TCP, whose answers are wrong in every way a
hostile or broken one can think of; which way depends on the first label of the name.  Writes its port to PORTFILE."""
import os, socket, struct, sys, threading

A, NS, CNAME, PTR, MX, TXT, AAAA, TLSA = 1, 2, 5, 12, 15, 16, 28, 52


def name(text):
    return b''.join(bytes([len(l)]) + l.encode('latin-1') for l in text.split('.') if l) + b'\0'


def question(q):
    pos, labels = 12, []
    while q[pos]:
        labels.append(q[pos + 1:pos + 1 + q[pos]].decode('latin-1'))
        pos += q[pos] + 1
    return '.'.join(labels), struct.unpack('>H', q[pos + 1:pos + 3])[0], q[12:pos + 5], q[pos + 5:]


def rr(owner, kind, data, ttl=300, klass=1):
    owner = owner if isinstance(owner, bytes) else name(owner)
    return owner + struct.pack('>HHIH', kind, klass, ttl, len(data)) + data


def message(q, answers, rcode=0, flags=0x8180, section=None, authority=(), tc=False):
    ident = q[:2]
    body = question(q)[2] if section is None else section
    return ident + struct.pack('>HHHHH', flags | rcode | (0x200 if tc else 0), 1 if body else 0, len(answers),
                               len(authority), 0) + body + b''.join(answers) + b''.join(authority)


def a(text):
    return bytes(int(x) for x in text.split('.'))


def txt(*strings):
    return b''.join(bytes([len(s)]) + s for s in strings)


def answer(q, tcp):
    """The reply, or None to stay silent."""
    qname, qtype, section, rest = question(q)
    kind = qname.lower().split('.')[0]
    here = b'\xc0\x0c'
    if not qname.lower().endswith('.example'):
        return message(q, [], 3)
    if kind == 'silent' or (kind == 'halftcp' and tcp):
        return None
    if kind in ('servfail', 'notimp', 'refused', 'yxdomain'):
        return message(q, [], {'servfail': 2, 'notimp': 4, 'refused': 5, 'yxdomain': 6}[kind])
    if kind == 'bare':          # refused without repeating the question
        return message(q, [], 5, section=b'')
    if kind == 'noname':
        return message(q, [], 3)
    if kind == 'nodata':
        return message(q, [])
    if kind in ('trunc', 'halftcp', 'big') and not tcp:
        return message(q, [rr(here, A, a('192.0.2.66'))] if qtype == A else [], tc=True)
    if kind == 'trunc':
        return message(q, [rr(here, qtype, a('192.0.2.1'))] if qtype == A else [])
    if kind == 'big':           # 64 KB
        return message(q, [rr(here, TXT, txt(*[b'x' * 255] * 255)), rr(here, TXT, txt(b'end'))])[:65535]
    if kind == 'many':          # more records than anybody needs
        return message(q, [rr(here, TXT, txt(b'%d' % i)) for i in range(2000)]) if tcp else message(q, [], tc=True)
    if kind == 'loop':
        return message(q, [rr(here, CNAME, name('loop2.example')), rr('loop2.example', CNAME, name(qname))])
    if kind == 'self':
        return message(q, [rr(here, CNAME, here)])
    if kind == 'step':          # an alias whose end must be asked for
        return message(q, [rr(here, CNAME, name('step2.example'))])
    if kind == 'step2':
        return message(q, [rr(here, CNAME, name('good.example'))])
    if kind == 'denied':        # an alias to nothing, said with authority
        return message(q, [rr(here, CNAME, name('good.example'))],
                       authority=[rr('example', 6, name('ns.example') * 2 + b'\0' * 20)])
    if kind.startswith('endless'):
        n = int(kind[7:] or 0)
        return message(q, [rr(here, CNAME, name('endless%d.example' % (n + 1)))])
    if kind == 'pingpong':
        return message(q, [rr(here, CNAME, name('pongping.example'))])
    if kind == 'pongping':
        return message(q, [rr(here, CNAME, name('pingpong.example'))])
    if kind == 'good':
        return message(q, {A: [rr(here, A, a('192.0.2.1'))], AAAA: [rr(here, AAAA, b'\x20\x01\x0d\xb8' + b'\0' * 11 + b'\1')],
                           TXT: [rr(here, TXT, txt(b'one ', b'two')), rr(here, TXT, txt(b'')), rr(here, TXT, txt(b'a\tb\nc'))],
                           NS: [rr(here, NS, name('ns.example'))]}.get(qtype, []))
    if kind == 'mixed':         # the alias's address, and addresses nobody asked for
        return message(q, [rr(here, CNAME, name('real.example')), rr('evil.example', A, a('192.0.2.66')),
                           rr('real.example', A, a('192.0.2.2')), rr(qname, A, a('192.0.2.67'), klass=3)] if qtype == A else [])
    if kind == 'backward':      # the chain behind the address
        return message(q, [rr('real.example', A, a('192.0.2.3')), rr(here, CNAME, name('real.example'))] if qtype == A else [])
    if kind == 'foreign':
        return message(q, [rr('evil.example', qtype, a('192.0.2.66'))])
    if kind == 'upper':
        return message(q, [rr(qname.upper(), A, a('192.0.2.4'))] if qtype == A else [])
    if kind == 'question':      # an answer to another question
        return message(q, [rr('other.example', A, a('192.0.2.66'))], section=name('other.example') + struct.pack('>HH', qtype, 1))
    if kind == 'query':         # not an answer at all
        return message(q, [rr(here, A, a('192.0.2.66'))], flags=0x0100)
    if kind == 'garbage':
        return q[:2] + b'\x81\x80' + bytes((i * 73 + 41) & 255 for i in range(200))
    if kind == 'pointer':       # a name that points at itself
        at = 12 + len(section)
        return message(q, [struct.pack('>H', 0xc000 | at) + struct.pack('>HHIH', qtype, 1, 300, 4) + a('192.0.2.66')])
    if kind == 'circle':        # two that point at each other, in the data
        at = 12 + len(section) + 12
        return message(q, [rr(here, MX, b'\0\1' + struct.pack('>HH', 0xc000 | (at + 4), 0xc000 | (at + 2)))])
    if kind == 'forward':
        return message(q, [b'\xc3\xff' + struct.pack('>HHIH', qtype, 1, 300, 4) + a('192.0.2.66')])
    if kind == 'cut':           # the record promises more than there is
        return message(q, [here + struct.pack('>HHIH', qtype, 1, 300, 400) + a('192.0.2.66')])
    if kind == 'count':         # the header promises more records than there are
        m = bytearray(message(q, [rr(here, A, a('192.0.2.66'))]))
        m[6:8] = b'\xff\xff'
        return bytes(m)
    if kind == 'short':         # an address of three bytes, a text longer than its record
        return message(q, [rr(here, qtype, {A: b'\1\2\3', AAAA: b'\1\2\3', TXT: b'\x20abc', MX: b'\0', TLSA: b'\3\1\1'}
                              .get(qtype, b'\x09x'))])
    if kind == 'noedns':
        return message(q, [], 1) if rest else message(q, [rr(here, qtype, a('192.0.2.5') * (1 if qtype == A else 4))])
    if kind == 'half':          # addresses of one family, the other fails
        return message(q, [rr(here, A, a('192.0.2.6'))]) if qtype == A else message(q, [], 2)
    if kind == 'adbit':
        return message(q, [rr(here, A, a('192.0.2.7'))], flags=0x81a0)
    if kind == 'bad-mx':
        return message(q, [rr(here, MX, b'\0\x0a' + name('')), rr(here, MX, b'\0\x14' + name('good.example'))])
    if kind == 'null-mx':
        return message(q, [rr(here, MX, b'\0\0\0')])
    if kind == 'odd':           # bytes no host name has
        return message(q, [rr(here, qtype, b'\x05a.b\\c\x03\x00\x07\xff\0')])
    return message(q, [], 3)


def serve_tcp(listener):
    def one(s):
        with s:
            s.settimeout(30)
            try:
                while True:
                    head = s.recv(2, socket.MSG_WAITALL)
                    if len(head) < 2:
                        return
                    q = s.recv(struct.unpack('>H', head)[0], socket.MSG_WAITALL)
                    r = answer(q, True)
                    if r is None:
                        s.recv(1)
                        return
                    s.sendall(struct.pack('>H', len(r)) + r)
            except OSError:
                pass
    while True:
        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


def main():
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(('127.0.0.1', 0))
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(udp.getsockname())
            break
        except OSError:
            udp.close()
    tcp.listen(20)
    threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()
    with open(sys.argv[1] + '.tmp', 'w') as f:
        f.write(str(udp.getsockname()[1]))
    os.rename(sys.argv[1] + '.tmp', sys.argv[1])
    while True:
        q, peer = udp.recvfrom(4096)
        try:
            r = answer(q, False)
        except (IndexError, struct.error):
            continue
        if r is not None:
            udp.sendto(r, peer)


main()
