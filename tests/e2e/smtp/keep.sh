# keep.sh - sourced after lib.sh: a queue program that keeps what arrives.
#   mess, env   the last message and its envelope     count   a line per message
#   verdict     when there: what the program says, with exit code 88
cat >keep <<E2
#!/bin/sh
# a queue program starts in /
cd '$T' || exit 61
cat >mess.new && cat <&1 >env.new || exit 53
# an envelope without its last NUL is an abandoned message
[ "\$(tail -c 2 env.new | od -An -tx1)" = " 00 00" ] || exit 54
mv mess.new mess && mv env.new env && echo >>count
[ ! -f verdict ] || { cat verdict >&2; exit 88; }
E2
chmod 755 keep
: >count
export QMAILQUEUE=$T/keep
# ns TEXT: the text as a netstring
ns() { printf '%d:%s,' "${#1}" "$1"; }
# the envelope, NULs shown as |
envelope() { tr '\0' '|' <env; }
kept() { wc -l <count; }
# refuse TEXT CODE BYTES: $SERVER gives these bytes no answer and ends so
refuse() {
	printf "$3" >p
	code "$1" "$2" "$SERVER" <p
	is "... without an answer" "$(cat out)" ""
}
