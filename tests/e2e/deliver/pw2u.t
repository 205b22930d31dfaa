#!/bin/bash
# pw2u: every option and every file beside assign.
. "$(dirname "$0")/../lib.sh"
mkdir users home1
export ASSIGNDIR=$T/users
U=$(id -u) G=$(id -g)
[ "$U" != 0 ] || { U=12345 G=12345; chown 12345 home1 2>/dev/null; }
cat >passwd <<E2
root:x:0:0:root:/root:/bin/sh
alias:x:$U:$G::$T/home1:
joe:x:$U:$G:Joe:$T/home1:/bin/sh
Ann:x:$U:$G:Ann:$T/home1:/bin/sh
gone:x:$U:$G::$T/nowhere:/bin/sh
foreign:x:$((U + 1)):$G::$T/home1:/bin/sh
broken line
E2
A="$U:$G:$T/home1"
run() { code "$1" 0 qmail-pw2u "${@:2}" <passwd; }
run "default"
is "accounts with their own home" "$(cat out)" "$(printf '%s\n' "=alias:alias:$A:::" "+alias-:alias:$A:-::" "+:alias:$A:-::" "=joe:joe:$A:::" "+joe-:joe:$A:-::" .)"
run "-u" -u; like "capitals" "$(cat out)" '^=Ann:Ann:'
run "-H" -H; is "homes unseen" "$(grep -Ec '^=(gone|foreign):' out)" 2
code "-h stops" 111 qmail-pw2u -h <passwd
run "-/" -/; like "dash" "$(cat out)" "^\+joe-:joe:$A:-/::\$"
run "-c" -c+; like "break" "$(cat out)" "^\+joe\+:joe:$A:-::\$"
run "-C" -C; is "no extensions" "$(grep -c '^+joe' out)" 0
echo joe >users/exclude; run "exclude"; is "joe is out" "$(grep -c joe out)" 0; rm users/exclude
echo alias >users/include; run "include"; is "only alias" "$(grep -c joe out)" 0; rm users/include
echo joe:joseph:j.doe >users/mailnames; run "mailnames"
is "joe's names" "$(grep -o '^=[^:]*:joe' out | tr '\n' ' ')" "=joseph:joe =j.doe:joe "
echo web:joe:www: >users/subusers; run "subusers"
like "exact" "$(cat out)" "^=web:joe:$A:-:www:\$"
like "with extensions" "$(cat out)" "^\+web-:joe:$A:-:www-:\$"
echo web:nobody-here:www: >users/subusers; code "a subuser of nobody" 111 qmail-pw2u <passwd; rm users/subusers
echo '=x:y:1:2:/z:::' >users/append; run "append"
is "at the end" "$(tail -2 out)" "$(printf '=x:y:1:2:/z:::\n.')"
cp out users/assign; code "newu understands it" 0 qmail-newu
grep -v ^alias passwd >p2; code "no alias" 111 qmail-pw2u <p2
done_testing
