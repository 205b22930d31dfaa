#!/bin/bash
# smtpd: every reply, pipelining, smuggling, limits, time-outs; a small queue program keeps what arrives.
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
mkdir control
echo mail.example.org >control/me
printf 'example.org\n.sub.example\n' >control/rcpthosts
cat >keep <<'E2'
#!/bin/sh
cat >mess.new && cat <&1 >env.new || exit 53
# an envelope without its last NUL is an abandoned message
[ "$(tail -c 2 env.new | od -An -tx1)" = " 00 00" ] || exit 54
mv mess.new mess && mv env.new env && echo >>count
[ ! -f verdict ] || { cat verdict >&2; exit 88; }
E2
# a queue program starts in /
sed -i "2icd '$T' || exit 61" keep
chmod 755 keep
export CONTROLDIR=$T/control QMAILQUEUE=$T/keep TCPLOCALHOST=here.example TCPREMOTEIP=192.0.2.9
code "no greeting without me: temporary" 1 env CONTROLDIR=/nonexistent qmail-smtpd </dev/null
like "which the client is told" "$(cat out)" '^451 .*\(#4\.3\.0\)'
like "--help names the program" "$(qmail-smtpd --help)" '^qmail-smtpd - '
printf 'MAIL FROM:<a@b>\r\nRCPT TO:<u@example.org>\r\nDATA\r\n.\r\nQUIT\r\n' |
	TCPLOCALHOST= qmail-smtpd argument.example true >out 2>&1
like "the host name argument names us when nothing else does" "$(cat mess)" '^  by argument\.example with SMTP; '
python3 "$HERE/smtpd.py" || FAILED=1
done_testing
