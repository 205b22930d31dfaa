#!/bin/bash
# tcprules: every form of address and instruction, what is refused and how, the old file after an error.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"

# rules LINE...: compile them
rules() { printf '%s\n' "$@" | tcprules rules.cdb rules.tmp; }
# check IP [INFO [HOST]]: what tcprulescheck says, in one line
check() {
	env -u TCPREMOTEINFO -u TCPREMOTEHOST TCPREMOTEIP="$1" ${2:+TCPREMOTEINFO="$2"} ${3:+TCPREMOTEHOST="$3"} \
		tcprulescheck rules.cdb | tr '\n' '|'
}

code "no arguments" 100 tcprules
like "usage" "$(cat err)" '^usage: tcprules cdb tmp$'
code "one argument" 100 tcprules rules.cdb
code "three arguments" 100 tcprules a b c
code "an option" 100 tcprules -x rules.cdb rules.tmp
code "no rules at all" 0 tcprules rules.cdb rules.tmp </dev/null
is "allow" "$(check 1.2.3.4)" "default:|allow connection|"
is "the temporary file is gone" "$(ls rules.tmp 2>&1)" "ls: cannot access 'rules.tmp': No such file or directory"

# the order of the search
rules 'a@1.2.3.4:allow,R="1"' 'a@=x.y:deny' '1.2.3.4:deny' '=x.y:allow' '1.2.3.:deny,R="no"' '1.2.:allow,R="/"' '1.:deny' \
	'8.0.0.0/6:allow,N="6"' '10.0/16:deny' '=.y:deny' '=:allow,NAMED="yes"' ':allow,!R'
is "info@ip" "$(check 1.2.3.4 a x.y)" "rule a@1.2.3.4:|set environment variable R=1|allow connection|"
is "info@=host" "$(check 1.2.3.5 a x.y)" "rule a@=x.y:|deny connection|"
is "ip" "$(check 1.2.3.4 b x.y)" "rule 1.2.3.4:|deny connection|"
is "=host" "$(check 1.2.3.5 b x.y)" "rule =x.y:|allow connection|"
is "ip prefix; nothing counts behind deny" "$(check 1.2.3.5)" "rule 1.2.3.:|deny connection|"
is "shorter prefix" "$(check 1.2.4.5)" "rule 1.2.:|set environment variable R=/|allow connection|"
is "shortest" "$(check 1.3.4.5)" "rule 1.:|deny connection|"
is "the smaller network" "$(check 10.0.1.1 '' z.y)" "rule _0000e0g000000000:|deny connection|"
is "the larger network" "$(check 10.1.1.1 '' z.y)" "rule _0000e0:|set environment variable N=6|allow connection|"
is "suffix" "$(check 2.2.2.2 '' z.y)" "rule =.y:|deny connection|"
is "any name" "$(check 2.2.2.2 '' y)" "rule =:|set environment variable NAMED=yes|allow connection|"
is "anybody" "$(check 2.2.2.2)" "rule :|unset environment variable R|allow connection|"

rules '1.2.3.37-53:deny' '10.2-3.:deny' '11.250-999.:deny' 'X-y@=h:deny' '=A-B:deny'
for ip in 1.2.3.37 1.2.3.45 1.2.3.53 10.2.0.1 10.3.9.9 11.250.1.1 11.255.1.1; do
	like "range: $ip" "$(check $ip)" 'deny connection'
done
for ip in 1.2.3.36 1.2.3.54 10.1.2.3 10.4.2.3 11.249.1.1; do
	is "not in the range: $ip" "$(check $ip)" "default:|allow connection|"
done
is "no range in a user's name" "$(check 9.9.9.9 x-y h)" "rule x-y@=h:|deny connection|"
is "no range in a host name" "$(check 9.9.9.9 '' a-b)" "rule =a-b:|deny connection|"

rules '127.0/8:deny' '192.0.2.128/25:deny' '2001:db8::/32:deny' '2001:DB8:1::/48:allow' '2001:db8:0:0::7:allow' \
	'u@2001:db8::7:allow,U="u"' '::ffff:9.9.9.9:deny' '2001:0db9:0000:0000:0000:0000:0000:0001:deny' '::1:allow,L="1"'
like "network 127.0/8" "$(check 127.200.1.1)" deny
like "network /25" "$(check 192.0.2.200)" deny
like "not in it" "$(check 192.0.2.100)" '^default:'
like "IPv6 network" "$(check 2001:db8:ffff::1)" deny
like "a smaller one in it" "$(check 2001:db8:1::1)" allow
is "one address in it, written otherwise" "$(check 2001:db8::7)" "rule 2001:db8::7:|allow connection|"
is "asked for otherwise" "$(check 2001:0DB8::0007)" "rule 2001:db8::7:|allow connection|"
is "with a user" "$(check 2001:db8::7 u)" \
	"rule u@2001:0db8:0000:0000:0000:0000:0000:0007:|set environment variable U=u|allow connection|"
is "IPv4 written as IPv6" "$(check 9.9.9.9)" "rule 9.9.9.9:|deny connection|"
is "and asked for so" "$(check ::ffff:9.9.9.9)" "rule 9.9.9.9:|deny connection|"
is "the expanded form" "$(check 2001:db9::1)" "rule 2001:0db9:0000:0000:0000:0000:0000:0001:|deny connection|"
is "colons in an address" "$(check ::1)" "rule ::1:|set environment variable L=1|allow connection|"
rules '0.0.0.0/0:deny'
is "no bits: everybody" "$(check ::1)" "rule :|deny connection|"
rules '1.2.3.4:allow,A="first"' '1.2.3.4:deny'
is "the first rule for an address" "$(check 1.2.3.4)" "rule 1.2.3.4:|set environment variable A=first|allow connection|"
rules '# 1.2.3.4:deny' '' '   ' '1.2.3.4:allow,A=/a"b/,B="",C=,x,,!D  	'
is "quotes, empty values, blanks at the end" "$(check 1.2.3.4)" "rule 1.2.3.4:|set environment variable A=a\"b|set environment variable B=|set environment variable C=x|unset environment variable D|allow connection|"
printf '1.2.3.4:deny' | tcprules rules.cdb rules.tmp
like "no newline at the end" "$(check 1.2.3.4)" deny

# errors
rules '1.2.3.4:deny,X="kept"'
sum=$(cksum <rules.cdb)
for line in '1.2.3.4:' '1.2.3.4:permit' ':allow A="b"' ':allow,A' ':allow,A=' ':allow,A="b' ':allow,="b"' ':allow,!' ':denyx' \
	'1.2.3.4/40:allow' 'a-b:deny' '1.2-3.4-5:deny' '::1/200:deny'; do
	code "no rule: $line" 100 rules '#' "$line" ':allow'
	is "said so" "$(cat err)" "tcprules: fatal: unable to parse this line: $line"
done
code "no colon" 111 rules ':allow' '1.2.3.4'
is "said so, with the line" "$(cat err)" "tcprules: warning: line 2: 1.2.3.4
tcprules: fatal: Unable to find colon on non-empty line."
code "NUL in a line" 100 sh -c 'printf "a\0b:allow\n" | tcprules rules.cdb rules.tmp'
code "input that cannot be read" 111 sh -c 'tcprules rules.cdb rules.tmp </'
is "said so" "$(cat err)" "tcprules: fatal: unable to read input: Is a directory"
code "no place for tmp" 111 sh -c 'echo :allow | tcprules rules.cdb missing/tmp'
is "said so" "$(cat err)" "tcprules: fatal: unable to create missing/tmp: No such file or directory"
mkdir dir
code "cdb cannot be replaced" 111 sh -c 'echo :allow | tcprules dir rules.tmp'
is "said so" "$(cat err)" "tcprules: fatal: unable to move rules.tmp to dir: Is a directory"
code "a full disk" 111 sh -c 'echo :allow | tcprules rules.cdb /dev/full'
like "said so" "$(cat err)" '^tcprules: fatal: unable to write /dev/full: '
ok "and a device stays" test -c /dev/full
is "after all of them the file is as it was" "$(cksum <rules.cdb)" "$sum"
is "and no temporary file is left" "$(ls)" "$(printf 'bin\ndir\nerr\nout\nrules.cdb')"
done_testing
