#!/bin/bash
# queue: what is stored, every exit code a single user can reach, the optional processing, Received lines.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset TCPREMOTEIP RELAYCLIENT TCPREMOTEINFO HOSTNAME
export CONTROLDIR=$T/control QUEUEDIR=$T/queue1 CONFSPLIT=3 HOSTNAME=h.example
mkdir control
echo me.example >control/me
queue-fix "$QUEUEDIR"
Q=$QUEUEDIR
printf 'Subject: s\nX-Drop: 1\n folded\nX-Env: v1\nx-long: 0123456789\n\nbody\n' >message
envelope() { printf "$1" >envelope; }
envelope 'Fa@b\0Tc@d\0Te@f\0\0'
submit() { qmail-queue <message 1<envelope 2>err; }
# after a submission: the envelope, readable
records() { cat "$Q"/todo/*/* | tr '\0\n' '|/'; }
stored() { cat "$Q"/mess/*/*; }
files() { (cd "$Q" && find pid mess intd todo -type f) | wc -l; }
empty() { (cd "$Q" && find pid mess intd todo -type f -exec rm {} +); }

exec 8<>"$Q/lock/trigger"
submit
is "accepted" $? 0
id=$(ls "$Q"/mess/*/ | grep -x '[0-9][0-9]*')
is "named by its inode" "$(stat -c %i "$Q/mess/$((id % 3))/$id")" "$id"
is "state S4" "$(cd "$Q" && find pid mess intd todo -type f | sort | tr '\n' ' ')" "intd/$((id % 3))/$id mess/$((id % 3))/$id todo/$((id % 3))/$id "
is "todo is intd" "$(stat -c %i "$Q/todo/$((id % 3))/$id")" "$(stat -c %i "$Q/intd/$((id % 3))/$id")"
is "mode" "$(stat -c %a "$Q/mess/$((id % 3))/$id" "$Q/todo/$((id % 3))/$id" | tr '\n' ' ')" "644 644 "
like "envelope" "$(records)" "^u$(id -u)\|p[0-9]+\|Fa@b\|Tc@d\|Te@f\|$"
is "the message is there byte for byte" "$(stored | tail -n +2)" "$(cat message)"
is "the trigger tells the number" "$(timeout 1 head -c $((${#id} + 1)) <&8 | tr '\0' .)" "$id."
exec 8>&-
for i in $(seq 0 63); do printf 'old and long %1000s' x >"$Q/pid/spare.$i"; done
empty_spares() { for i in $(seq 0 63); do : >"$Q/pid/spare.$i"; done; }
for what in full empty; do
	(cd "$Q" && find mess intd todo -type f -exec rm {} +)
	[ $what = full ] || empty_spares
	submit
	is "two $what spares serve" "$? $(ls "$Q/pid" | grep -c spare)" "0 62"
	is "nothing is left in the message" "$(stored | tail -n +2)" "$(cat message)"
	like "nor in the envelope" "$(records)" "^u$(id -u)\|p[0-9]+\|Fa@b\|Tc@d\|Te@f\|$"
done
R='Received: indimail-mta queue [0-9]+'
D='[A-Z][a-z]{2}, [0-9]+ [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} \+0000$'
received() { empty; submit; stored | head -1; }
like "local" "$(received)" "^$R by host h\.example \(invoked by uid $(id -u)\); $D"
like "network" "$(TCPREMOTEIP=192.0.2.1 received)" "^$R by host h\.example \(invoked from network 192\.0\.2\.1, by uid $(id -u)\); $D"
like "HIDE_HOST" "$(HIDE_HOST= received)" "^$R \(invoked by uid $(id -u)\); $D"
like "HIDE_HOST, network" "$(HIDE_HOST= TCPREMOTEIP=192.0.2.1 received)" "^$R \(invoked from network, by uid $(id -u)\); $D"
like "host of the machine" "$(unset HOSTNAME; received)" "^$R by host $(hostname) "

# optional processing
fresh() { empty; submit || echo "exit $?"; }
REMOVEHEADERS='x-drop' fresh
is "removeheaders with continuations" "$(stored | tail -n +2 | head -2 | tr '\n' /)" "Subject: s/X-Env: v1/"
printf 'subject\nX-Env\n' >control/removeheaders
fresh
is "from the control file" "$(stored | sed -n 2p)" "X-Drop: 1"
REMOVEHEADERS= fresh
is "switched off by an empty variable" "$(stored | sed -n 2p)" "Subject: s"
rm control/removeheaders
ENVHEADERS='x-env X-Drop:100 x-long:5' fresh
like "envheaders" "$(records)" '\|hX-Drop: 1/ folded/X-Env: v1/\|$'
is "they stay in the message" "$(stored | grep -c '^X-Env')" 1
LOGHEADERS='Subject x-drop' LOGHEADERFD=7 fresh 7>log
is "logheaders" "$(cat log)" "$(printf 'Subject: s\nX-Drop: 1\n folded')"
QQEH='X-Extra: 1' fresh
like "QQEH" "$(records)" '\|eX-Extra: 1/\|$'
EXTRAQUEUE=log@x fresh
like "extraqueue" "$(records)" '\|Fa@b\|Tlog@x\|Tc@d\|Te@f\|$'
printf 'one@x\n# no\ntwo@x\n' >control/extraqueue
fresh
like "several" "$(records)" '\|Tone@x\|Ttwo@x\|Tc@d\|'
rm control/extraqueue
QUARANTINE=q@x fresh
like "quarantine" "$(records)" '\|Fa@b\|Tq@x\|eX-Quarantine-ID: q@x,c@d,e@f/\|$'
printf 'F:a@*:from-%%u@arch\nT:!e@*:%%e.%%d@arch\n*:*@f:all@arch\n' >control/mailarchive
fresh
like "mailarchive" "$(records)" '\|Te@f\|Tfrom-a@arch\|Tc@d\.d@arch\|Tall@arch\|$'
printf 'F::aTb@x\nF::b@x\nF::b@x\n' >control/mailarchive
fresh
like "each archive once, also one that ends like another" "$(records)" '\|Te@f\|TaTb@x\|Tb@x\|$'
FASTQUEUE=$(id -u) QQEH=x fresh
like "FASTQUEUE skips it all" "$(records)" '\|Fa@b\|Tc@d\|Te@f\|$'
rm control/mailarchive
echo 1 >control/originipfield
TCPREMOTEIP=192.0.2.1 RELAYCLIENT= fresh
is "originipfield" "$(stored | sed -n 2p)" "X-Originating-IP: 192.0.2.1"
TCPREMOTEIP=192.0.2.1 fresh
is "only for known clients" "$(stored | sed -n 2p)" "Subject: s"
empty

# failures: nothing may stay
fails() {
	local text=$1 want=$2
	submit
	is "$text" "$?" "$want"
	is "$text: nothing stays" "$(files)" 0
}
envelope 'Fa@b\0Tc@d\0'; fails "envelope without its end" 54
envelope ''; fails "no envelope" 54
envelope 'Ta@b\0\0'; fails "no sender" 79
envelope 'Fa@b\0Xc@d\0\0'; fails "unknown record" 79
envelope 'F\0\0'; submit; is "no recipient is no error" $? 0; empty
envelope "F$(head -c 1003 /dev/zero | tr '\0' a)\\0Tc@d\\0\\0"; fails "sender too long" 11
envelope "Fa@b\\0T$(head -c 5000 /dev/zero | tr '\0' a)\\0\\0"; fails "recipient far too long" 11
envelope "Fa@b\\0T$(head -c 1002 /dev/zero | tr '\0' a)\\0\\0"; submit; is "the longest address" $? 0; empty
envelope 'Fa@b\0Tc@d\0Qx\0'; submit; is "Q ends the list" $? 0; empty
envelope 'Fa@b\0Tc@d\0\0'
qmail-queue <"$T" 1<envelope 2>err
is "unreadable message" "$? $(files)" "54 0"
MIN_FREE=$((1 << 60)) fails "MIN_FREE" 53
QUEUEDIR=$T/nowhere submit
is "no queue" $? 61
chmod 000 "$Q"
submit
is "a queue that cannot be entered" $? 61
chmod 750 "$Q"
for pair in pid:70 mess/0:67 intd/0:65 todo/0:66; do
	dir=${pair%:*}
	[ "$dir" = pid ] && chmod 500 "$Q/pid" || chmod 500 "$Q/${dir%/0}"/*
	fails "$dir is not writable" "${pair#*:}"
	[ "$dir" = pid ] && chmod 700 "$Q/pid" || chmod 750 "$Q/${dir%/0}"/*
done
echo x >control/quarantine; chmod 0 control/quarantine
submit; code=$?
is "unreadable control file" "$([ $code -gt 40 ] && echo temporary) $(files)" "temporary 0"
rm -f control/quarantine
(ulimit -f 8; trap '' XFSZ; head -c 100000 /dev/zero | qmail-queue 1<envelope 2>err; echo $? >code)
is "file size limit: write error" "$(cat code) $(files)" "53 0"
envelope 'X\0'
QMAIL_QUEUE_CUSTOM_ERROR=1 submit
is "custom error" "$? $(cat err)" "88 Zqmail-queue: envelope record of type 88 (#4.3.0)"
QMAIL_QUEUE_CUSTOM_ERROR=1 ERROR_FD=6 submit 6>custom
like "on ERROR_FD" "$(cat custom)" '^[DZ]qmail-queue: envelope record'
QMAIL_QUEUE_CUSTOM_ERROR=1 ERROR_FD=-1 submit
is "or nowhere" "$? $(cat err)" "88 "
mkfifo never; exec 9<>never
DEATH=1 qmail-queue <&9 1<envelope 2>err
is "DEATH: no clean-up" "$? $(files)" "52 1"
code "usage: help" 0 qmail-queue --help
done_testing
