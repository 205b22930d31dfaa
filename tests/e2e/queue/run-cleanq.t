#!/bin/bash
# run-cleanq: svc -o on the service qscanq.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
export CONTROLDIR=$T/control DISABLE_RUN=
mkdir -p control service/qscanq
echo "$T/service" >control/servicedir.conf
printf '#!/bin/sh\necho ran >>%s/ran\nexec sleep 0.1\n' "$T" >service/qscanq/run
chmod +x service/qscanq/run
code "no supervise" 1 run-cleanq
: >service/qscanq/down
(cd service && exec supervise qscanq) >log 2>&1 & PIDS="$PIDS $!"
ok "supervise is there" wait_for 10 svok service/qscanq
code "run once" 0 run-cleanq
ok "it ran" wait_for 10 test -s ran
code "usage" 100 run-cleanq x
echo "$T/none" >control/servicedir.conf
code "no service" 111 run-cleanq
like "... is told" "$(cat err)" '^run-cleanq: fatal: there is no service .*/none/qscanq$'
svc -dx service/qscanq
done_testing
