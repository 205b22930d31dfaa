#!/bin/bash
# dnscname: one step along an alias; names that are none.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
code "no argument: usage" 100 dnscname
liar
is "one step" "$(dnscname step.example)" step2.example
is "the next one" "$(dnscname step2.example)" good.example
is "no alias: the name itself" "$(dnscname good.example)" good.example
is "no such name: the same" "$(dnscname noname.example; echo $?)" "noname.example
0"
is "an alias of itself" "$(dnscname self.example)" self.example
is "odd bytes are escaped" "$(dnscname odd.example)" 'a\.b\\c.\000\007\255'
code "and read again" 0 dnscname 'a\.b\\c.\000\007\255.example'
for n in servfail pointer short; do
	code "$n: soft error" 111 dnscname $n.example
	is "$n: text" "$(cat err)" "soft error"
done
done_testing
