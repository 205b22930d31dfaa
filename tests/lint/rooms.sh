#!/bin/bash
# rooms.sh BUILD - the rooms of the house (DESIGN section 1) are kept apart:
# include order, who may see core/app, no applet in another, getenv in one place, and only core/sys calls
# the kernel.  Prints what is wrong; exit 1 when anything is.
cd "$(dirname "$0")/../.." || exit 99
build=${1:?usage: rooms.sh BUILD}
bad=0
complain() { echo "not ok - $*"; bad=1; }

# ---- includes: FILE INCLUDED-ROOM pairs ----
rank() {
	case $1 in
	core/base) echo 0 ;; core/sys) echo 1 ;; core/conf) echo 2 ;; core/mail) echo 3 ;; core/net) echo 4 ;;
	core/auth) echo 5 ;; core/smtp) echo 6 ;; core/app) echo 6 ;; queue | vdomain | svc) echo 7 ;; applets) echo 8 ;;
	*) echo -1 ;;
	esac
}
room() {
	case $1 in
	core/*/*) echo "${1%/*}" ;;
	queue/* | vdomain/* | svc/*) echo "${1%%/*}" ;;
	applets/*) echo applets ;;
	*) echo none ;;
	esac
}
declare -A RANK
for r in core/base core/sys core/conf core/mail core/net core/auth core/smtp core/app queue vdomain svc applets; do
	RANK[$r]=$(rank $r)
done
while IFS=: read -r file included; do
	from=${file#src/} from=${from#include/}
	a=$(room "$from") b=$(room "$included")
	[ "$b" = none ] && { [ "${included%.h}" = config ] || complain "$file includes $included, which is in no room"; continue; }
	[ "$from" = main.c ] && continue
	[ "$a" = none ] && { complain "$file is in no room"; continue; }
	if [ "$b" = core/app ] && [ "$a" != core/app ] && [ "$a" != applets ]; then
		complain "$file includes $included: only applets see core/app"
	elif [ "$a" = core/app ] && [ "${RANK[$b]}" -gt 2 ] && [ "$b" != core/app ]; then
		complain "$file includes $included: core/app sees base, sys and conf"
	elif [ "${RANK[$b]}" -gt "${RANK[$a]}" ]; then
		complain "$file includes $included: a higher room"
	elif [ "${RANK[$a]}" = 7 ] && [ "${RANK[$b]}" = 7 ] && [ "$a" != "$b" ]; then
		complain "$file includes $included: queue, vdomain and svc do not see each other"
	elif [ "$b" = applets ]; then
		complain "$file includes $included: no applet includes another"
	fi
done < <(grep -rnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' src include --include='*.[ch]' --include='*.def' |
	sed -E 's/^([^:]+):[0-9]+:.*"([^"]+)".*/\1:\2/')
grep -rnE '#[[:space:]]*include[[:space:]]*"[^"]*\.c"' src include && complain "a .c file is included"

# ---- the environment ---- (fault.c is the crash tests' own, it is empty in every other build)
grep -rnwE 'getenv|secure_getenv' src include --include='*.[ch]' | grep -vE '^src/core/sys/(env|fault)\.c:' | grep -vE ':[[:space:]]*(/?\*|//)' &&
	complain "getenv outside core/sys/env.c"
grep -rnw env_get src include --include='*.[ch]' | grep -vE '^(src/core/conf/|src/core/sys/env\.c:|include/core/sys/env\.h:)' &&
	complain "env_get outside core/conf"

# ---- calls into the kernel ----
files="open open64 openat openat64 creat read write pread pread64 pwrite pwrite64 readv writev close dup dup2 dup3 pipe pipe2
stat stat64 lstat lstat64 fstat fstat64 fstatat fstatat64 access faccessat unlink unlinkat rename renameat renameat2 link linkat
symlink mkdir mkdirat rmdir mkfifo mknod chmod fchmod chown fchown lchown truncate ftruncate ftruncate64 fsync fdatasync syncfs
sync utimes utimensat futimens fcntl fcntl64 ioctl lockf flock lseek lseek64 chdir fchdir umask opendir readdir readdir64
fopen fopen64 fdopen freopen fread fwrite fgets mkstemp mkstemp64 mkostemp tmpfile getcwd statvfs statvfs64 statfs mmap
sendfile syscall"
processes="fork vfork clone execv execve execvp execvpe execl execlp posix_spawn system popen wait wait3 wait4 waitpid kill raise
setuid setgid seteuid setegid setreuid setregid setresuid setresgid setgroups initgroups setsid getpid getppid getuid geteuid
getgid getegid exit _exit abort poll ppoll select pselect epoll_wait sigaction signal sigprocmask alarm setitimer sleep usleep
nanosleep clock_gettime gettimeofday time prctl getpwnam getpwuid getgrnam getenv setenv putenv unsetenv clearenv"
sockets="socket socketpair bind listen accept accept4 connect send sendto sendmsg recv recvfrom recvmsg getsockname getpeername
setsockopt getsockopt shutdown"
shared="shm_open shm_unlink mq_open mq_close mq_unlink mq_send mq_receive mq_timedsend mq_timedreceive mq_getattr signalfd"
# allowed ROOM/FILE SYMBOL: exceptions, each with its reason
allowed() {
	case $1:$2 in
	core_base_mem:abort) return 0 ;; # out of memory and nobody said what to do
	core_net_*:socket | core_net_*:bind | core_net_*:listen | core_net_*:accept | core_net_*:accept4 | core_net_*:connect) return 0 ;;
	core_net_*:getsockname | core_net_*:getpeername | core_net_*:setsockopt | core_net_*:getsockopt | core_net_*:shutdown) return 0 ;;
	core_net_*:send | core_net_*:sendto | core_net_*:recv | core_net_*:recvfrom) return 0 ;; # sockets live in core/net
	esac
	return 1
}
objects=$(find "$build/src/libcore.a.p" "$build/indimail.p" -name '*.o' 2>/dev/null)
[ -n "$objects" ] || complain "no objects below $build"
wanted=" $(echo $files $processes $sockets $shared) "
while read -r object symbol; do
	case $wanted in *" $symbol "*) ;; *) continue ;; esac
	case $object in core_sys_*) continue ;; esac
	allowed "$object" "$symbol" || complain "$object calls $symbol: that is core/sys's business"
done < <(for o in $objects; do
	name=${o##*/} name=${name%.c.o}
	nm -u "$o" | sed -E "s/^ *U ([A-Za-z_0-9]+).*/${name#src_} \1/; s/ __([a-z]+)_chk\$/ \1/"
done | sort -u)
[ $bad = 0 ] && echo "ok - rooms"
exit $bad
