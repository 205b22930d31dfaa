#!/bin/bash
# filters.sh BINARY - megabytes per second through addcr, delcr, fixcrio and recordio, beside those of Debian's ucspi-tcp
# when it is installed.  Prints a Markdown table; the best of five rounds, taken in turn.
binary=$(realpath "${1:?usage: filters.sh BINARY}") || exit 99
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
mkdir "$T/ours" && "$binary" --install "$T/ours" || exit 99
python3 - "$T" <<'P'
import random, sys
random.seed(1)
line = lambda: "".join(random.choice("abcdefgh ") for _ in range(random.randrange(20, 100)))
lines = [line() for _ in range(1000)]
with open(sys.argv[1] + "/text", "w") as f:
    for i in range(1600):
        f.write("\n".join(lines) + "\n")
P
sed 's/$/\r/' "$T/text" >"$T/crlf"
# rate FILE COMMAND...: MB/s of one run
rate() {
	local file=$1 start end
	shift
	start=$(date +%s%N)
	"$@" <"$file" >/dev/null 2>&1
	end=$(date +%s%N)
	echo $(($(stat -c %s "$file") * 1000 / (end - start)))
}
echo "| MB/s | indimail | ucspi-tcp |"
echo "|---|---|---|"
for what in addcr delcr "fixcrio cat" "recordio cat"; do
	file=$T/text
	[ "$what" = delcr ] && file=$T/crlf
	declare -A best=([ours]=0 [theirs]=0)
	for _ in 1 2 3 4 5; do
		for side in ours theirs; do
			program=$T/ours/${what%% *}
			[ $side = theirs ] && program=/usr/bin/${what%% *}
			[ -x "$program" ] || continue
			# shellcheck disable=SC2086
			r=$(rate "$file" "$program" ${what#"${what%% *}"})
			[ "$r" -gt "${best[$side]}" ] && best[$side]=$r
		done
	done
	echo "| $what | ${best[ours]} | ${best[theirs]} |"
done
