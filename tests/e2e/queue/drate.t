#!/bin/bash
# drate: showing, setting, appending, collapsing, resetting, testing, aliases, deleting, listing, errors.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/base
unset RATELIMIT_DIR RATELIMIT_INTERVAL
D=base/slowq/ratelimit
mkdir -p control $D base/slowq/other
# put NAME FIELD...: a definition, fields ended by zero bytes
put() { local n=$1; shift; printf '%s\0' "$@" >"$D/$n"; }
fields() { tr '\0' '|' <"$D/$1"; }
now() { date +%s; }
date_re='[0-9]{1,2} [A-Z][a-z]{2} 20[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \+0000'

# setting
t=$(now)
code "set" 0 drate -d yahoo.com -r 50/3600
is "says nothing" "$(cat out err)" ""
like "four fields, zero bytes" "$(fields yahoo.com)" '^50/3600\|0\|[0-9]+\|[0-9]+\|$'
is "mode" "$(stat -c %a $D/yahoo.com)" 640
s=$(fields yahoo.com | cut -d'|' -f3)
ok "counting begins now" test "$s" -ge "$t" -a "$s" -le "$(now)"
is "no temporary file is left" "$(ls -A $D)" yahoo.com

# showing
code "show" 0 drate -d yahoo.com
is "lines" "$(sed -E "s/$date_re/DATE/" out)" "Conf   Rate: 50/3600 (0.0138888889)
Email Count: 0
Start  Time: DATE
End    Time: DATE
CurrentTime: DATE
CurrentRate: 0.0000000000 OK"
code "an address" 0 drate -d 'someone@YAHOO.com' -s
like "its domain" "$(cat out)" '^Conf   Rate: 50/3600'
t=$(now)
put ok.org 1/10 2 $((t - 1000)) $((t - 5))
code "OK" 0 drate -d ok.org
like "count" "$(cat out)" '^Email Count: 2$'
like "last update" "$(cat out)" "^LastUpdated: $date_re$"
like "rate, since" "$(cat out)" '^CurrentRate: 0\.00(2000000|199)[0-9]+ OK since 9[89][0-9] secs$'
put high.org 1/1000 2 $((t - 1000)) $((t - 5))
code "high" 0 drate -d high.org
like "need" "$(cat out)" '^CurrentRate: 0\.00[0-9]{8} High; need (1000|99[0-9]) secs$'
put zero.org 0 2 $((t - 1000)) $((t - 5))
code "rate 0" 0 drate -d zero.org
like "needs an interval" "$(cat out)" 'High; need 86400 secs$'
put neg.org -1 200 $((t - 10)) $((t - 5))
code "below zero" 0 drate -d neg.org
like "is always OK" "$(cat out)" '^CurrentRate: [0-9.]+ OK$'
printf '1/10\n2\n100\n200\n' >$D/lines.org
code "newlines are understood" 0 drate -d lines.org
like "count of it" "$(cat out)" '^Email Count: 2$'
TZ=EST5 code "local time" 0 drate -d lines.org
like "of this place" "$(cat out)" '^Start  Time: 31 Dec 1969 19:01:40 -0500$'
TZ=EST5 code "-u" 0 drate -u -d lines.org
like "UTC" "$(cat out)" '^Start  Time: 1 Jan 1970 00:01:40 \+0000$'

# changing
code "append" 0 drate -d ok.org -r +10/3600
is "at the end, counters stay" "$(fields ok.org)" "1/10+10/3600|2|$((t - 1000))|$((t - 5))|"
code "append -" 0 drate -d ok.org -r -10/3600
is "that, too" "$(fields ok.org | cut -d'|' -f1)" "1/10+10/3600-10/3600"
code "collapse, and show" 0 drate -d ok.org -c -s
is "one number" "$(fields ok.org)" "0.1000000000|2|$((t - 1000))|$((t - 5))|"
like "shown" "$(cat out)" '^Conf   Rate: 0\.1000000000 \(0\.1000000000\)$'
code "replace" 0 drate -d ok.org -r '2*(3+4)/7'
is "replaced" "$(fields ok.org | cut -d'|' -f1-2)" "2*(3+4)/7|2"
code "set and collapse" 0 drate -d ok.org -r 50/3600 -c
is "both" "$(fields ok.org | cut -d'|' -f1)" "0.0138888889"
code "reset" 0 drate -d ok.org -R
is "count 0" "$(fields ok.org | cut -d'|' -f1-2)" "0.0138888889|0"
ok "from now" test "$(fields ok.org | cut -d'|' -f3)" -ge "$t" -a "$(fields ok.org | cut -d'|' -f4)" -ge "$t"
code "- first" 0 drate -d new.org -r -1
is "a rate below zero" "$(fields new.org | cut -d'|' -f1)" "-1"
code ".global" 0 drate -d .global -r 5
is "is a name" "$(fields .global | cut -d'|' -f1)" 5
before=$(fields ok.org)
for x in 1/0 abc 1+ '(1' ''; do code "expression '$x'" 100 drate -d ok.org -r "$x"; done
is "text" "$(drate -d ok.org -r 1/0 2>&1)" "drate: fatal: unintelligible rate expression: 1/0"
code "too small to collapse" 100 drate -d ok.org -r 1/100000000000 -c
is "nothing has changed" "$(fields ok.org)" "$before"
code "nothing to collapse" 111 drate -d absent.org -c
code "nothing to reset" 111 drate -d absent.org -R
ok "nothing is made" test ! -e $D/absent.org

# testing
put test.org 1/1000 0 $((t - 10)) $((t - 10))
code "a delivery" 0 drate -t -d test.org
is "is counted" "$(fields test.org | cut -d'|' -f2)" 1
like "and shown" "$(cat out)" '^Email Count: 1$'
ok "last update" test "$(fields test.org | cut -d'|' -f4)" -ge "$t"
code "too many" 111 drate -t -d test.org
is "not counted" "$(fields test.org | cut -d'|' -f2)" 1
like "High" "$(cat out)" 'High; need'
code "forced" 111 drate -t -f -C 3 -d test.org
is "counted" "$(fields test.org | cut -d'|' -f2)" 4
put test.org 1 0 $((t - 100)) $((t - 100))
code "some of many" 111 drate -t -C 1000 -d test.org
ok "up to the rate" test "$(fields test.org | cut -d'|' -f2)" -ge 100 -a "$(fields test.org | cut -d'|' -f2)" -le 140
code "below zero" 0 drate -t -C 50 -d neg.org
is "all counted" "$(fields neg.org | cut -d'|' -f2)" 250
code "rate 0" 111 drate -t -d zero.org
put old.org 1/1000 9 $((t - 200000)) $((t - 90000))
code "an interval without deliveries" 0 drate -t -d old.org
is "begins anew" "$(fields old.org | cut -d'|' -f2)" 1
put old.org 1/1000 9 $((t - 200)) $((t - 20))
RATELIMIT_INTERVAL=10 code "a shorter interval" 0 drate -t -d old.org
is "begins anew, too" "$(fields old.org | cut -d'|' -f2)" 1
code "nothing to test" 111 drate -t -d absent.org

# aliases
code "alias" 0 drate -d yahoo.com -a Yahoo.co.UK
is "says so" "$(cat out)" "Linked yahoo.co.uk to yahoo.com"
is "a link" "$(readlink $D/yahoo.co.uk)" yahoo.com
code "again" 0 drate -d yahoo.com -a yahoo.co.uk
code "taken" 111 drate -d yahoo.com -a ok.org
code "of nothing" 111 drate -d absent.org -a other.org
code "of itself" 100 drate -d yahoo.com -a yahoo.com
code "change by the alias" 0 drate -d yahoo.co.uk -r +1
is "changes the domain" "$(fields yahoo.com | cut -d'|' -f1)" "50/3600+1"
is "still a link" "$(readlink $D/yahoo.co.uk)" yahoo.com
ln -s ../../../control/x $D/out.org
code "a link out of the directory" 111 drate -d out.org -r 1
ok "is not followed" test ! -e control/x
rm $D/out.org

# listing
: >$D/left.org.123.tmp
code "list" 0 drate -l
is "sorted, without hidden and temporary files" "$(cat out)" ".global
high.org
lines.org
neg.org
new.org
ok.org
old.org
test.org
yahoo.co.uk -> yahoo.com
yahoo.com
zero.org"
code "list, show" 0 drate -l -s
is "each definition" "$(grep -c '^Conf   Rate' out)" 10
like "below its name" "$(grep -A1 '^zero.org$' out | tail -1)" '^Conf   Rate: 0 '

# deleting
code "delete" 0 drate -U -d yahoo.com
ok "with aliases" test ! -e $D/yahoo.com -a ! -L $D/yahoo.co.uk
code "again" 111 drate -U -d yahoo.com
like "text" "$(cat err)" '^drate: fatal: unable to unlink .*/yahoo.com: No such file or directory$'
code "-f" 0 drate -U -f -d yahoo.com
code "an alias only" 0 drate -d ok.org -a a.org
code "is deleted alone" 0 drate -U -d a.org
ok "the domain stays" test -e $D/ok.org -a ! -L $D/a.org

# places
code "-D" 0 drate -D other -d there.org -r 1
ok "below slowq" test -e base/slowq/other/there.org
code "-D absolute" 0 drate -D "$T/base/slowq/other" -d there2.org -r 1
ok "as it is" test -e base/slowq/other/there2.org
RATELIMIT_DIR=other code "RATELIMIT_DIR" 0 drate -d there3.org -r 1
ok "is used" test -e base/slowq/other/there3.org
RATELIMIT_DIR= code "empty" 0 drate -d ok.org
code "no such directory" 111 drate -D absent -d x.org
like "is named" "$(cat err)" "^drate: fatal: unable to open $T/base/slowq/absent: No such file or directory$"
code "show nothing" 111 drate -d absent.org
like "text" "$(cat err)" '^drate: fatal: unable to read .*/absent.org: No such file or directory$'
code "somebody else's directory" 111 drate -D /usr -d x.org -r 1
is "text" "$(cat err)" "drate: fatal: /usr belongs to another user"
printf 'what\0' >$D/broken.org
code "broken definition" 111 drate -d broken.org -R
rm $D/broken.org
flock $D/ok.org sleep 3 &
wait_for 2 sh -c "! flock -n $D/ok.org true"
code "locked for long" 111 drate -d ok.org -R
kill $! 2>/dev/null; wait $! 2>/dev/null

# words
for x in '' '-d x.org -l' '-l -r 1' '-t' '-U' '-d x.org -t -R' '-d x.org -U -r 1' '-d x.org -f' '-d x.org -C 2' '-R' '-d x.org y' \
	'-d x.org -t -C -1' '-d ../x -r 1' '-d a/b -r 1' '-d ratecontrol -r 1' '-d .hidden -r 1' '-d x@ -r 1' '-d ok.org -a ..'; do
	code "usage: $x" 100 drate $x
done
is "nothing was written elsewhere" "$(ls -A base/slowq)" "other
ratelimit"
done_testing
