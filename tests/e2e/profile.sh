# profile.sh PROFILE - sourced after lib.sh by tests of a smaller build: PROFILE/indimail is built with musl, from the source
# tree around the tests.  Where that cannot be done the test is skipped.
SRC=$(cd "$HERE/../../.." && pwd)
if [ -n "${QUICK:-}" ]; then
	skip "$1" "QUICK is set: nothing is built"
	done_testing
fi
for tool in meson ninja musl-gcc; do
	command -v "$tool" >/dev/null || { skip "$1" "no $tool"; done_testing; }
done
[ -f "$SRC/meson.build" ] || { skip "$1" "no source tree around the tests"; done_testing; }
"$SRC/tools/musl-sysroot.sh" "$T/sysroot" >sysroot.log 2>&1 || { skip "$1" "no static c-ares: $(tail -1 sysroot.log)"; done_testing; }
build() {
	CC=musl-gcc PKG_CONFIG_LIBDIR=$T/sysroot meson setup "$1" "$SRC" -Dprofile="$1" -Dstatic=true -Dtls=disabled \
		-Dmariadb=disabled -Dsqlite=disabled -Didn=disabled -Dtests=false --buildtype=minsize -Db_lto=true -Dstrip=true &&
		ninja -j2 -C "$1"
}
build "$1" >build.log 2>&1 && pass "it is built" || { fail "it is built"; tail -5 build.log; done_testing; }
