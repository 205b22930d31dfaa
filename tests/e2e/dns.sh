# dns.sh - name servers for end-to-end tests, sourced after lib.sh; HERE is the absolute path of this directory.
# liar: start dns_liar.py; sets DNS_SERVERS.
liar() {
	background python3 "$HERE/dns_liar.py" "$T/liar-port"
	wait_for 10 test -s "$T/liar-port"
	export DNS_SERVERS=127.0.0.1:$(cat "$T/liar-port")
}
# honest OPTIONS...: start dnsmasq with these records; sets DNS_SERVERS.
honest() {
	local port
	port=$(free_port)
	background dnsmasq --no-daemon --conf-file=/dev/null --port="$port" --listen-address=127.0.0.1 --bind-interfaces \
		--no-resolv --no-hosts --pid-file= --user="$(id -un)" --local=/org/ --local=/test/ --local=/arpa/ "$@" >"$T/dnsmasq-log" 2>&1
	wait_for 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)"
	export DNS_SERVERS=127.0.0.1:$port
}
# silent: a UDP port of 127.0.0.1 that is open and never answers; sets DNS_SERVERS.
silent() {
	background python3 -c "
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0))
open('$T/silent.tmp', 'w').write(str(s.getsockname()[1]))
import os; os.rename('$T/silent.tmp', '$T/silent')
time.sleep(600)"
	wait_for 10 test -s "$T/silent"
	export DNS_SERVERS=127.0.0.1:$(cat "$T/silent")
}
