#!/bin/bash
# runpod: the command line it builds, for a podman and a docker that are scripts of this test.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
mkdir fake
for p in podman docker; do
	printf '#!/bin/sh\necho %s "$@"\nexit 5\n' $p >fake/$p
done
chmod 755 fake/*
PATH=$T/fake:$PATH
caps='--cap-add SYS_PTRACE --cap-add SYS_ADMIN --cap-add IPC_LOCK --cap-add SYS_RESOURCE --cap-add NET_ADMIN --cap-add CAP_NET_RAW --cap-add SYS_NICE'
ports=
for p in 2025:25 2106:106 2110:110 2143:143 2209:209 2366:366 2465:465 2587:587 2628:628 2993:993 2995:995 3110:4110 \
	3143:4143 5110:9110 5143:9143 8080:80 8081:443; do
	ports="$ports--publish $p "
done
code "no image" 100 runpod
code "an option as image" 100 runpod -i -x
code "an empty image" 100 runpod -i ''
code "another program" 100 runpod -i x -c rm
code "a port without colon" 100 runpod -i x -p 25
code "a volume without colon" 100 runpod -i x -v /tmp
like "usage" "$(cat err)" '^usage: runpod '
code "its exit code" 5 runpod -i img
is "the least" "$(cat out)" "podman run -d --publish-all $caps --device /dev/fuse img"
code "a mail system" 5 runpod --id=img --name=indimail-mta --host=mx.example indimail-mta
is "with its ports" "$(cat out)" \
	"podman run -d --name indimail-mta --hostname mx.example ${ports}--publish-all $caps --device /dev/fuse img indimail-mta"
is "webmail has them too" "$(runpod -i img -n webmail | grep -c 8081:443)" 1
is "others have not" "$(runpod -i img -n other | grep -c 2025)" 0
is "own ports" "$(runpod -i img -n indimail -p 25:25 -p 80:8080)" \
	"podman run -d --name indimail --publish 25:25 --publish 80:8080 --publish-all $caps --device /dev/fuse img"
is "volumes, capabilities, cgroup, more words, docker" \
	"$(runpod -c docker -i img -v /a:/b -v /c:/d -C SYS_TIME -C MKNOD -g grp -a --rm -a --privileged sh -c 'echo x')" \
	"docker run -ti --publish-all --volume /a:/b --volume /c:/d --cap-add SYS_TIME --cap-add MKNOD --cgroup-parent grp --device /dev/fuse --rm --privileged img sh -c echo x"
is "auto and more" "$(runpod -i img -C auto -C MKNOD)" "podman run -d --publish-all $caps --cap-add MKNOD --device /dev/fuse img"
is "the program's options are its own" "$(runpod -i img -- ls -l | sed 's/.*fuse //')" "img ls -l"
is "test is a shell" "$(runpod -i img -n test | sed 's/--pub.*fuse/.../')" "podman run -ti --name test ... img bash"
is "devel too" "$(runpod -i img devel -l | sed 's/--pub.*fuse/.../')" "podman run -ti ... img bash -l"
is "svscan is a service" "$(runpod -i img svscan | cut -c1-13)" "podman run -d"
code "--dry-run" 0 runpod --dry-run -i img true
is "only prints" "$(cat out)" "podman run -ti --publish-all $caps --device /dev/fuse img true"
PATH=$BIN:/bin code "no podman here" 111 runpod -i img -c podman
done_testing
