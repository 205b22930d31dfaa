# root.sh - sourced after lib.sh and accounts.sh by tests of queues on a machine with qmail's accounts, in a mount namespace:
# joe, who gets local mail, a program that says who delivers and what it has open, and words about processes and files.
chmod 755 "$T"
unset CONFSPLIT BIGTODO RATELIMIT_DIR TODO_INTERVAL TODO_PROCESSOR QIDENT USE_SETGROUPS
export CONTROLDIR=$T/control ASSIGNDIR=$T/users CONFSPLIT=3 HOSTNAME=h.example INTAKE_SOCKET=$T/run/queue.sock
mkdir -p control users alias run base home/joe
chmod 755 control users base && chown qmailq run
echo "joe:x:7801:7801::$T/home/joe:/bin/sh" >>passwd
echo 'joe:x:7801:' >>group
echo me.example >control/me
echo me.example >control/locals

# whose delivery this is: uid and gid, in all four forms, the groups, the directory, and descriptors
cat >who <<P
#!/bin/sh
f=$T/said/\$1
(:; readlink /proc/\$\$/fd/* >\$f.fds; :)
cat >\$f.text
{
	awk '/^(Uid|Gid|Groups):/ { \$1 = ""; print }' /proc/self/status | tr '\t' ' ' | tr -s ' ' | sed 's/ \$//' | tr '\n' ,
	echo
	pwd
	sed "s|^$T/||; s/:.*//" \$f.fds | grep -v '^who\$' | tr '\n' ' '
} >\$f.new
mv \$f.new \$f
while [ -e $T/stay ]; do sleep 0.05; done
[ \$1 != remote ] || printf 'r\\0Kaccepted\\n\\0'
P
chmod 755 who
mkdir said && chmod 1777 said
printf '|%s/who local\n./Maildir/\n' "$T" >home/joe/.qmail
maildirmake home/joe/Maildir
chown -R joe:joe home/joe
chmod 755 home home/joe
chmod 644 home/joe/.qmail
printf '#!/bin/sh\nexec %s/who remote\n' "$T" >remote && chmod 755 remote
said() { [ -s "said/$1" ]; }

# seen COUNT REGEX: at least that many log lines match
seen() { [ "$(grep -Ec -- "$2" log)" -ge "$1" ]; }
files() { (cd "$Q" && find mess intd todo info local remote bounce -type f | cut -d/ -f1 | sort | tr '\n' ' '); }
empty() { [ -z "$(files)" ]; }
# as USER CMD...: with its own groups only
as() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$(id -g "$user" 2>/dev/null || echo "$user")" --clear-groups "$@"
}
# the children of a process, theirs too, zombies not
under() { local k; for k in $(ps -o pid=,stat= --ppid "$1" | awk '$2 !~ /^Z/ { print $1 }'); do echo "$k"; under "$k"; done; }
# account PID: its user and group, all four of each, with its further groups
account() {
	awk '/^(Uid|Gid|Groups):/ { $1 = ""; print }' "/proc/$1/status" 2>/dev/null | tr '\t' ' ' | tr -s ' ' | sed 's/ $//' | tr '\n' ,
}
# ids UID GID [GROUPS]: what account says of a process that is nothing else
ids() { echo " $1 $1 $1 $1, $2 $2 $2 $2,${3- $2},"; }
# named PID REGEX: those of them whose command line begins so
named() {
	local k
	for k in $(under "$1"); do
		{ tr '\0' ' ' <"/proc/$k/cmdline"; } 2>/dev/null | grep -Eq "^$2( |\$)" && echo "$k"
	done
}
one() { [ "$(named "$@" | wc -l)" = 1 ]; }
# accounts PID...: of those that are still there, each once
accounts() { local p; for p; do account "$p"; echo; done | grep . | sort -u; }
# of PID REGEX: the account of the first of these
of() { account "$(named "$@" | head -1)"; }
# open_files PID: what it has open, without sockets' and pipes' numbers, each once
open_files() { readlink "/proc/$1"/fd/* | sed "s|^$T/||; s/:.*//" | sort -u | tr '\n' ' '; }
gone() { local p; for p; do case $(ps -o stat= -p "$p") in '' | Z*) ;; *) return 1 ;; esac; done; }
