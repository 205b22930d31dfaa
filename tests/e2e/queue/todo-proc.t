#!/bin/bash
# todo-proc, driven by pipes: its records, settling on order, damaged and misplaced files, detaching.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
cat >drive.py <<'P'
# drive todo-proc as send and clean would; orders on stdin: one per line, "!TEXT" sends TEXT, "wait REGEX"
import os, re, select, subprocess, sys, time
def pipe(): return os.pipe()
o, r, c, a = pipe(), pipe(), pipe(), pipe()     # orders, records, clean requests, answers
def child():
    import fcntl
    fds = [fcntl.fcntl(f, fcntl.F_DUPFD, 20) for f in (o[0], r[1], c[1], a[0])]
    for i, f in enumerate(fds): os.dup2(f, i)
p = subprocess.Popen(['todo-proc'], preexec_fn=child, close_fds=False, pass_fds=())
for f in (o[0], r[1], c[1], a[0]): os.close(f)
clean = subprocess.Popen(['qmail-clean'], stdin=c[0], stdout=a[1])
os.close(c[0]); os.close(a[1])
got = b''
def pump(t):
    global got
    if select.select([r[0]], [], [], t)[0]:
        d = os.read(r[0], 65536)
        got += d
        return bool(d)
    return True
for line in sys.stdin:
    line = line.rstrip('\n')
    if line.startswith('!'):
        os.write(o[1], line[1:].encode().decode('unicode_escape').encode('latin1'))
    elif line.startswith('wait '):
        end = time.time() + 5
        while not re.search(line[5:].encode(), got) and time.time() < end: pump(0.1)
    elif line.startswith('sh '):
        subprocess.call(line[3:], shell=True)
    elif line.startswith('quiet'):
        pump(0.4)
os.close(o[1])
while pump(5) and p.poll() is None: pass
while pump(0.1) and select.select([r[0]], [], [], 0)[0]: pass
sys.stdout.buffer.write(got.replace(b'\0', b'|'))
print('\nexit', p.wait())
P
drive() { python3 drive.py >records; }
newest() { (cd "$Q/todo" && find . -type f -printf '%f\n'); }
submit s@x.org k@me.example r@far.example
i=$(newest) p=$((i % 3))/$i
printf '!CJ\nwait J%s\n!X\nwait X.$\n' "$i" | drive
like "start line" "$(cat records)" '^Linfo: todo-proc: pid '
like "new msg" "$(cat records)" "Lnew msg $i queue1"
like "announced with its recipients" "$(cat records)" "J$i [0-9]+ 38\|Fs@x\.org\|Lk@me\.example\|Rr@far\.example\|"
like "X ends it" "$(cat records)" 'X\|'
is "ordered end" "$(tail -1 records)" "exit 0"
is "the message stays in todo" "$(files)" "intd mess todo "
printf '!CJ\nwait J%s\n!S%s 1000000000\\0\\x31Lk@me.example\\0\\x30Rr@far.example\\0\\0\nwait DR%s\n!X\n' "$i" "$i" "$i" | drive
like "settled on order, one recipient left" "$(cat records)" "DR$i\|"
is "its files" "$(files)" "info mess remote "
is "only the other recipient" "$(tr '\0' '|' <"$Q/remote/$p")" "Tr@far.example|"
is "the birth is kept" "$(stat -c %Y "$Q/info/$p")" 1000000000
is "info has the sender" "$(tr '\0' '|' <"$Q/info/$p")" "Fs@x.org|"
rm "$Q"/{info,remote,mess}/"$p"
submit s@x.org k@me.example r@far.example
i=$(newest) p=$((i % 3))/$i
printf '!C\nwait DB%s\n!X\n' "$i" | drive
is "a send that says no more than hello: settled at once" "$(grep -ac "J$i" records) $(grep -ac "|DB$i|" records) $(files)" \
	"0 1 info local mess remote "
rm "$Q"/{info,local,remote,mess}/"$p"
QQEH='X-A: b' submit s@x.org k@me.example
i=$(newest) p=$((i % 3))/$i
printf '!CJD\nwait new msg\nquiet\n!X\n' | drive
is "detached: settled, not announced" "$(files) $(grep -c "DL$i\|J$i" records)" "info local mess  0"
is "with the extra header" "$(tr '\0\n' '|/' <"$Q/info/$p")" "Fs@x.org|eX-A: b/|"
rm "$Q"/{info,local,mess}/"$p"
printf '!CJ\nwait info\nsh { printf "F\\0Tk@me.example\\0\\0" >envelope2; qmail-queue </dev/null 1<envelope2; }\nwait J\n!X\n' | drive
like "the trigger wakes it" "$(cat records)" 'J[0-9]+ '
rm -f "$Q"/{todo,intd,mess}/*/*
for bad in 'u1\0Fcut' 'u1\0p2\0Xwhat\0Fa@b\0' 'u1\0p2\0Tno-sender@x\0' ''; do
	submit s@x.org k@me.example
	i=$(newest) p=$((i % 3))/$i
	printf "$bad" >"$Q/todo/$p"
	printf '!CJ\nwait warn\n!X\n' | drive
	case $bad in
	*X*) want="unknown record type in todo/$p" ;;
	*) want=".*todo/$p; will try again later" ;;
	esac
	like "damaged: $bad" "$(tr '|' '\n' <records)" "^Lwarn: todo-proc: queue1: $want$"
	is "left alone" "$(files)" "intd mess todo "
	rm -f "$Q"/{todo,intd,mess}/*/*
done
submit s@x.org k@me.example
i=$(newest)
mv "$Q/todo/$((i % 3))/$i" "$Q/todo/$(((i + 1) % 3))/$i"
printf '!CJ\nwait wrong part\n!X\n' | drive
like "in the wrong part" "$(cat records)" "Lwarn: todo-proc: queue1: todo/$(((i + 1) % 3))/$i is in the wrong part, skipped"
rm -f "$Q"/{todo,intd,mess}/*/*
printf '!Q\n' | drive
is "the wrong hello" "$(tail -1 records)" "exit 100"
printf '!CJ\nwait info\n' | drive
is "send is gone" "$(tail -1 records)" "exit 1"
rm "$Q/lock/trigger"
printf '!CJ\nwait alert\n' | drive
like "no trigger" "$(cat records)" "Lalert: todo-proc: queue1: cannot start: unable to open lock/trigger"
is "cannot start" "$(tail -1 records)" "exit 111"
done_testing
