#!/bin/bash
# tcpclient: addresses, time limits, environment, messages and exit codes, joined to standard input and output.
# TLS is tcpclient-tls.t's.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
unset PROTO TCPREMOTEHOST TCPLOCALHOST
code "no arguments" 100 tcpclient
like "usage" "$(cat err)" '^usage: tcpclient .*host port'
code "one argument" 100 tcpclient 127.0.0.1
code "port 0 without a program is usage" 100 tcpclient 0 0
like "its message" "$(cat err)" '^usage: tcpclient'
code "an unknown option" 100 tcpclient -x 0 25 true
code "a bad local address" 100 tcpclient -i 1.2.3 0 25 true
code "a bad patience" 100 tcpclient -T x 0 25 true
code "another bad patience" 100 tcpclient -T 1+x 0 25 true
code "an unknown interface" 100 tcpclient -I nonexistent0 0 25 true
code "an unknown protocol" 100 tcpclient -n '' -s ftp 0 25 true
code "STARTTLS without certificate" 100 tcpclient -s smtp 0 25 true
is "its message" "$(cat err)" "tcpclient: fatal: STARTTLS options require Certificates"
code "an unknown port" 111 tcpclient 127.0.0.1 nonexistent true
is "its message" "$(cat err)" "tcpclient: fatal: unable to figure out port number for nonexistent"
code "an impossible port" 111 tcpclient 127.0.0.1 70000 true

serve() { # LISTEN-HOST PROGRAM...: port in $port
	local host=$1
	shift
	: >port
	background tcpserver -1 -RHl0 "$host" 0 "$@" >port
	wait_for 10 test -s port
	port=$(cat port)
}
dead=$(free_port)
code "refused" 111 tcpclient 127.0.0.1 "$dead" true
is "its message" "$(cat err)" "tcpclient: unable to connect to 127.0.0.1 port $dead: Connection refused"
code "refused, quiet" 111 tcpclient -q 127.0.0.1 "$dead" true
is "no message" "$(cat err)" ""
code "refused by this machine" 111 tcpclient 0 "$dead" true
like "its message" "$(cat err)" "^tcpclient: unable to connect to ::1 port $dead: "
is "one message" "$(wc -l <err)" 1
code "refused, IPv4 only" 111 tcpclient -4 0 "$dead" true
is "its message" "$(cat err)" "tcpclient: unable to connect to 127.0.0.1 port $dead: Connection refused"
code "an over-long label" 111 tcpclient "$(printf 'a%.0s' {1..70}).example" 25 true
like "its message" "$(cat err)" '^tcpclient: fatal: (no|temporarily unable to figure out) IP address for a+.example'
code "an IPv6 address with -4" 111 tcpclient -4 ::1 "$dead" true
is "its message" "$(cat err)" "tcpclient: fatal: no IP address for ::1"

# joined
serve 127.0.0.1 sh -c 'echo hello; cat; echo bye'
is "joined: the end of the input is told" "$(printf 'a\nb' | tcpclient 127.0.0.1 "$port" | tr '\n' ' ')" "hello a bbye "
is "a padded address" "$(tcpclient 127.000.000.001 "$port" </dev/null | head -1)" hello
is "an address in brackets" "$(tcpclient '[127.000.000.001]' "$port" </dev/null | head -1)" hello
is "0" "$(tcpclient 0 "$port" </dev/null | head -1)" hello
is "the empty word" "$(tcpclient '' "$port" </dev/null | head -1)" hello
is "localhost, from /etc/hosts" "$(tcpclient -e localhost "$port" </dev/null | head -1)" hello
is "-v" "$(tcpclient -v 127.0.0.1 "$port" </dev/null 2>&1 >/dev/null)" "tcpclient: connected to 127.0.0.1 port $port"
is "quiet otherwise" "$(tcpclient 127.0.0.1 "$port" </dev/null 2>&1 >/dev/null)" ""
head -c 3000000 /dev/urandom >big
serve 127.0.0.1 cat
ok "large data both ways" cmp big <(tcpclient 127.0.0.1 "$port" <big)
ok "large data both ways, -D" cmp big <(tcpclient -D 127.0.0.1 "$port" <big)
serve 127.0.0.1 sleep 5
code "-a" 111 tcpclient -a 1 127.0.0.1 "$port" </dev/null
is "its message" "$(cat err)" "tcpclient: fatal: no data for 1 seconds"
serve 127.0.0.1 echo done
is "ends with the server, whatever the input does" "$(timeout 2 tcpclient 127.0.0.1 "$port" < <(exec sleep 3))" done

is "standard input is not open" "$(timeout 5 tcpclient 127.0.0.1 "$port" <&-)" done
code "standard output is not open" 0 sh -c "timeout 5 tcpclient 127.0.0.1 $port </dev/null >&-"

# a program
serve 127.0.0.1 sh -c 'read -r a; echo "got $a"'
is "descriptors 6 and 7" "$(tcpclient 127.0.0.1 "$port" sh -c 'echo word >&7; cat <&6')" "got word"
code "the program's exit code" 7 tcpclient 127.0.0.1 "$port" sh -c 'exit 7'
code "a program that cannot be run" 111 tcpclient 127.0.0.1 "$port" ./nonexistent
is "its message" "$(cat err)" "tcpclient: fatal: unable to run ./nonexistent: No such file or directory"
is "whatever number the connection has" "$(for open in 3 4 5; do eval "exec $open</dev/null"; tcpclient 127.0.0.1 "$port" sh -c 'echo word >&7; cat <&6'; done 3<&- 4<&- 5<&-)" "got word
got word
got word"
is "one of ours" "$(echo word | tcpclient 127.0.0.1 "$port" mconnect-io)" "got word"$'\r'
is "one of ours, executed" "$(echo word | REEXEC=1 tcpclient 127.0.0.1 "$port" mconnect-io)" "got word"$'\r'
fds() { "$@" sh -c 'ls -l /proc/self/fd' | grep -c socket; }
is "no other descriptor is the program's" "$(fds tcpclient 127.0.0.1 "$port")" $(($(fds env) + 2))

# environment
show='echo "$PROTO $TCPREMOTEIP $TCPREMOTEPORT ${TCPREMOTEHOST-none} ${TCPREMOTEINFO-none} $TCPLOCALIP ${TCPLOCALHOST-none} ${TCP6REMOTEIP-none}"'
is "environment" "$(TCPREMOTEINFO=x TCP6REMOTEIP=x TCPREMOTEHOST=x tcpclient -RHl0 127.0.0.1 "$port" sh -c "$show")" \
	"TCP 127.0.0.1 $port none none 127.0.0.1 0 none"
is "-6" "$(tcpclient -6RHl here 127.0.0.1 "$port" sh -c "$show")" "TCP6 ::ffff:127.0.0.1 $port none none ::ffff:127.0.0.1 here none"
local=$(free_port)
is "-i -p" "$(tcpclient -RHl0 -i 127.0.0.2 -p "$local" 127.0.0.1 "$port" sh -c 'echo $TCPLOCALIP $TCPLOCALPORT')" "127.0.0.2 $local"
code "-i of the other family" 111 tcpclient -RHl0 -i ::1 127.0.0.1 "$port" true
code "-i that is not ours" 111 tcpclient -RHl0 -i 192.0.2.1 127.0.0.1 "$port" true
like "its message" "$(cat err)" "^tcpclient: unable to connect to 127.0.0.1 port $port: (Cannot assign requested address|Address not available)$"
if python3 -c 'import socket; socket.create_server(("::1", 0), family=socket.AF_INET6)' 2>/dev/null; then
	serve ::1 sh -c 'echo six'
	is "IPv6" "$(tcpclient -RHl0 ::1 "$port" sh -c 'echo $PROTO $TCPREMOTEIP; cat <&6' | tr '\n' ' ')" "TCP6 ::1 six "
	is "0 is ::1" "$(tcpclient -RHl0 0 "$port" sh -c 'echo $TCPREMOTEIP')" ::1
else
	skip "IPv6" "this machine has none"
fi

# time limits: nobody answers once a backlog is full
python3 - >full <<-'EOF' &
	import socket, time
	s = socket.create_server(("127.0.0.1", 0), backlog=0)
	a = [socket.socket() for _ in range(4)]
	for c in a:
	    c.setblocking(False); c.connect_ex(s.getsockname())
	time.sleep(0.3); print(s.getsockname()[1], flush=True); time.sleep(20)
EOF
PIDS="$PIDS $!"
wait_for 10 test -s full && sleep 0.2
port=$(cat full)
start=$(date +%s%N)
code "-T 1: nobody answers" 111 tcpclient -T 1 127.0.0.1 "$port" true
like "its message" "$(cat err)" "^tcpclient: unable to connect to 127.0.0.1 port $port: (Connection|Operation) timed out$"
ok "a single address is tried for the sum at once" test $((($(date +%s%N) - start) / 1000000)) -ge 950
start=$(date +%s%N)
code "-T 1+1" 111 tcpclient -T 1+1 127.0.0.1 "$port" true
is "one message" "$(wc -l <err)" 1
ok "it took 2 seconds" test $((($(date +%s%N) - start) / 1000000)) -ge 1950

# a socket in the file system
python3 - "$T/sock" <<-'EOF' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(9)
	while True:
	    c, _ = s.accept()
	    try: c.sendall(b"local\n" + c.recv(99)); c.close()
	    except OSError: pass
EOF
PIDS="$PIDS $!"
wait_for 10 test -S sock
is "a socket in the file system" "$(echo x | tcpclient "$T/sock" | tr '\n' ' ')" "local x "
is "with a program" "$(TCPREMOTEIP=x tcpclient "$T/sock" sh -c 'echo "$PROTO $UNIXREMOTEPATH ${TCPREMOTEIP-none}"')" "UNIX $T/sock none"
is "-v" "$(tcpclient -v "$T/sock" true 2>&1)" "tcpclient: connected to $T/sock"
code "nobody listens there" 111 tcpclient "$T/nothing" true
is "its message" "$(cat err)" "tcpclient: unable to connect to $T/nothing: No such file or directory"
done_testing
