#!/bin/bash
# small.sh BINARY - the small profile: size of the binary, and proportional memory (PSS) of every process of
# an idle "indimail up --small", after mail has passed through it.  Started by root it goes on as an ordinary user.
#	CC=musl-gcc PKG_CONFIG_LIBDIR=SYSROOT meson setup build-small -Dprofile=small -Dstatic=true -Dtls=disabled -Dmariadb=disabled \
#		-Dsqlite=disabled -Didn=disabled -Dtests=false -Doptimization=s -Ddebug=false -Db_lto=true
# is such a binary (SYSROOT: tools/musl-sysroot.sh), to be stripped.
set -eu
bin=$(readlink -f "${1:?usage: small.sh BINARY}")
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65533 --regid=65533 --clear-groups env HOME=/ bash "$(readlink -f "$0")" "$bin"
dir=$(mktemp -d "${TMPDIR:-/tmp}/indimail-small.XXXXXX")
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
"$bin" up --small --root "$dir/i" --domain bench.example --mailboxes bob --smtp "127.0.0.1:$port" >"$dir/log" 2>&1 &
up=$!
trap 'kill $up; wait $up || true; rm -rf "$dir"' EXIT
until grep -qs "^status:" "$dir/log"; do sleep 0.1; done
python3 - "$port" <<'P'
import smtplib, sys
for _ in range(10):
    s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]))
    s.sendmail('a@bench.example', ['bob@bench.example'], 'Subject: x\n\ny\n')
    s.quit()
P
until [ "$(find "$dir/i/home/bob/Maildir/new" -type f | wc -l)" = 10 ]; do sleep 0.1; done
sleep "${REST:-12}"	# workers and children end meanwhile
tree() { echo "$1"; for p in $(ps -o pid= --ppid "$1"); do tree "$p"; done; }
total=0
for p in $(tree "$up"); do
	kb=$(awk '/^Pss:/ {print $2}' "/proc/$p/smaps_rollup" 2>/dev/null) || continue
	private=$(awk '/^Private_Dirty:/ {print $2}' "/proc/$p/smaps_rollup")
	printf '%6s KB  private %5s KB  %s\n' "$kb" "$private" "$(tr '\0' ' ' <"/proc/$p/cmdline")"
	total=$((total + kb))
done
echo "idle proportional memory: $total KB"
echo "size of the binary: $(($(stat -c %s "$bin") / 1024)) KB"
