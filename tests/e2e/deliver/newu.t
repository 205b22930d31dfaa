#!/bin/bash
# newu: what it compiles, what it refuses, and that the old database stays then.
. "$(dirname "$0")/../lib.sh"
mkdir users
export ASSIGNDIR=$T/users
printf '=Joe:joe:500:501:/home/joe:::\n+joe-:joe:500:501:/home/joe:-:p:\n.\n' >users/assign
code "compiles" 0 qmail-newu
is "nothing left behind" "$(ls users | tr '\n' ' ')" "assign cdb "
is "the mode" "$(stat -c %a users/cdb)" 644
# every record by following the positions in the file
cat >dump.py <<'P'
import struct, sys
d = open(sys.argv[1], 'rb').read()
end, pos = min(struct.unpack('<II', d[i:i + 8])[0] for i in range(0, 2048, 8)), 2048
while pos < end:
    k, n = struct.unpack('<II', d[pos:pos + 8])
    print(d[pos + 8:pos + 8 + k], d[pos + 8 + k:pos + 8 + k + n])
    pos += 8 + k + n
P
is "the records" "$(python3 dump.py users/cdb)" "$(printf '%s\n' "b'!joe\\x00' b'joe\\x00500\\x00501\\x00/home/joe\\x00\\x00'" "b'!joe-' b'joe\\x00500\\x00501\\x00/home/joe\\x00-\\x00p'" "b'' b'-'")"
cp users/cdb before
for bad in '=joe:joe:500:501:/home/joe:::\n' '=joe:joe:500:501:/home/joe::\n.\n' 'joe\n.\n' '=joe\n.\n' '=a:\0:1:1:/::: \n.\n' ''; do
	printf "$bad" >users/assign
	code "refuses $bad" 111 qmail-newu
done
cmp -s before users/cdb && pass "the old database stays" || fail "the old database stays"
mkdir other; printf '.\n' >other/assign
code "another directory, no assignments" 0 qmail-newu other
code "no assign" 111 qmail-newu "$T/none"
code "usage" 100 qmail-newu a b
done_testing
