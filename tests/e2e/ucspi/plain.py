#!/usr/bin/env python3
"""plain.py KIND [LOG] - a server of smtp, pop3 or imap on descriptors 0 and 1 that knows no TLS.

Every line it hears goes to LOG with its process in front; messages go to LOG.mail.  The environment's TLS_PROVIDER is shown
by smtp HELP, pop3 NOOP and imap NOOP."""
import os, sys

kind = sys.argv[1]
log = open(sys.argv[2] if len(sys.argv) > 2 else os.devnull, "ab", buffering=0)
mail = open((sys.argv[2] if len(sys.argv) > 2 else os.devnull) + ".mail", "ab", buffering=0) if len(sys.argv) > 2 else log
f = os.fdopen(0, "rb")
provider = os.environ.get("TLS_PROVIDER", "none").encode()

def say(*lines):
    os.write(1, b"".join(l + b"\r\n" for l in lines))

def hear():
    line = f.readline()
    if not line:
        sys.exit(3)
    log.write(b"%d " % os.getpid() + line)
    return line.rstrip(b"\r\n")

def smtp():
    say(b"220 plain ESMTP")
    while True:
        line = hear()
        verb, _, args = line.partition(b" ")
        verb = verb.upper()
        if verb == b"EHLO":
            say(b"250-plain", b"250-PIPELINING", b"250-CHUNKING", b"250-AUTH LOGIN PLAIN", b"250 8BITMIME")
        elif verb == b"DATA":
            say(b"354 go")
            while (l := f.readline()) != b".\r\n":
                if not l:
                    sys.exit(4)
                mail.write(l)
            say(b"250 taken")
        elif verb == b"BDAT":
            mail.write(f.read(int(args.split()[0])))
            say(b"250 taken")
        elif verb == b"AUTH" and args.upper() == b"LOGIN":
            say(b"334 VXNlcm5hbWU6"); hear()
            say(b"334 UGFzc3dvcmQ6"); hear()
            say(b"535 no")
        elif verb == b"STARTTLS":
            say(b"502 what is that")
        elif verb == b"HELP":
            say(b"214 " + provider)
        elif verb == b"LEAVE":
            say(b"421 bye")
            sys.exit(0)
        elif verb == b"QUIT":
            say(b"221 bye")
            sys.exit(0)
        else:
            say(b"250 ok")

def pop3():
    say(b"+OK plain <1@x>")
    letter = b"Subject: x\r\n\r\nSTLS\r\n..\r\n"
    while True:
        verb, _, args = hear().partition(b" ")
        verb = verb.upper()
        if verb == b"CAPA":
            say(b"+OK", b"TOP", b"USER", b".")
        elif verb == b"PASS" and args != b"secret":
            say(b"-ERR no")
        elif verb == b"STAT":
            say(b"+OK 1 %d" % len(letter))
        elif verb in (b"LIST", b"UIDL"):
            say(b"+OK 1 1") if args else say(b"+OK", b"1 1", b".")
        elif verb == b"RETR":
            say(b"+OK"); os.write(1, letter); say(b".")
        elif verb == b"NOOP":
            say(b"+OK " + provider)
        elif verb == b"QUIT":
            say(b"+OK bye")
            sys.exit(0)
        else:
            say(b"+OK")

def imap():
    say(b"* OK [CAPABILITY IMAP4rev1 ID] plain")
    while True:
        line = hear()
        tag, _, rest = line.partition(b" ")
        verb = rest.split(b" ")[0].upper()
        while line.endswith(b"}"):
            n = line[line.rindex(b"{") + 1:-1]
            if not n.endswith(b"+"):
                say(b"+ go")
            log.write(b"literal " + f.read(int(n.rstrip(b"+"))) + b"\n")
            line = hear()
        if verb == b"CAPABILITY":
            say(b"* CAPABILITY IMAP4rev1 ID", tag + b" OK done")
        elif verb == b"LOGIN" and b"secret" not in rest:
            say(tag + b" NO no")
        elif verb == b"LIST":
            say(b'* LIST () "/" INBOX', tag + b" OK done")
        elif verb == b"NOOP":
            say(b"* OK " + provider, tag + b" OK done")
        elif verb == b"LOGOUT":
            say(b"* BYE bye", tag + b" OK done")
            sys.exit(0)
        else:
            say(tag + b" OK done")

{"smtp": smtp, "pop3": pop3, "imap": imap}[kind]()
