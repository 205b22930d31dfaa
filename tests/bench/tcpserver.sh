#!/bin/bash
# tcpserver.sh BINARY [DYNAMIC] - connections per second (connect, banner, QUIT) of `tcpserver ... qmail-smtpd`, and of
# Debian's tcpserver running an exec'd dynamic program, taking turns; then the memory of idle sessions.  BINARY is best a
# static release build, DYNAMIC (default: build/indimail) what the peer execs besides a trivial C program.
#   ROUNDS=5 SECONDS_EACH=4 CLIENTS=16 IDLE=100
. "$(dirname "$0")/../../tools/lib.sh"
set -u
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-4} CLIENTS=${CLIENTS:-16} IDLE=${IDLE:-100}
[ -x "${1-}" ] || fatal "usage: tcpserver.sh BINARY [DYNAMIC]"
OURS=$(realpath "$1") DYNAMIC=$(realpath "${2:-build/indimail}")
need ucspi-tcp openssl python3 gcc libc6-dev || exit 1
THEIRS=$(dpkg -L ucspi-tcp | grep '/bin/tcpserver$')
[ -x "$THEIRS" ] || fatal "no tcpserver in ucspi-tcp"
W=$(mktemp -d "${TMPDIR:-/tmp}/indimail-bench.XXXXXX") || exit 1
SERVER=
finish() { [ -z "$SERVER" ] || kill "$SERVER" 2>/dev/null; rm -rf "$W"; }
trap finish EXIT
cc -O2 -o "$W/connect" tests/bench/connect.c && cc -O2 -o "$W/greeter" tests/bench/greeter.c || exit 1
mkdir "$W/control" "$W/certs"
echo bench.test >"$W/control/me"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=bench.test \
	-keyout "$W/key" -out "$W/crt" 2>/dev/null && cat "$W/crt" "$W/key" >"$W/certs/servercert.pem"
export CONTROLDIR=$W/control CERTDIR=$W/certs
cat >"$W/rules" <<<':allow'
"$OURS" tcprules "$W/rules.cdb" "$W/rules.tmp" <"$W/rules"

# serve COMMAND...: start a server, its port (printed by -1) is in PORT
serve() {
	rm -f "$W/port"
	"$@" >"$W/port" 2>"$W/log" &
	SERVER=$!
	for _ in $(seq 100); do [ -s "$W/port" ] && break; sleep 0.05; done
	PORT=$(cat "$W/port")
	[ -n "$PORT" ] || fatal "$1 does not start: $(cat "$W/log")"
}
end() { kill "$SERVER" 2>/dev/null; wait "$SERVER" 2>/dev/null; SERVER=; }
options="-R -H -l 0 -c 200 -b 256 -1"
start() {
	case $1 in
	ours) serve "$OURS" tcpserver $options -C 0 127.0.0.1 0 qmail-smtpd ;;
	rules) serve "$OURS" tcpserver $options -C 0 -x "$W/rules.cdb" 127.0.0.1 0 qmail-smtpd ;;
	chain) serve "$OURS" tcpserver $options -C 0 127.0.0.1 0 indimail setuidgid -c 0 qmail-smtpd ;;
	ours-exec) serve "$OURS" tcpserver $options -C 0 127.0.0.1 0 "$W/greeter" ;;
	theirs) serve "$THEIRS" $options 127.0.0.1 0 "$W/greeter" ;;
	theirs-smtpd) serve "$THEIRS" $options 127.0.0.1 0 "$DYNAMIC" qmail-smtpd ;;
	esac
}
declare -A all
cases="ours rules ours-exec theirs theirs-smtpd"
for round in $(seq "$ROUNDS"); do
	for c in $cases; do
		start $c
		"$W/connect" "$PORT" 0.5 "$CLIENTS" >/dev/null
		read -r rate bad < <("$W/connect" "$PORT" "$SECONDS_EACH" "$CLIENTS")
		end
		all[$c]+="$rate "
		[ "$bad" = 0 ] || say "$c: $bad connections failed"
	done
done
median() { tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
base=$(median "${all[theirs]}")
row() { awk -v t="$1" -v v="$(median "${all[$2]}")" -v b="$base" 'BEGIN {printf "| %-58s | %8d | %6.2f |\n", t, v, v / b}'; }
echo "| connections per second                                     |          |  ratio |"
echo "|------------------------------------------------------------|---------:|-------:|"
row "tcpserver, our smtpd" ours
row "tcpserver -x, our smtpd" rules
row "tcpserver, exec of a trivial dynamic program" ours-exec
row "Debian's tcpserver, exec of a trivial dynamic program" theirs
row "Debian's tcpserver, exec of our smtpd (dynamic build)" theirs-smtpd

# ---- memory ----
cat >"$W/idle.py" <<'E2'
import os, socket, ssl, sys, time
port, server, n, tls = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == 'tls'
c = ssl.create_default_context()
c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
keep = []
for i in range(n):
    s = socket.create_connection(('127.0.0.1', port), 20)
    f = s.makefile('rb')
    f.readline()
    if tls:
        s.sendall(b'EHLO x\r\n')
        while f.readline()[3:4] == b'-':
            pass
        s.sendall(b'STARTTLS\r\n')
        assert f.readline().startswith(b'220'), 'no STARTTLS'
        s = c.wrap_socket(s)
        s.sendall(b'EHLO x\r\n')
        data = b''
        while not any(l[3:4] == b' ' for l in data.split(b'\r\n')):
            data += s.recv(4096)
    keep.append(s)
time.sleep(6)	# idle for a while
parents = {}
for p in filter(str.isdigit, os.listdir('/proc')):
    try:
        parents[int(p)] = int(open('/proc/%s/stat' % p).read().rsplit(')', 1)[1].split()[1])
    except OSError:
        pass
family = {server}
while True:
    more = {p for p, q in parents.items() if q in family} | family
    if more == family:
        break
    family = more
pss = sum(int(l.split()[1]) for p in family for l in open('/proc/%d/smaps_rollup' % p) if l.startswith('Pss:'))
print('%.1f %d' % (pss / n, len(family)))
E2
memory() { # TITLE MODE COMMAND...
	local title=$1 mode=$2
	shift 2
	serve "$@"
	read -r each processes < <(python3 "$W/idle.py" "$PORT" "$SERVER" "$IDLE" "$mode")
	end
	awk -v t="$title" -v v="${each:-0}" -v p="${processes:-0}" 'BEGIN {printf "| %-58s | %8.1f | %6d |\n", t, v, p}'
}
echo
echo "| proportional memory of an idle session, KB ($IDLE, with parent) |          | proc.  |"
echo "|------------------------------------------------------------|---------:|-------:|"
memory "smtpd" plain "$OURS" tcpserver $options -C 0 127.0.0.1 0 qmail-smtpd
memory "smtpd after STARTTLS" tls env STARTTLS=1 "$OURS" tcpserver $options -C 0 127.0.0.1 0 qmail-smtpd
memory "Debian's tcpserver, our smtpd (dynamic build)" plain "$THEIRS" $options 127.0.0.1 0 "$DYNAMIC" qmail-smtpd
