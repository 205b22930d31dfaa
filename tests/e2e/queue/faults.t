#!/bin/bash
# faults: a full disk, a queue that cannot be written, unreadable control files, garbage on the
# envelope's descriptor, daemons killed one after another.  The full disk is a tmpfs of its own.
if [ -z "${SMALL-}" ]; then
	M=$(mktemp -d "${TMPDIR:-/tmp}/indimail-small.XXXXXX")
	chmod 755 "$M"
	trap 'rmdir "$M"' EXIT
	small="mount -t tmpfs -o size=600k,mode=1777 none '$M'"
	if [ "$(id -u)" = 0 ]; then
		unshare --mount sh -c "$small" 2>/dev/null && set -- --mount sh -c "$small && exec setpriv --reuid=65534 \
			--regid=65534 --clear-groups env SMALL='$M' bash '$0'" || set --
	else
		inner="unshare -U --map-user=1000 --map-group=1000"
		unshare -Ur --mount sh -c "$small && $inner true" 2>/dev/null &&
			set -- -Ur --mount sh -c "$small && $inner env SMALL='$M' bash '$0'" || set --
	fi
	if [ $# -gt 0 ]; then unshare "$@"; exit; fi
	if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups env SMALL=none bash "$0"
	else SMALL=none bash "$0"; fi
	exit
fi
STATES=$(cd "$(dirname "$0")/../../crash" && pwd)/states.py
. "$(dirname "$0")/../lib.sh"
umask 022
export CONFSPLIT=3 PYTHONDONTWRITEBYTECODE=1
D=fault.test ROOT=$T/im NEW=$T/im/home/user/Maildir/new
KEY=0

# post PORT KEY KILOBYTES: one message by SMTP; prints the reply to the message or what came instead
cat >post.py <<'P'
import socket, sys
port, key, kb = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
body = ('x' * 62 + '\r\n') * 16 * kb
try:
    s = socket.create_connection(('127.0.0.1', port), 5)
    f = s.makefile('rwb')
    reply = f.readline()
    for cmd in ('HELO x', 'MAIL FROM:<user@fault.test>', 'RCPT TO:<user@fault.test>', 'DATA',
                f'X-Key: {key}\r\n\r\n{body}.'):
        if reply[:1] not in (b'2', b'3'):
            break
        f.write(cmd.encode() + b'\r\n')
        f.flush()
        reply = f.readline()
    print(reply.decode().strip() or 'closed')
except OSError as e:
    print(e)
P
post() { python3 post.py "$PORT" "$1" "${2:-0}"; }
# accept: post until it is taken; its key joins the list
accept() {
	KEY=$((KEY + 1))
	wait_for 10 eval "post a$KEY | grep -q ^250" && echo "a$KEY" >>acked
}
arrived() { grep -hs '^X-Key:' "$NEW"/* | sed 's/X-Key: //' | sort -u; }
all_arrived() { [ -z "$(sort -u acked | comm -23 - <(arrived))" ]; }
start_up() {
	PORT=$(free_port)
	background "$INDIMAIL" up --root "$ROOT" --domain $D --mailboxes user --smtp "127.0.0.1:$PORT" --queues 1 >up.log 2>&1
	UP=$!
	wait_for 10 eval "post probe | grep -q ^250"
}
stop_up() {
	kill "$UP"
	wait "$UP"
}
# every process below PID, "pid name" each
below() {
	local p
	for p in $(cat /proc/"$1"/task/"$1"/children 2>/dev/null); do
		echo "$p $(cat /proc/"$p"/comm 2>/dev/null)"
		below "$p"
	done
}
touch acked

# ---- envelopes that are none
"$INDIMAIL" up --prepare --root "$ROOT" --domain $D --mailboxes user --queues 1
export CONTROLDIR=$ROOT/control ASSIGNDIR=$ROOT/users
Q=$ROOT/queue/queue1
queue() { QUEUEDIR=$Q qmail-queue <mess 1<env; }
echo test >mess
garbage() {
	printf "$3" >env
	code "envelope: $1" "$2" queue
}
garbage "nothing" 54 ''
garbage "no final NUL" 54 'Fa@b\0Tc@d\0'
garbage "a cut record" 54 'Fa@b\0Tc@d'
garbage "no sender" 79 'Tc@d\0\0'
garbage "an empty first record" 79 '\0\0'
garbage "two senders" 79 'Fa@b\0Fa@b\0\0'
garbage "an unknown record" 79 'Fa@b\0xc@d\0\0'
{ printf F; head -c 1100 /dev/zero | tr '\0' a; printf '\0\0'; } >env
code "envelope: address too long" 11 queue
head -c 100000 /dev/urandom | tr -d F >env
code "envelope: noise" 79 queue
is "and nothing is left of them" "$(find "$Q" -type f -path '*[0-9]/*' | grep -c '/mess/\|/intd/\|/todo/\|/pid/')" 0

# ---- control files that cannot be read
chmod 000 "$ROOT/control/locals"
QUEUEDIR=$Q timeout 10 qmail-start ./Maildir/ >log 2>&1 </dev/null
is "qmail-start without control/locals" $? 111
like "says why" "$(cat log)" "cannot start: .*control/locals.*[Pp]ermission denied"
chmod 644 "$ROOT/control/locals"
chmod 000 "$ROOT/control/rcpthosts"
like "smtpd without control/rcpthosts" "$(printf 'QUIT\r\n' | QUEUEDIR=$Q TCPREMOTEIP=127.0.0.1 qmail-smtpd 2>/dev/null)" '^4[25]1 .*\(#4\.3\.0\)'
chmod 644 "$ROOT/control/rcpthosts"

# ---- a queue in which nothing can be created or removed
export QUEUE_FILES=1	# every message needs the directories
start_up || fail "the instance starts"
echo probe >>acked
wait_for 10 all_arrived
chmod 555 "$Q"/pid "$Q"/mess/* "$Q"/todo/* "$Q"/intd/*
like "a queue that cannot be written" "$(post refused)" '^451 .*\(#4\.3\.0\)'
printf 'Fuser@%s\0Tuser@%s\0\0' $D $D >env
code "its queue program" 70 queue
chmod 755 "$Q"/pid "$Q"/mess/* "$Q"/intd/* "$Q"/todo/*
: >"$ROOT/home/user/.qmail"
printf '|sleep 0.5\n./Maildir/\n' >"$ROOT/home/user/.qmail"
accept
chmod 555 "$Q"/todo/*
wait_for 10 all_arrived
sleep 0.5
is "a message that cannot be removed is delivered once" "$(grep -lsx "X-Key: a$KEY" "$NEW"/* | wc -l)" 1
chmod 755 "$Q"/todo/*
rm "$ROOT/home/user/.qmail"
kill -ALRM "$(below "$UP" | awk '$2 == "qmail-send" { print $1 }')"
ok "and removed when that works again" wait_for 5 eval '! ls '"$Q"'/mess/*/* 2>/dev/null'

unset QUEUE_FILES
stop_up
start_up
# messages that are gone after their first attempt need the journal only
wait_for 10 eval 'accept; ls "$Q"/pid/loose.* >loose 2>/dev/null' || fail "numbers are kept"
chmod 555 "$Q"/pid "$Q"/mess/* "$Q"/intd/* "$Q"/todo/*
like "a queue that cannot be written needs no files" "$(post loose)" '^250 '
ok "delivered" wait_for 10 eval 'grep -qsx "X-Key: loose" "$NEW"/*'
chmod 755 "$Q"/pid "$Q"/mess/* "$Q"/intd/* "$Q"/todo/*

# ---- every daemon is killed once
for name in $(below "$UP" | awk '{ print $2 }' | sort -u); do
	accept
	kill -9 $(below "$UP" | awk -v n="$name" '$2 == n { print $1 }' | head -1)
	accept
	since=$(date +%s%N)
	wait_for 10 all_arrived || fail "$name killed: missing $(sort -u acked | comm -23 - <(arrived) | tr '\n' ' ')"
	ms=$((($(date +%s%N) - since) / 1000000))
	[ $ms -lt 6000 ] && pass "$name killed: everything arrives" || fail "$name killed: $ms ms until mail flows again"
done
# (workers of smtpd and local stay for a while)
is "the instance runs all kinds of daemons" "$(below "$UP" | awk '$2 !~ /^qmail-(smtpd|local)$/ { print $2 }' | sort -u | tr '\n' ' ')" \
	"intake qmail-clean qmail-lspawn qmail-rspawn qmail-send qscheduler supervise tcpserver todo-proc "
stop_up
ok "states" python3 "$STATES" "$Q" 3

# ---- a full disk
if [ "$SMALL" = none ]; then
	skip "a full disk" "neither root nor user name spaces to mount a tmpfs with"
	done_testing
fi
mkdir "$SMALL/queue"
export QUEUE_BASE=$SMALL/queue
Q=$SMALL/queue/queue1
head -c 60000 /dev/zero >"$SMALL/ballast"
echo 1 >"$ROOT/control/holdlocal"
start_up
reply=250
for i in $(seq 100); do
	reply=$(post "f$i" 30)
	[ "${reply:0:3}" = 250 ] || break
	echo "f$i" >>acked
done
like "smtpd on a full disk" "$reply" '^451 .*\(#4\.3\.0\)'
[ "$i" -gt 5 ] && pass "after $i messages" || fail "after $i messages"
head -c 100000 /dev/zero | tr '\0' x >mess
code "the queue program on a full disk" 53 queue
is "it leaves nothing" "$(ls "$Q/pid" | wc -l) $(ls "$Q"/mess/*/* | wc -l)" "0 $(ls "$Q"/todo/*/* | wc -l)"
rm "$SMALL/ballast"
like "with space again" "$(post after 30)" '^250 '
echo after >>acked
rm "$ROOT/control/holdlocal"
kill -HUP "$(below "$UP" | awk '$2 == "qmail-send" { print $1 }')"
ok "everything acknowledged arrives" wait_for 20 all_arrived
ok "the queue becomes empty" wait_for 5 eval '! ls '"$Q"'/mess/*/* 2>/dev/null'
stop_up
ok "states" python3 "$STATES" "$Q" 3
done_testing
