#!/bin/bash
# run.sh - from a fresh clone to running mail: installs what is missing, builds, starts a complete
# mail system in ./instance on loopback, sends a message through SMTP and shows it arriving.
# Keeps running until Ctrl-C; --once ends after the delivery with exit code 0.
set -u
. "$(dirname "$0")/lib.sh"

once= port=2525 tls_port=2465
for arg; do
	case $arg in
	--once) once=1 ;;
	--port=*) port=${arg#--port=} ;;
	--tls-port=*) tls_port=${arg#--tls-port=} ;;
	*) fatal "usage: tools/run.sh [--once] [--port=N] [--tls-port=N]" ;;
	esac
done

# shellcheck disable=SC2086
need $BUILD_PACKAGES || command -v meson >/dev/null || exit 1
say "building"
build build -Dtests=false

# Root without qmail's accounts runs the instance as an ordinary user, who must be able to reach it.
root=$PWD/instance
if [ "$(id -u)" = 0 ] && [ ! -e "$root" ]; then
	p=$PWD
	while [ "$p" != / ]; do
		if [ -z "$(find "$p" -maxdepth 0 -perm -o=x)" ]; then
			root=$(mktemp -d /var/tmp/indimail-instance.XXXXXX) || exit 1
			chmod 755 "$root" && ln -s "$root" instance
			break
		fi
		p=$(dirname "$p")
	done
fi
[ -L instance ] && root=$(readlink -f instance)

say "starting the mail system in $root, SMTP with STARTTLS on 127.0.0.1:$port, SMTP within TLS on 127.0.0.1:$tls_port"
log=$(mktemp) || exit 1
build/indimail up --root "$root" --domain demo.test --mailboxes demo --smtp "127.0.0.1:$port" --smtps "127.0.0.1:$tls_port" >"$log" 2>&1 &
up=$!
cleanup() {
	kill "$up" 2>/dev/null
	wait "$up" 2>/dev/null
	rm -f "$log"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

new=$root/home/demo/Maildir/new
before=$(ls "$new" 2>/dev/null | wc -l)

# One message, by a client of a few lines: bash speaks TCP itself.
smtp() {
	exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
	local line reply=
	answer() {
		while IFS= read -r -t 10 line <&3; do
			line=${line%$'\r'}
			echo "S: $line"
			reply=${line:0:1}
			[ "${line:3:1}" = - ] || break
		done
		[ "$reply" = 2 ] || [ "$reply" = 3 ]
	}
	put() { printf '%s\r\n' "$@" >&3; printf 'C: %s\n' "$@"; }
	answer || return 1
	put "EHLO localhost" && answer || return 1
	put "MAIL FROM:<you@example.org>" && answer || return 1
	put "RCPT TO:<demo@demo.test>" && answer || return 1
	put "DATA" && answer || return 1
	put "From: you@example.org" "To: demo@demo.test" "Subject: First light" "" \
		"Mail flows." "." && answer || return 1
	put "QUIT"
	exec 3>&-
}

say "sending a message to demo@demo.test"
for i in $(seq 100); do
	kill -0 "$up" 2>/dev/null || { cat "$log"; fatal "the mail system did not start"; }
	if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
	sleep 0.05
done
smtp || { cat "$log"; fatal "the message was not accepted"; }

for i in $(seq 200); do
	[ "$(ls "$new" 2>/dev/null | wc -l)" -gt "$before" ] && break
	sleep 0.05
done
arrived=$(ls -t "$new" 2>/dev/null | head -1)
[ "$(ls "$new" 2>/dev/null | wc -l)" -gt "$before" ] || { cat "$log"; fatal "the message did not arrive"; }
say "it arrived in $new/$arrived"
cat "$new/$arrived"
say "its services (indimail svps)"
build/indimail svps --no-pager --servicedir="$root/service" || fatal "the services do not show"
[ -z "$once" ] || { say "done"; exit 0; }
cat <<END

The mail system is running.  Try:
  curl smtp://127.0.0.1:$port --mail-from me@example.org --mail-rcpt demo@demo.test -T README.md
  curl smtps://127.0.0.1:$tls_port --insecure --mail-from me@example.org --mail-rcpt demo@demo.test -T README.md
  . $root/env; svps
Control files are in $root/control, mailboxes in $root/home.  Ctrl-C stops it.
END
tail -n +1 -f --pid="$up" "$log" &
tail=$!
wait "$up"
kill "$tail" 2>/dev/null
