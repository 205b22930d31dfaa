#!/bin/bash
# cleanq: what goes, what stays, how long it sleeps.
. "$(dirname "$0")/user.sh"
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
mkdir scans outside
: >outside/precious
make() {
	rm -rf scans; mkdir scans
	mkdir -p scans/@1.2.0/work scans/@2.2.0/work scans/@3.2.0/work scans/other scans/@deep/a/b/c
	chmod 1750 scans/@2.2.0 scans/@3.2.0
	touch -d '4 hours ago' scans/@3.2.0
	: >scans/file; : >scans/@file; : >scans/@1.2.0/work/msg; ln -s ../../outside scans/@1.2.0/link; ln -s ../outside scans/@link
	mkfifo scans/fifo
}
make
code "a pass" 0 bash -c 'cd scans && cleanq -s 0'
is "what stays" "$(ls -A scans | tr '\n' ' ')" "@2.2.0 @deep other "
like "what is too deep is told" "$(cat err)" '^cleanq: warning: unable to remove @deep'
is "links are not followed" "$(ls outside)" precious
make
code "a directory named, and told" 0 cleanq -l -s0 "$T/scans"
like "removed" "$(cat err)" '^cleanq: removed @1\.2\.0$'
like "an old one" "$(cat err)" '^cleanq: removed @3\.2\.0$'
like "skipped" "$(cat err)" '^cleanq: skipping other$'
is "nothing of the one in use" "$(grep -c '@2' err)" 0
code "no such directory" 111 cleanq -s 0 "$T/none"
code "usage" 100 cleanq a b
code "a bad number" 100 cleanq -s -1
start=$(date +%s%N)
code "it sleeps" 0 cleanq -s 1 scans
is "a second" "$((($(date +%s%N) - start) / 1000000 >= 1000))" 1
done_testing
