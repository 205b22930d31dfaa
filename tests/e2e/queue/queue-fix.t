#!/bin/bash
# queue-fix: creation, repair, conversion of split and BIGTODO, renumbering with companions, interruption.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset CONFSPLIT BIGTODO
export CONTROLDIR=$T/control
mkdir control
echo host.example >control/me
Q=$T/queue1

# message NAME SENDER: a settled message, its files named like the mess file
submit() { QUEUEDIR=$Q qmail-queue < <(printf 'Subject: %s\n\n' "$1") 1< <(printf 'F%s\0Tr@x\0\0' "$1"); }
# settle: todo becomes info and local, with the sender in both
settle() {
	local f s i
	for f in "$Q"/todo/*/* "$Q"/todo/[0-9]*; do
		[ -f "$f" ] || continue
		i=${f##*/} s=$((i % ${1:-151}))
		printf 'F%s\0' "$(tr '\0' '\n' <"$f" | sed -n 's/^F//p')" >"$Q/info/$s/$i"
		printf 'Tr@x\0T%s\0' "$(tr '\0' '\n' <"$f" | sed -n 's/^F//p')" >"$Q/local/$s/$i"
		printf '<r@x>:\n%s\n\n' "$(tr '\0' '\n' <"$f" | sed -n 's/^F//p')" >"$Q/bounce/$i"
		chmod 600 "$Q/info/$s/$i" "$Q/local/$s/$i" "$Q/bounce/$i"
		rm -f "$f" "${f/todo/intd}"
	done
}
# consistent SPLIT: every mess file lies where its inode says, and its companions are its own
consistent() {
	local f i s sender n=0
	for f in $(find "$Q/mess" -type f); do
		i=$(stat -c %i "$f") s=$((i % $1)) n=$((n + 1))
		[ "$f" = "$Q/mess/$s/$i" ] || { echo "mess: $f"; return 1; }
		sender=$(sed -n 's/^Subject: //p' "$f")
		if [ -f "$Q/info/$s/$i" ]; then
			[ "$(tr '\0' '\n' <"$Q/info/$s/$i")" = "F$sender" ] || { echo "info of $i"; return 1; }
			tr '\0' '\n' <"$Q/local/$s/$i" | grep -qx "T$sender" || { echo "local of $i"; return 1; }
			grep -qx "$sender" "$Q/bounce/$i" || { echo "bounce of $i"; return 1; }
		else
			tr '\0' '\n' <"$(ls "$Q/todo/$s/$i" "$Q/todo/$i" 2>/dev/null | head -1)" | grep -qx "F$sender" ||
				{ echo "todo of $i"; return 1; }
		fi
	done
	[ "$n" = "$2" ] || { echo "$n messages"; return 1; }
	find "$Q" -name '*.fix' | grep . && return 1
	return 0
}

code "no operand" 100 queue-fix
code "bad split" 100 queue-fix -s 152 "$Q"
code "bad size" 100 queue-fix -S 100 "$Q"
code "-N of nothing: one problem" 1 queue-fix -N "$Q"
is "-N creates nothing" "$(ls -d "$Q" 2>&1 | grep -c 'No such')" 1
ok "create" queue-fix "$Q"
is "parts of mess" "$(ls "$Q/mess" | wc -l)" 151
is "parts of todo" "$(ls "$Q/todo" | wc -l)" 151
is "bounce is flat" "$(ls "$Q/bounce" | wc -l)" 0
is "modes" "$(cd "$Q" && stat -c '%n %a' . mess mess/0 intd todo/150 info local remote bounce pid lock lock/sendmutex lock/tcpto lock/trigger | tr '\n' ' ')" \
	". 750 mess 750 mess/0 750 intd 700 todo/150 750 info 700 local 700 remote 700 bounce 700 pid 700 lock 750 lock/sendmutex 600 lock/tcpto 644 lock/trigger 622 "
is "tcpto is zeroes" "$(tr -d '\0' <"$Q/lock/tcpto" | wc -c) $(stat -c %s "$Q/lock/tcpto")" "0 2048"
ok "-S -r -t" queue-fix -S 4096 -rt "$Q"
is "they are there" "$(cd "$Q" && stat -c '%n %a' ratelimit trash | tr '\n' ' ')$(stat -c %s "$Q/lock/tcpto")" "ratelimit 750 trash 700 4096"
code "nothing left to do" 0 queue-fix -N "$Q"

rmdir "$Q/local/17"; chmod 777 "$Q/info"; rm "$Q/lock/trigger"; touch "$Q/lock/trigger"
code "three problems" 3 queue-fix -N "$Q"
like "one is told" "$(cat err)" 'local/17 is missing'
printf 'n\ny\nn\n' >answers
ok "-i" queue-fix -i "$Q" <answers
code "one was mended" 2 queue-fix -N "$Q"
ok "repair" queue-fix "$Q"
code "all mended" 0 queue-fix -N "$Q"
[ -p "$Q/lock/trigger" ] && pass "the FIFO is one again" || fail "the FIFO is one again"

exec 9>"$Q/lock/sendmutex"
flock 9
code "refused while a send runs" 111 queue-fix "$Q"
code "but -N may look" 0 queue-fix -N "$Q"
exec 9>&-

for i in 1 2 3 4 5 6; do submit "s$i"; [ $i = 4 ] && settle; done
code "a healthy queue" 0 queue-fix -N "$Q"
is "it is consistent" "$(consistent 151 6)" ""
ok "split 23" queue-fix -s 23 "$Q"
is "messages moved" "$(consistent 23 6)" ""
is "old parts are gone" "$(ls "$Q/mess" | wc -l) $(ls "$Q/todo" | wc -l)" "23 23"
code "the present split is kept" 0 queue-fix -N "$Q"
ok "-b 0" queue-fix -b 0 "$Q"
is "todo is flat" "$(find "$Q/todo" -mindepth 1 -type d | wc -l) $(ls "$Q/todo" | wc -l)" "0 2"
is "and consistent" "$(consistent 23 6)" ""
code "flat is kept" 0 queue-fix -N "$Q"
CONFSPLIT=31 ok "CONFSPLIT and -b 1" env CONFSPLIT=31 queue-fix -b 1 "$Q"
is "consistent again" "$(consistent 31 6)" ""

# a restored queue: new inodes, every name wrong, among them names that are other messages' inodes
shuffle() {
	local names i f n
	names=($(find "$Q/mess" -type f -printf '%f\n'))
	for f in $(find "$Q/mess" -type f); do cp "$f" "$f.new"; done
	for f in $(find "$Q/mess" -name '*.new'); do mv "$f" "${f%.new}"; done
	# give every message the name that is its neighbour's inode
	local inodes=($(for n in "${names[@]}"; do stat -c %i "$Q/mess/$((n % $1))/$n"; done))
	for ((i = 0; i < ${#names[@]}; i++)); do
		local from=${names[i]} to=${inodes[(i + 1) % ${#inodes[@]}]} d
		for d in mess intd todo info local remote; do
			[ -f "$Q/$d/$((from % $1))/$from" ] && mv "$Q/$d/$((from % $1))/$from" "$Q/$d/$((to % $1))/$to.tmp"
		done
		[ -f "$Q/bounce/$from" ] && mv "$Q/bounce/$from" "$Q/bounce/$to.tmp"
	done
	for f in $(find "$Q" -name '*.tmp'); do mv "$f" "${f%.tmp}"; done
}
shuffle 31
code "six wrong names" 6 queue-fix -N "$Q"
printf 'n\nn\nn\nn\nn\nn\n' >answers
ok "-i, all refused" queue-fix -i "$Q" <answers
code "nothing was moved" 6 queue-fix -N "$Q"
ok "renumber" queue-fix "$Q"
is "every message has its own files" "$(consistent 31 6)" ""
code "no problem left" 0 queue-fix -N "$Q"

# strays: a companion that would fall to another message, files nobody knows
shuffle 31
i=$(stat -c %i "$(find "$Q/mess" -type f | head -1)")
n=$(find "$Q/mess" -type f -printf '%f\n' | grep -cx "$i")
echo junk >"$Q/mess/3/junk"
echo old >"$Q/bounce/999999999"
ok "repair with strays" queue-fix "$Q"
like "junk is told" "$(cat err)" 'warning: stray: .*mess/3/junk'
like "so is a bounce without a message" "$(cat err)" 'warning: stray: .*bounce/999999999'
is "both stay" "$(cat "$Q/mess/3/junk" "$Q/bounce/999999999" | tr '\n' ' ')" "junk old "
rm "$Q/mess/3/junk" "$Q/bounce/999999999"
is "the messages are right" "$(consistent 31 6)" ""
for f in $(find "$Q/mess" -type f); do cp "$f" "$f.new" && mv "$f.new" "$f"; done
i=$(stat -c %i "$(find "$Q/mess" -type f | head -1)")
echo alien >"$Q/bounce/$i"
ok "repair beside a stray with a wanted name" queue-fix "$Q"
is "the stray is put aside" "$(cat "$Q/bounce/$i.orphan")" alien
is "its message has its own" "$(rm "$Q/bounce/$i.orphan"; consistent 31 6)" ""

# interrupted at every tenth rename, twice in a row
if strace -o /dev/null true 2>/dev/null; then
	bad=
	for n in 1 2 3 5 8 13 17 22 30 41; do
		shuffle 31
		{ strace -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=$n queue-fix "$Q" >/dev/null; } 2>/dev/null
		{ strace -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=$((n / 2 + 1)) queue-fix -s 31 "$Q" >/dev/null; } 2>/dev/null
		queue-fix "$Q" || bad="$bad exit at $n"
		bad="$bad$(consistent 31 6)"
	done
	is "killed anywhere, the next run repairs" "$bad" ""
	{ strace -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=9 queue-fix -s 7 "$Q" >/dev/null; } 2>/dev/null
	ok "a conversion is finished by another one" queue-fix -s 19 "$Q"
	is "in the new split" "$(consistent 19 6)" ""
else
	skip "killed anywhere" "no strace"
fi
chmod 755 "$Q" 2>/dev/null
ln -s /usr other
code "somebody else's directory" 100 queue-fix -N other/.
done_testing
