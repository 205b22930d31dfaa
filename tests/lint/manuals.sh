#!/bin/bash
# manuals.sh BUILD - every applet has a manual page, --help, and an end-to-end test; every page is clean.
# Prints what is missing; exit 1 when anything is.
cd "$(dirname "$0")/../.." || exit 99
build=${1:?usage: manuals.sh BUILD}
bad=0
complain() { echo "not ok - $*"; bad=1; }

# NAME... : the page may have the name of any of them
page() {
	local n
	for n; do
		compgen -G "man/$n.[158]" >/dev/null && return 0
	done
	return 1
}
# NAME... : a test of that name, or one that begins with it and a dash
tested() {
	local n
	for n; do
		compgen -G "tests/e2e/*/$n.t" >/dev/null && return 0
		compgen -G "tests/e2e/*/$n-*.t" >/dev/null && return 0
	done
	return 1
}
while read -r line; do
	# the words before the family: name and aliases ("-" none)
	names=$(awk '{print $1; for (i = 2; i <= NF; i++) { if ($i == "-" || $i ~ /^(queue|deliver|inject|smtp|filter|vdomain|svc|ucspi|mess822|cdb|list|analog|serial|proxy|admin|web)$/ && i > 2) break; print $i }}' <<<"$line")
	page $names || complain "${names//$'\n'/ }: no manual page"
	tested $names || complain "${names//$'\n'/ }: no end-to-end test"
	help=$("$build/indimail" ${names%%$'\n'*} --help 2>&1 </dev/null) && [ -n "$help" ] ||
		complain "${names//$'\n'/ }: --help fails"
done < <("$build/indimail" --list)
for p in man/*.[1-8]; do
	if command -v mandoc >/dev/null; then
		out=$(mandoc -T lint -W warning "$p" 2>&1) || { complain "$p"; echo "$out"; }
	fi
	grep -q '^\.Os *$' "$p" || complain "$p: .Os takes no argument"
done
[ $bad = 0 ] && echo "ok - manuals"
exit $bad
