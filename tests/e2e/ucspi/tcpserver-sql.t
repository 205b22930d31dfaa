#!/bin/bash
# tcpserver -m: access rules in a MariaDB of this test's own.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
. "$here/server.sh"
unset MAXPERIP MYSQL_LIB MYSQL_TIMEOUT
mkdir control
export CONTROLDIR=$T/control
if ! indimail --version | grep -qw mariadb; then
	echo "$T/socket:u:p:d:t" >sql
	start -m sql -- echo served
	is "without SQL in this build the rules do not count" "$(talk)" served
	ok "said so" logged '^tcpserver: warning: no SQL rules: '
	stop
	done_testing
fi
MARIADBD=$(command -v mariadbd mysqld /usr/sbin/mariadbd | head -1)
if [ -z "$MARIADBD" ] || ! command -v mariadb-install-db >/dev/null; then
	skip "SQL rules" "no mariadb-server"
	done_testing
fi
user=$(id -un)
mariadb-install-db --no-defaults --user="$user" --datadir="$T/db" --auth-root-authentication-method=normal \
	--skip-test-db >install 2>&1 || cat install
background "$MARIADBD" --no-defaults --user="$user" --datadir="$T/db" --socket="$T/db.sock" --skip-networking \
	--pid-file="$T/db.pid" --innodb-buffer-pool-size=16M >dblog 2>&1
sql() { mariadb --no-defaults --socket="$T/db.sock" -uroot "$@"; }
wait_for 60 sql -e 'select 1' || { cat dblog; fail "the database does not start"; done_testing; }
sql -e "create database rules; create user im@localhost identified by 'secret'; grant all on rules.* to im@localhost"
# rule PORT IPRULE DECISION ENV
rule() { sql rules -e "replace into acl (port, iprule, decision, env) values ($1, '$2', '$3', $4)"; }

printf '%s\n' "$T/db.sock:im:secret:rules:acl" >sql
start -m sql -- sh -c 'echo "served ${A-none}|${B-none}|${MAXPERIP-none}"'
is "no table yet: everybody" "$(talk)" "served none|none|none"
like "it has been made" "$(sql rules -e 'describe acl' | tr '\t\n' ' ;')" '^Field .*;port int\(5\) .*;timestamp timestamp .*;iprule char\(16\) .*;decision char\(1\) .*;env varchar\(255\) '
rule "$PORT" '*' A "'A=one,B=two\\\\,three,MAXPERIP=7'"
is "variables, a comma among them" "$(talk)" "served one|two,three|7"
ok "and the limit" logged ':maxperip=7$'
for r in '*' 127.0.0.1 '127.0.0.*' '127.*.*.1' '12?.0.0.1' '127.0.0.0-9' '120-.0.0.1'; do
	rule "$PORT" "$r" D NULL
	is "denied by $r" "$(talk)" ""
	ok "said so" logged "^tcpserver: MySQL: Port $PORT: IPrule $(sed 's/[.*?]/\\&/g' <<<"$r")\$"
done
ok "deny line" logged '^tcpserver: deny [0-9]+ here\[127\.0\.0\.1\]'
ok "exit code" logged '^tcpserver: end [0-9]+ status 100$'
for r in 127.0.0.2 '127.0.0.2-9' '128-.0.0.1' '12?.0.0.2' '127.0.*' 'no.invalid'; do
	rule "$PORT" "$r" D NULL
	like "not denied by $r" "$(talk)" '^served'
done
rule "$PORT" localhost D NULL
is "denied by a name" "$(talk)" ""
rule 1 '*' D NULL
rule "$PORT" '*' A NULL
is "other ports do not count" "$(talk)" "served none|none|none"
stop
printf '%s\n' '127.0.0.1:deny' | tcprules rules.cdb rules.tmp
start -m sql -x rules.cdb -- echo served
is "rules of -x come first" "$(talk)" ""
stop
printf '%s\n' "$T/db.sock:im:wrong:rules:acl" >wrong
start -m wrong -- echo served
is "a wrong password: nobody" "$(talk)" ""
ok "said so" logged '^tcpserver: warning: dropping connection, unable to read SQL rules: unable to connect to the database: Access denied for user'
ok "exit code" logged '^tcpserver: end [0-9]+ status 111$'
printf '%s\n' "$T/db.sock:im:secret:rules:acl; drop table acl" >wrong
is "no name of a table: nobody" "$(talk)" ""
ok "said so" logged 'acl; drop table acl is no name of a table$'
echo 'nonsense' >wrong
is "a file without fields: nobody" "$(talk)" ""
ok "said so" logged 'wrong is not server:user:password:database:table$'
printf '%s\n' "$T/nothing.sock:im:secret:rules:acl" >wrong
is "no database: nobody" "$(talk)" ""
ok "said so" logged "unable to connect to the database: Can't connect to "
stop
MYSQL_LIB=$T/nolib.so start -m sql -- echo served
is "no client library: the rules do not count" "$(talk)" served
ok "said so" logged '^tcpserver: warning: no SQL rules: unable to load .*nolib\.so'
stop
echo "$T/nolib.so" >control/libmysql
start -m sql -- echo served
ok "control/libmysql names it" logged 'no SQL rules: unable to load .*nolib\.so'
stop
rm control/libmysql
echo here.example >control/me
start -m sql -- qmail-smtpd
for i in 1 2 3; do like "in a resident worker" "$(talk 127.0.0.1 '' 'QUIT\r\n')" '^220 '; done
stop
done_testing
