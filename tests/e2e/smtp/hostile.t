#!/bin/bash
# hostile: a running system meets 100,000 recipients, endless lines, odd bytes, slow and cheating clients.
. "$(dirname "$0")/../queue/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
export HOME=$T R PORT
up --root "$R" --domain d.example --mailboxes demo --queues 2 --prepare || exit 1
echo 40 >"$R/control/concurrencylocal"
echo ./Maildir/ >"$R/home/demo/.qmail-default"

# high PROGRAM: the most memory one of them ever had, in kilobytes
high() {
	local p most=0 n
	for p in $(family "$UP"); do
		[ "$(ps -o args= -p "$p" | awk '{print $1}')" = "$1" ] || continue
		n=$(awk '/^VmHWM/ {print $2}' "/proc/$p/status")
		[ "${n:-0}" -gt "$most" ] && most=$n
	done
	echo "$most"
}
small() { [ "$2" -gt 0 ] && [ "$2" -lt 65536 ] && pass "$1 stays small" || fail "$1 grew to $2 kB"; }

echo 1 >"$R/control/holdlocal"
start_up --queues 2
ok "a message to 100,000 recipients" timeout 100 python3 "$HERE/hostile.py" recipients 100000
queued() {
	[ -z "$(find "$R"/queue/queue*/todo -type f)" ] && find "$R"/queue/queue*/local -type f -size +1M | grep -q .
}
ok "the queue takes it in" wait_for 30 queued
in_use qmail-qread >read
is "with every recipient" "$(sort -u read | grep -c '^	 *local	demo-[0-9]*@d.example$')" 100000
if grep -aq __asan_init "$INDIMAIL"; then
	skip "memory" "the sanitizer's own is much larger"
else
	for p in qmail-send todo-proc intake qmail-lspawn; do small $p "$(high $p)"; done
fi
stop_up
is "nothing was delivered" "$(ls "$R/home/demo/Maildir/new" | wc -l)" 0
find "$R"/queue/queue*/{mess,info,local,remote} -type f -delete
rm "$R/control/holdlocal"

export SMTPUTF8=
start_up --queues 2
ok "a message to 2,000 recipients of one Maildir" timeout 60 python3 "$HERE/hostile.py" recipients 2000
ok "arrives" wait_for 60 arrived "$R/home/demo/Maildir" 2000
settled() { in_use qmail-qread >read && ! grep -q "#" read; }
ok "is done with" wait_for 20 settled
is "2,000 times, once for each" "$(grep -rh '^Delivered-To: ' "$R/home/demo/Maildir/new" | sort -u | wc -l)/$(
	ls "$R/home/demo/Maildir/new" | wc -l)" 2000/2000
rm -rf "$R"/home/demo/Maildir/new/*
timeout 120 python3 "$HERE/hostile.py" all || FAILED=1
ok "nothing is left in the queue" wait_for 20 settled
stop_up
is "it ends well" $? 0
done_testing
