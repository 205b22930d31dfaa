#!/bin/bash
# multilog.sh - how fast a stream of lines gets into a rotated log: our multilog beside those of daemontools, runit
# and s6, taking turns, on a disk and in memory, with the pipe and the disk alone as limits.
#   ROUNDS=3 MEGABYTES=2000 BENCH_DIR=/var/tmp tests/bench/multilog.sh BINARY
# Every figure is the median of ROUNDS runs: megabytes of input (100-byte lines) per second, until everything is
# written and the logger has ended.  Prints one table, then system calls per megabyte of input for ours.
set -u
case ${1:?usage: multilog.sh BINARY} in /*) BIN=$1 ;; *) BIN=$PWD/$1 ;; esac
. "$(dirname "$0")/../../tools/lib.sh"
ROUNDS=${ROUNDS:-3} MEGABYTES=${MEGABYTES:-2000}
need daemontools runit s6 strace gcc || exit 1
W=$(mktemp -d "${BENCH_DIR:-/var/tmp}/indimail-bench.XXXXXX") || exit 1
M=$(mktemp -d /dev/shm/indimail-bench.XXXXXX) || exit 1
trap 'rm -rf "$W" "$M"' EXIT

# ---- the stream: blocks of whole lines, nothing computed on the way
cat >"$W/stream.c" <<'C'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[65500];

int main(int argc, char **argv)
{
	long left = argc > 1 ? atol(argv[1]) * 1000000 : 0;

	for (int i = 0; i < 655; i++) {
		memset(block + i * 100, 'a' + i % 26, 99);
		block[i * 100 + 99] = '\n';
	}
	for (; left > 0; left -= (long)sizeof block)
		for (size_t done = 0; done < sizeof block; ) {
			ssize_t r = write(1, block + done, sizeof block - done);

			if (r < 0)
				return 1;
			done += (size_t)r;
		}
	return 0;
}
C
gcc -O2 -o "$W/stream" "$W/stream.c" || fatal "no compiler"

# ---- what is measured; DIR is where
indimail() { "$BIN" multilog t s16777215 n5 "$DIR/indimail"; }
daemontools() { /usr/bin/multilog t s16777215 n5 "$DIR/daemontools"; }
svlogd() {
	mkdir -p "$DIR/svlogd" && printf 's16777215\nn5\n' >"$DIR/svlogd/config"
	command svlogd -tt "$DIR/svlogd"
}
s6log() { command s6-log t s16777215 n5 "$DIR/s6"; }
pipe() { cat >/dev/null; }
disk() { dd of="$DIR/dd" bs=64k conv=fsync iflag=fullblock 2>/dev/null; }

# MB/s of one run
measure() {
	local start end
	rm -rf "${DIR:?}"/[a-z]*
	sync
	start=$(date +%s%N)
	"$W/stream" "$MEGABYTES" | "$1" || fatal "$1 failed"
	end=$(date +%s%N)
	echo $((MEGABYTES * 1000000000 / (end - start)))
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

WHAT="pipe disk indimail daemontools svlogd s6log"
for place in disk memory; do
	[ $place = disk ] && DIR=$W/log || DIR=$M/log
	mkdir -p "$DIR"
	for round in $(seq "$ROUNDS"); do
		for what in $WHAT; do
			measure "$what" >>"$W/$place.$what"
		done
	done
	rm -rf "$DIR"
done
row() {
	local name=$1 what=$2 place figure ours
	printf '| %-42s |' "$name"
	for place in disk memory; do
		figure=$(median <"$W/$place.$what") ours=$(median <"$W/$place.indimail")
		printf ' %5d | %5s |' "$figure" "$(awk "BEGIN {printf \"%.1f\", $ours / $figure}")"
	done
	echo
}
echo "| $MEGABYTES MB of 100-byte lines, median of $ROUNDS        | disk MB/s | ours/it | memory MB/s | ours/it |"
echo "|---|---|---|---|---|"
row "indimail multilog t s16777215 n5" indimail
row "daemontools multilog t s16777215 n5" daemontools
row "runit svlogd -tt s16777215 n5" svlogd
row "s6-log t s16777215 n5" s6log
row "limit: the pipe, cat >/dev/null" pipe
row "limit: the disk, dd of=FILE conv=fsync" disk

# ---- system calls of ours, per megabyte of input
DIR=$M/log
mkdir -p "$DIR"
MB=200
"$W/stream" $MB | strace -f -c -o "$W/calls" "$BIN" multilog t s16777215 n5 "$DIR/indimail"
echo
echo "System calls of ours per megabyte of input ($MB MB, log in memory):"
awk -v mb=$MB '$NF == "total" {printf "  all %.1f\n", $(NF - 1 > 3 ? 4 : 3) / mb} $4 ~ /^[0-9]+$/ && $4 > mb / 20 && $NF != "total" {printf "  %s %.2f\n", $NF, $4 / mb}' "$W/calls"
