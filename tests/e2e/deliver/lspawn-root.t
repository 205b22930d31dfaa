#!/bin/bash
# lspawn as root: every delivery runs as the owner of the address, never as root, and cannot go back.
# Needs root and a mount namespace of its own, in which /etc/passwd and /etc/group are the test's.
. "$(dirname "$0")/../lib.sh"
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip "lspawn as root" "needs root and mount namespaces"
	done_testing
fi
export CONTROLDIR=$T/control ASSIGNDIR=$T/users QUEUEDIR=$T/queue T
mkdir -p control users queue/mess/3 joe alias rooty
cat >passwd <<E
root:x:0:0::/root:/bin/sh
qmailq:x:7001:7000::/:/bin/false
qmailp:x:7002:7002::/:/bin/false
alias:x:7003:7003::$T/alias:/bin/false
joe:x:7004:7004::$T/joe:/bin/sh
rooty:x:0:0::$T/rooty:/bin/sh
E
printf 'root:x:0:\nqmail:x:7000:\nextra:x:7009:joe\njoe:x:7004:\n' >group
chown 7003:7003 alias; chown 7004:7004 joe
echo '=mapped:joe:7004:7004:'"$T/joe"'::map:' >users/assign
echo '=superuser:root:0:0:'"$T/rooty"':::' >>users/assign
echo . >>users/assign
qmail-newu
printf 'Subject: x\n\nbody\n' >queue/mess/3/17; chown 7001 queue/mess/3/17
for f in joe/.qmail joe/.qmail-ext joe/.qmailmap alias/.qmail-default; do echo '|id -u; id -G; grep Uid /proc/self/status' >$f; done
cat >drive.py <<'E'
import struct, subprocess, sys
cmd = struct.pack('<H', 0) + b''.join(f + b'\0' for f in (b'3/17', b's@x', b'', b'', sys.argv[1].encode()))
out = subprocess.run(['qmail-lspawn', './Maildir/'], input=cmd, stdout=subprocess.PIPE).stdout
print(out[4:].rstrip(b'\0').decode().replace('\n', '/').replace('\t', ' '))
E
cat >inside <<'E'
mount --bind passwd /etc/passwd && mount --bind group /etc/group && python3 drive.py "$1"
E
deliver() { unshare -m bash inside "$1"; }
ids() { echo "K$1/$2/Uid: $1 $1 $1 $1/did 0+0+1/"; }
is "an account" "$(deliver joe@h)" "$(ids 7004 7004)"
is "its extension" "$(deliver joe-ext@h)" "$(ids 7004 7004)"
is "anybody else is alias" "$(deliver nobody-here@h)" "$(ids 7003 7003)"
is "an assignment" "$(deliver mapped@h)" "$(ids 7004 7004)"
is "all groups on request" "$(SETUSER_PRIVILEGES=1 deliver joe@h)" "$(ids 7004 "7004 7009")"
is "not for assignments" "$(SETUSER_PRIVILEGES=1 deliver mapped@h)" "$(ids 7004 7004)"
is "the same with REEXEC" "$(REEXEC=1 deliver joe@h)" "$(ids 7004 7004)"
like "root by assignment" "$(deliver superuser@h)" '^Z.*#4\.7\.0'
is "accounts with uid 0 do not count" "$(deliver rooty@h)" "$(ids 7003 7003)"
printf '#!/bin/sh\nid -u >"$T/alias/who"\nprintf "joe\\0007004\\0007004\\000%%s\\000\\000\\000" "$T/joe"\n' >my-getpw
chmod 755 my-getpw; chmod 777 alias
is "QMAILGETPW answers" "$(QMAILGETPW=$T/my-getpw deliver any@h)" "$(ids 7004 7004)"
is "as qmailp" "$(cat alias/who)" 7002
chown 0 queue/mess/3/17
like "a message of somebody else's" "$(deliver joe@h)" '^Z.*#4\.3\.5'
done_testing
