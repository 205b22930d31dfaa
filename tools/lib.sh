# lib.sh - what run.sh, test.sh and the benchmarks share: packages, building.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fatal() { echo "error: $*" >&2; exit 1; }

# need PACKAGE...: install the Debian packages that are missing (root or sudo), quietly.
need() {
	local missing=() p
	command -v dpkg-query >/dev/null || return 0	# not Debian: the build says what it misses
	for p; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	local sudo=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null && sudo -n true 2>/dev/null || {
			echo "missing packages, and no root or sudo to install them: ${missing[*]}" >&2
			return 1
		}
		sudo=sudo
	fi
	# services of installed packages must not start by themselves here
	local policy=/usr/sbin/policy-rc.d made=
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null && $sudo chmod 755 $policy && made=1
	fi
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get -qq update >/dev/null 2>&1
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1
	local code=$?
	[ -z "$made" ] || $sudo rm -f $policy
	[ $code = 0 ] || echo "installing failed: ${missing[*]}" >&2
	return $code
}

BUILD_PACKAGES="gcc libc6-dev pkg-config meson ninja-build libc-ares-dev libssl-dev libidn2-dev"

# the library features whose development files are here; tls is nice to have for running
build() {
	local dir=$1
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		meson setup "$dir" "$@" >"$dir.log" 2>&1 || { tail -30 "$dir.log" >&2; fatal "meson setup $dir failed"; }
		mv "$dir.log" "$dir/setup.log"
	fi
	ninja -C "$dir" >"$dir/ninja.log" 2>&1 || { tail -40 "$dir/ninja.log" >&2; fatal "building $dir failed"; }
}
