#!/bin/bash
# up: services, shells and deliveries run the binary that up was started from, whatever is installed; that binary replaced
# or gone while it runs; the instance moved, copied, and without a PATH.
. "$(dirname "$0")/../queue/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
unset QUEUEDIR QUEUE_BASE CONFSPLIT BIGTODO INDIMAIL_ROOT QUEUE_COUNT STARTTLS SMTPS
ORIGINAL=$R
mkdir decoy soft
for name in $(ls "$BIN"); do
	printf '#!/bin/sh\necho "$0 $*" >>"%s/asked"\nexit 1\n' "$T" >"decoy/$name"
done
chmod 755 decoy/*
SOFT=$T/soft/indimail
cp "$BIN/indimail" "$SOFT"

# start PATH ARGUMENT...: $SOFT's up, until it answers
start() {
	local path=$1
	shift
	: >up.log
	env PATH="$path" "$SOFT" up --root "$R" --smtp "127.0.0.1:$PORT" "$@" >>up.log 2>&1 &
	UP=$!
	PIDS="$PIDS $UP"
	wait_for 20 python3 -c "import socket; assert socket.create_connection(('127.0.0.1', $PORT), 2).recv(3) == b'220'" ||
		{ fail "the mail system starts"; sed 's/^/# /' up.log | tail -20; exit 1; }
}
send_mail() {
	python3 - "$PORT" "$@" <<'P'
import smtplib, sys
s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=20)
s.sendmail('out@side.example', sys.argv[2:], 'Subject: hello\r\n\r\nbody\r\n')
s.quit()
P
}
count() { ls -U "$1/new" | wc -l; }
# delivered TEXT: a message for ann reaches her and, by commands in her .qmail, bob and eve
delivered() {
	local who n
	n=$(($(count "$R/home/ann/Maildir") + 1))
	ok "$1: SMTP" send_mail ann@d.example
	for who in ann bob eve; do
		ok "$1: $who has the message" wait_for 20 arrived "$R/home/$who/Maildir" "$n"
	done
}
binaries() { for p in $(family "$UP"); do readlink "/proc/$p/exe"; done | grep -v '/\(sh\|dash\|bash\|sleep\)$' | sort -u; }
only() { [ "$(binaries)" = "$1" ]; }
own() {
	ok "$1: one binary" wait_for 10 only "$SOFT"
	is "$1: no other one was asked" "$(cat asked 2>/dev/null)" ""
	rm -f asked
}

ok "a new one" "$SOFT" up --root "$R" --domain d.example --mailboxes "ann bob eve" --queues 1 --prepare
is "bin" "$(readlink "$R/bin/indimail") $(readlink "$R/bin/qmail-smtpd")" "$SOFT indimail"
is "every name" "$(ls "$R/bin")" "$(ls "$BIN")"
printf '|indimail forward bob@d.example\n|forward eve@d.example\n./Maildir/\n' >"$R/home/ann/.qmail"
is "env leads there" "$(PATH=$T/decoy:$PATH; . "$R/env"; command -v qread)" "$R/bin/qread"

# older ones of all names stand first in PATH
for mode in "--queues 1" --small "--queues 1 --log files"; do
	start "$T/decoy:$PATH" $mode
	delivered "$mode"
	own "$mode"
	stop_up
done
REEXEC=1 start "$T/decoy:$PATH" --queues 1
delivered REEXEC
own REEXEC
stop_up

# scripts of the administrator's: bare names, and one for a shell
sed -i 's/indimail qmail-smtpd/recordio qmail-smtpd/' "$R/service/qmail-smtpd/run"
mkdir "$R/service/own"
printf '#!/bin/sh\nindimail --version >version || exit\nsvok ../intake && echo >asked\nexec sleep 1000\n' >"$R/service/own/run"
chmod 755 "$R/service/own/run"
start "$T/decoy:$PATH" --queues 1
delivered scripts
ok "scripts: a shell's" wait_for 10 test -e "$R/service/own/asked"
own scripts

# the binary's file is replaced: what is started again is the new one
is "(the version)" "$(cat "$R/service/own/version")" "$("$SOFT" --version)"
cp "$SOFT" soft/new && mv soft/new "$SOFT"
of() { ps -o pid=,args= -p "$(family "$UP" | paste -sd, -)" | awk -v a="$1" '$2 == a {print $1}'; }
old=$(of intake)
kill "$old"
fresh() { local p; p=$(of intake); [ -n "$p" ] && [ "$p" != "$old" ] && [ "$(readlink "/proc/$p/exe")" = "$SOFT" ]; }
ok "a service of the new one" wait_for 10 fresh
ok "intake is back" wait_for 10 "$SOFT" svok "$R/service/intake"
delivered "replaced"
# it is gone: plain scripts go on, shells find what is installed
mv "$SOFT" soft/away && cp soft/away soft/kept && rm soft/away
rm -f "$R/service/own/version"
(. "$R/env"; PATH=$BIN:$PATH; svc -d "$R/service/own"; svc -u "$R/service/own")
ok "gone: a shell falls back to PATH" wait_for 10 grep -q "own/\|indimail" asked
old=$(of intake)
kill "$old"
another() { local p; p=$(of intake); [ -n "$p" ] && [ "$p" != "$old" ]; }
ok "gone: services are started again" wait_for 10 another
stop_up
mv soft/kept "$SOFT"
rm -rf "$R/service/own" asked

# moved, with its name
new=$T/moved
mv "$R" "$new"
R=$new
start "$T/decoy:$PATH" --queues 1 --log files
delivered moved
own moved
ok "moved: logs" wait_for 10 grep -q 'qmail-send: pid' "$R/log/qmail-send/current"
is "moved: nothing is made in the old place" "$(ls -d "$ORIGINAL" 2>/dev/null)" ""
is "moved: no path leads there" "$(grep -rlF "$ORIGINAL/" "$R"/{control,env,service,users})" ""
stop_up
# a copy leaves the original alone
cp -a "$R" "$T/copy"
before=$(count "$R/home/ann/Maildir")
R=$T/copy
start "$T/decoy:$PATH" --queues 1
delivered copy
is "copy: not into the original" "$(count "$new/home/ann/Maildir")" "$before"
stop_up
# another name of the same directory is no other place
ln -s "$T/copy" link
sum=$(cat "$R/env" "$R/users/assign" "$R/control/servicedir.conf")
ok "by a link" "$SOFT" up --root "$T/link" --prepare
is "nothing has changed" "$(cat "$R/env" "$R/users/assign" "$R/control/servicedir.conf")" "$sum"

# a machine where nothing is installed: one file and no PATH
start "" --queues 1
delivered "no PATH"
own "no PATH"
stop_up
# another binary from now on; what is no link stays
cp "$SOFT" other
rm "$R/bin/qread"
echo mine >"$R/bin/qread"
ok "another binary" "$T/other" up --root "$R" --prepare
is "is led to" "$(readlink "$R/bin/indimail")" "$T/other"
is "what is no link stays" "$(cat "$R/bin/qread")" mine
done_testing
