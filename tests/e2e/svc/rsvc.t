#!/bin/bash
# rsvc: what it sends, what the answer means; the connection is a pair of FIFOs, then tcpserver with svstatd.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 rsvc
code "one argument" 100 rsvc /service
code "three arguments" 100 rsvc /service x docker
code "a blank in an argument" 100 rsvc /service 'a b'
code "a newline" 100 rsvc /service $'a\nb'
code "an empty one" 100 rsvc /service ''
like "usage" "$(cat err)" '^usage: rsvc scandir name'
# ask ANSWER ARGS...: exit code; what was sent is in sent
ask() {
	printf "$1" >answer
	shift
	rsvc "$@" 6<answer 7>sent >out 2>err
	echo $?
}
is "up" "$(ask '/service/x: up (pid 12) 3 seconds\n' /service x)" 0
is "is quiet" "$(cat out err)" ""
is "what was sent" "$(cat sent)" "/service x"
is "down" "$(ask '/service/x: down (spid 12) 3 seconds, normally up\n' /service x)" 1
is "a container" "$(ask '/service/x: up (pid 12) 3 seconds\n' /service x podman c)" 0
is "what was sent" "$(cat sent)" "/service x podman c"
is "without newline" "$(ask '/service/x: up (pid 12) 3 seconds' /service x)" 0
is "something else" "$(ask '/service/x: unable to open supervise/ok\033[1m\n' /service x)" 111
is "is printed" "$(cat out)" "/service/x: unable to open supervise/ok?[1m"
is "invalid input" "$(ask 'svstatd: fatal: invalid input\n' /service x)" 111
is "no answer" "$(ask '' /service x)" 111
like "says so" "$(cat err)" '^rsvc: fatal: unable to read: '
head -c 100000 /dev/zero | tr '\0' x >answer
rsvc /service x 6<answer 7>sent >out 2>err
is "an endless answer" $? 111
rsvc /service x 6<&- 7>sent 2>err
is "no descriptor 6" $? 111
rsvc /service x 6<answer 7<&- 2>err
is "no descriptor 7" $? 111
# with the server
mkdir fake
printf '#!/bin/sh\necho "$1: up (pid 1) 2 seconds"\n' >fake/svstat
chmod 755 fake/svstat
port=$(free_port)
PATH=$T/fake:$PATH background tcpserver -q -HR 127.0.0.1 "$port" svstatd
wait_for 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
exec 6<>"/dev/tcp/127.0.0.1/$port" 7>&6
code "over a connection" 0 rsvc /service x
exec 6<&- 7>&-
done_testing
