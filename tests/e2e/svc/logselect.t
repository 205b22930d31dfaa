#!/bin/bash
# logselect: labels and files as limits, old logs and current, hostile directories, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
mkdir log empty
l() { printf '@40000000%08x00000000' $((10 + $1)); }
a=$(l 1000) b=$(l 2000) c=$(l 3000) d=$(l 4000)
printf '%s one\nno label\n' "$a" >"log/$b.s"
printf '%s two\n' "$b" >"log/$c.u"
printf '%s three\n%s four' "$c" "$d" >log/current
echo 'nothing for you' >log/state
is "a period" "$(logselect log "$b" "$d")" "$(printf 'no label\n%s two\n%s three' "$b" "$c")"
is "all of it, in order" "$(logselect log "$a" "$(l 9999)")" "$(printf '%s one\nno label\n%s two\n%s three\n%s four' "$a" "$b" "$c" "$d")"
is "an empty period" "$(logselect log "$d" "$a")" "no label"
touch -d @2000 from
touch -d @4000 to
is "files delimit by their time" "$(logselect log from to)" "$(logselect log "$b" "$d")"
ln -s log link
is "a link to a directory" "$(logselect link "$b" "$d" | wc -l)" 3
is "no current" "$(logselect empty "$a" "$d")" ""
{ printf '%s ' "$b"; head -c 200000 /dev/zero | tr '\0' y; echo; printf '%s ' "$a"; head -c 200000 /dev/zero | tr '\0' z; echo; } >log/current
is "long lines" "$(logselect log "$b" "$c" | tr -cd yz | wc -c)" 200000
is "behind xargs" "$(printf 'log\n%s\n%s\nEOF\nmore\n' "$b" "$c" | xargs -E EOF logselect | grep -c two)" 1
code "a slash" 111 logselect log/x "$a" "$b"
like "its text" "$(cat err)" "^logselect: fatal: dir must not have '/' in it\.\$"
code "the parent" 111 logselect .. "$a" "$b"
code "no such directory" 111 logselect none "$a" "$b"
code "no such file" 111 logselect log none "$b"
like "which" "$(cat err)" '^logselect: fatal: unable to stat none: No such file'
code "usage" 111 logselect log "$a"
like "usage text" "$(cat err)" 'usage: logselect dir start stop'
code "unwritable output" 111 sh -c "logselect log $a $d >/dev/full"
mkdir many
(cd many && seq -f '@%010.0f' 10001 | xargs touch)
code "too many files" 100 logselect many "$a" "$b"
like "and says so" "$(cat err)" 'examined too many files\.'
done_testing
