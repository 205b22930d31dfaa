# daemons.sh - sourced after lib.sh by tests of send and its partners: a throw-away queue whose deliveries
# are scripts.  A recipient's local part decides: k delivered, z deferred, d failed; "late" is deferred until
# the file T/now is there.
unset CONFSPLIT BIGTODO
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 ASSIGNDIR=$T/users CONFSPLIT=3 HOSTNAME=h.example
Q=$QUEUEDIR
mkdir -p control users
echo me.example >control/me
printf 'me.example\nlocal.example\n' >control/locals
queue-fix "$Q"
chmod 755 "$T"
printf '+:me:%s:%s:%s/alias:-::\n.\n' "$(id -u)" "$(id -g)" "$T" >users/assign
mkdir -p alias && qmail-newu

cat >local-script <<L
#!/bin/sh
# -- user home local dash ext domain sender defaultdelivery qqeh
shift
echo "local \$3@\$6 from <\$7>" >>$T/attempts
case \$3 in
k* | *-k*) cat >>$T/delivered; exit 0 ;;
d*) echo "no such user"; exit 100 ;;
late*) [ -e $T/now ] && exit 0; echo "not yet"; exit 111 ;;
z*) echo "try later"; exit 111 ;;
slow*) sleep 0.7; exit 0 ;;
postmaster) cat >>$T/postmaster; exit 0 ;;
bouncer) cat >>$T/bounces; exit 0 ;;
*) exit 100 ;;
esac
L
cat >remote-script <<R
#!/bin/sh
# host sender qqeh size recipient
echo "remote \$5 from <\$2>" >>$T/attempts
case \$5 in
k*) printf 'r\\0Kaccepted\\n\\0' ;;
d*) printf 'hno\\n\\0Drefused\\n\\0' ;;
late*) [ -e $T/now ] && printf 'r\\0Kaccepted\\n\\0' || printf 's\\0Znot yet\\n\\0' ;;
*) printf 's\\0Ztry later\\n\\0' ;;
esac
R
chmod 755 local-script remote-script
export QMAILLOCAL=$T/local-script QMAILREMOTE=$T/remote-script

# submit SENDER RECIPIENT...
submit() {
	local s=$1
	shift
	{ printf 'F%s\0' "$s"; printf 'T%s\0' "$@"; printf '\0'; } >envelope
	printf 'Subject: test\n\nbody\n' | qmail-queue 1<envelope
}
# start the daemons; the log is in T/log, send's pid in SEND
start_queue() {
	local before
	before=$(grep -c '^status:' log 2>/dev/null)
	qmail-start ./Maildir/ >>log 2>&1 &
	SEND=$!
	PIDS="$PIDS $SEND"
	wait_for 10 seen $((${before:-0} + 1)) '^status:'
}
stop_queue() { kill -TERM "$SEND"; wait "$SEND"; STOPPED=$?; }
# seen COUNT REGEX: at least that many log lines match
seen() { [ "$(grep -Ec -- "$2" log)" -ge "$1" ]; }
files() { (cd "$Q" && find mess intd todo info local remote bounce -type f | cut -d/ -f1 | sort | tr '\n' ' '); }
