# fake.sh - sourced by tests that need supervises of straw (fake.py).
FAKE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/fake.py

# fake DIR...: services with a supervise; returns when they listen
fake() {
	local log
	log=$(mktemp "$T/fake.XXXXXX")
	background python3 "$FAKE" run "$@" >"$log"
	FAKE_PID=$!
	wait_for 10 grep -q ready "$log" || fail "the fake supervise does not start"
}

# status DIR AGE PID [name=value ...]
status() {
	local dir=$1
	shift
	python3 "$FAKE" status "$dir/supervise/status" "$@"
}
