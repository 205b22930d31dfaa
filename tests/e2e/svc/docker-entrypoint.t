#!/bin/bash
# docker-entrypoint: queues without trigger, the domain, svscan with and without variables, programs, the shell; as root
# time zone and mtab in a mount namespace of its own.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control QUEUE_BASE=$T/queue INDIMAIL_ROOT=$T HOSTNAME=host
mkdir control queue service fake
cat >fake/svscan <<'S'
#!/bin/sh
echo svscan "$@" "V=$V"
S
cat >fake/svctool <<'S'
#!/bin/sh
echo "$@" >>svctool.log
S
chmod 755 fake/*
PATH=$T/fake:$PATH
code "unknown option" 100 docker-entrypoint -z
code "-d without a value" 100 docker-entrypoint -d
code "the default" 0 docker-entrypoint
is "is svscan" "$(cat out)" "svscan $T/service V="
like "says so" "$(cat err)" "^docker-entrypoint: \[svscan\] svscan $T/service$"
mkdir -p service/.svscan/variables
echo value >service/.svscan/variables/V
for word in svscan indimail indimail-mta webmail; do
	code "$word" 0 docker-entrypoint $word
	is "$word: with variables" "$(cat out)" "svscan $T/service V=value"
	like "$word: says so" "$(cat err)" "^docker-entrypoint: \[$word\] envdir $T/service/.svscan/variables svscan $T/service$"
done
code "another program" 7 docker-entrypoint sh -c 'echo "$0 $1"; exit 7' a b
is "gets its arguments" "$(cat out)" "a b"
like "said before" "$(cat err)" '^docker-entrypoint: executing sh -c '
code "behind --" 0 docker-entrypoint -- echo -n x
is "runs" "$(cat out)" x
code "a service's name with arguments is a program" 0 docker-entrypoint svscan a b
is "runs" "$(cat out)" "svscan a b V="
code "no such program" 111 docker-entrypoint ./nonexistent
echo 'echo in the shell' | docker-entrypoint -r >out 2>err
is "-r: a shell" "$(cat out)" "in the shell"
is "nothing was reconfigured so far" "$(cat svctool.log 2>/dev/null)" ""

# domain
run() { rm -f svctool.log; docker-entrypoint "$@" true 2>err; cat svctool.log 2>/dev/null; }
is "three labels" "$(HOSTNAME=a.b.example run)" "--default-domain=b.example --config=recontrol"
is "two labels" "$(HOSTNAME=b.example run)" "--default-domain=b.example --config=recontrol"
echo b.example >control/defaultdomain
is "already there" "$(HOSTNAME=A.B.example run)" ""
is "-d" "$(HOSTNAME=a.b.example run -d c.example)" "--default-domain=c.example --config=recontrol"
is "--domain=" "$(run --domain=x.y.z)" "--default-domain=x.y.z --config=recontrol"
rm fake/svctool
PATH=$T/fake:$BIN:/nowhere /bin/bash -c 'HOSTNAME=q.example docker-entrypoint svscan' >out 2>err
if [ -e "$BIN/svctool" ]; then skip "without svctool" "there is one"; else
	is "without svctool nobody complains" "$(grep -c svctool err)" 0
	docker-entrypoint -d q.example true 2>err
	command -v svctool >/dev/null || like "unless asked for" "$(cat err)" 'warning: there is no svctool to make q.example the default domain'
fi

# queues
QUEUE_COUNT=2
export QUEUE_COUNT
for q in queue1 queue2 slowq qmta nqueue; do
	mkdir "queue/$q" && queue-fix "queue/$q" || fail "queue-fix $q"
done
is "sound queues are left alone" "$(docker-entrypoint true 2>&1 | grep -v executing)" ""
rm queue/*/lock/trigger
: >queue/queue2/lock/trigger
docker-entrypoint true >/dev/null 2>mended
for q in queue1 queue2 slowq qmta nqueue; do
	ok "$q has its FIFO again" test -p queue/$q/lock/trigger
done
ok "slowq got its ratelimit" test -d queue/slowq/ratelimit
like "those with -v told of it" "$(cat mended)" '^queue-fix: lock/trigger is missing'
rm queue/queue1/lock/trigger
mkdir queue/queue1/lock/trigger
code "a queue beyond repair is no reason not to start" 0 docker-entrypoint true
like "but told" "$(cat err)" 'docker-entrypoint: warning: queue-fix failed'
rmdir queue/queue1/lock/trigger

# webmail
mkdir service/php-fpm service/httpd
touch service/php-fpm/down service/httpd/down
code "indimail leaves the web server down" 0 docker-entrypoint indimail
ok "it does" test -e service/httpd/down
code "webmail starts it" 0 docker-entrypoint webmail
is "no down files" "$(ls service/*/down 2>/dev/null)" ""
rm -r service/php-fpm service/httpd
printf '#!/bin/sh\necho "$@" >apache\n' >fake/apachectl
chmod 755 fake/apachectl
code "or Apache's own" 0 docker-entrypoint webmail
is "apachectl" "$(cat apache)" start

code "an unknown time zone" 1 docker-entrypoint -t Mars/Phobos true
is "its message" "$(cat err)" "docker-entrypoint: fatal: unknown time zone Mars/Phobos"
code "no way out" 1 docker-entrypoint -t ../../../etc/passwd true
code "a directory is no zone" 1 docker-entrypoint -t Europe true
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip "time zone and mtab" "no mount namespace"
	done_testing
fi
cat >inside.sh <<'S'
mount -t tmpfs none /etc || exit 9
printf 'root:x:0:0::/:/bin/sh\n' >/etc/passwd
docker-entrypoint "$@"
readlink /etc/localtime
cat /etc/timezone
readlink /etc/mtab
ls /etc | tr '\n' ' '
S
if [ -f /usr/share/zoneinfo/Europe/Berlin ]; then
	is "time zone and mtab" "$(unshare -m bash inside.sh -t Europe/Berlin svscan 2>err | tail -n +2)" \
		"/usr/share/zoneinfo/Europe/Berlin
Europe/Berlin
/proc/self/mounts
localtime mtab passwd timezone "
	like "mtab is told" "$(cat err)" '^Warning  linking /etc/mtab to /proc/self/mounts$'
else
	skip "time zone" "no zone files here"
fi
done_testing
