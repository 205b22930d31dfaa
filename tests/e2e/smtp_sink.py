#!/usr/bin/env python3
"""smtp_sink.py PORTFILE DIR [key=value ...] - an SMTP server that misbehaves on demand.

Listens on 127.0.0.1 (address=...), writes the port to PORTFILE, stores what it hears in DIR/N.log (commands) and
DIR/N.msg (the message as it came, dots undone).  Replies:
  greeting=TEXT  ehlo=TEXT|...  helo=TEXT  mail=TEXT  data=TEXT  end=TEXT    ('|' separates lines)
  rcpt.WORD=TEXT     answer to recipients containing WORD, else rcpt=TEXT
  close=greeting|connect|ehlo|mail|rcpt|data|dot|mid    drop the connection there
  delay=SECONDS      before each reply; garbage=1: binary noise as greeting
  qmtp=LETTERS       speak QMTP and answer recipients with these letters in turn
  port=N             listen there
  tls=CERT           know STARTTLS (announce it with ehlo=), or with tlsfirst=1 begin with TLS; N.tls tells version and SNI
  tlsmax=1.2         no newer version;  tlsbreak=1: answer the handshake with nonsense
  starttls=TEXT      the answer to STARTTLS; behind=TEXT: sent with it in plain text
"""
import os, socket, ssl, sys, threading, time

opt = dict(a.split("=", 1) for a in sys.argv[3:])
out = sys.argv[2]
os.makedirs(out, exist_ok=True)


class Gone(Exception):
    pass


def reply(f, text):
    time.sleep(float(opt.get("delay", 0)))
    lines = text.split("|")
    for i, line in enumerate(lines):
        if i + 1 < len(lines):
            line = line[:3] + "-" + line[4:]
        f.write(line.encode("latin-1") + b"\r\n")
    f.flush()


def closes(at):
    if opt.get("close") == at:
        raise Gone


def message(f, log, base):
    body = b""
    while True:
        line = f.readline()
        if not line:
            log.write("LOST\n")
            raise Gone
        if opt.get("close") == "mid":
            raise Gone
        if line == b".\r\n":
            break
        body += line[1:] if line.startswith(b".") else line
    open(base + ".msg", "wb").write(body)
    closes("dot")


def secure(c, base):
    """The connection in TLS."""
    if "tlsbreak" in opt:
        c.sendall(b"this is no TLS\r\n" * 10)
        raise Gone
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(opt["tls"])
    if opt.get("tlsmax") == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    names = []
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    c = context.wrap_socket(c, server_side=True)
    open(base + ".tls", "w").write(f"{c.version()} {names[0] if names else None}\n")
    return c


def smtp(f, base, c):
    log = open(base + ".log", "w", buffering=1)
    closes("connect")
    if "garbage" in opt:
        f.write(bytes(range(256)) * 40 + b"\r\n")
        f.flush()
        return
    reply(f, opt.get("greeting", "220 sink ESMTP"))
    closes("greeting")
    while True:
        line = f.readline()
        if not line:
            return
        text = line.rstrip(b"\r\n").decode("latin-1")
        log.write(text + ("\n" if line.endswith(b"\r\n") else " BARE LF\n"))
        verb = text[:4].lower()
        if verb in ("mail", "rcpt", "data", "ehlo"):
            closes(verb)
        if verb == "ehlo":
            reply(f, opt.get("ehlo", "250 sink|250 SIZE 1000000"))
        elif verb == "helo":
            reply(f, opt.get("helo", "250 sink"))
        elif verb == "mail":
            reply(f, opt.get("mail", "250 sender ok"))
        elif verb == "rcpt":
            match = [v for k, v in opt.items() if k.startswith("rcpt.") and k[5:] in text]
            reply(f, match[0] if match else opt.get("rcpt", "250 recipient ok"))
        elif verb == "data":
            answer = opt.get("data", "354 go ahead")
            reply(f, answer)
            if answer.startswith("3"):
                message(f, log, base)
                reply(f, opt.get("end", "250 ok 42"))
        elif verb == "star" and "tls" in opt:
            answer = opt.get("starttls", "220 go ahead")
            if "behind" in opt:
                answer += "\r\n" + opt["behind"]
            reply(f, answer)
            if answer.startswith("220"):
                c = secure(c, base)
                f = c.makefile("rwb")
        elif verb == "quit":
            reply(f, "221 bye")
            return
        else:
            reply(f, "502 unknown")


def netstring(f):
    n = b""
    while True:
        c = f.read(1)
        if not c:
            raise Gone
        if c == b":":
            break
        n += c
    data = f.read(int(n))
    assert f.read(1) == b","
    return data


def qmtp(f, base):
    body, sender, rcpts = netstring(f), netstring(f), netstring(f)
    open(base + ".msg", "wb").write(body)
    open(base + ".log", "wb").write(sender + b"\n" + rcpts + b"\n")
    n = 0
    while rcpts:
        size = int(rcpts.split(b":")[0])
        rcpts = rcpts[len(str(size)) + 2 + size:]
        text = opt["qmtp"][n % len(opt["qmtp"])] + "answer %d" % n
        f.write(("%d:%s," % (len(text), text)).encode())
        n += 1
    f.flush()


def serve(c, n):
    base = os.path.join(out, str(n))
    try:
        if "tlsfirst" in opt:
            c = secure(c, base)
        f = c.makefile("rwb")
        qmtp(f, base) if "qmtp" in opt else smtp(f, base, c)
    except (Gone, OSError):
        pass
    try:
        f.close()
    except OSError:
        pass
    c.close()


s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((opt.get("address", "127.0.0.1"), int(opt.get("port", 0))))
s.listen(50)
with open(sys.argv[1] + ".new", "w") as p:
    p.write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
n = 0
while True:
    c, _ = s.accept()
    threading.Thread(target=serve, args=(c, n), daemon=True).start()
    n += 1
