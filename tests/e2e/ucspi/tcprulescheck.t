#!/bin/bash
# tcprulescheck: variables, exit codes, damaged files, text rules. (The order of rules: tcprules.t.)
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset TCPREMOTEIP TCPREMOTEHOST TCPREMOTEINFO
code "no arguments" 100 tcprulescheck
like "usage" "$(cat err)" '^usage: tcprulescheck cdb$'
code "two arguments" 100 tcprulescheck a b
code "a missing file" 111 tcprulescheck none.cdb
is "its message" "$(cat err)" "tcprulescheck: fatal: unable to read none.cdb: No such file or directory"
printf '%s\n' '0.0.0.0:deny' '1.2.3.4:allow,A="x",!B' '=h:deny' 'i@1.2.3.4:deny' >rules
tcprules rules.cdb tmp <rules
for f in rules rules.cdb; do
	code "$f: no address is 0.0.0.0" 0 tcprulescheck $f
	is "denied" "$(cat out)" "rule 0.0.0.0:
deny connection"
	is "$f: TCPREMOTEIP" "$(TCPREMOTEIP=1.2.3.4 tcprulescheck $f)" "rule 1.2.3.4:
set environment variable A=x
unset environment variable B
allow connection"
	is "$f: TCPREMOTEHOST" "$(TCPREMOTEIP=9.9.9.9 TCPREMOTEHOST=h tcprulescheck $f)" "rule =h:
deny connection"
	is "$f: TCPREMOTEINFO" "$(TCPREMOTEIP=1.2.3.4 TCPREMOTEINFO=i tcprulescheck $f)" "rule i@1.2.3.4:
deny connection"
	is "$f: nothing" "$(TCPREMOTEIP=9.9.9.9 tcprulescheck $f)" "default:
allow connection"
done
head -c 2052 rules.cdb >cut.cdb
code "a file cut short" 111 tcprulescheck cut.cdb
like "its message" "$(cat err)" '^tcprulescheck: fatal: unable to read cut\.cdb: '
: >empty.cdb
code "an empty file that should be compiled" 111 tcprulescheck empty.cdb
printf ':allow\n1.2.3.4:perhaps\n' >wrong
code "text with a mistake" 111 tcprulescheck wrong
is "its message" "$(cat err)" "tcprulescheck: fatal: unable to read wrong: line 2: Invalid argument"
code "nowhere to write" 111 sh -c 'tcprulescheck rules >/dev/full'

# a record with what nobody understands
python3 - <<'E2'
import struct
def h(k):
    x = 5381
    for c in k: x = ((x * 33) & 0xffffffff) ^ c
    return x
k, v = b'1.2.3.4', b'?odd\0\0+noequals\0+A=1\0+cut=off'
rec = struct.pack('<II', len(k), len(v)) + k + v
head, tables, pos = b'', b'', 2048 + len(rec)
for t in range(256):
    n = 2 if h(k) & 255 == t else 0
    head += struct.pack('<II', pos + len(tables), n)
    if n:
        slots = [(0, 0)] * n
        slots[(h(k) >> 8) % n] = (h(k), 2048)
        tables += b''.join(struct.pack('<II', *s) for s in slots)
open('odd.cdb', 'wb').write(head + rec + tables)
E2
is "items that mean nothing are passed over" "$(TCPREMOTEIP=1.2.3.4 tcprulescheck odd.cdb)" "rule 1.2.3.4:
set environment variable A=1
allow connection"
done_testing
