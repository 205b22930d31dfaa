#!/bin/bash
# binary: what the one file says of itself, its names, and the way from a fresh tree to running mail.
SRC=$(cd "$(dirname "$0")/../../.." && pwd)
. "$SRC/tests/e2e/lib.sh"
I=$INDIMAIL

"$I" --list >list
names=$(awk '{print $1}' list)
[ "$(wc -l <list)" -ge 40 ] && pass "--list" || fail "--list"
is "one line each, sorted" "$names" "$(sort -u <<<"$names")"
bad=
for n in $names $(awk '$2 != "-" {print $2}' list); do
	"$I" --help "$n" >help 2>&1 || bad="$bad $n:$?"
	grep -q '^usage: ' help || bad="$bad $n:usage"
	"$I" "$n" --help | cmp -s - help || bad="$bad $n:differs"
done
is "--help NAME, for all" "$bad" ""
like "--help" "$("$I" --help)" '^usage: indimail NAME'
like "--version" "$("$I" --version | tr '\n' '|')" '^indimail [0-9.]+\|features:.*\|$'
"$I" --dump >dump
code "--dump is JSON" 0 python3 - <<'P'
import json, sys
d = json.load(open('dump'))
names = [a['name'] for a in d['applets']]
assert names == sorted(set(names)) and len(names) >= 40, names
assert all(a['brief'] and a['family'] for a in d['applets'])
assert any(s['variable'] == 'QUEUE_BASE' for s in d['settings'])
hidden = set(names) - set(open('list').read().split())
assert len(hidden) < 5, hidden
P

all=$( (awk '{print $1}' list; python3 -c "
import json
for a in json.load(open('dump'))['applets']: print('\n'.join(a['aliases'].split()))") | sed '/^$/d' | sort -u)
ok "--install" "$I" --install "$T/soft/bin"
is "every name is there" "$(ls soft/bin | grep -v '^indimail$')" "$all"
is "as symbolic links" "$(find soft/bin -type l -lname indimail | wc -l)" "$(wc -l <<<"$all")"
ok "the file itself" cmp "$I" soft/bin/indimail
ok "again" "$I" --install "$T/soft/bin"
is "nothing is left over" "$(ls soft/bin | grep -v '^indimail$')" "$all"
ok "--install --hard" "$I" --install "$T/hard" --hard
is "hard links" "$(find hard -type f -samefile hard/indimail | wc -l)" $(($(wc -l <<<"$all") + 1))
ok "by hard links, over hard links" hard/indimail --install "$T/hard" --hard
is "nothing is left over then" "$(ls hard | grep -v '^indimail$')" "$all"
code "--install without a directory" 100 "$I" --install
code "--install into a file" 111 "$I" --install "$T/list"
code "--install with a word too many" 100 "$I" --install "$T/soft/bin" --softly

like "by the name of a link" "$(soft/bin/qmail-newu --help)" '^qmail-newu - '
like "by the short name" "$(hard/newu --help)" '^qmail-newu - '
like "by indimail NAME" "$(hard/indimail newu --help)" '^qmail-newu - '
ln -s "$I" other
like "under a name of its own choice" "$(./other qmail-newu --help)" '^qmail-newu - '
code "a real one" 0 "$I" maildirmake "$T/md"
is "did its work" "$(ls md | tr '\n' ' ')" "cur new tmp "
for words in nonesuch --nonesuch "--help nonesuch" ""; do
	# shellcheck disable=SC2086
	code "unknown: '$words'" 100 "$I" $words
done
like "is told what there is" "$(cat err)" '^usage: indimail NAME'
"$I" nonesuch 2>err
like "by name" "$(cat err)" 'no applet named nonesuch$'

# tools/run.sh in a copy of the tree, as an ordinary user; building takes a while
if [ -n "${QUICK:-}" ]; then
	skip "tools/run.sh" "QUICK is set: no copy of the tree is built"
	done_testing
elif [ ! -f "$SRC/meson.build" ] || ! command -v meson >/dev/null; then
	skip "tools/run.sh" "no source tree around the tests, or no meson"
	done_testing
fi
mkdir copy && (cd "$SRC" && tar -cf - --exclude='build*' --exclude=.git --exclude=instance \
	--exclude=musl-root .) |
	tar -xf - -C copy --no-same-owner
user=
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 copy
	user="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
$user env HOME="$T/copy" timeout 280 copy/tools/run.sh --once --port="$(free_port)" --tls-port="$(free_port)" >run.out 2>&1
is "tools/run.sh --once" $? 0
like "it shows its services" "$(cat run.out)" '/service/qmail-smtpd +up +[0-9]+ secs +pid +[0-9]+$'
like "shows the message" "$(cat run.out)" '^Mail flows\.$'
is "one message" "$(ls copy/instance/home/demo/Maildir/new | wc -l)" 1
ps -eo args= >processes
is "nobody is left" "$(grep -c "copy/instance" processes)" 0
# ... and running on, with its own certificate
port=$(free_port) tls_port=$(free_port)
$user env HOME="$T/copy" timeout 120 copy/tools/run.sh --port="$port" --tls-port="$tls_port" >run2.out 2>&1 &
run=$!
PIDS="$PIDS $run"
ok "without --once it goes on" wait_for 60 grep -q 'The mail system is running' run2.out
subject() { printf 'QUIT\r\n' | timeout 20 openssl s_client -brief -ign_eof "$@" 2>&1 | grep -E '^(Peer certificate|221)' | tr '\n' ' '; }
like "STARTTLS" "$(subject -connect "127.0.0.1:$port" -starttls smtp)" '^Peer certificate: CN = demo.test 221 '
like "SMTP within TLS" "$(subject -connect "127.0.0.1:$tls_port")" '^Peer certificate: CN = demo.test 221 '
kill "$run"
wait "$run"
done_testing
