#!/bin/bash
# qfrontend: where filters come from, in which order they run, and that none may fail unseen.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/user.sh"
. "$here/../lib.sh"
. "$here/front.sh"
submit() { qfrontend <message 1<envelope 2>err; }

submit
is "no filters" "$? $(stored | tail -1) $(queued)" "0 body Fa@x@b Tc@d Te@f "
empty
FILTERARGS='exit 31' SPAMFILTER=x submit
is "FILTERARGS is not heeded" "$? $(n)" "0 1"
empty
printf '# comment\n\n%s/qf-one\n' "$T" >control/qfilters
program qf-one <<'P'
cat; echo "one ${SPAMFILTER-none} ${FILTERARGS-none}"
P
SPAMFILTER=x submit
is "one filter" "$? $(stored | tail -1)" "0 one none none"
empty
echo "$T/qf 'two" >>control/qfilters
program "qf 'two" <<'P'
cat; echo two
P
submit
is "a list, names as they are" "$? $(stored | tail -2 | tr '\n' ' ')" "0 one none none two "
empty
echo qf-missing >control/qfilters
submit
is "names are below the place of filters" "$? $(grep -c /usr/libexec/indimail/qfilters/qf-missing err)" "71 1"
mkdir -p control/filters.d/sub
submit; is "a directory without files does not count" $? 71
for i in b a c; do
	program control/filters.d/$i <<P
cat; echo $i
P
done
submit
is "a directory, in order" "$? $(stored | tail -3 | tr '\n' ' ')" "0 a b c "
empty
USE_QMAILQFILTER=1 submit
is "USE_QMAILQFILTER" "$? $(stored | tail -3 | tr '\n' ' ')" "0 a b c "
empty
program control/filters.d/c <<'P'
cat; tr '\0' '\n' <&3 | sed 's/^Tc@d/Tother@d/' | tr '\n' '\0' >&4
P
USE_QMAILQFILTER= submit
is "its filters see the envelope" "$? $(queued)" "0 Fa@x@b Tother@d Te@f "
empty
program control/filters.d/c <<'P'
cat
P
# verdict FILTER TEXT WANT: that filter does TEXT
verdict() {
	cp -p control/filters.d/$1 keep
	program control/filters.d/$1 <<<"$2"
	submit
	is "$1: $2" "$? $(n)" "$3 0"
	mv keep control/filters.d/$1
}
for f in a b c; do
	verdict $f 'cat >/dev/null; exit 100' 31
	verdict $f 'cat >/dev/null; exit 31' 31
	verdict $f 'cat >/dev/null; exit 2' 0
	verdict $f 'cat >/dev/null; exit 99' 0
	verdict $f 'head -c 5; exit 111' 71
	verdict $f 'head -c 5; kill -9 $$' 71
	verdict $f 'exit 1' 71
	verdict $f 'echo Dnever >&2; exit 88' 88
	is "$f: its text" "$(cat err)" Dnever
done
cp -p control/filters.d/a keep
program control/filters.d/a <<'P'
head -c 5; kill -9 $$
P
program control/filters.d/b <<'P'
cat >/dev/null; exit 99
P
submit
is "who judges half a message is not heard" "$? $(n)" "71 0"
cp -p keep control/filters.d/a
program control/filters.d/b <<'P'
exec cat
P
verdict b 'kill -9 $PPID; exit 0' 71
head -c 300000 /dev/zero | tr '\0' 'x' >>message
submit; is "a large message" "$? $(stored | head -4 | tail -1 | wc -c)" "0 300002"
empty
verdict b 'head -c 5; exit 0' 71
chmod 644 control/filters.d/a; submit; is "a file that is no program" $? 71
chmod 000 control/filters.d; submit; is "an unreadable directory" $? 55
chmod 755 control/filters.d; rm -r control/filters.d
: >control/filters.d; submit; is "not a directory" $? 55
code "usage" 100 qfrontend x
rm control/filters.d; echo "$T/qf-one" >control/qfilters
export QMAILQUEUE=qfrontend
printf 'To: c@d.x\n\nbody\n' | qmail-inject -fa@b.x 2>err
is "from inject" "$? $(stored | tail -1) $(queued)" "0 one none none Fa@b.x Tc@d.x "
done_testing
