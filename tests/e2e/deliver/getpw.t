#!/bin/bash
# getpw: accounts of this machine, extensions, the fallback of a single-user instance.
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups bash "$0" "$@"
. "$(dirname "$0")/../lib.sh"
fields() { tr '\0' '|' <out; }
# an account, not root, that owns its home
name=; while IFS=: read -r n _ u g _ h _; do
	[ "$u" != 0 ] && [ ${#n} -lt 32 ] && [[ $n =~ ^[a-z0-9_]+$ ]] && [ "$(stat -c %u "$h" 2>/dev/null)" = "$u" ] && name=$n uid=$u gid=$g home=$h && break
done </etc/passwd
if [ -n "$name" ]; then
	code "an account" 0 qmail-getpw "$name"
	is "its fields" "$(fields)" "$name|$uid|$gid|$home|||"
	code "capitals" 0 qmail-getpw "${name^^}-Ext-2"
	is "its fields" "$(fields)" "$name|$uid|$gid|$home|-|Ext-2|"
else
	skip "an account" "none here owns its home"
fi
if ! grep -q ^alias: /etc/passwd; then
	code "root is nobody's mailbox" 0 qmail-getpw root-x
	is "the caller stands in for alias" "$(fields)" "alias|$(id -u)|$(id -g)|/var/indimail/alias|-|root-x|"
	code "a name too long for an account" 0 qmail-getpw aaaaaaaaaabbbbbbbbbbccccccccccdd
else
	code "nobody else: alias" 0 qmail-getpw no_such_account-x
	like "its fields" "$(fields)" '^alias\|.*\|-\|no_such_account-x\|$'
fi
code "usage" 100 qmail-getpw
code "usage" 100 qmail-getpw a b
done_testing
