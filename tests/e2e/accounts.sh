# accounts.sh - sourced after lib.sh by tests that root runs in a mount namespace of their own: qmail's accounts exist.
cp /etc/passwd passwd
cp /etc/group group
uid=7790
for user in alias:7792 qmaild:7791 qmaill:7792 qmailp:7792 qmailq:7791 qmailr:7791 qmails:7791; do
	echo "${user%:*}:x:$uid:${user#*:}::$T/alias:/bin/false" >>passwd
	uid=$((uid + 1))
done
printf 'qmail:x:7791:\nnofiles:x:7792:\n' >>group
mount --bind passwd /etc/passwd && mount --bind group /etc/group || exit 99
