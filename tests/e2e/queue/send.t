#!/bin/bash
# send with todo-proc, spawners and clean: verdicts, log lines, retries, bounces, holds, signals.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
export QIDENT=7
echo 2 >control/concurrencylocal
echo 3 >control/concurrencyl.queue1
echo 4 >control/concurrencyremote
printf 'virt.example:joe-k\nvfail.example:dv-x\n.sub.example:sub\nx.sub.example:\nuser@one.example:kone\n' >control/virtualdomains
echo hack.example >control/percenthack
echo hack.example >>control/locals
start_queue
like "start line of send" "$(cat log)" "^info: qmail-send: pid $SEND: $Q: ratelimit=OFF, loglock=disabled, conf split=3$"
like "concurrencyl.QUEUE wins" "$(cat log)" '^status: local 0/3 remote 0/4 queue1$'
like "start line of todo-proc" "$(wait_for 5 seen 1 'info: todo-proc'; cat log)" \
	"^info: todo-proc: pid [0-9]+: $Q: conf split=3, todo chunk size=1, bigtodo=yes$"

# one delivered message, line by line
newest() { grep -o '^new msg [0-9]*' log | tail -1 | cut -d' ' -f3; }
submit s@x.org k@me.example
ok "a delivery" wait_for 10 seen 1 '^end msg'
i=$(newest)
is "its log, line by line" "$(sed -n '/^new msg/,/^end msg/p' log | sed -E 's/qp [0-9]+/qp N/; s/bytes [0-9]+/bytes N/; s/[0-9]+ bytes/N bytes/')" \
"new msg $i queue1
info msg $i: bytes N from <s@x.org> qp N uid $(id -u) queue1
local: s@x.org k@me.example $i N bytes queue1 opendir mode
starting delivery 1.7: msg $i to local k@me.example queue1
status: local 1/3 remote 0/4 queue1
delivery 1.7: success:  queue1
status: local 0/3 remote 0/4 queue1
end msg $i qmail-send: queue1"
wait_for 5 test -z "$(files)"
is "nothing is left" "$(files)" ""

# rewriting
before=$(wc -l <log)
submit s@x.org a%k2%hack.example@hack.example kplain k@local.example kept@elsewhere.example w@virt.example \
	w@k.sub.example k@x.sub.example user@one.example kother@one.example
wait_for 10 seen 10 '^(local|remote): '
i=$(newest)
is "locals, percenthack, virtualdomains" "$(tail -n +$((before + 1)) log | grep -E "^(local|remote): .* $i " | awk '{print $1 $3}' | sort | tr '\n' ' ')" \
	"local:joe-k-w@virt.example local:k@local.example local:kone-user@one.example local:kplain@me.example local:sub-w@k.sub.example remote:a@k2 remote:k@x.sub.example remote:kept@elsewhere.example remote:kother@one.example "
ok "eight are delivered" wait_for 10 seen 7 'delivery [0-9.]+: success'

# bounces
n=$(grep -c '^end msg' log)
submit bouncer@me.example d@me.example x@vfail.example k@me.example d@far.example
ok "bounced and ended" wait_for 10 seen $((n + 2)) '^end msg'
like "the failure" "$(cat log)" '^delivery [0-9]+\.7: failure: no_such_user/ queue1$'
like "the bounce" "$(cat log)" '^bounce msg [0-9]+ qp [0-9]+ queue1$'
like "from the null sender" "$(cat log)" '^info msg [0-9]+: bytes [0-9]+ from <> qp'
wait_for 5 test -s bounces
is "one paragraph each, prefix removed" "$(sed -n '/^<.*:$/,/^$/p' bounces | sort | tr '\n' /)" \
	"$(printf '\n\n\n<d@far.example>:\n<d@me.example>:\n<x@vfail.example>:\nno\nno such user\nno such user\nrefused\n' | tr '\n' /)"
like "subject" "$(cat bounces)" '^Subject: failure notice$'
like "from" "$(cat bounces)" '^From: MAILER-DAEMON@me\.example$'
like "first paragraph" "$(cat bounces)" '^Hi\. This is the .* program at me\.example\.$'
like "the copy" "$(cat bounces)" '^Return-Path: <bouncer@me\.example>$'
submit '' d@me.example
ok "double bounce" wait_for 10 test -s postmaster
like "its sender" "$(cat attempts)" '^local postmaster@me\.example from <#@\[\]>$'
submit '#@[]' d@me.example
ok "triple bounce" wait_for 10 seen 1 '^triple bounce: discarding bounce/[0-9]+ queue1$'
submit 'list-@x.org-@[]' k@me.example
ok "VERP" wait_for 5 grep -qx 'local k@me.example from <list-k=me.example@x.org>' attempts

# deferral and ALRM
submit s@x.org late@me.example late@far.example k@me.example
ok "deferred" wait_for 10 seen 2 'deferral: not_yet/ queue1$'
i=$(newest) p=$((i % 3))/$i
ok "settled" wait_for 5 test -e "$Q/local/$p" -a -e "$Q/remote/$p" -a ! -e "$Q/todo/$p"
is "what succeeded is not written again" "$(tr '\0' '|' <"$Q/local/$p")" "Tlate@me.example|Dk@me.example|"
is "sender" "$(tr '\0' '|' <"$Q/info/$p")" "Fs@x.org|"
touch now
kill -ALRM "$SEND"
ok "tried again at once" wait_for 10 seen 1 "^end msg $i qmail-send: queue1"
like "ALRM is logged" "$(cat log)" "^alert: qmail-send: pid $SEND got ALRM: queue1$"
rm now

# holds
echo 1 >control/holdlocal; echo 1 >control/holdremote
kill -HUP "$SEND"
ok "held" wait_for 5 seen 1 '^remote deliveries temporarily held$'
like "the status says so" "$(cat log)" '^status: local 0/3 \(held\) remote 0/4 \(held\) queue1$'
n=$(grep -c '^starting' log)
submit s@x.org k@me.example
wait_for 5 seen 1 "^local: s@x.org k@me.example $(newest)"
sleep 0.3
is "nothing starts" "$(grep -c '^starting' log)" "$n"
echo 0 >control/holdlocal; rm control/holdremote
echo new.example >>control/locals
kill -HUP "$SEND"
ok "resumed" wait_for 5 seen 1 '^local deliveries resumed$'
ok "and delivered" wait_for 5 seen $((n + 1)) '^starting'
mv control/locals locals && mkdir control/locals
echo 1 >control/holdlocal
kill -HUP "$SEND"
ok "what cannot be read again" wait_for 5 seen 1 "^alert: qmail-send: queue1: unable to reread $T/control/locals$"
ok "by todo-proc, too" wait_for 5 seen 1 "^alert: todo-proc: queue1: unable to reread $T/control/locals$"
ok "keeps nothing else from being obeyed, and logged" wait_for 5 seen 1 '^local deliveries temporarily held$'
rmdir control/locals && mv locals control/locals
echo 0 >control/holdlocal
kill -HUP "$SEND"
wait_for 5 seen 2 '^local deliveries resumed$'
submit s@x.org kn@new.example
ok "locals are read again" wait_for 5 seen 1 '^local: s@x\.org kn@new\.example '

# concurrency
submit s@x.org slow1@me.example slow2@me.example slow3@me.example slow4@me.example slow5@me.example
ok "three at a time" wait_for 5 seen 1 '^status: local 3/3'
is "never more" "$(grep -c 'local [4-9]/3' log)" 0
# (its spawners may notice first that it is gone, and say so)
is "another send is refused" "$({ qmail-start ./Maildir/ 2>&1; echo $?; } | grep -v spawn)" \
	"alert: qmail-send: queue1: cannot start: unable to lock mutex: instance already running
111"
wait_for 10 seen 1 '^end msg '"$(newest)"

# TERM: next-try times
submit s@x.org z@me.example
wait_for 5 seen 1 'deferral: try_later/ queue1$'
i=$(newest) p=$((i % 3))/$i
wait_for 5 test -e "$Q/local/$p"
stop_queue
is "TERM" $STOPPED 0
like "last words" "$(tail -1 log)" "^info: qmail-send: pid $SEND queue1 exiting$"
next=$(($(stat -c %Y "$Q/local/$p") - $(stat -c %Y "$Q/info/$p")))
is "the next try is kept in the file's time" "$([ $next -ge 100 ] && [ $next -le 200 ] && echo yes || echo $next)" yes

# info that is no info: the message waits
cp -p "$Q/info/$p" info && printf 'Xnonsense' >"$Q/info/$p" && touch "$Q/local/$p"
start_queue
ok "damaged" wait_for 10 seen 1 "^warn: qmail-send: queue1: unable to read info/$p: it is damaged; will try again later$"
stop_queue
ok "it waits" test -e "$Q/local/$p"
cp -p info "$Q/info/$p"

# too old; double bounces nobody wants
echo 0 >control/queuelifetime
echo >control/doublebounceto
touch -d '1 hour ago' "$Q/info/$p"; touch "$Q/local/$p"
start_queue
ok "given up after queuelifetime" wait_for 10 seen 1 "failure: try_later/.*too_long.* queue1$"
submit '' d@me.example
ok "double bounce discarded" wait_for 10 seen 1 '^double bounce: discarding bounce/[0-9]+ queue1$'
stop_queue
is "TERM again" $STOPPED 0
done_testing
