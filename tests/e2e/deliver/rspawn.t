#!/bin/bash
# rspawn: commands in, reports out; checks, header variables, slots, QMAILREMOTE, real deliveries.
# Started by root it runs as nobody: a single-user instance, whatever accounts the machine has.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/q
mkdir -p control q/lock q/mess/3
echo client.test >control/me
head -c 2048 /dev/urandom >q/lock/tcpto
printf 'Subject: t\n\nbody\n' >q/mess/3/100

cat >drive.py <<'P'
"""drive.py COMMAND... - run rspawn with these commands, each slot,id,sender,qqeh,envh,recipient; \n and \t are
unescaped; print "slot report" lines sorted by slot."""
import subprocess, sys
data = b""
for c in sys.argv[1:]:
    slot, rest = c.split(",", 1)
    fields = rest.encode().decode("unicode_escape").encode().split(b",")
    data += int(slot).to_bytes(2, "little") + b"\0".join(fields) + b"\0"
p = subprocess.run(["qmail-rspawn"], input=data, stdout=subprocess.PIPE)
out = p.stdout
print("limit", int.from_bytes(out[:2], "little"), "exit", p.returncode)
out = out[2:]
reports = []
while out:
    slot = int.from_bytes(out[:2], "little")
    text, out = out[2:].split(b"\0", 1)
    reports.append((slot, text.decode().replace("\n", "/")))
for r in sorted(reports):
    print(*r)
P
drive() { python3 drive.py "$@"; }

is "limit and a clean end" "$(drive)" "limit 500 exit 0"
is "lock/tcpto is cleared" "$(tr -d '\0' <q/lock/tcpto | wc -c),$(stat -c %s q/lock/tcpto)" 0,2048
out=$(drive 0,x/1,s@x,,,r@x 1,/3/100,s@x,,,r@x 2,,s@x,,,r@x 3,3/100,s@x,,,r 600,3/100,s@x,,,r@x 4,3/999,s@x,,,r@x)
like "bad ids" "$(grep -c '^[012] D.*(#5.3.5)/$' <<<"$out")" 3
like "no @" "$out" '^3 D.*\(#5\.1\.3\)/$'
like "slot out of range" "$out" '^600 Z.*\(#4\.3\.5\)/$'
like "no such message" "$out" '^4 Z.*\(#4\.3\.0\)/$'
mkdir q/mess/3/101
like "not a regular file" "$(drive 0,3/101,s@x,,,r@x)" '^0 Z.*\(#4\.3\.5\)/$'

background python3 "$HERE/smtp_sink.py" port sunk 'rcpt.bad=550 no' 'rcpt.later=450 wait'
wait_for 5 test -s port
export SMTPROUTE=":127.0.0.1:$(cat port)"
out=$(drive 0,3/100,s@x,,,r@x 1,3/100,s@x,,,bad@x 2,3/100,s@x,,,later@x 7,3/100,s@x,,,r7@x)
like "success" "$out" '^0 KFrom: <s@x> RCPT: <r@x> 127.0.0.1 accepted message - Protocol SMTP./Remote host said: 250 ok 42/$'
like "failure" "$out" '^1 DFrom: .* does not like recipient./Remote host said: 550 no/(Giving up on 127.0.0.1./)?$'
like "deferral" "$out" '^2 ZFrom: .*Remote host said: 450 wait/(Giving up on|$)'
like "side by side" "$out" '^7 K'

cat >other <<'P'
#!/bin/sh
{ pwd; echo "$0 $*"; cat; env; } >"$OUT"
case $5 in
z@*) exit 111 ;;
d@*) exit 3 ;;
c@*) kill -9 $$ ;;
n@*) exit 0 ;;
l@*) head -c 300000 /dev/zero | tr '\0' x ;;
esac
printf 'rok\0Kdone\n\0'
P
chmod +x other
export QMAILREMOTE=$T/other OUT=$T/out.txt QMAILLOCAL=x
is "the program's report" "$(drive '5,3/100,s@x,X-E: 1\n,X-Foo-Bar: a\n\tb: c\nPATH: /evil\nLd_Preload: x\nX-Two:   2\n,r@x')" \
	$'limit 500 exit 0\n5 Kokdone/'
is "its arguments and directory" "$(head -3 out.txt)" $'/\n'"$T/other x s@x X-E: 1"$'\n'" 17 r@x"
like "MESSID" "$(cat out.txt)" '^MESSID=3/100$'
like "a folded header line is one variable" "$(cat -T out.txt)" '^X_FOO_BAR=a\^Ib: c$'
like "header variables" "$(cat out.txt)" '^X_TWO=2$'
is "steering names are refused" "$(grep -c 'evil\|LD_PRELOAD' out.txt)" 0
is "QMAILLOCAL is unset" "$(grep -c '^QMAILLOCAL' out.txt)" 0
out=$(drive 0,3/100,s@x,,,z@x 1,3/100,s@x,,,d@x 2,3/100,s@x,,,c@x 3,3/100,s@x,,,n@x 4,3/100,s@x,,,l@x)
like "111 defers" "$out" '^0 Z'
like "other codes fail" "$out" '^1 D'
like "a crash defers" "$out" '^2 Z'
like "silence defers" "$out" '^3 Z'
like "endless output is cut" "$((${#out} < 140000))" 1
cat >holder <<'P'
#!/bin/sh
sleep 30 &
printf 'r\0Kdone\n\0'
P
chmod +x holder
start=$(date +%s)
like "a grandchild does not hold the report" "$(QMAILREMOTE=$T/holder drive 0,3/100,s@x,,,r@x)" '^0 Kdone/$'
like "... nor the time" "$(($(date +%s) - start < 10))" 1
is "many at once" "$(drive $(seq -f '%g,3/100,s@x,,,r@x' 0 119) | grep -c ' Kokdone/$')" 120
QMAILREMOTE=$T/missing
like "no such program" "$(drive 0,3/100,s@x,,,r@x)" '^0 D'
done_testing
