#!/bin/bash
# lspawn: who owns an address, reports for every end of a delivery, programs in its place.
# Started by root it runs as nobody: a single-user instance, whatever accounts the machine has.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
. "$(dirname "$0")/../lib.sh"
umask 022
export CONTROLDIR=$T/control ASSIGNDIR=$T/users QUEUEDIR=$T/queue QMAILREMOTE=x
mkdir -p control users queue/mess/3 home
qmaildirmake home/Maildir
export T UID_=$(id -u) GID_=$(id -g)
cat >users/assign <<E
=joe:joe:$UID_:$GID_:$T/home:::
+joe-:joe:$UID_:$GID_:$T/home:-::
=rooty:root:0:0:$T/home:::
=other:other:$((UID_ + 1)):$GID_:$T/home:::
=gone:joe:$UID_:$GID_:$T/nowhere:::
.
E
qmail-newu
printf 'Subject: x\n\nbody\n' >queue/mess/3/17

cat >drive.py <<'E'
# drive.py ID RECIPIENT...: deliver to each, print "slot report" lines
import struct, subprocess, sys
cmds = b''
for i, r in enumerate(sys.argv[2:]):
    cmds += struct.pack('<H', i) + b''.join(f + b'\0' for f in
        (sys.argv[1].encode(), b's@x.org', b'X-Q: 1\n', b'X-Colour: blue\n', r.encode()))
p = subprocess.run(['qmail-lspawn', './Maildir/'], input=cmds, stdout=subprocess.PIPE)
out, got = p.stdout, []
assert p.returncode == 0 and out[:2] == struct.pack('<H', 500), (p.returncode, out[:2])
out = out[2:]
while out:
    end = out.index(b'\0', 2)
    got.append((struct.unpack('<H', out[:2])[0], out[2:end].decode('latin1')))
    out = out[end + 1:]
for slot, text in sorted(got):
    print(slot, text.replace('\n', '/'))
E
deliver() { python3 drive.py 3/17 "$@"; }

is "limit, delivery and report" "$(deliver joe@h)" "0 Kdid 1+0+0/"
is "stored with its header" "$(cat home/Maildir/new/*)" "$(printf 'Return-Path: <s@x.org>\nDelivered-To: joe@h\nX-Q: 1\nSubject: x\n\nbody')"
is "case is ignored" "$(deliver JOE@h)" "0 Kdid 1+0+0/"
echo '|echo $EXT $DEFAULT $HOST $USER $MESSID $X_COLOUR ${QMAILREMOTE-unset}' >home/.qmail-default
is "extension and environment" "$(deliver joe-Li.St@h.org)" "0 KLi.St Li.St h.org joe 3/17 blue unset/did 0+0+1/"
like "no mailbox" "$(rm home/.qmail-default; deliver joe-none@h)" '^0 D.*#5\.1\.1'
is "last @ counts" "$(echo '|echo $LOCAL' >home/.qmail-default; deliver 'joe-a@b@h')" "0 Kjoe-a@b/did 0+0+1/"
is "empty local part is discarded" "$(deliver @h)" "0 K"
like "no host" "$(deliver joe)" '^0 D.*#5\.1\.3'
like "never as root" "$(deliver rooty@h)" '^0 Z.*#4\.7\.0'
like "a uid we cannot become" "$(deliver other@h)" '^0 Z.*#4\.3\.0'
like "no home" "$(deliver gone@h)" '^0 Z.*#4\.3\.0'
is "many at once" "$(deliver joe@h joe-x@h @h joe | cut -c1-3 | tr '\n' ,)" "0 K,1 K,2 K,3 D,"
for c in 0:K 100:D 111:Z 71:Z 74:Z 75:Z 113:Z 120:Z 126:D 3:D; do
	printf '#!/bin/sh\necho out\nexit %s\n' "${c%:*}" >my-local; chmod 755 my-local
	like "exit ${c%:*} of QMAILLOCAL" "$(QMAILLOCAL=$T/my-local deliver joe@h)" "^0 ${c#*:}"
done
cat >my-local <<E
#!/bin/sh
sleep 0.3; echo said; echo >"$T/ended"
E
python3 - 2>err <<'P'
# the report of a quick delivery meets nobody while a slow one runs
import os, struct, subprocess
p = subprocess.Popen(['qmail-lspawn', './Maildir/'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    env={**os.environ, 'QMAILLOCAL': os.environ['T'] + '/my-local'})
p.stdout.read(2)
p.stdout.close()
for slot, to in enumerate((b'joe@h', b'nohost')):
    p.stdin.write(struct.pack('<H', slot) + b''.join(f + b'\0' for f in (b'3/17', b's@x', b'', b'', to)))
p.stdin.flush()
print(p.wait(10), file=open('code', 'w'))
P
is "send is gone: what runs is left to end" "$(cat code err; ls ended)" "0
ended"
printf '#!/bin/bash\nkill -9 $$\n' >my-local
like "a crash" "$(QMAILLOCAL=$T/my-local deliver joe@h)" '^0 Z'
printf '#!/bin/bash\nprintf "%%s " "$@"\n' >my-local
is "its arguments" "$(QMAILLOCAL=$T/my-local deliver joe-a@h)" "0 K-- joe $T/home joe-a - a h s@x.org ./Maildir/ X-Q: 1/ "
like "a missing QMAILLOCAL is final" "$(QMAILLOCAL=$T/none deliver joe@h)" '^0 D'
printf '#!/bin/bash\nhead -c 5000 /dev/zero | tr "\\0" x\nexit 111\n' >my-local
text=$(QMAILLOCAL=$T/my-local deliver joe@h)
like "a long report is cut" "$text" 'x/Error report too long, sorry\./$'
[ ${#text} -lt 3010 ] && pass "to 3000 bytes" || fail "to 3000 bytes: ${#text}"
cat >my-getpw <<'E'
#!/bin/sh
printf 'joe\0%s\0%s\0%s\0-\0e-%s\0' "$UID_" "$GID_" "$T/home" "$1"
E
chmod 755 my-getpw
is "QMAILGETPW answers for the rest" "$(echo '|echo $EXT' >home/.qmail-default; QMAILGETPW=$T/my-getpw deliver who@h)" "0 Ke-who/did 0+0+1/"
printf '#!/bin/sh\nexit 116\n' >my-getpw
like "its exit code" "$(QMAILGETPW=$T/my-getpw deliver who@h)" '^0 Z.*alias'
like "a missing one" "$(QMAILGETPW=$T/none deliver who@h)" '^0 Z'
cp users/cdb good; echo damaged >users/cdb
like "a damaged cdb" "$(deliver joe@h)" '^0 Z.*users/cdb'
mv good users/cdb
like "a bad id" "$(python3 drive.py ../../etc joe@h)" '^0 D.*#5\.3\.5'
like "a missing message" "$(python3 drive.py 3/18 joe@h)" '^0 Z.*#4\.3\.0'
is "REEXEC" "$(REEXEC=1 deliver joe@h)" "0 Kdid 1+0+0/"
code "no default delivery: usage" 100 qmail-lspawn
QUEUEDIR=$T/none code "no queue" 111 qmail-lspawn ./Maildir/
done_testing
