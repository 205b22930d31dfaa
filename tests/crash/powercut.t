#!/bin/bash
# powercut: the power fails at many moments of a busy instance; what was acknowledged is there afterwards.
# CUTS=1000 SEED=1 tests/run ... for more of them.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../e2e/lib.sh"
if [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ] || ! losetup -f >/dev/null 2>&1; then
	skip "power cuts" "needs root, /dev/fuse and loop devices"
	done_testing
fi
if ! pkg-config --exists fuse3 || ! command -v mkfs.ext4 >/dev/null; then
	skip "power cuts" "needs libfuse3-dev and e2fsprogs"
	done_testing
fi
if python3 "$HERE/powercut.py" "$INDIMAIL" "${CUTS:-40}" "${SEED:-$RANDOM}" >result 2>trouble; then
	pass "$(tail -1 result)"
else
	fail "$(tail -5 result) $(tail -3 trouble)"
fi
done_testing
