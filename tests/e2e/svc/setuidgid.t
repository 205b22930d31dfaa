#!/bin/bash
# setuidgid: who the child is, its groups, the variables; a single user asking for himself.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 setuidgid
code "no child" 100 setuidgid root
like "usage" "$(cat err)" '^usage: setuidgid '
code "unknown account" 111 setuidgid nobody-of-that-name true
is "its message" "$(cat err)" "setuidgid: fatal: unknown account nobody-of-that-name"
code "an account is no pattern" 111 setuidgid '' true
me=$(id -un)
code "as oneself, and no such child" 111 setuidgid "$me" ./nonexistent
like "its message" "$(cat err)" '^setuidgid: fatal: unable to run \./nonexistent: No such file'
is "as oneself" "$(setuidgid "$me" id -u)" "$(id -u)"
is "-e" "$(env -u HOME USER=x LOGNAME=y setuidgid -e "$me" sh -c 'echo $HOME $USER $LOGNAME')" \
	"$(grep "^$me:" /etc/passwd | cut -d: -f6) $me $me"
is "no variables without it" "$(USER=x setuidgid "$me" printenv USER)" x
code "exit code of the child" 9 setuidgid "$me" sh -c 'exit 9'
code "unknown group" 111 setuidgid -g nogroup-of-that-name "$me" true
like "its message" "$(cat err)" 'unknown group nogroup-of-that-name'
if [ "$(id -u)" != 0 ]; then
	code "an ordinary user does not become root" 111 setuidgid root id
	is "and the child does not run" "$(cat out)" ""
	skip "becoming others" "not root"
	done_testing
fi
ids() { setuidgid "$@" sh -c 'grep -E "^(Uid|Gid|Groups):" /proc/self/status | tr -s "\t " " "'; }
uid=$(id -u nobody) gid=$(id -g nobody)
is "uid, gid, no other groups" "$(ids nobody)" "Uid: $uid $uid $uid $uid
Gid: $gid $gid $gid $gid
Groups: $gid "
is "root's groups go too" "$(perl -e '$) = "0 0 1 2 3"; exec @ARGV' setuidgid nobody sh -c 'id -G')" "$gid"
is "-g by number and name" "$(setuidgid -g 4242,daemon nobody id -G | tr ' ' '\n' | sort -n | tr '\n' ' ')" \
	"$(printf '%s\n' 4242 "$(id -g daemon)" "$gid" | sort -n | tr '\n' ' ')"
code "there is no way back" 111 setuidgid nobody setuidgid root id
like "says EPERM" "$(cat err)" 'setuidgid: fatal: unable to become uid 0: Operation not permitted'
is "capabilities are gone" "$(setuidgid nobody sed -n 's/^CapEff:\t//p' /proc/self/status)" 0000000000000000
is "-e is the account's" "$(setuidgid -e nobody printenv USER)" nobody
is "a chain without exec" "$(setuidgid nobody setlock -n /dev/null softlimit -c 0 id -u)" "$uid"
is "and with it" "$(REEXEC=1 setuidgid nobody envuidgid root id -u)" "$uid"
# -s: an account with several groups, if the machine has one
line=$(awk -F: 'NR == FNR { u[$1] = 1; next } { n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i] in u) { print m[i]; exit } }' /etc/passwd /etc/group)
if [ -n "$line" ]; then
	is "-s: all groups of the account" "$(setuidgid -s "$line" id -G | tr ' ' '\n' | sort -n)" "$(id -G "$line" | tr ' ' '\n' | sort -n)"
	is "without: only its own" "$(setuidgid "$line" id -G)" "$(id -g "$line")"
elif unshare -m true 2>/dev/null; then
	cp /etc/group group
	echo "extra-group:x:4711:other,nobody" >>group
	is "-s: all groups of the account" "$(unshare -m sh -c 'mount --bind group /etc/group && setuidgid -s nobody id -G' |
		tr ' ' '\n' | sort -n | tr '\n' ' ')" "4711 $gid "
else
	skip "-s" "no account with more than one group"
fi
done_testing
