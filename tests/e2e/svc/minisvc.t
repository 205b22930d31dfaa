#!/bin/bash
# minisvc: svscan's configuration, services out of use and back, variables and their snapshots, refreshing, boot
# integration and accounts below another root, certificates, hostile values, who may use it.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/fake.sh"
export TMPDIR=$T DISABLE_RUN=1 CONTROLDIR=$T/control SYSCONFDIR=$T/etc CERTDIR=$T/certs
mkdir control etc service log
S=$T/service
mini() { minisvc --servicedir="$S" --logdir="$T/log" "$@"; }

code "usage: nothing" 1 minisvc
like "and the options" "$(cat err)" "^ +--svscanlog "
code "usage: unknown option" 1 minisvc --frobnicate
code "usage: operand" 1 minisvc --version x
code "usage: two actions" 1 mini --svscanlog --save-variables
code "usage: unknown configuration" 1 mini --config=rocket
code "--version" 0 minisvc --version
like "version" "$(cat out)" "^minisvc [0-9.]+$"
code "--help" 0 minisvc --help

# ---- .svscan ----
code "svscanlog" 0 mini --svscanlog --initcmd="echo hello; world" --scanint=7
V=$S/.svscan/variables
is "variables" "$(cd "$V" && for f in *; do echo "$f=$(tr '\n' '$' <$f)"; done)" 'AUTOSCAN=1$
INITCMD=echo hello; world$
PATH=/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin$
SCANINTERVAL=7$
SCANLOG=$
UNSHARE='
is "modes" "$(stat -c %a "$V" "$V/PATH" "$S/.svscan/run" "$S/.svscan/log/run" | tr '\n' ' ')" "500 640 755 755 "
like "script: comments" "$(cat "$S/.svscan/log/run")" "^# generated run script for $(uname -n) on "
is "script: first line" "$(head -1 "$S/.svscan/log/run")" "#!/bin/sh"
is "script: the command" "$(sed -n '/by the below/{n;p}' "$S/.svscan/log/run")" \
	"# minisvc --servicedir=$S --logdir=$T/log --svscanlog '--initcmd=echo hello; world' --scanint=7"
user=; [ "$(id -u)" = 0 ] && user="/usr/bin/setuidgid qmaill "
is "script: the logger" "$(tail -1 "$S/.svscan/log/run")" "exec $user/usr/sbin/multilog t $T/log/svscan"
is "script: nothing else" "$(grep -vc '^#\|^$' "$S/.svscan/log/run")" 1
like "run shows the environment" "$(sh "$S/.svscan/run")" "^Environment Variable List$"
is "shutdown" "$(tail -1 "$S/.svscan/shutdown")" "exec svc -dx $S/*"
is "the snapshot" "$(grep -c . "$V/.variables")" 6
[ -d log/svscan ] && pass "log directory" || fail "log directory"
like "noted" "$(cat log/services.log)" "[0-9]+ [A-Z][a-z]+ [0-9: +]+ minisvc .* --svscanlog "
code "again, keeping" 0 mini --svscanlog --nooverwrite --scanint=99 --unshare --down --resolvconf
is "kept" "$(cat "$V/SCANINTERVAL")" 7
[ -e "$S/.svscan/log/down" ] && pass "down" || fail "down"
like "resolv.conf" "$(cat etc/resolv.conf)" "^nameserver 127.0.0.1$"
like "run with mounts of its own" "$(cat "$S/.svscan/run")" "mount --bind $T/etc/resolv.conf /etc/resolv.conf"
sh -n "$S/.svscan/run" && sh -n "$S/.svscan/shutdown" && pass "the shell reads them" || fail "the shell reads them"
rm "$S/.svscan/log/down"
sh -n "$S/resolvconf/run" && pass "a service keeps it in place" || fail "a service keeps it in place"
like "its logger" "$(cat "$S/resolvconf/log/run")" "multilog t $T/log/resolvconf$"
cat >inotify <<'P'
#!/bin/sh
printf 'file /etc/passwd closed\nfile /etc/resolv.conf closed\n'
P
printf '#!/bin/sh\necho mount "$@" >>mounts\n' >mount
chmod +x inotify mount
(PATH=$T:/usr/bin:/bin sh "$S/resolvconf/run") >out
is "and puts it back" "$(cat mounts)" "mount --bind $T/etc/resolv.conf /etc/resolv.conf"
rm -r inotify mount "$S/resolvconf"
code "scripts only" 0 mini --svscanlog --run-file-only --scanint=99
is "variables stay" "$(cat "$V/SCANINTERVAL")" 7
code "no number" 1 mini --svscanlog --scanint=x
odd="$T/o'd\"d \$(touch pwned)
touch pwned; \`touch pwned\`"
mkdir "$odd"
code "a hostile name" 0 minisvc --nolog --svscanlog --servicedir="$odd" --logdir="$odd/log" --initcmd='a
b'
for f in run shutdown log/run; do sh -n "$odd/.svscan/$f" || fail "the shell reads $f"; done
(cd "$T" && PATH=/usr/bin:/bin sh "$odd/.svscan/run") >/dev/null
is "stays in its place" "$(ls pwned "$odd/pwned" 2>/dev/null)" ""
is "the logger's last word" "$(sed 's/.*multilog t /set -- /; /^#/d' "$odd/.svscan/log/run" >words; . ./words; printf %s "$1")" \
	"$odd/log/svscan"
is "a value of two lines" "$(tr '\0\n' '@$' <"$odd/.svscan/variables/INITCMD")" 'a@b$'
code "another root" 0 minisvc --svscanlog --servicedir=/srv/s --logdir=/var/l --destdir="$T/dest"
is "written there" "$(cd dest && ls -d srv/s/.svscan/run var/l/svscan var/l/services.log | wc -l)" 3
is "not mentioned" "$(grep -v '^#' dest/srv/s/.svscan/shutdown | grep -c dest)" 0

# ---- variables ----
mkdir -p "$S/web/variables" "$S/bare"
w() { mini --service-name=web "$@"; }
code "set" 0 w --set-variable=COLOUR --variable-value="dark red"
is "its lines" "$(cat out)" "setting env variable COLOUR=[dark red]
export web  root 0 0640"
is "the file" "$(cat "$S/web/variables/COLOUR")" "dark red"
is "the snapshot" "$(cat "$S/web/variables/.variables")" "COLOUR=dark red"
code "set what is there" 1 w --set-variable=COLOUR --variable-value=blue
is "its words" "$(cat err)" "minisvc: fatal: COLOUR exists. Use --force to overwrite"
code "by force" 0 w --set-variable=COLOUR --variable-value=blue --force
code "modify" 0 w --modify-variable=COLOUR --variable-value=green --silent --mode=0600
is "silently" "$(cat out)" ""
is "value and mode" "$(cat "$S/web/variables/COLOUR") $(stat -c %a "$S/web/variables/COLOUR")" "green 600"
code "modify what is not there" 1 w --modify-variable=SIZE --variable-value=1
code "by force" 0 w --modify-variable=SIZE --variable-value=1 --force
code "set without value" 0 w --set-variable=EMPTY
is "is a lone newline" "$(od -An -tx1 "$S/web/variables/EMPTY" | tr -d ' \n')" 0a
code "unset" 0 w --unset-variable=SIZE
is "its line" "$(head -1 out)" "unsetting env variable SIZE"
is "is an empty file" "$(stat -c %s "$S/web/variables/SIZE")" 0
is "snapshot" "$(tr '\n' ' ' <"$S/web/variables/.variables")" 'COLOUR=green EMPTY="" SIZE= '
for name in .x a/b a=b 'a b' '' ../x; do
	code "no name: '$name'" 1 w --set-variable="$name" --variable-value=1
done
code "too long" 1 w --set-variable=LONG --variable-value="$(printf 'x%.0s' {1..256})"
is "changes nothing" "$(ls "$S/web/variables" | tr '\n' ' ')" "COLOUR EMPTY SIZE "
for mode in 9 x '' 77777; do code "no mode: '$mode'" 1 w --set-variable=A --mode="$mode"; done
code "no owner" 1 w --set-variable=A --owner=nosuchuser
code "no service" 1 mini --set-variable=A
code "a path is no name" 1 mini --set-variable=A --service-name=../service/web
code "no variables" 1 mini --set-variable=A --service-name=bare
code "export" 0 w --export-variables="$T/saved"
is "the text" "$(cat saved)" 'COLOUR=green
EMPTY=""
SIZE='
code "export to what exists" 1 w --export-variables="$T/saved"
printf '# comment\n\nCOLOUR=no\nNEW="with quotes"\n NAME =x y \nGONE=\nNONE=""\n' >import
code "import" 0 w --import-variables="$T/import"
is "new ones only" "$(cat "$S/web/variables/COLOUR") $(cat "$S/web/variables/NEW")" "green with quotes"
is "unset, empty" "$(stat -c %s "$S/web/variables"/{GONE,NONE} | tr '\n' ' ')" "0 1 "
is "blanks" "$(cat "$S/web/variables/NAME")" "x y "
code "import by force" 0 w --import-variables="$T/import" --force
is "all" "$(cat "$S/web/variables/COLOUR")" no
printf 'FINE=1\n../../evil=2\n' >import
code "a hostile file" 1 w --import-variables="$T/import"
is "nothing of it is taken" "$(ls "$S/web/variables/FINE" "$T/service/evil" 2>/dev/null)" ""
echo 'JUST A WORD' >import
code "no such line" 1 w --import-variables="$T/import"
code "remove" 0 w --remove-variable=NEW
is "its line" "$(head -1 out)" "removing env variable NEW"
code "remove again" 1 w --remove-variable=NEW
code "save" 0 mini --save-variables
is "all services" "$(cut -d' ' -f1,2 out | tr '\n' ';')" "export web;export .svscan;"
echo changed >"$S/web/variables/COLOUR"
echo 1 >"$S/web/variables/EXTRA"
code "restore" 0 w --restore-variables
is "is back" "$(cat "$S/web/variables/COLOUR") $(ls "$S/web/variables/EXTRA" 2>/dev/null)" "no "
echo changed >"$S/web/variables/COLOUR"
mkdir control/defaultqueue
echo 3 >control/defaultqueue/QUEUE_COUNT
mini --save-variables >/dev/null
is "defaultqueue is saved" "$(cat control/defaultqueue/.variables)" "QUEUE_COUNT=3"
echo 4 >control/defaultqueue/QUEUE_COUNT
code "restore all" 0 mini --restore-all-variables
is "defaultqueue is back" "$(cat control/defaultqueue/QUEUE_COUNT)" 3
code "print" 0 mini --print-variables --service-name=web
is "the environment" "$(cat out)" "------ environment variables for $S/web/variables ------------
COLOUR=changed
EMPTY=
NAME=x y
NONE="
code "print, other form" 0 mini --print-variables=web
code "print a directory" 0 mini --print-variables --envdir="$S/web/variables"
echo "A=1" >"$S/web/variables/.envfile"
mini --print-variables=web >out
like "more from elsewhere" "$(cat out)" "^A=1$"
like "is told" "$(cat out)" "^NOTE: additional variables were obtained from $S/web/variables/.envfile$"
code "print nothing" 1 mini --print-variables=bare
is "its words" "$(cat err)" "NOTE: This service has no configured variables"
code "print all" 0 mini --print-all-variables
is "three of them" "$(grep -c '^------' out)" 3
echo 'exec true' >"$S/web/run"
code "dumpconfig" 0 mini --dumpconfig
like "scripts" "$(cat out)" "^exec true$"
like "variables" "$(cat out)" "^COLOUR=changed$"
like "settings" "$(cat out)" "^control directory: $T/control"

# ---- refreshing ----
echo "touch '$T/refreshed'; echo by the shell" >"$S/web/variables/.options"
mini --svscanlog
chmod 700 "$V"
echo 5 >"$V/SCANINTERVAL"
code "refresh" 0 mini --refreshsvc="$S/web $S/.svscan"
like "its lines" "$(cat out)" "^Refreshing service web command touch "
like "what it says" "$(cat out)" "^by the shell$"
[ -e refreshed ] && pass "was run" || fail "was run"
is ".svscan has its values again" "$(cat "$V/SCANINTERVAL")" 300
code "no refresh" 0 mini --norefreshsvc="0 $S/web"
[ -e "$S/web/variables/.norefreshsvc" ] && pass "marked" || fail "marked"
code "refresh all" 1 mini --refreshsvc=all
is "its lines" "$(grep -v ^Refreshing out | tr '\n' ';')" "Skip Refreshing service web;defaultqueue .options missing;"
rm refreshed
code "by force, silent" 0 mini --refreshsvc="$S/web" --force --silent
is "no lines" "$(cat out)" "by the shell"
[ -e refreshed ] && pass "was run" || fail "was run"
code "refresh again" 0 mini --autorefresh="1 all"
[ ! -e "$S/web/variables/.norefreshsvc" ] && pass "mark removed" || fail "mark removed"
code "no 0 or 1" 1 mini --norefreshsvc="2 $S/web"
chmod 666 "$S/web/variables/.options"
code "a command others may change" 1 mini --refreshsvc="$S/web"
like "is not run" "$(cat err)" "others may write to it"

# ---- out of use and back ----
service() { mkdir -p "$1" && { echo '#!/bin/sh'; cat; } >"$1/run" && chmod +x "$1/run"; }
code "not supervised" 1 mini --rmsvc="$S/bare"
is "its words" "$(cat err)" "$S/bare/supervise not a supervise directory"
service "$S/live" <<<'exec sleep 1000'
service "$S/live/log" <<<'exec cat >/dev/null'
chmod +x "$S/web/run"
touch "$S/web/down" "$S/bare/down"
svscan "$S" 2>svscan.log &
svscan=$!
PIDS="$PIDS $svscan"
wait_for 10 svstat "$S/live" && wait_for 10 svstat "$S/live/log"
code "remove" 0 mini --rmsvc="$S/live $S/.svscan"
is "its lines" "$(cat out)" "Removed Service live
Removed Service live/log"
is "renamed" "$(ls -d "$S/live" "$S/.live" 2>/dev/null)" "$S/.live"
wait_for 10 sh -c "! svok $S/.live && ! svok $S/.live/log" && pass "stopped" || fail "stopped"
mkdir "$S/live"
code "the name is taken" 1 mini --ensvc="$S/.live"
is "its words" "$(cat err)" "live exists"
rmdir "$S/live"
code "enable" 0 mini --ensvc="$S/.live .. ."
is "its lines" "$(sed 's/ up .*/ up/' out)" "Enabled Service live
$S/live: up
$S/live/log: up"
code "remove the missing" 1 mini --rmsvc="$S/none"
kill $svscan
wait $svscan
svc -dx "$S"/*/ "$S/live/log" 2>/dev/null
wait_for 10 sh -c "! svok $S/live && ! svok $S/web && ! svok $S/bare && ! svok $S/live/log"

# ---- the machine, below another root ----
m() { minisvc --destdir="$T/root" --servicedir=/service --nolog "$@"; }
mkdir -p root/lib/systemd/system root/etc
code "boot: systemd" 0 m --config=add-boot
unit=root/lib/systemd/system/svscan.service
like "starts svscanboot" "$(cat $unit)" '^ExecStart=/usr/libexec/indimail/svscanboot "/service"$'
like "restarts" "$(cat $unit)" '^Restart=on-failure$'
is "wanted" "$(readlink root/etc/systemd/system/multi-user.target.wants/svscan.service)" /lib/systemd/system/svscan.service
is "aliases" "$(ls root/etc/systemd/system | tr '\n' ' ')" "indimail-mta.service indimail.service multi-user.target.wants "
[ -d root/service ] && pass "directory of services" || fail "directory of services"
code "again" 0 m --config=add-boot
is "nothing to do" "$(cat out)" ""
code "remove" 0 m --config=rm-boot
is "removed" "$(find root -name '*.service')" ""
code "remove again" 0 m --config=rm-boot
rm -r root/lib
code "boot: nothing known" 1 m --config=add-boot
echo "id:3:initdefault:" >root/etc/inittab
code "boot: inittab is only told" 1 m --config=add-boot
like "the line" "$(cat out)" "^SV:345:respawn:/usr/libexec/indimail/svscanboot "
code "inittab" 0 m --config=inittab
code "once only" 0 m --config=inittab
is "the file" "$(wc -l <root/etc/inittab) $(grep -c svscanboot root/etc/inittab)" "2 1"
mkdir root/etc/runlevels
code "boot: openrc" 0 m --config=add-boot
sh -n root/etc/init.d/svscan && pass "the shell reads it" || fail "the shell reads it"
is "enabled" "$(readlink root/etc/runlevels/default/svscan)" /etc/init.d/svscan
code "a name that cannot stand there" 1 minisvc --destdir="$T/root" --servicedir='/a b' --nolog --config=add-boot
mkdir -p root/Library/LaunchDaemons
code "boot: launchd" 0 m --config=add-boot
plist=root/Library/LaunchDaemons/org.indimail.svscan.plist
is "its file" "$(python3 -c 'import plistlib, sys; p = plistlib.load(open(sys.argv[1], "rb"))
print(p["Label"], *p["ProgramArguments"], p["EnvironmentVariables"]["SCANINTERVAL"], p["RunAtLoad"], p["KeepAlive"])' $plist)" \
	"org.indimail.svscan /usr/libexec/indimail/svscanboot /service 120 True True"
is "seen below the root" "$(cat root/etc/synthetic.conf)" "service	System/Volumes/Data/service"
cat >root/etc/rc.subr <<'R'
load_rc_config() { . "$ROOT/etc/rc.conf.d/$1"; }
run_rc_command() { eval "echo $rcvar=\$$rcvar \"\$${1}_cmd\""; }
R
code "boot: rc.d" 0 m --config=add-boot
is "enabled" "$(cat root/etc/rc.conf.d/svscan)" 'svscan_enable="YES"'
rc=root/usr/local/etc/rc.d/svscan
is "mode" "$(stat -c %a $rc)" 755
sed "s,/etc/rc.subr,$T/root/etc/rc.subr," $rc >rc.try
rcd() { ROOT=$T/root sh rc.try "$1"; }
is "start" "$(rcd start)" "svscan_enable=YES /usr/sbin/daemon -f /usr/libexec/indimail/svscanboot /service"
is "stop" "$(rcd stop)" "svscan_enable=YES /usr/bin/qmailctl stop"
for word in status restart kill shut flush reload rotate queue cont cdb help; do
	is "$word" "$(rcd $word)" "svscan_enable=YES /usr/bin/qmailctl $word"
done
mkdir root/etc/event.d
code "boot: event.d" 0 m --config=add-boot
like "its file" "$(cat root/etc/event.d/svscan)" "^exec /usr/libexec/indimail/svscanboot /service$"
mkdir root/etc/init
code "boot: upstart" 0 m --config=add-boot
like "its file" "$(cat root/etc/init/svscan.conf)" "^exec /usr/libexec/indimail/svscanboot /service$"
code "remove all" 0 m --config=rm-boot
is "all gone" "$(find root -type f -name '*svscan*')$(cat root/etc/synthetic.conf) $(cat root/etc/inittab)" " id:3:initdefault:"
printf 'root:x:0:0:root:/root:/bin/sh\nother:x:999:998::/:/bin/sh' >root/etc/passwd
printf 'root:x:0:\nmail:x:12:joe\nother:x:998:' >root/etc/group
cp root/etc/passwd passwd.old
code "users" 0 m --config=users
is "all of them" "$(cut -d: -f1 root/etc/passwd | tr '\n' ' ')" \
	"root other indimail alias qmaild qmaill qmailp qmailq qmailr qmails qscand "
is "numbers are free ones" "$(cut -d: -f3 root/etc/passwd | sort | uniq -d)$(cut -d: -f3 root/etc/group | sort | uniq -d)" ""
is "member of mail" "$(grep ^mail: root/etc/group)" "mail:x:12:joe,indimail"
like "a line" "$(cat root/etc/passwd)" "^qmailq:x:[0-9]+:$(sed -n 's/^qmail:x:\([0-9]*\):.*/\1/p' root/etc/group):indimail:/var/indimail:/sbin/nologin$"
cp root/etc/passwd once
cp root/etc/group group.once
code "users again" 0 m --config=users
cmp -s once root/etc/passwd && cmp -s group.once root/etc/group && pass "changes nothing" || fail "changes nothing"
code "rmusers" 0 m --config=rmusers
is "as before" "$(cat root/etc/passwd)" "$(cat passwd.old)"
is "groups as well" "$(cat root/etc/group)" "$(printf 'root:x:0:\nmail:x:12:joe\nother:x:998:')"

# ---- certificates ----
cert() { minisvc --nolog --destdir="$T/root" --servicedir=/certservice --config=cert "$@"; }
pem=root$T/certs/servercert.pem
mkdir -p root/certservice/{imap,none}/variables
v=root/certservice/imap/variables
for n in CERTDIR CERTFILE TLS_CERTFILE TLS_CACHEFILE OTHER; do echo /old/$n >$v/$n; done
echo /old/clientcert.pem >$v/CERTFILE
: >root/certservice/none/variables/CERTFILE
if indimail --version | grep -q '^features:.* tls'; then
	code "cert" 0 cert --common_name=mx.example.org --validity_days=30 --postmaster=post@example.org --capath=/ca
	if command -v openssl >/dev/null; then
		like "its name and address" "$(openssl x509 -noout -subject -in $pem)" "mx.example.org.*post@example.org"
		like "other names" "$(openssl x509 -noout -ext subjectAltName -in $pem)" "DNS:mx.example.org, email:post@example.org"
		openssl x509 -noout -checkend $((29 * 86400)) -in $pem >/dev/null && pass "valid that long" || fail "valid that long"
		openssl x509 -noout -checkend $((31 * 86400)) -in $pem >/dev/null && fail "and no longer" || pass "and no longer"
		code "trusted by the directory" 0 openssl verify -no-CAfile -CApath root/ca $pem
		openssl pkey -in $pem -noout && pass "with its key" || fail "with its key"
	fi
	is "no key there" "$(cat root/ca/*.0 | grep -c PRIVATE) $(ls root/ca | wc -l)" "0 1"
	is "mode and link" "$(stat -c %a $pem) $(readlink root$T/certs/clientcert.pem)" "640 servercert.pem"
	code "not again" 1 cert
	like "says how" "$(cat err)" "servercert.pem exists. Use --force to overwrite$"
	is "variables stay" "$(cat $v/CERTDIR)" /old/CERTDIR
	code "by force" 0 cert --certdir=/other --force --common_name=a.example --capath=/ca
	code "the same name in the directory" 0 cert --certdir=/other --force --common_name=a.example --capath=/ca
	is "gets another number" "$(ls root/ca | grep -c '[.]1$')" 1
	code "no host" 1 cert --force --common_name='a,DNS:b'
	for bad in x @x x@ x@y@z 'a,b@c' ''; do code "no address: '$bad'" 1 cert --force --postmaster="$bad"; done
	for bad in 0 -1 40000; do code "no such validity: $bad" 1 cert --force --validity_days=$bad; done
	code "another file" 0 cert --certfile=/deep/er/imap.pem
	is "and its link" "$(readlink root/deep/er/clientcert.pem)" imap.pem
	code "a name in the directory" 0 cert --certdir=/other --certfile=x.pem
	[ -s root/other/x.pem ] && pass "is there" || fail "is there"
	code "update" 0 cert --certdir=/fresh --update-certs
	[ -s root/fresh/servercert.pem ] && pass "makes what is missing" || fail "makes what is missing"
else
	reason="this build has no TLS"
	for text in "cert" "by force" "validity, address, host" "certfile" "capath"; do skip "$text" "$reason"; done
	code "cert" 1 cert
	like "says why" "$(cat err)" "this build cannot make certificates"
	[ ! -e $pem ] && pass "leaves nothing" || fail "leaves nothing"
	mkdir -p root/fresh && echo x >root/fresh/servercert.pem
	code "update" 0 cert --certdir=/fresh --update-certs
fi
is "variables lead there" "$(cat $v/{CERTDIR,CERTFILE,TLS_CERTFILE,TLS_CACHEFILE,OTHER} | tr '\n' ' ')" \
	"/fresh /fresh/clientcert.pem /fresh/servercert.pem /fresh/couriersslcache /old/OTHER "
is "its lines" "$(sed -n '1p;$p' out)" "setting env variable CERTDIR=[/fresh]
export imap  root 0 0640"
is "the snapshot" "$(grep -c /fresh $v/.variables)" 4
is "unset stays unset" "$(stat -c %s root/certservice/none/variables/CERTFILE) $(ls -A root/certservice/none/variables)" "0 CERTFILE"
cp root/fresh/servercert.pem before
code "update again" 0 cert --certdir=/fresh --update-certs
is "nothing to do" "$(cat out)" ""
cmp -s before root/fresh/servercert.pem && pass "the certificate stays" || fail "the certificate stays"
code "no file name" 1 cert --certfile=/x/
code "no file name" 1 cert --certfile=

# ---- svctool.cnf ----
echo 'echo "$TMPDIR"' >"$S/web/variables/.options"
chmod 644 "$S/web/variables/.options"
tmp() { mini --refreshsvc="$S/web" --silent --force | tail -1; }
printf "# secrets\nMYSQL_PASS='x\nTMPDIR=/evil'\nexport TMPDIR=\"$T/a b\"\n" >etc/svctool.cnf
is "TMPDIR from svctool.cnf" "$(tmp)" "$T/a b"
is "is made" "$(stat -c %a "$T/a b")" 700
rm -f etc/svctool.cnf
is "from the environment" "$(TMPDIR=$T/tmp/deep tmp)" "$T/tmp/deep"
printf 'TMPDIR=`touch pwned`\n' >etc/svctool.cnf
code "what needs a shell" 1 mini --refreshsvc="$S/web" --force
like "is not taken" "$(cat err)" "svctool.cnf: TMPDIR must be a plain absolute path$"
rm -f etc/svctool.cnf
echo TMPDIR=here >etc/svctool.cnf
code "not absolute" 1 mini --refreshsvc="$S/web" --force
rm -f etc/svctool.cnf
[ ! -e pwned ] && pass "nothing was run" || fail "nothing was run"

# ---- who may ----
if [ "$(id -u)" != 0 ]; then
	chmod 555 "$S"
	code "not ours" 4 mini --save-variables
	chmod 755 "$S"
	code "the machine is not ours" 4 minisvc --config=users
	like "its words" "$(cat err)" "needs root"
elif id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	as() { setpriv --reuid nobody --clear-groups "$BIN/minisvc" "$@"; }
	chmod 755 "$T"
	code "not root, not the owner" 4 as --servicedir="$S" --save-variables
	like "its words" "$(cat err)" "needs root, or the owner of $S$"
	code "the machine" 4 as --config=users
	code "looking is free" 0 as --version
	mkdir theirs && chown nobody theirs
	code "the owner" 0 as --servicedir="$T/theirs" --logdir="$T/theirs/log" --svscanlog
	code "and again" 0 as --servicedir="$T/theirs" --logdir="$T/theirs/log" --service-name=.svscan --set-variable=X --variable-value=1
	is "still closed" "$(stat -c %a theirs/.svscan/variables)" 500
	is "no other account" "$(tail -1 theirs/.svscan/log/run)" "exec /usr/sbin/multilog t $T/theirs/log/svscan"
	echo "SECRET=1" >etc/svctool.cnf
	mini --save-variables >out
	is "settings are protected" "$(head -1 out) $(stat -c %a etc/svctool.cnf)" "fixing permissions of svctool.cnf 400"
fi
chmod -R u+w "$T" 2>/dev/null	# variables are closed to everybody
done_testing
