# user.sh - sourced before lib.sh by tests of the queue: a queue belongs to one ordinary user, so a test
# that root starts goes on as nobody in particular, or as TEST_UID.
if [ "$(id -u)" = 0 ] && [ -x "$INDIMAIL" ]; then
	user="setpriv --reuid ${TEST_UID:-65533} --regid ${TEST_UID:-65533} --clear-groups"
	if ! command -v setpriv >/dev/null || ! $user test -x "$INDIMAIL" || ! $user test -r "$0"; then
		echo "ok - $0 # SKIP root cannot hand the binary to another user here"
		exit 0
	fi
	exec env WAS_ROOT=1 HOME=/ $user bash "$0"
fi
