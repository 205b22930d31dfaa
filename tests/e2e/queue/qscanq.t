#!/bin/bash
# qscanq: its directories, exit codes, what is cleaned up, and the way from a client into the queue.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 CONFSPLIT=3 SCANDIR=$T/scans SEEN=$T/seen
unset VIRUSCHECK BADEXT BADEXTPATTERNS QMAILQUEUE SPAMFILTER
mkdir control scans
echo me.example >control/me
queue-fix "$QUEUEDIR"
cat >scan <<'P'
#!/bin/sh
stat -c '%a %n' "${1%/work/*}" "${1%/msg}" >"$SEEN"
echo "$# ${1##*/}" >>"$SEEN"
exit ${VIRUS:-0}
P
chmod +x scan
export SCANCMD=$T/scan VIRUSCHECK=6
printf 'Subject: s\n\nbody\n' >msg
printf 'Fa@b\0Tc@d\0\0' >envelope
n() { find "$QUEUEDIR/todo" -type f | wc -l; }
left() { ls -A scans | wc -l; }

qscanq <msg 1<envelope 2>err
is "clean: queued, nothing left" "$? $(n) $(left)" "0 1 0"
like "the directory, sticky" "$(sed -n 1p seen)" "^1750 $T/scans/@[0-9]+\.[0-9]+\.0$"
like "the directory for the work" "$(sed -n 2p seen)" "^750 $T/scans/@[0-9.]+/work$"
is "message and body" "$(sed -n 3p seen)" "2 msg"
VIRUS=1 qscanq <msg 1<envelope 2>err
is "a virus" "$? $(n) $(left)" "33 1 0"
VIRUS=2 qscanq <msg 1<envelope 2>err
is "a scanner in trouble" "$? $(n) $(left)" "71 1 0"
printf 'Content-Type: x/y; name=a.exe\n\n' >bad
echo .exe >control/badext
VIRUSCHECK=7 qscanq <bad 1<envelope 2>err
is "a banned attachment" "$? $(left)" "34 0"
printf '#!/bin/sh\necho "$*" >%s/words; exit 42\n' "$T" >after; chmod +x after
qscanq "$T/after" a 'b c' <msg 1<envelope 2>err
is "another program" "$? $(cat words)" "42 a b c"
REEXEC=1 qscanq "$T/after" d <msg 1<envelope 2>err
is "in processes of its own" "$? $(cat words) $(left)" "42 d 0"
printf '#!/bin/sh\nkill -9 $$\n' >dies; chmod +x dies
qscanq "$T/dies" <msg 1<envelope 2>err
is "a crash" "$? $(left)" "71 0"
printf '#!/bin/sh\nmkdir -p "${1%%/*}/a/b/c/d"\n' >deep; chmod +x deep
SCANCMD=$T/deep qscanq "$T/after" <msg 1<envelope 2>err
is "what cannot be removed stays, not sticky" "$? $(left) $(find scans -maxdepth 1 -name '@*' -perm /1000 | wc -l)" "42 1 0"
rm -rf scans/@*
SCANDIR=$T/nowhere qscanq <msg 1<envelope 2>err
is "no directory" "$?" 71
like "... is told" "$(cat err)" '^qscanq: fatal: unable to create .*/nowhere/@'
mkdir scans/.svscan
qscanq <msg 1<envelope 2>err
like "svscan's SCANDIR is not ours" "$? $(cat err)" '/var/indimail/qscanq/root/scanq/@|^0 $'
rmdir scans/.svscan
ok "help" qscanq --help

# from clients
before=$(n)
export QMAILQUEUE=qscanq
code "inject" 0 qmail-inject -fa@b c@d <msg
is "queued" "$(n)" $((before + 1))
VIRUS=1 code "inject, a virus" 100 env VIRUS=1 qmail-inject -fa@b c@d <msg
like "told" "$(cat err)" 'virus.*#5\.7\.1'
code "inject, an attachment" 100 env VIRUSCHECK=7 qmail-inject -fa@b c@d <bad
like "told" "$(cat err)" '#5\.7\.1'
head -c 3000000 /dev/zero | tr '\0' '\n' >large
code "a large message refused early" 100 env VIRUS=1 qmail-inject -fa@b c@d <large
for i in 1 2 3 4 5 6; do qmail-inject -fa@b c@d <msg & pids="${pids:-} $!"; done
r=0
for p in $pids; do wait "$p" || r=1; done
is "side by side" "$r $(n) $(left)" "0 $((before + 7)) 0"
done_testing
