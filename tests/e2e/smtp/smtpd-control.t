#!/bin/bash
# smtpd under tcpserver serves session after session in one process and knows which control files are absent: a file that
# appears, changes, goes, or comes with another control directory counts in the very next session all the same.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/q
mkdir control next
echo mail.test | tee control/me >next/me
echo other.test >next/smtpgreeting
cp control/me next/rcpthosts
: >port
background tcpserver -v -1 -RH -l mail.test 0 0 qmail-smtpd >port 2>log
wait_for 5 test -s port
PORT=$(cat port)
# the first line of a session; its end waits for the server's, so that one worker is enough for all
greeting() {
	local line rest
	exec 9<>"/dev/tcp/127.0.0.1/$PORT" || return
	read -r -t 10 line <&9
	printf 'QUIT\r\n' >&9
	while read -r -t 10 rest <&9; do :; done
	exec 9<&- 9>&-
	line=${line#220 }
	echo "${line%% *}"
}
# say TEXT...: a session with these commands; the last answer but that to QUIT
say() {
	exec 9<>"/dev/tcp/127.0.0.1/$PORT" || return
	printf '%s\r\n' "$@" QUIT >&9
	tr -d '\r' <&9 | tail -n 2 | head -n 1
	exec 9<&- 9>&-
}
for i in 1 2 3 4 5; do greeting; done >seen
is "the greeting is me" "$(sort -u seen)" "mail.test"
served() { [ "$(grep -c ' from 127' log)" -ge 5 ]; }
wait_for 5 served
pids=$(sed -n 's/.* pid \([0-9]*\) from .*/\1/p' log | sort -u | wc -l)
if [ -z "${REEXEC-}" ]; then
	is "a process serves more than one session" "$([ "$pids" -lt 5 ] && echo yes)" yes
fi
bad=0
for i in $(seq 40); do
	# now and then the directory has been at rest before
	[ $((i % 10)) -ne 0 ] || sleep 0.1
	echo "new$i.test" >control/smtpgreeting
	[ "$(greeting)" = "new$i.test" ] || bad=$((bad + 1))
	rm control/smtpgreeting
	[ "$(greeting)" = mail.test ] || bad=$((bad + 1))
done
is "a control file counts from the next session on, and no longer" "$bad" 0
sleep 0.1
like "a sender is welcome" "$(say 'EHLO x' 'MAIL FROM:<bad@x.test>' 'RCPT TO:<a@mail.test>')" "^250 "
like "... still" "$(say 'EHLO x' 'MAIL FROM:<bad@x.test>' 'RCPT TO:<a@mail.test>')" "^250 "
echo bad@x.test >control/badmailfrom
like "... until he is refused" "$(say 'EHLO x' 'MAIL FROM:<bad@x.test>')" "^5[0-9][0-9] .*sender"
rm -f control/badmailfrom
sleep 0.1
like "... or forgiven" "$(say 'EHLO x' 'MAIL FROM:<bad@x.test>' 'RCPT TO:<a@mail.test>')" "^250 "
# another directory in its place, at rest like the first
mv control former && mv next control
is "another directory takes the place of the first" "$(greeting)" "other.test"
mv control next && mv former control
is "... and gives it back" "$(greeting)" "mail.test"
done_testing
