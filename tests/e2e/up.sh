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
