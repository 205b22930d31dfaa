#!/bin/bash
# newmrh: the compiled file, and the old one staying when something is wrong.
. "$(dirname "$0")/../lib.sh"
mkdir control
export CONTROLDIR=$T/control
code "no source" 111 qmail-newmrh
code "arguments: usage" 100 qmail-newmrh x
printf '# comment\nFoo.EXAMPLE \t\n\n.bar.example\n' >control/morercpthosts
code "compiles" 0 qmail-newmrh
is "no temporary file stays" "$(ls control | tr '\n' ' ')" "morercpthosts morercpthosts.cdb "
is "readable for the servers" "$(stat -c %a control/morercpthosts.cdb)" 644
python3 - <<'E2' >keys
import struct
d = open('control/morercpthosts.cdb', 'rb').read()
end = struct.unpack('<I', d[:4])[0]
pos = 2048
while pos < end:
    k, n = struct.unpack('<II', d[pos:pos + 8])
    print(d[pos + 8:pos + 8 + k].decode(), n)
    pos += 8 + k + n
E2
is "keys in lower case, trimmed; no data" "$(cat keys)" "foo.example 0
.bar.example 0"
sum=$(md5sum control/morercpthosts.cdb)
mkdir control/morercpthosts.tmp
code "a temporary file that cannot be made" 111 qmail-newmrh
is "leaves the old one" "$(md5sum control/morercpthosts.cdb)" "$sum"
done_testing
