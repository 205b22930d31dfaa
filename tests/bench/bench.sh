#!/bin/bash
# bench.sh - throughput and memory on loopback with durable settings, Postfix in the same run when it
# is installed.  Needs root, smtp-source and smtp-sink (package postfix).  Prints one table; every figure
# is the median of ROUNDS runs, the two systems taking turns.
#   ROUNDS=5 MESSAGES=2000 SESSIONS=20 SIZE=4096 tests/bench/bench.sh [case ...]
#   cases: deliver-USERS relay sendmail sendmail-8 (in parallel) memory start calls limits
#   deliver and relay take options: deliver-50,size=1024,sessions=1,many (messages of a session through one connection);
#   "matrix" stands for all combinations of the usual ones.
#   Columns: cpu: microseconds of all processors per message, load generator included, and how busy they were; sink: what
#   the load generator reaches against smtp-sink, which keeps nothing.
set -u
. "$(dirname "$0")/../../tools/lib.sh"
ROUNDS=${ROUNDS:-5} MESSAGES=${MESSAGES:-2000} SESSIONS=${SESSIONS:-20} SIZE=${SIZE:-4096}
CASES=${*:-deliver-1 deliver-50 relay sendmail memory start calls limits}
if [ "$CASES" = matrix ]; then
	CASES=limits
	for k in deliver-1 deliver-50 relay; do
		for s in 1024 4096 102400; do
			for n in 1 20; do CASES="$CASES $k,size=$s,sessions=$n $k,size=$s,sessions=$n,many"; done
		done
	done
	CASES="$CASES sendmail sendmail-8 limits"
fi
MANY=
[ "$(id -u)" = 0 ] || fatal "run as root"
command -v smtp-source >/dev/null || fatal "package postfix is missing"

build build-bench --buildtype=release -Dstatic=true -Dtests=false
BIN=$PWD/build-bench/indimail
# programs linked with musl start faster: where it is, sendmail is measured from such a build, too
MUSL=
if [[ $CASES == *sendmail* ]] && command -v musl-gcc >/dev/null && tools/musl-sysroot.sh build-musl-root >/dev/null 2>&1; then
	CC=musl-gcc PKG_CONFIG_LIBDIR=$PWD/build-musl-root build build-bench-musl --buildtype=release -Dstatic=true \
		-Dtests=false -Dtls=disabled -Dmariadb=disabled -Dsqlite=disabled -Didn=disabled
	MUSL=$PWD/build-bench-musl/indimail
fi
W=$(mktemp -d "${BENCH_DIR:-/var/tmp}/indimail-bench.XXXXXX") || exit 1
chmod 755 "$W"
# Each system's files lie in a region of their own: ext4 takes long to find a new inode where many were freed a moment ago,
# and should do so for the removals of the system itself only.
chattr +T "$W" 2>/dev/null
UP= PF= SINK=
gcc -O2 -o "$W/spawn" tests/bench/spawn.c || fatal "no load generator for sendmail"
stop() { [ -z "$1" ] || { kill "$1" 2>/dev/null; wait "$1" 2>/dev/null; }; }
finish() {
	stop "$UP"
	stop "$SINK"
	[ -z "$PF" ] || postfix -c "$W/pf" stop >/dev/null 2>&1
	rm -rf "$W"
}
trap finish EXIT
users=
for i in $(seq 50); do users="$users u$i"; done

# ---- indimail ----
up() {
	"$BIN" up --root "$W/im" --domain bench.test --mailboxes "$users" --smtp 127.0.0.1:2625 >"$W/im.log" 2>&1 &
	UP=$!
	for _ in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/2625) 2>/dev/null && return; sleep 0.02; done
	fatal "indimail does not start: $(tail -3 "$W/im.log")"
}
im_arrived() { find "$W"/im/home/*/Maildir/new -type f | wc -l; }

# ---- postfix ----
pf_start() {
	command -v postfix >/dev/null || return 1
	mkdir -p "$W/pf" "$W/pfq" "$W/pfd" "$W/pfm"
	local uid=65532
	chown postfix "$W/pfd"
	chown $uid:$uid "$W/pfm"
	cp /etc/postfix/master.cf.proto "$W/pf/master.cf" 2>/dev/null || cp /usr/share/postfix/master.cf.dist "$W/pf/master.cf"
	sed -i 's/^smtp      inet/127.0.0.1:2626 inet/' "$W/pf/master.cf"
	awk '/^[a-z0-9]/ && NF >= 8 { $5 = "n" } { print }' "$W/pf/master.cf" >"$W/pf/m" && mv "$W/pf/m" "$W/pf/master.cf"
	cat >"$W/pf/main.cf" <<-END
		compatibility_level = 3.6
		queue_directory = $W/pfq
		data_directory = $W/pfd
		myhostname = pf.test
		mydestination =
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		mynetworks = 127.0.0.0/8
		virtual_mailbox_domains = bench.test
		virtual_mailbox_base = $W/pfm
		virtual_mailbox_maps = hash:$W/pf/mailboxes
		virtual_uid_maps = static:$uid
		virtual_gid_maps = static:$uid
		virtual_minimum_uid = 100
		relayhost =
		relay_domains = sink.test
		transport_maps = hash:$W/pf/transport
		default_process_limit = 100
		smtpd_client_connection_rate_limit = 0
		smtpd_client_connection_count_limit = 0
		maillog_file = $W/pf.log
		maillog_file_prefixes = $W
		alias_maps =
		alias_database =
		smtpd_tls_security_level = none
		smtp_tls_security_level = none
	END
	for u in $users; do echo "$u@bench.test $u/"; done >"$W/pf/mailboxes"
	echo 'sink.test smtp:[127.0.0.1]:2627' >"$W/pf/transport"
	postmap "$W/pf/mailboxes" "$W/pf/transport"
	postfix -c "$W/pf" start >"$W/pfstart.log" 2>&1 || { cat "$W/pfstart.log" >&2; return 1; }
	PF=1
	for _ in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/2626) 2>/dev/null && return 0; sleep 0.05; done
	return 1
}
pf_arrived() { find "$W"/pfm -type f -path '*/new/*' | wc -l; }

now() { date +%s%N; }
rate() { awk -v n="$1" -v ns="$2" 'BEGIN { printf "%.0f", n / (ns / 1e9) }'; }
median() { tr ' ' '\n' <<<"$*" | grep . | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# row NAME OURS POSTFIX'S [PROFILE [PROFILE OF POSTFIX [SINK]]]
row() {
	local name=$1 a=$2 b=$3 ratio=-
	[ -n "$b" ] && ratio=$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f", b ? a / b : 0 }')
	printf '| %-72s | %9s | %9s | %6s | %9s | %9s | %6s |\n' "$name" "$a" "${b:--}" "$ratio" "${4:--}" "${5:--}" "${6:--}"
}

# microseconds of processor time the whole machine has spent
cpu() { awk '/^cpu / { print ($2 + $3 + $4 + $7 + $8) * 10000 }' /proc/stat; }
# profile CPU NS: what has been spent since, per message, and which share of the cores that was
profile() { awk -v c=$(($(cpu) - $1)) -v ns="$2" -v n="$MESSAGES" -v k="$(nproc)" 'BEGIN { printf "%.0f_%.0f%%", c / n, c * 1e5 / ns / k }'; }
# of several profiles, the one with the median time
middle() { median "$*" | tr _ ' '; }

# flood RCPT PORT: the case's messages
flood() { smtp-source $MANY -s "$SESSIONS" -l "$SIZE" -m "$MESSAGES" -f a@x.test -t "$1" "inet:127.0.0.1:$2"; }
start_sink() {
	smtp-sink "$@" -u postfix 127.0.0.1:2627 200 >"$W/sink" 2>/dev/null &
	SINK=$!
	sleep 0.3
}
stop_sink() { stop "$SINK"; SINK=; }

# sink: what the load generator reaches against a server that does not even keep the message
sink() {
	local t0
	start_sink
	t0=$(now)
	flood b@sink.test 2627
	rate "$MESSAGES" $(($(now) - t0))
	stop_sink
}

# deliver SYSTEM PORT USERS: prints "accept-rate end-to-end-rate profile".  What was delivered stays: after a removal of
# many files ext4 takes minutes to create new ones at its usual pace.
deliver() {
	local sys=$1 port=$2 n=$3 t0 t1 t2 c0 i=0 pids= before
	MESSAGES=$((MESSAGES / n * n))
	before=$("${sys}_arrived")
	c0=$(cpu)
	t0=$(now)
	if [ "$n" = 1 ]; then
		flood u1@bench.test "$port" || return 1
	else
		for i in $(seq "$n"); do
			smtp-source $MANY -s 1 -l "$SIZE" -m $((MESSAGES / n)) -f a@x.test -t "u$i@bench.test" "inet:127.0.0.1:$port" &
			pids="$pids $!"
			[ $((i % SESSIONS)) -ne 0 ] || { wait $pids; pids=; }
		done
		wait $pids
	fi
	t1=$(now)
	for _ in $(seq 1200); do
		[ $(($("${sys}_arrived") - before)) -lt "$MESSAGES" ] || break
		sleep 0.05
	done
	t2=$(now)
	i=$(($("${sys}_arrived") - before))
	[ "$i" = "$MESSAGES" ] || echo "# $sys: $i of $MESSAGES arrived" >&2
	echo "$(rate "$MESSAGES" $((t1 - t0))) $(rate "$MESSAGES" $((t2 - t0))) $(profile "$c0" $((t2 - t0)))"
}

sunk() { tr '\r' '\n' <"$W/sink" | grep -o 'mesg=[0-9]*' | tail -1 | cut -d= -f2; }

# relay PORT: from the first connection until the sink has everything; prints "rate profile"
relay() {
	local port=$1 t0 t1 c0
	start_sink -c
	c0=$(cpu)
	t0=$(now)
	flood b@sink.test "$port"
	for _ in $(seq 1200); do
		[ "$(sunk)" != "$MESSAGES" ] || break
		sleep 0.05
	done
	[ "$(sunk)" = "$MESSAGES" ] || echo "# $(sunk) of $MESSAGES relayed" >&2
	t1=$(now)
	echo "$(rate "$MESSAGES" $((t1 - t0))) $(profile "$c0" $((t1 - t0)))"
	stop_sink
}

# sendmails SYSTEM N [DIR]: N calls at a time, each started without a shell so that the call itself is measured
sendmails() {
	local bin=${3:-$W/bin}
	printf 'From: a@x.test\nTo: u1@bench.test\nSubject: x\n\nhello\n' >"$W/msg"
	(
		if [ "$1" = im ]; then
			set -a; . "$W/im/env"; set +a
			"$W/spawn" 600 "$2" "$W/msg" "$bin/sendmail" u1@bench.test
		else
			MAIL_CONFIG=$W/pf "$W/spawn" 600 "$2" "$W/msg" /usr/sbin/sendmail -C "$W/pf" u1@bench.test
		fi
	)
}

# limits: what the machine can do at best: appends to a preallocated file, synced files, forks, bytes, programs
limits() {
	python3 - "$W" <<-'END'
		import os, sys, time
		w = sys.argv[1]
		def rate(what, seconds=1.5):
		    n, t = 0, time.time()
		    while time.time() - t < seconds:
		        what(n)
		        n += 1
		    return round(n / (time.time() - t))
		block = b'x' * 4608
		f = os.open(w + '/limit', os.O_RDWR | os.O_CREAT)
		os.pwrite(f, bytes(16 << 20), 0)
		os.fsync(f)
		def append(n):
		    os.pwrite(f, block, n * 4608 % (15 << 20))
		    os.fdatasync(f)
		def create(n):
		    g = os.open(f'{w}/limit.{n}', os.O_WRONLY | os.O_CREAT)
		    os.write(g, block)
		    os.fsync(g)
		    os.close(g)
		def fork(n):
		    pid = os.fork()
		    if pid == 0:
		        os._exit(0)
		    os.waitpid(pid, 0)
		print(rate(append), rate(create), rate(fork))
	END
	dd if=/dev/zero of="$W/limit" bs=1M count=384 conv=fsync 2>&1 | awk 'END { print $(NF - 1) $NF }'
	"$W/spawn" 1000 1 /dev/null /bin/true
	"$W/spawn" 2000 8 /dev/null /bin/true
	rm -f "$W"/limit*
}

up
mkdir -p "$W/bin" && "$BIN" --install "$W/bin"
[ -z "$MUSL" ] || { mkdir -p "$W/musl" && "$MUSL" --install "$W/musl"; }
have_pf=
pf_start && have_pf=1
echo
echo "$(uname -r), $(nproc) cores, $(df -T "$W" | awk 'END { print $2 }'), $MESSAGES messages of $SIZE bytes, $SESSIONS sessions, median of $ROUNDS"
echo
printf '| %-72s | %9s | %9s | %6s | %9s | %9s | %6s |\n' case indimail postfix ratio cpu "its cpu" sink
echo '|---|---:|---:|---:|---:|---:|---:|'
usual_size=$SIZE usual_sessions=$SESSIONS usual_messages=$MESSAGES
for c in $CASES; do
	a1= b1= a2= b2= a3= b3= SIZE=$usual_size SESSIONS=$usual_sessions MESSAGES=$usual_messages MANY= note=
	IFS=, read -ra words <<<"$c"
	for o in "${words[@]:1}"; do
		case $o in
		size=*) SIZE=${o#*=} ;;
		sessions=*) SESSIONS=${o#*=} ;;
		many) MANY=-d ;;
		esac
		note="$note $o"
	done
	[ "$SIZE" -lt 50000 ] || MESSAGES=$((MESSAGES / 4))
	[ "$SESSIONS" != 1 ] || MESSAGES=$((MESSAGES / 2))
	case ${words[0]} in
	deliver-*)
		n=${words[0]#deliver-}
		for _ in $(seq "$ROUNDS"); do
			read -r x y z < <(deliver im 2625 "$n") && a1="$a1 $x" a2="$a2 $y" a3="$a3 $z"
			[ -z "$have_pf" ] || { read -r x y z < <(deliver pf 2626 "$n") && b1="$b1 $x" b2="$b2 $y" b3="$b3 $z"; }
		done
		row "accepted per second, $n user(s)$note" "$(median "$a1")" "$(median "$b1")" - - "$(sink)"
		row "accepted and in Maildirs per second, $n user(s)$note" "$(median "$a2")" "$(median "$b2")" "$(middle "$a3")" "$(middle "$b3")"
		;;
	relay)
		echo 'sink.test:127.0.0.1:2627' >"$W/im/control/smtproutes"
		rm -f "$W/im/control/rcpthosts"
		for _ in $(seq "$ROUNDS"); do
			read -r x y < <(relay 2625) && a1="$a1 $x" a2="$a2 $y"
			[ -z "$have_pf" ] || { read -r x y < <(relay 2626) && b1="$b1 $x" b2="$b2 $y"; }
		done
		row "relayed to a sink per second$note" "$(median "$a1")" "$(median "$b1")" "$(middle "$a2")" "$(middle "$b2")"
		;;
	sendmail*)
		n=${words[0]#sendmail}
		n=${n#-}
		for _ in $(seq "$ROUNDS"); do
			a1="$a1 $(sendmails im "${n:-1}")"
			[ -z "$MUSL" ] || a2="$a2 $(sendmails im "${n:-1}" "$W/musl")"
			[ -z "$have_pf" ] || b1="$b1 $(sendmails pf "${n:-1}")"
		done
		row "sendmail invocations per second, ${n:-1} at a time" "$(median "$a1")" "$(median "$b1")"
		[ -z "$MUSL" ] || row "... with sendmail linked with musl" "$(median "$a2")" "$(median "$b1")"
		;;
	limits)
		read -r x y z d w v < <(limits | tr '\n' ' ')
		echo "| limits of the machine: $x appends of 4608 bytes with fdatasync, $y created and synced files, $d written and synced, $z forks of python, $w programs (/bin/true) per second, $v 8 at a time | | | | | | |"
		;;
	memory)
		sleep 7	# workers that have nothing to do leave after five seconds
		pss() { for p; do sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$p/smaps_rollup" 2>/dev/null; done | awk '{ s += $1 } END { print s }'; }
		tree() { local k; echo "$1"; for k in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do tree "$k"; done; }
		a1=$(pss $(tree "$UP"))
		[ -z "$have_pf" ] || b1=$(pss $(tree "$(sed 's/ //g' "$W/pfq/pid/master.pid")"))
		row "idle proportional memory, KB (5 queues)" "$a1" "$b1"
		;;
	start)
		stop "$UP"
		for _ in $(seq "$ROUNDS"); do
			a1="$a1 $(python3 - "$BIN" "$W/im" <<-'END'
				import socket, subprocess, sys, time
				t = time.time()
				p = subprocess.Popen([sys.argv[1], 'up', '--root', sys.argv[2], '--smtp', '127.0.0.1:2625'],
				                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
				while True:
				    try:
				        s = socket.create_connection(('127.0.0.1', 2625)); break
				    except OSError:
				        time.sleep(0.0005)
				s.recv(100)
				print(round((time.time() - t) * 1000))
				s.close(); p.terminate(); p.wait()
			END
			)"
		done
		row "start of an existing instance to 220, ms" "$(median "$a1")" ""
		up
		;;
	calls)
		command -v strace >/dev/null || continue
		strace -f -c -o "$W/calls" -p "$UP" $(tree "$UP" | sed 's/^/-p /') >/dev/null 2>&1 &
		st=$!
		sleep 1
		smtp-source -s 1 -l "$SIZE" -m 100 -f a@x.test -t u1@bench.test inet:127.0.0.1:2625
		sleep 2
		kill -INT $st
		wait $st 2>/dev/null
		awk '$NF == "total" { t = $(NF - 2) + 0 ? $(NF - 2) : $(NF - 1) }
			$NF == "fsync" || $NF == "fdatasync" { f += $4 } $NF == "clone" || $NF == "fork" || $NF == "vfork" { k += $4 }
			$1 ~ /^[0-9.]+$/ && $NF != "total" { n += $4 }
			END { printf "| per message: %.0f system calls, %.1f syncs, %.1f forks (1 session, 1 message per connection) | | | | | | |\n", n / 100, f / 100, k / 100 }' "$W/calls"
		;;
	esac
done
