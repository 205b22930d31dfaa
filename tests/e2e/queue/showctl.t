#!/bin/bash
# showctl: values and defaults, stray files, environment, dump, queues.
. "$(dirname "$0")/../lib.sh"
mkdir -p control queue/queue1 queue/queue2
export CONTROLDIR=$T/control QUEUE_BASE=$T/queue
echo mail.example.org >control/me
printf 'example.org\n#no\n.sub.example\n' >control/rcpthosts
echo 2000 >control/databytes
echo 7 >control/concurrencyl.queue2
touch control/rcpthost control/badhelo control/my.cdb control/outgoingip.example.org
mkdir control/defaultqueue
unset DATABYTES
got=$(qmail-showctl -c)
like "a line" "$got" '^me: mail\.example\.org '
like "a number" "$got" '^databytes: 2000 '
like "a default" "$got" '^timeoutsmtpd: \(Default\.\) 1200 '
like "a value taken from me" "$got" '^bouncehost: \(Default\.\) mail\.example\.org '
like "a list" "$got" '^rcpthosts: '
is "its lines" "$(sed -n '/^rcpthosts:/,/^[^\t]*: /p' <<<"$got" | grep -c '^	')" 2
like "a directory" "$got" '^defaultqueue: .*\(a directory\)$'
got=$(qmail-showctl -e)
like "a stray file" "$got" '^rcpthost: not understood'
is "the others are known" "$(grep -c 'not understood' <<<"$got")" 1
like "-s shows files word for word" "$(qmail-showctl -s)" '^	#no$'
like "-E shows variables" "$(DATABYTES=5 qmail-showctl -E)" '^DATABYTES=5 \('
like "-c follows them" "$(DATABYTES=5 qmail-showctl -c)" '^databytes: 5 '
like "-q names the queues" "$(qmail-showctl -q)" "^queue2: $T/queue/queue2\$"
like "-C concurrency of a queue" "$(qmail-showctl -C)" '^queue2: local 7 remote 20$'
like "-C default" "$(qmail-showctl -C)" '^queue1: local 10 remote 20$'
like "-i version" "$(qmail-showctl -i)" '^version: [0-9]'
like "-i accounts" "$(qmail-showctl -i)" '^account qmailq: '
is "-a has seven parts" "$(qmail-showctl -a | grep -cE '^(built in|queues|concurrency|control files|environment|control files word for word|stray files):$')" 7
is "without options four" "$(qmail-showctl | grep -cE '^(built in|queues|control files|stray files):$')" 4
code "arguments: usage" 100 qmail-showctl x
code "output that cannot be written" 111 sh -c 'qmail-showctl >/dev/full'
done_testing
