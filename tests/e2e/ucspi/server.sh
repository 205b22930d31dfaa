# server.sh - sourced by the tests of tcpserver after lib.sh: start one, talk to it, stop it.

# start OPTIONS... -- PROGRAM...: sets PORT (of the first listener) and SERVER; the log is in log
start() {
	local opts=()
	while [ "$1" != -- ]; do opts+=("$1"); shift; done
	shift
	: >port
	background tcpserver -v -1 -R -H -l here "${opts[@]}" "${HOST-127.0.0.1}" 0 "$@" >port 2>log
	SERVER=$!
	wait_for 10 test -s port
	PORT=$(head -1 port)
}
stop() { kill "$SERVER" && wait "$SERVER"; }

# talk [HOST [SOURCE [TEXT]]]: send TEXT (with backslash escapes), print what the server sends
cat >talk.py <<'E2'
import socket, sys
s = socket.create_connection((sys.argv[2], int(sys.argv[1])), 10, (sys.argv[3], 0) if sys.argv[3] else None)
s.settimeout(20)
data = b''
try:
    s.sendall(sys.argv[4].encode('latin-1').decode('unicode_escape').encode('latin-1'))
    s.shutdown(socket.SHUT_WR)
    while True:
        more = s.recv(65536)
        if not more:
            break
        data += more
except OSError:
    pass
sys.stdout.write(data.decode('latin-1'))
E2
talk() { python3 talk.py "$PORT" "${1-127.0.0.1}" "${2-}" "${3-}"; }

# hold.py N PORT SECONDS [SOURCE...]: N connections (one per SOURCE when there are any), each "up" when the program says
# so, "closed" or "waiting"; then keep them for SECONDS
cat >hold.py <<'E2'
import socket, sys, time
n, port, sources = int(sys.argv[1]), int(sys.argv[2]), sys.argv[4:] or [''] * int(sys.argv[1])
s = [socket.create_connection(('127.0.0.1', port), 10, (a, 0) if a else None) for a in sources]
for i in s:
    i.settimeout(1)
    try:
        print((i.recv(10).decode().strip() or 'closed').split()[0], flush=True)
    except ConnectionResetError:
        print('closed', flush=True)
    except socket.timeout:
        print('waiting', flush=True)
time.sleep(float(sys.argv[3]))
E2
hold() { python3 hold.py "$@" | tr '\n' ' '; }
# logged REGEX [SECONDS]: it appears in the log
logged() { wait_for "${2-5}" grep -Eq -- "$1" log; }
