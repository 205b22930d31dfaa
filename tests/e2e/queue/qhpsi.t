#!/bin/bash
# qhpsi and QHPSI: which words the scanner gets, what its exit code does to the message, sizes, plugins, other ways into
# the queue.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset TCPREMOTEIP RELAYCLIENT QHPSI QHPSIRC QHPSIRN QHPSIMINSIZE QHPSIMAXSIZE REJECTVIRUS VIRUSFORWARD SCANCMD QUARANTINE
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 CONFSPLIT=3 HOSTNAME=h.example
mkdir control
echo me.example >control/me
queue-fix "$QUEUEDIR"
Q=$QUEUEDIR
printf 'Subject: s\n\nbody\n' >message
printf 'Fa@b\0Tc@d\0Te@f\0\0' >envelope
records() { cat "$Q"/todo/*/* 2>/dev/null | tr '\0\n' '|/' | sed 's/^u[0-9]*|p[0-9]*|//'; }
empty() { (cd "$Q" && find pid mess intd todo -type f -exec rm {} +); }
# submit NAME=VALUE...: exit code and what is queued, in R
submit() {
	empty
	rm -f seen
	env "$@" qmail-queue <message 1<envelope 2>err
	R="$? $(records)"
}
cat >scan <<'S'
#!/bin/sh
printf '%s' "$0" >"$SEEN"; printf ' [%s]' "$@" >>"$SEEN"
{ echo; cat; [ -t 1 ] || ls -l /proc/self/fd/1; } >>"$SEEN"
echo chatter
[ "$SLEEP" ] && sleep "$SLEEP"
exit "${CODE:-0}"
S
chmod +x scan
export SEEN=$T/seen

submit A=1
is "no scanner" "$R" '0 Fa@b|Tc@d|Te@f|'
submit QHPSI=
is "an empty QHPSI" "$R" '0 Fa@b|Tc@d|Te@f|'
submit QHPSI="$T/scan"
is "clean" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: clean/|'
like "one word: the file follows" "$(head -1 seen)" "^$T/scan \[$Q/mess/[0-2]/[0-9]+\]$"
like "the message is on descriptor 0, too" "$(sed -n 2p seen)" '^Received: '
submit QHPSI="$T/scan -x 'two words' %s %suffix"
like "%s is the file" "$(head -1 seen)" "^$T/scan \[-x\] \[two words\] \[($Q/mess/[0-2]/[0-9]+)\] \[\1\]$"
submit QHPSI="$T/scan -x"
is "several words, no %s" "$(head -1 seen)" "$T/scan [-x]"
submit QHPSI="$T/scan" QQEH='X-Mine: 1'
is "with a header of the client" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: clean/X-Mine: 1/|'

submit QHPSI="$T/scan" CODE=1
is "infected, accepted" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: Virus found/|'
submit QHPSI="$T/scan" CODE=1 REJECTVIRUS=0
is "... REJECTVIRUS 0" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: Virus found/|'
submit QHPSI="$T/scan" CODE=1 REJECTVIRUS=1
is "... 1" "$R" '33 '
submit QHPSI="$T/scan" CODE=1 REJECTVIRUS=3
is "... 3" "$R" '33 '
submit QHPSI="$T/scan" CODE=1 REJECTVIRUS=2
is "... 2" "$R" '0 '
printf 'Fa@b\0Tc@d\0' >envelope
submit QHPSI="$T/scan" CODE=1 REJECTVIRUS=2
is "... but not with half an envelope" "$R" '54 '
printf 'Fa@b\0Tc@d\0Te@f\0\0' >envelope
submit QHPSI="$T/scan" CODE=1 VIRUSFORWARD=v@x
is "VIRUSFORWARD" "$R" '0 Fa@b|Tv@x|eX-QHPSI: Virus found/X-Quarantine-ID: v@x,c@d,e@f/|'
submit QHPSI="$T/scan" CODE=1 VIRUSFORWARD=v@x REJECTVIRUS=2
is "... is not thrown away" "$R" '0 Fa@b|Tv@x|eX-QHPSI: Virus found/X-Quarantine-ID: v@x,c@d,e@f/|'
submit QHPSI="$T/scan" VIRUSFORWARD=v@x REJECTVIRUS=2
is "... nor a clean message" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: clean/|'
submit QHPSI="$T/scan" CODE=1 FASTQUEUE="$(id -u)" QQEH=x
is "FASTQUEUE is not scanned" "$R" '0 Fa@b|Tc@d|Te@f|'
submit QHPSI="$T/scan" CODE=9 QHPSIRC=9 REJECTVIRUS=1
is "QHPSIRC" "$R" '33 '
submit QHPSI="$T/scan" CODE=8 QHPSIRN=8
is "QHPSIRN" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: clean/|'
for c in 2 111; do
	submit QHPSI="$T/scan" CODE=$c
	is "exit code $c" "$R" '77 '
done
submit QHPSI=/no/such/scanner
is "no such scanner" "$R" '77 '
submit QHPSI="'open"
is "no command" "$R" '77 '
submit QHPSI='sh -c kill\ -9\ $$'
is "a crash" "$R" '77 '
submit QHPSI="$T/scan" SLEEP=30 DEATH=1
like "a scanner that hangs" "$R" '^(52|77) '
empty
submit QHPSI="$T/scan" QMAIL_QUEUE_CUSTOM_ERROR= CODE=1 REJECTVIRUS=1
like "told as text" "$R $(cat err)" '^88  Dqmail-queue: .*#5\.3\.0'

size=$(wc -c <message)
submit QHPSI="$T/scan" QHPSIMINSIZE=100000
is "too small" "$R" '0 Fa@b|Tc@d|Te@f|'
submit QHPSI="$T/scan" QHPSIMAXSIZE=20
is "too large" "$R" '0 Fa@b|Tc@d|Te@f|'
submit QHPSI="$T/scan" QHPSIMINSIZE="$size" QHPSIMAXSIZE=100000
is "of the right size" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: clean/|'

# ---- the applet
export CODE=5
code "its exit code is the scanner's" 5 qhpsi "$T/scan" a b
is "the words" "$(head -1 seen)" "$T/scan [a] [b]"
code "under the scanner's name" 5 bash -c "exec -a $T/scan qhpsi c"
is "the words" "$(head -1 seen)" "$T/scan [c]"
code "in a process of its own" 5 env REEXEC=1 qhpsi "$T/scan"
code "usage" 100 qhpsi
code "usage of plugins" 100 qhpsi plugin:x
ok "help" qhpsi --help
code "generic.so is SCANCMD" 5 env SCANCMD="$T/scan -q %s" qhpsi "plugin:$T/message" generic.so
is "the words" "$(head -1 seen)" "$T/scan [-q] [$T/message]"
code "bad SCANCMD" 111 env SCANCMD="'" qhpsi "plugin:$T/message" generic.so
code "a foreign plugin" 111 qhpsi "plugin:$T/message" no-such.so
code "a plugin elsewhere" 111 qhpsi "plugin:$T/message" ../x.so
like "... is told" "$(cat err)" '^qhpsi: fatal: plugin \.\./x\.so is no file name'
code "PLUGINDIR of several parts" 111 env PLUGINDIR=/x/y qhpsi "plugin:$T/message" x.so
unset CODE
submit QHPSI='plugin: generic.so' SCANCMD="$T/scan %s"
is "plugin: in QHPSI" "$R" '0 Fa@b|Tc@d|Te@f|eX-QHPSI: clean/|'
like "the file" "$(head -1 seen)" "\[$Q/mess/[0-2]/[0-9]+\]$"
submit QHPSI='plugin:generic.so' SCANCMD="$T/scan" CODE=1 REJECTVIRUS=1
is "... finds a virus" "$R" '33 '
submit QHPSI='plugin:'
is "no plugin named" "$R" '77 '

# ---- other ways into the queue
empty
export CODE=1 REJECTVIRUS=1 QHPSI="$T/scan"
code "inject" 100 qmail-inject -fa@b c@d <message
like "the client is told" "$(cat err)" 'qmail-inject: fatal: .*virus.*#5\.7\.1'
is "nothing stays" "$(records)" ''
out=$(printf 'HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@me.example>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n' |
	env RELAYCLIENT= TCPREMOTEIP=127.0.0.1 qmail-smtpd 2>&1 | tr -d '\r')
like "smtpd" "$out" '^554 .*\(#5\.7\.1\)|^55[0-9] .*virus'
out=$(printf 'HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@me.example>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n' |
	env CODE=0 RELAYCLIENT= TCPREMOTEIP=127.0.0.1 qmail-smtpd 2>&1 | tr -d '\r')
is "smtpd, clean: nothing of the scanner's in the session" "$(grep -c chatter <<<"$out"),$(grep -c '^221' <<<"$out")" 0,1
like "queued" "$(records)" 'eX-QHPSI: clean/'
done_testing
