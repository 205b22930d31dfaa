# up.sh - sourced after lib.sh by tests of a running mail system.
#   $R      its directory        $PORT   where its SMTP listens        $UP   its process
R=$T/root PORT=$(free_port)

# start_up ARGUMENT...: run it and wait until it answers
start_up() {
	"$BIN/up" --root "$R" --smtp "127.0.0.1:$PORT" "$@" >>"$T/up.log" 2>&1 &
	UP=$!
	PIDS="$PIDS $UP"
	wait_for 20 python3 -c "import socket; assert socket.create_connection(('127.0.0.1', $PORT), 2).recv(3) == b'220'" ||
		{ fail "the mail system starts"; sed 's/^/# /' "$T/up.log" | tail -20; exit 1; }
}

stop_up() { kill -TERM "$UP"; wait "$UP"; }

# arrived MAILDIR N: at least N messages are there
arrived() { [ "$(ls -U "$1/new" | wc -l)" -ge "$2" ]; }

# in_use COMMAND...: with the environment of the instance
in_use() { (. "$R/env" && "$@"); }

# pids of all processes below PID
family() {
	local k
	for k in $(ps --ppid "$1" -o pid=); do echo "$k"; family "$k"; done
}

# memory: proportional, of all processes, in KB
memory() {
	local p sum=0 kb
	for p in "$UP" $(family "$UP"); do
		kb=$(awk '/^Pss:/ {print $2}' "/proc/$p/smaps_rollup" 2>/dev/null)
		sum=$((sum + ${kb:-0}))
	done
	echo "$sum"
}
# little_memory KB: at rest they take less
little_memory() {
	below() { [ "$(memory)" -lt "$1" ]; }
	if [ -r /proc/self/smaps_rollup ] && [ -z "${REEXEC:-}${ASAN_OPTIONS:-}" ]; then
		ok "at rest less than $1 KB of proportional memory in all" wait_for 40 below "$1"
		echo "# $(memory) KB"
	else
		skip "memory" "REEXEC or ASan: every process has more of its own; or there is no smaps_rollup"
	fi
}
