#!/usr/bin/env python3
"""starttls.py KIND MODE CERT - a server of smtp, pop3, imap or none (TLS at once) on a free port of 127.0.0.1, printed first.

MODE is a comma list: multi (greetings and answers of several lines), ehlo (STARTTLS only after EHLO), inject (plain text
behind the consent in the same segment), reject, badgreet, silent, long (a greeting without end), tls12, clientcert=FILE
(ask for a certificate).  After the handshake each line comes back in upper case; a line "end" ends."""
import socket, ssl, sys, threading

kind, mode, cert = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
greet = {"smtp": b"220 fake ESMTP\r\n", "pop3": b"+OK fake\r\n", "imap": b"* OK fake\r\n", "none": b""}[kind]
bad = {"smtp": b"554 go away\r\n", "pop3": b"-ERR no\r\n", "imap": b"* BYE no\r\n"}.get(kind, b"")
yes = {"smtp": b"220 go\r\n", "pop3": b"+OK go\r\n", "imap": b"a OK go\r\n"}.get(kind, b"")
no = {"smtp": b"454 not now\r\n", "pop3": b"-ERR not now\r\n", "imap": b"a NO not now\r\n"}.get(kind, b"")
want = {"smtp": b"STARTTLS\r\n", "pop3": b"STLS\r\n", "imap": b"a STARTTLS\r\n"}.get(kind, b"")
if "multi" in mode:
    greet = {"smtp": b"220-one\r\n220-two\r\n220 three\r\n"}.get(kind, greet)
    yes = {"smtp": b"220-so\r\n220 go\r\n", "imap": b"* CAPABILITY IMAP4rev1\r\na OK go\r\n"}.get(kind, yes)
if "inject" in mode:
    yes += b"250 injected\r\n"

def plain(c):
    f = c.makefile("rb", buffering=0)
    if "silent" in mode:
        f.readline()
        return False
    if "long" in mode:
        try:
            while True:
                c.sendall(b"220-" + b"x" * 1000 + b"\r\n")
        except OSError:
            return False
    c.sendall(bad if "badgreet" in mode else greet)
    greeted = "ehlo" not in mode
    while line := f.readline():
        if line.upper().startswith(b"EHLO"):
            greeted = True
            c.sendall(b"250-fake\r\n250 STARTTLS\r\n")
        elif line != want:
            c.sendall(b"500 what?\r\n")
        elif not greeted:
            c.sendall(b"503 hello first\r\n")
        elif "reject" in mode:
            c.sendall(no)
        else:
            c.sendall(yes)
            return True
    return False

def serve(c):
    try:
        if kind != "none" and not plain(c):
            return
        x = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        x.load_cert_chain(cert)
        if "tls12" in mode:
            x.maximum_version = ssl.TLSVersion.TLSv1_2
        for m in mode:
            if m.startswith("clientcert="):
                x.verify_mode = ssl.CERT_REQUIRED
                x.load_verify_locations(m.split("=")[1])
        t = x.wrap_socket(c, server_side=True)
        c = t
        f = t.makefile("rb")
        while line := f.readline():
            if line.strip() == b"end":
                break
            t.sendall(line.upper())
        t.unwrap()
    except OSError as e:
        print(e, file=sys.stderr)
    finally:
        c.close()

s = socket.create_server(("127.0.0.1", 0), backlog=50)
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    threading.Thread(target=serve, args=(c,), daemon=True).start()
