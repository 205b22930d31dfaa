#!/bin/bash
# recordio: the form of its lines, both directions, large data, half-closed connections, the program's process and exit code.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 recordio
like "usage" "$(cat err)" '^usage: recordio .*program'
code "the exit code" 7 recordio sh -c 'exit 7' </dev/null
code "a program that is not there" 111 recordio ./nonexistent </dev/null
like "its message" "$(recordio ./nonexistent </dev/null 2>&1 | cat)" "^recordio: fatal: unable to run ./nonexistent: No such file or directory$"

# lines: what came is followed by a blank when its newline came too, by a plus when not
printf 'one\ntwo' | recordio sh -c 'read -r a; read -r b; echo "$$ $a $b" >&2; printf "three\n\nfour"' 2>err | cat >out
is "bytes pass" "$(cat out)" "three

four"
pid=$(sed -n 's/^\([0-9]*\) one two$/\1/p' err)
lines() { grep -E "^$pid $1" err | sed "s/^$pid //" | tr '\n' '|'; }
is "input" "$(lines '<')" "< one |< two+|< [EOF]|"
is "output" "$(lines '>')" "> three |>  |> four+|> [EOF]|"
like "the number is the program's" "$pid" '^[0-9]+$'

# packets of 256 bytes, whatever they hold
python3 -c 'import sys; sys.stdout.buffer.write(b"ab\n" + b"x" * 300 + b"\nq\0\t\x80\xff\n")' >in
recordio cat <in 2>log | cat >got
ok "bytes pass unchanged" cmp in got
is "packets" "$(sed -n 's/^[0-9]* < //p' log | awk '{print length($0)}' | tr '\n' ' ')" "3 254 48 6 5 "
is "raw bytes are shown as they are" "$(grep -a ' < q' log | sed 's/^[0-9]* < //' | od -An -tx1 | tr -d ' \n')" "71000980ff200a"
if [ -x /usr/bin/recordio ] && [ "$(readlink -f /usr/bin/recordio)" != "$(readlink -f "$INDIMAIL")" ]; then
	sed -n 's/^[0-9]* </</p' log >ours
	/usr/bin/recordio cat <in 2>&1 >/dev/null | sed -n 's/^[0-9]* </</p' >theirs
	ok "Debian's recordio shows the same" cmp ours theirs
else
	skip "Debian's recordio shows the same" "not installed"
fi

# as much as pipes cannot hold, both ways at once
head -c 3000000 /dev/urandom >big
recordio cat <big 2>log | cat >got
ok "large data pass" cmp big got
is "all of it is shown" "$(grep -a -o ' < \[EOF\]\| > \[EOF\]' log | sort | tr '\n' ' ')" " < [EOF]  > [EOF] "
recordio sh -c 'cat big; cat' <big 2>/dev/null | cat >got
ok "a program that writes before it reads" cmp <(cat big big) got
is "input goes on after the program's output has ended" "$(recordio sh -c 'exec 1>&-; wc -c >&2' <big 2>&1 >/dev/null | grep -a '^3000000$')" 3000000
is "a program that does not read" "$(recordio echo done <big 2>/dev/null)" done

# a connection whose client has said all it has to say
port=$(free_port)
background tcpserver -RHl0 127.0.0.1 "$port" recordio sh -c 'cat; echo bye' 2>log
sleep 0.1
is "half-closed connection" "$(wait_for 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $port)).close()"; python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $port)); s.sendall(b'hello\n'); s.shutdown(1)
print(b''.join(iter(lambda: s.recv(99), b'')).decode().replace('\n', ' '))")" "hello bye "
wait_for 5 grep -q ' > bye ' log
like "its lines" "$(cat log)" ' > bye $'
done_testing
