#!/bin/bash
# qscanq-stdin: the files it makes, the scanner's words and verdicts, banned attachments, the next program.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control SEEN=$T/seen NEXT=$T/next
unset VIRUSCHECK SCANCMD BADEXT BADEXTPATTERNS QREGEX DEBUG
mkdir control work
echo me.example >control/me
printf 'Fa@b\0Tc@d\0\0' >envelope
cat >after <<'P'
#!/bin/sh
{ echo "$*"; pwd; cat; } >"$NEXT"
exec 3<&1
cat <&3 >"$NEXT.envelope"
exit 9
P
cat >scan <<'P'
#!/bin/sh
echo "$# $1" >"$SEEN"
for f; do echo "== ${f##*/}"; [ -f "$f" ] && cat "$f"; done >>"$SEEN"
echo chatter
exit ${VIRUS:-0}
P
chmod +x after scan
export SCANCMD=$T/scan
# try NAME=VALUE...: exit code in R
try() {
	rm -rf work next* seen
	mkdir work
	R=$(cd work; env "$@" qscanq-stdin "$T/after" a b <../msg 1<../envelope 2>../err; echo $?)
}
printf 'Subject: s\n\nbody\n' >msg
try A=1
is "nothing to check" "$R,$(ls seen 2>/dev/null)" 9,
is "the next program: words, directory, message" "$(cat next)" "$(printf 'a b\n/\nSubject: s\n\nbody')"
is "... and envelope" "$(tr '\0' '^' <next.envelope)" 'Fa@b^Tc@d^^'
cat msg | (cd work && rm -f * && qscanq-stdin "$T/after" 1<../envelope); is "a message from a pipe" "$(tail -1 next)" body
(cd work && rm -f * && NEXT= QUEUEPROG=qmail-nullqueue qscanq-stdin <../msg 1<../envelope); is "by itself it runs multi" $? 0

cat >msg <<'M'
Subject: s
Content-Type: multipart/mixed; boundary=b

--b

text
--b
Content-Type: application/octet-stream; name="tool.EXE "
Content-Transfer-Encoding: base64

aGVsbG8gdmlydXM=
--b--
M
for v in 2 4 5 6; do
	try VIRUSCHECK=$v
	is "VIRUSCHECK $v scans" "$R,$(head -1 seen)" "9,3 $T/work/msg"
done
for v in '' 0 1 3 7 8 x; do
	try VIRUSCHECK=$v
	is "VIRUSCHECK '$v' does not" "$R,$(ls seen 2>/dev/null)" 9,
done
try VIRUSCHECK=6
is "the message and its parts" "$(grep -A1 '^==' seen | grep -v '^--')" "$(printf '== msg\nSubject: s\n== part.1\ntext\n== part.2\nhello virus')"
like "the scanner's chatter is not for the client" "$(cat err)" '^chatter$'
for x in 1:33 2:71 3:71 127:71; do
	try VIRUSCHECK=6 VIRUS=${x%:*}
	is "the scanner's ${x%:*}" "$R,$(ls next 2>/dev/null)" "${x#*:},"
done
try VIRUSCHECK=6 SCANCMD="$T/scan 'a b' %s --x"
is "%s is all files" "$(head -2 seen | tr '\n' ,)" "5 a b,== a b,"
try VIRUSCHECK=6 SCANCMD=/no/such
is "no scanner" "$R" 71
try VIRUSCHECK=6 SCANCMD="'"
is "no command" "$R" 71
try VIRUSCHECK=6 SCANCMD='sh -c kill\ -9\ $$'
is "a crash" "$R" 71
try VIRUSCHECK=6 DEBUG=
like "DEBUG" "$(cat err)" 'attachment tool\.EXE'

# ---- banned attachments
echo .exe >control/badext
for v in 3 4 5 7; do
	try VIRUSCHECK=$v
	is "VIRUSCHECK $v looks at names" "$R,$(ls seen next 2>/dev/null)" 34,
done
for v in 2 6 0; do
	try VIRUSCHECK=$v
	is "VIRUSCHECK $v does not" "$R" 9
done
like "which one" "$(VIRUSCHECK=7; try VIRUSCHECK=7; cat err)" '^qscanq-stdin: fatal: .*tool\.EXE'
echo Tool.Exe >control/badext
try VIRUSCHECK=7
is "a whole name" "$R" 34
echo exe >control/badext
try VIRUSCHECK=7
is "an ending has its dot" "$R" 9
rm control/badext
printf '*.exe\n!tool.*\n' >control/badextpatterns
try VIRUSCHECK=7
is "patterns, the last decides" "$R" 9
printf '*.exe\n!other.*\n' >control/badextpatterns
try VIRUSCHECK=7
is "a pattern" "$R" 34
rm control/badextpatterns
echo .exe >list
try VIRUSCHECK=7 BADEXT=$T/list
is "BADEXT" "$R" 34
echo 'to*l[.]e' >list
try VIRUSCHECK=7 BADEXT=$T/list QREGEX=1
is "regular expressions" "$R" 34
mkdir control/badext
try VIRUSCHECK=7
is "an unreadable list" "$R" 55
rmdir control/badext
cat >cdb.py <<'P'
import struct, sys
def h(k):
    v = 5381
    for c in k: v = ((v * 33) ^ c) & 0xffffffff
    return v
key = sys.argv[2].encode(); v = h(key); rec = struct.pack("<II", len(key), 0) + key; pos = 2048 + len(rec)
head = b"".join(struct.pack("<II", pos if i <= v % 256 else pos + 16, 2 if i == v % 256 else 0) for i in range(256))
slots = [struct.pack("<II", 0, 0)] * 2; slots[(v // 256) % 2] = struct.pack("<II", v, 2048)
open(sys.argv[1], "wb").write(head + rec + b"".join(slots))
P
for key in .exe tool.exe; do
	python3 cdb.py control/badext.cdb $key
	try VIRUSCHECK=7
	is "badext.cdb: $key" "$R" 34
done
rm control/badext.cdb
echo .exe >control/badext
# one name after the other, hidden in all ways
named() { printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n%b\n\nx\n--b--\n' "$2" >msg; try VIRUSCHECK=7; is "$1" "$R" "${3:-34}"; }
named "harmless" 'Content-Disposition: attachment; filename=exe.txt' 9
named "filename" 'Content-Disposition: attachment; filename=a.exe'
named "folded" 'Content-Disposition: attachment;\n  filename="a.exe"'
named "a path" 'Content-Disposition: attachment; filename="c:\\\\\\\\x\\\\\\\\a.exe"'
named "dots and blanks at the end" 'Content-Type: x/y; name="a.exe. . "'
named "pieces" 'Content-Type: x/y; name*0=a.; name*1=exe'
named "percent" "Content-Type: x/y; name*=utf-8''a%2eex%65"
named "an encoded word" 'Content-Type: x/y; name="=?utf-8?B?YS5leGU=?="'
named "the second of two" 'Content-Type: x/y; name=a.txt; name=a.exe'
named "in a message in the message" 'Content-Type: message/rfc822\n\nContent-Type: x/y; name=a.exe'
printf 'Subject: x\n\nbegin 644 a.exe\n#86)C\n`\nend\n' >msg
try VIRUSCHECK=7
is "uuencoded" "$R" 34
try VIRUSCHECK=6
is "... and decoded" "$(tail -1 seen)" abc

# ---- limits
python3 -c "print('Content-Type: multipart/mixed; boundary=b\n' + '\n--b\n\nx' * 2000)" >msg
try VIRUSCHECK=6
is "too many parts" "$R" 34
python3 -c "
for i in range(2000): print('Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx' % (i, i))" >msg
try VIRUSCHECK=6
is "too many levels" "$R" 34
head -c 20000000 /dev/zero >msg
R=$(little_memory 60000; try VIRUSCHECK=7; echo "$R")
is "a huge line, in little memory" "$R" 9
: >msg
try VIRUSCHECK=4
is "an empty message" "$R" 9
rm -rf work; mkdir work; : >work/msg
(cd work; qscanq-stdin <../msg 1<../envelope 2>../err); is "the file is there already" $? 53
(cd work; rm -f *; qscanq-stdin <"$T" 1<../envelope 2>../err); is "an unreadable message" $? 54
chmod 500 work
(cd work; qscanq-stdin <../msg 1<../envelope 2>../err); is "a directory that is not ours" $? 53
chmod 700 work
done_testing
