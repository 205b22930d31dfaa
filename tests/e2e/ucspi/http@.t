#!/bin/bash
# http@: the request, the page without its header, large pages, errors.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
serve() { # PROGRAM...: port in $port
	: >port
	background tcpserver -1 -RHl0 127.0.0.1 0 "$@" >port
	wait_for 10 test -s port
	port=$(cat port)
}
like "--help" "$(http@ --help)" '^http@ - '
dead=$(free_port)
code "nobody listens" 111 http@ 127.0.0.1 / "$dead"
is "its message" "$(cat err)" "http@: fatal: unable to connect to 127.0.0.1 port $dead: Connection refused"
code "an unknown port" 111 http@ 127.0.0.1 / nonexistent
is "its message" "$(cat err)" "http@: fatal: unable to figure out port number for nonexistent"
serve sh -c 'while read -r l && [ "$l" != "$(printf "\r")" ]; do echo "$l" >>asked; done; printf "HTTP/1.0 200 OK\r\nA: b\r\n\r\none\r\n\r\ntwo"'
is "the page" "$(http@ 127.0.0.1 a/b?c "$port")" "one

two"
is "the request" "$(cat asked)" "GET /a/b?c HTTP/1.0"$'\r\n'"Host: 127.0.0.1:$port"$'\r'
serve sh -c 'printf "HTTP/1.0 200 OK\n\n\nx\n"'
is "a server that ends lines with a newline alone" "$(http@ 127.0.0.1 '' "$port" | od -An -c | tr -d ' ')" '\nx\n'
serve sh -c 'echo "HTTP/1.0 200 OK"'
is "no page" "$(http@ 127.0.0.1 '' "$port")" ""
mkdir pages && head -c 2000000 /dev/urandom | base64 >pages/big
(cd pages && exec python3 -c '
import functools, http.server, sys
s = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(s.server_port, flush=True); s.serve_forever()' >../port2 2>/dev/null) &
PIDS="$PIDS $!"
wait_for 10 test -s port2
ok "a large page of a real server" cmp pages/big <(http@ 127.0.0.1 big "$(cat port2)")
done_testing
