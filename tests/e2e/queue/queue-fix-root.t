#!/bin/bash
# queue-fix as root: the owners of every part; a machine without qmail's accounts.
# Needs root and a mount namespace of its own, in which /etc/passwd and /etc/group are the test's.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip "queue-fix as root" "needs root and mount namespaces"
	done_testing
fi
export CONTROLDIR=$T/control CONFSPLIT=3
mkdir control
printf 'root:x:0:0::/root:/bin/sh\nqmailq:x:7001:7000::/:/bin/false\nqmails:x:7002:7000::/:/bin/false\nqmailr:x:7003:7000::/:/bin/false\n' >passwd
printf 'root:x:0:\nqmail:x:7000:\n' >group
here() { unshare -m sh -c 'mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec "$@"' sh "$@"; }
owners() { (cd "$1" && stat -c '%n %u' . pid mess mess/2 intd/0 todo/1 info/0 local/1 remote/2 bounce lock/sendmutex lock/tcpto lock/trigger | tr '\n' ' '); }
want=". 7001 pid 7001 mess 7001 mess/2 7001 intd/0 7001 todo/1 7001 info/0 7002 local/1 7002 remote/2 7002 bounce 7002 lock/sendmutex 7002 lock/tcpto 7003 lock/trigger 7002 "
ok "create" here queue-fix q
is "owners" "$(owners q)" "$want"
is "group" "$(find q ! -gid 7000 | head -1)" ""
touch q/mess/0/x q/info/1/4 q/bounce/5 && rm q/mess/0/x
i=$(touch q/mess/0/new && stat -c %i q/mess/0/new) && mv q/mess/0/new "q/mess/$((i % 3))/$i"
chown 0:0 q/todo/1
code "four wrong owners" 4 here queue-fix -N q
ok "repair" here queue-fix q
is "files" "$(stat -c '%u %g %a' "q/mess/$((i % 3))/$i" q/info/1/4 q/bounce/5 | tr '\n' /)" "7001 7000 644/7002 7000 600/7002 7000 600/"
is "owners again" "$(owners q)" "$want"
ok "-m" here queue-fix -m q
is "no qmails" "$(find q -uid 7002 | head -1)" ""
chown -R 65532:65532 q
if ! getent passwd qmailq >/dev/null; then
	chown 0 q/pid
	code "without accounts the queue's owner counts" 1 queue-fix -N q
	ok "repair for him" queue-fix q
	is "it is his" "$(find q ! -uid 65532 | head -1)" ""
	code "but nobody owns a new one" 111 queue-fix new
fi
done_testing
