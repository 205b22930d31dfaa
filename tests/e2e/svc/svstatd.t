#!/bin/bash
# svstatd: the line it takes, everything it refuses, containers.  svstat, docker and podman are scripts of this test.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
mkdir fake
for p in svstat docker podman; do
	printf '#!/bin/sh\necho %s "$@"\n' $p >fake/$p
done
chmod 755 fake/*
PATH=$T/fake:$PATH
code "arguments" 100 svstatd x
ask() { printf "$1" | svstatd 2>err; }
is "a service" "$(ask '/service qmail-send\n')" "svstat /service/qmail-send"
is "CRLF and blanks" "$(ask '/service  qmail-send \r\n')" "svstat /service/qmail-send"
is "a logger" "$(ask '/service qmail-send/log\n')" "svstat /service/qmail-send/log"
is "docker" "$(ask '/service x docker c0ffee\n')" "docker exec c0ffee svstat /service/x"
is "podman" "$(ask '/service x podman my_pod.1\n')" "podman exec my_pod.1 svstat /service/x"
printf '/service x\nmore\n' | svstatd >out
is "only one line" "$(cat out)" "svstat /service/x"
bad() {
	printf "$2" | svstatd >out 2>err
	is "$1: exit" $? 111
	is "$1: to the client and to the log" "$(cat out err)" "svstatd: fatal: invalid input
svstatd: fatal: invalid input"
}
bad "nothing" ''
bad "an empty line" '\n'
bad "no newline" '/service x'
bad "one word" '/service\n'
bad "three words" '/service x docker\n'
bad "five words" '/service x docker y z\n'
bad "relative" 'service x\n'
bad "an option" '-x y\n'
bad "upwards" '/service/../etc x\n'
bad "upwards in the name" '/service ..\n'
bad "upwards behind the name" '/service x/..\n'
bad "a name with a path" '/service x/y\n'
bad "an absolute name" '/service /x\n'
bad "a control byte" '/serv\001ice x\n'
bad "a NUL" '/service x\0\n'
bad "another container program" '/service x sh c\n'
bad "an option as container" '/service x docker -it\n'
bad "a strange container" '/service x docker a;b\n'
head -c 100000 /dev/zero | tr '\0' x | svstatd >out 2>err
is "an endless line" $? 111
done_testing
