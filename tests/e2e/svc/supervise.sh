# supervise.sh - sourced after lib.sh by tests of supervised services.  State stays beside the services.
export DISABLE_RUN=1

# script FILE LINE... : an executable script
script() {
	local fn=$1
	shift
	printf '#!/bin/sh\n' >"$fn"
	printf '%s\n' "$@" >>"$fn"
	chmod 755 "$fn"
}

# field DIR NAME: since nsec pid paused want wait up of DIR/supervise/status
field() {
	python3 - "$1/supervise/status" "$2" <<'P'
import struct, sys
d = open(sys.argv[1], 'rb').read()
assert len(d) == 21, len(d)
tai, nsec = struct.unpack('>QI', d[:12])
pid, paused, want, wait, up = struct.unpack('<IBBhB', d[12:])
print({'since': tai - 4611686018427387914, 'nsec': nsec, 'pid': pid, 'paused': paused,
       'want': chr(want) if want else '0', 'wait': wait, 'up': up}[sys.argv[2]])
P
}

# tell DIR BYTES: command bytes for its supervise
tell() { printf %s "$2" >"$1/supervise/control"; }

# runs DIR: is there a supervise?
runs() { python3 -c "import os,sys; os.close(os.open(sys.argv[1]+'/supervise/ok', os.O_WRONLY|os.O_NONBLOCK))" "$1" 2>/dev/null; }
is_up() { [ "$(field "$1" up)" = 1 ]; }
is_down() { [ "$(field "$1" up)" = 0 ]; }

# sup DIR: start its supervise in the background, wait until it is there; its pid is in $SUP, its words in DIR.log
sup() {
	supervise "$@" >>"$1.log" 2>&1 &
	SUP=$!
	PIDS="$PIDS $SUP"
	wait_for 5 runs "$1" || fail "supervise $* starts"
}

# quit DIR: end the service and its supervise
quit() {
	tell "$1" dx
	wait_for 5 not runs "$1" || fail "supervise $1 ends"
	kill -KILL "$SUP" 2>/dev/null
	wait "$SUP" 2>/dev/null
}
not() { ! "$@"; }
lines() { [ "$(grep -c . "$1" 2>/dev/null)" -ge "$2" ]; }
